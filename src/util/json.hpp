#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace spider_check {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;  ///< its keys stay in the order in which they were set

/** As text; bytes that are no UTF-8 are replaced. indent: spaces; -1: all on one line. */
template <typename AnyJson>
[[nodiscard]] std::string dump(const AnyJson& json, int indent = -1) {
  return json.dump(indent, ' ', false, AnyJson::error_handler_t::replace);
}

}  // namespace spider_check
