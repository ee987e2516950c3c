#include <algorithm>

#include "core/duration.hpp"
#include "render/history.hpp"
#include "render/live_table.hpp"
#include "render/sentences.hpp"
#include "render/text_width.hpp"

namespace spider_check::render {

namespace {

std::string run_line(const std::string& name, const std::string& value) {
  constexpr std::size_t column = 12;
  return pad_to(name, column) + value + "\n";
}

std::string moment(TimePoint time, TimePoint now, const Zone& zone) {
  return zone.at(time) + " (" + whole_words(std::max(Duration{0}, now - time)) + " ago)";
}

std::string facts(const RunReport& report, const Zone& zone) {
  const auto& record = report.record;
  const auto& run = record.run;
  std::string status(to_text(run.status));
  if (run.partial) status += ", only some spiders";
  if (record.trigger) status += *record.trigger == Trigger::force ? ", forced" : ", by a tick";
  auto text =
      run_line("Run", std::to_string(run.id) + " of schedule " + printable(report.schedule)) +
      run_line("Status", status) + run_line("Started", moment(run.started, report.now, zone));
  if (run.finished) {
    text += run_line("Ended", moment(*run.finished, report.now, zone) + ", after " +
                                  whole_words(std::max(Duration{0}, *run.finished - run.started)));
  }
  if (!run.owner.host.empty()) {
    text += run_line("Host", printable(name_owner(run.owner.host, run.owner.pid)));
  }
  if (!run.failure.empty()) text += run_line("Failure", printable(run.failure));
  if (run.next_attempt && run.status == RunStatus::failed) {
    text += run_line("Next try", when(*run.next_attempt, report.now, zone));
  }
  for (const auto& fault : record.faults) text += run_line("Fault", printable(fault));
  return text;
}

std::string missed(int intervals) {
  return std::to_string(intervals) +
         (intervals == 1 ? " interval was missed" : " intervals were missed");
}

std::string lateness(const RunReport& report, const Zone& zone) {
  const auto& record = report.record;
  if (!record.late || *record.late < min_delay) return {};
  auto text = run_line(
      "Late", whole_words(*record.late) +
                  (record.missed_intervals == 0 ? "" : ", " + missed(record.missed_intervals)));
  for (const auto& each : record.delays) {
    const auto start = record.run.started;
    text += run_line("", zone.at(start - each.from) + " until " + zone.at(start - each.to) + ": " +
                             explain(each.cause) +
                             (each.detail.empty() ? "" : " (" + printable(each.detail) + ")"));
  }
  return text;
}

std::string spider_lines(const RecordedOutcome& recorded, std::size_t width) {
  const auto& outcome = recorded.outcome;
  auto text = "  " + pad_to(cut_to(printable(outcome.spider), width), width) + "  " +
              pad_to(std::string(to_text(outcome.judgement.verdict)), 10) +
              pad_to(to_words(outcome.child.took), 13) +
              with_rows(outcome.crawl ? amounts(outcome.crawl->progress) : "", outcome.rows);
  text.erase(text.find_last_not_of(' ') + 1);
  text += "\n";
  if (!outcome.judgement.reasons.empty()) {
    text += "      " + join(outcome.judgement.reasons) + "\n";
  }
  if (!outcome.log.empty()) text += "      log: " + printable(outcome.log.string()) + "\n";
  return text;
}

}  // namespace

std::string run_text(const RunReport& report, const Zone& zone) {
  auto text = facts(report, zone) + lateness(report, zone);
  std::size_t width = 6;
  for (const auto& each : report.outcomes) {
    width = std::max(width, std::min<std::size_t>(30, width_of(printable(each.outcome.spider))));
  }
  int attempt = 0;
  for (const auto& each : report.outcomes) {
    if (each.attempt != attempt) text += "Attempt " + std::to_string(each.attempt) + "\n";
    attempt = each.attempt;
    text += spider_lines(each, width);
  }
  if (report.outcomes.empty()) text += "No spider's outcome is recorded.\n";
  return text;
}

}  // namespace spider_check::render
