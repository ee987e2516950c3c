#include <algorithm>

#include "core/duration.hpp"
#include "render/history.hpp"
#include "render/live_table.hpp"
#include "render/sentences.hpp"
#include "render/text_width.hpp"

namespace spider_check::render {

namespace {

constexpr std::size_t ago_width = 18;     // "(10 h 59 min ago)"
constexpr std::size_t what_width = 11;    // "run 12345"
constexpr std::size_t status_width = 11;  // "completed"

std::string counts_of(const RunRecord& record) {
  std::string text;
  const auto add = [&](int count, const char* word) {
    if (count == 0) return;
    text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + word;
  };
  add(record.ok, "ok");
  add(record.degraded, "degraded");
  add(record.failed, "failed");
  if (record.items) {
    text += (text.empty() ? "" : ", ") + std::to_string(*record.items) +
            (*record.items == 1 ? " item" : " items");
  }
  return text;
}

/** What its spiders did, and what is remarkable about it. */
std::string remarks_of(const RunRecord& record) {
  const auto& run = record.run;
  auto text = counts_of(record);
  const auto add = [&](const std::string& remark) { text += (text.empty() ? "" : ", ") + remark; };
  if (run.finished && run.status != RunStatus::running) {
    add("took " + whole_words(std::max(Duration{0}, *run.finished - run.started)));
  }
  if (run.attempt > 1) add("attempt " + std::to_string(run.attempt));
  if (run.partial) add("only some spiders");
  if (record.trigger == Trigger::force) add("forced");
  if (record.late && *record.late >= std::chrono::minutes(10)) {
    add(whole_words(*record.late) + " late");
  }
  return text;
}

/** When it was, absolute and relative, and what. */
std::string beginning(TimePoint from, TimePoint now, const std::string& what, const Zone& zone) {
  const auto ago = "(" + whole_words(std::max(Duration{0}, now - from)) + " ago)";
  return zone.at(from) + " " + pad_to(ago, ago_width) + pad_to(what, what_width);
}

std::string run_line(const RunRecord& record, TimePoint now, const Zone& zone) {
  const auto& run = record.run;
  auto text = beginning(run.started, now, "run " + std::to_string(run.id), zone) +
              pad_to(std::string(to_text(run.status)), status_width) + remarks_of(record);
  text.erase(text.find_last_not_of(' ') + 1);
  text += "\n";
  if (!run.failure.empty()) text += "      " + printable(run.failure) + "\n";
  for (const auto& fault : record.faults) text += "      " + printable(fault) + "\n";
  return text;
}

std::string gap_line(const Gap& gap, TimePoint now, const Zone& zone) {
  auto text = beginning(gap.from, now, "gap", zone) + whole_words(gap.to - gap.from) + ", until " +
              (gap.open ? "now" : zone.at(gap.to)) + ": " + explain(gap.cause);
  if (!gap.detail.empty()) text += " (" + printable(gap.detail) + ")";
  return text + "\n";
}

}  // namespace

std::string explain(DelayCause cause) {
  switch (cause) {
    case DelayCause::unknown:
      return "nothing ran, for an unknown reason";
    case DelayCause::off:
      return "the machine was off";
    case DelayCause::suspended:
      return "the machine was asleep";
    case DelayCause::disabled:
      return "the schedule was disabled";
    case DelayCause::database_away:
      return "the database could not be used";
    case DelayCause::deferred:
      return "the run was put off";
    case DelayCause::failing:
      return "the spiders failed";
  }
  return "";
}

std::string history_text(const HistoryReport& report, const Zone& zone) {
  auto text = "Schedule " + printable(report.schedule) + ", since " + zone.at(report.since) +
              ", the newest first\n";
  if (report.runs.empty() && report.gaps.empty()) return text + "No run is recorded.\n";
  auto gap = report.gaps.begin();
  for (const auto& record : report.runs) {
    for (; gap != report.gaps.end() && gap->from >= record.run.started; ++gap) {
      text += gap_line(*gap, report.now, zone);
    }
    text += run_line(record, report.now, zone);
  }
  for (; gap != report.gaps.end(); ++gap) text += gap_line(*gap, report.now, zone);
  if (report.cut) text += "There are more; ask for a shorter time with --since\n";
  return text;
}

}  // namespace spider_check::render
