#pragma once

#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace spider_check::scrapy {

/**
 * Reads the Python dict at the beginning of the text, as pprint writes one: numbers, texts, None,
 * True, False, dicts, lists and tuples; any call, like datetime.datetime(…), becomes its text. What
 * follows does not matter. Gives a null where there is none, or it is cut off.
 */
[[nodiscard]] nlohmann::json parse_python_dict(std::string_view text);

}  // namespace spider_check::scrapy
