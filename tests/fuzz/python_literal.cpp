// The dict that Scrapy prints at its end.
#include <string>

#include <nlohmann/json.hpp>

#include "fuzz.hpp"
#include "scrapy/crawl_numbers.hpp"

namespace spider_check::fuzz {

namespace {

std::string dump(const nlohmann::json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

void try_input(std::string_view bytes) {
  const auto dict = parse_python_dict(bytes);
  expect(dict.is_object() || dict.is_null(), "a dict is an object, or nothing");
  if (dict.is_null()) return;
  const auto text = dump(dict);
  expect(nlohmann::json::accept(text), "a dict is JSON");
  const auto longer = parse_python_dict(std::string(bytes) + " {'a': [1, 2)");
  expect(dump(longer) == text, "what follows a dict does not matter");
}

}  // namespace spider_check::fuzz
