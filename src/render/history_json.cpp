#include "render/history.hpp"
#include "render/report_json.hpp"

namespace spider_check::render {

Json json_of(const HistoryReport& report) {
  Json json = {{"schedule", report.schedule},    {"now", iso_utc(report.now)},
               {"since", iso_utc(report.since)}, {"runs", Json::array()},
               {"gaps", Json::array()},          {"cut", report.cut}};
  for (const auto& record : report.runs) json["runs"].push_back(json_of(record));
  for (const auto& gap : report.gaps) json["gaps"].push_back(json_of(gap));
  return json;
}

std::string history_json(const HistoryReport& report) {
  return dump(json_of(report));
}

std::string run_json(const RunReport& report) {
  Json json = {{"schedule", report.schedule},
               {"now", iso_utc(report.now)},
               {"run", json_of(report.record)},
               {"spiders", Json::array()}};
  for (const auto& each : report.outcomes) json["spiders"].push_back(json_of(each));
  return dump(json);
}

}  // namespace spider_check::render
