#include "db/hindrance_json.hpp"

#include <cmath>

#include <nlohmann/json.hpp>

namespace spider_check::db {

namespace {

using Json = nlohmann::json;

double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

Duration from_seconds(const Json& json) {
  return std::chrono::round<Duration>(std::chrono::duration<double>(json.get<double>()));
}

}  // namespace

std::string to_json(const std::vector<Hindrance>& hindrances) {
  if (hindrances.empty()) return {};
  auto list = Json::array();
  for (const auto& each : hindrances) {
    list.push_back({{"cause", to_text(each.cause)},
                    {"from_seconds", seconds(each.from)},
                    {"to_seconds", seconds(each.to)},
                    {"detail", each.detail}});
  }
  // What a precheck said need not be UTF-8.
  return list.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::vector<Hindrance> parse_hindrances(const std::string& text) {
  std::vector<Hindrance> hindrances;
  try {
    for (const auto& each : Json::parse(text)) {
      const auto cause = parse_gap_cause(each.at("cause").get<std::string>());
      hindrances.push_back({cause.value_or(GapCause::unknown),
                            from_seconds(each.at("from_seconds")),
                            from_seconds(each.at("to_seconds")), each.at("detail")});
    }
  } catch (const Json::exception&) {
    return {};
  }
  return hindrances;
}

}  // namespace spider_check::db
