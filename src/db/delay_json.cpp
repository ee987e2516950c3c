#include "db/delay_json.hpp"

#include <cmath>

#include <nlohmann/json.hpp>

namespace spider_check::db {

namespace {

using Json = nlohmann::json;

double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

Duration duration_of(const Json& json) {
  return std::chrono::round<Duration>(std::chrono::duration<double>(json.get<double>()));
}

}  // namespace

std::string to_json(const std::vector<Delay>& delays) {
  if (delays.empty()) return {};
  auto list = Json::array();
  for (const auto& each : delays) {
    list.push_back({{"cause", to_text(each.cause)},
                    {"from_seconds", seconds(each.from)},
                    {"to_seconds", seconds(each.to)},
                    {"detail", each.detail}});
  }
  // What a precheck said need not be UTF-8.
  return list.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::vector<Delay> parse_delays(const std::string& text) {
  std::vector<Delay> delays;
  try {
    for (const auto& each : Json::parse(text)) {
      const auto cause = parse_delay_cause(each.at("cause").get<std::string>());
      delays.push_back({cause.value_or(DelayCause::unknown), duration_of(each.at("from_seconds")),
                        duration_of(each.at("to_seconds")), each.at("detail")});
    }
  } catch (const Json::exception&) {
    return {};
  }
  return delays;
}

}  // namespace spider_check::db
