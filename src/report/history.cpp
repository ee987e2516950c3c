#include "report/history.hpp"

#include <algorithm>

#include "run/live_table.hpp"
#include "schedule/sentences.hpp"
#include "util/text.hpp"
#include "util/text_width.hpp"
#include "util/time.hpp"
#include "util/zone.hpp"

namespace spider_check {

namespace {

OrderedJson optional_number(const std::optional<std::int64_t>& number) {
  return number ? OrderedJson(*number) : OrderedJson(nullptr);
}

OrderedJson point_json(const SpiderPoint& point) {
  OrderedJson json = {{"run", point.run},
                      {"attempt", point.attempt},
                      {"started_at", iso_utc(point.started)},
                      {"seconds", seconds(point.took)},
                      {"verdict", to_text(point.verdict)},
                      {"items", optional_number(point.items)}};
  if (point.stopped) json["stopped"] = true;
  return json;
}

}  // namespace

double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

OrderedJson optional_seconds(const std::optional<Duration>& duration) {
  return duration ? OrderedJson(seconds(*duration)) : OrderedJson(nullptr);
}

OrderedJson optional_time(const std::optional<TimePoint>& time) {
  return time ? OrderedJson(iso_utc(*time)) : OrderedJson(nullptr);
}

OrderedJson optional_text(const std::string& text) {
  return text.empty() ? OrderedJson(nullptr) : OrderedJson(text);
}

OrderedJson json_of(const RecordedOutcome& recorded) {
  const auto& outcome = recorded.outcome;
  const auto* exited = std::get_if<Exited>(&outcome.child.termination);
  const auto* signaled = std::get_if<Signaled>(&outcome.child.termination);
  const auto crawl = [&](std::int64_t Progress::*number) {
    return outcome.crawl ? OrderedJson(outcome.crawl->progress.*number) : OrderedJson(nullptr);
  };
  OrderedJson json = {
      {"spider", outcome.spider},
      {"attempt", recorded.attempt},
      {"verdict", to_text(outcome.judgement.verdict)},
      {"reasons", outcome.judgement.reasons},
      {"finished_at", iso_utc(recorded.finished)},
      {"seconds", seconds(outcome.child.took)},
      {"exit_code", exited != nullptr ? OrderedJson(exited->code) : OrderedJson(nullptr)},
      {"signal", signaled != nullptr ? OrderedJson(signaled->signal) : OrderedJson(nullptr)},
      {"items", crawl(&Progress::items)},
      {"pages", crawl(&Progress::pages)},
      {"errors", crawl(&Progress::errors)},
      {"cpu_seconds", seconds(outcome.child.cpu_time)},
      {"peak_memory_bytes", outcome.child.peak_memory},
      {"log_path", optional_text(outcome.log.string())}};
  if (outcome.rows) json["rows"] = *outcome.rows;
  if (was_stopped(outcome.judgement)) json["stopped"] = true;
  return json;
}

OrderedJson json_of(const RunRecord& record) {
  const auto& run = record.run;
  OrderedJson json = {
      {"id", run.id},
      {"uuid", optional_text(run.uuid)},
      {"status", to_text(run.status)},
      {"trigger", record.trigger ? OrderedJson(to_text(*record.trigger)) : OrderedJson(nullptr)},
      {"partial", run.partial},
      {"started_at", iso_utc(run.started)},
      {"finished_at", optional_time(run.finished)},
      {"attempt", run.attempt},
      {"next_attempt_at", optional_time(run.next_attempt)},
      {"failure", optional_text(run.failure)},
      {"faults", record.faults},
      {"host", optional_text(run.owner.host)},
      {"pid", run.owner.pid == 0 ? OrderedJson(nullptr) : OrderedJson(run.owner.pid)},
      {"late_seconds", optional_seconds(record.late)},
      {"missed_intervals", record.missed_intervals},
      {"hindrances", OrderedJson::array()},
      {"spider_count", run.spider_count},
      {"ok", record.ok},
      {"degraded", record.degraded},
      {"failed", record.failed},
      {"items", optional_number(record.items)}};
  if (record.stopped > 0) json["stopped"] = record.stopped;
  for (const auto& each : record.delays) {
    json["hindrances"].push_back({{"cause", to_text(each.cause)},
                                  {"from", iso_utc(run.started - each.from)},
                                  {"to", iso_utc(run.started - each.to)},
                                  {"detail", optional_text(each.detail)}});
  }
  return json;
}

OrderedJson json_of(const Gap& gap) {
  return {{"from", iso_utc(gap.from)},
          {"to", iso_utc(gap.to)},
          {"cause", to_text(gap.cause)},
          {"detail", optional_text(gap.detail)},
          {"open", gap.open}};
}

OrderedJson json_of(const SpiderSummary& spider) {
  OrderedJson json = {{"spider", spider.name},
                      {"last_success", optional_time(spider.last_success)},
                      {"last_run", spider.last_run},
                      {"last_started_at", iso_utc(spider.last_started)},
                      {"median_items", optional_number(spider.median_items)},
                      {"last", json_of(spider.last)},
                      {"recent", OrderedJson::array()}};
  if (spider.median_rows) json["median_rows"] = *spider.median_rows;
  for (const auto& point : spider.recent) json["recent"].push_back(point_json(point));
  return json;
}

std::vector<std::string> own_faults(const RunRecord& record) {
  auto faults = record.faults;
  std::erase_if(faults, [&](const auto& fault) {
    return record.run.failure.find(fault) != std::string::npos;
  });
  return faults;
}

std::string document(const OrderedJson& json) {
  return dump(json, 2) + "\n";
}

std::string fact_line(const std::string& name, const std::string& value) {
  constexpr std::size_t column = 12;
  return pad_to(name, column) + value + "\n";
}

namespace {

std::string moment(TimePoint time, TimePoint now, const Zone& zone) {
  return zone.at(time) + " (" + whole_words(std::max(Duration{0}, now - time)) + " ago)";
}

std::string facts(const RunReport& report, const Zone& zone) {
  const auto& record = report.record;
  const auto& run = record.run;
  std::string status(word_of(run));
  if (run.partial) status += ", only some spiders";
  if (record.trigger) status += *record.trigger == Trigger::force ? ", forced" : ", by a tick";
  auto text =
      fact_line("Run", std::to_string(run.id) + " of schedule " + printable(report.schedule)) +
      fact_line("Status", status) + fact_line("Started", moment(run.started, report.now, zone));
  if (run.finished) {
    text += fact_line("Ended", moment(*run.finished, report.now, zone) + ", after " +
                                   whole_words(std::max(Duration{0}, *run.finished - run.started)));
  }
  if (!run.owner.host.empty()) {
    text += fact_line("Host", printable(name_owner(run.owner.host, run.owner.pid)));
  }
  if (!run.failure.empty()) text += fact_line("Failure", printable(run.failure));
  if (run.next_attempt && run.status == RunStatus::failed) {
    text += fact_line("Next try", when(*run.next_attempt, report.now, zone));
  }
  for (const auto& fault : own_faults(record)) text += fact_line("Fault", printable(fault));
  return text;
}

std::string lateness(const RunReport& report, const Zone& zone) {
  const auto& record = report.record;
  if (!record.late || *record.late < min_delay) return {};
  auto text = fact_line(
      "Late", whole_words(*record.late) +
                  (record.missed_intervals == 0 ? "" : ", " + missed(record.missed_intervals)));
  for (const auto& each : record.delays) {
    const auto start = record.run.started;
    text += fact_line("", zone.at(start - each.from) + " until " + zone.at(start - each.to) + ": " +
                              explain(each.cause) +
                              (each.detail.empty() ? "" : " (" + printable(each.detail) + ")"));
  }
  return text;
}

std::string spider_lines(const RecordedOutcome& recorded, std::size_t width, RunId run,
                         const Output& output) {
  const auto& outcome = recorded.outcome;
  auto text = "  " + pad_to(cut_to(printable(outcome.spider), width), width) + "  " +
              pad_to(std::string(word_of(outcome.judgement)), 10) +
              pad_to(to_words(outcome.child.took), 13) +
              with_rows(outcome.crawl ? amounts(outcome.crawl->progress) : "", outcome.rows);
  text.erase(text.find_last_not_of(' ') + 1);
  text += "\n";
  if (!outcome.judgement.reasons.empty()) {
    text += "      " + reasons(outcome.judgement) + "\n";
  }
  if (!outcome.log.empty()) {
    const auto which =
        " --run " + std::to_string(run) + " --attempt " + std::to_string(recorded.attempt);
    text += "      " +
            place_of_log(printable(outcome.log.string()), outcome.spider, output, which) + "\n";
  }
  return text;
}

}  // namespace

std::string run_text(const RunReport& report, const Zone& zone, const Output& output) {
  auto text = facts(report, zone) + lateness(report, zone);
  std::size_t width = 6;
  for (const auto& each : report.outcomes) {
    width = std::max(width, std::min<std::size_t>(30, width_of(printable(each.outcome.spider))));
  }
  int attempt = 0;
  for (const auto& each : report.outcomes) {
    if (each.attempt != attempt) text += "Attempt " + std::to_string(each.attempt) + "\n";
    attempt = each.attempt;
    text += spider_lines(each, width, report.record.run.id, output);
  }
  if (report.outcomes.empty()) text += "No spider's outcome is recorded.\n";
  return wrap(text, output.width);
}

namespace {

constexpr std::size_t what_width = 11;    // "run 12345"
constexpr std::size_t status_width = 13;  // "interrupted"

std::string counts_of(const RunRecord& record) {
  std::string text;
  const auto add = [&](int count, const char* word) {
    if (count == 0) return;
    text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + word;
  };
  add(record.ok, "ok");
  add(record.degraded, "degraded");
  add(record.failed - record.stopped, "failed");
  add(record.stopped, "stopped");
  if (record.items) {
    text += (text.empty() ? "" : ", ") + counted(*record.items, "item");
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

/** When it was, in the zone that the head line names, and what. */
std::string beginning(TimePoint from, const std::string& what, const std::string& status,
                      const Zone& zone) {
  return zone.format(from, "%F %T") + "  " + pad_to(what, what_width) +
         pad_to(status, status_width);
}

std::string run_line(const RunRecord& record, const Zone& zone) {
  const auto& run = record.run;
  auto text =
      beginning(run.started, "run " + std::to_string(run.id), std::string(word_of(run)), zone) +
      remarks_of(record);
  text.erase(text.find_last_not_of(' ') + 1);
  text += "\n";
  if (!run.failure.empty()) text += "      " + printable(run.failure) + "\n";
  for (const auto& fault : own_faults(record)) text += "      " + printable(fault) + "\n";
  return text;
}

std::string gap_line(const Gap& gap, const Zone& zone) {
  const auto end = zone.format(gap.to, "%F") == zone.format(gap.from, "%F") ? "%T" : "%F %T";
  auto text = beginning(gap.from, "gap", whole_words(gap.to - gap.from), zone) + "until " +
              (gap.open ? "now" : zone.format(gap.to, end)) + ": " + explain(gap.cause);
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
    case DelayCause::stopped:
      return "the run was stopped";
  }
  return "";
}

std::string history_text(const HistoryReport& report, const Zone& zone, const Output& output) {
  auto text = "Schedule " + printable(report.schedule) + ", since " + zone.at(report.since) +
              ", the newest first\n";
  if (report.runs.empty() && report.gaps.empty())
    return wrap(text + "No run is recorded.\n", output.width);
  auto gap = report.gaps.begin();
  for (const auto& record : report.runs) {
    for (; gap != report.gaps.end() && gap->from >= record.run.started; ++gap) {
      text += gap_line(*gap, zone);
    }
    text += run_line(record, zone);
  }
  for (; gap != report.gaps.end(); ++gap) text += gap_line(*gap, zone);
  if (report.cut) text += "There are more; ask for a shorter time with --since\n";
  return wrap(text, output.width);
}

OrderedJson json_of(const HistoryReport& report) {
  OrderedJson json = {{"schedule", report.schedule},    {"now", iso_utc(report.now)},
                      {"since", iso_utc(report.since)}, {"runs", OrderedJson::array()},
                      {"gaps", OrderedJson::array()},   {"cut", report.cut}};
  for (const auto& record : report.runs) json["runs"].push_back(json_of(record));
  for (const auto& gap : report.gaps) json["gaps"].push_back(json_of(gap));
  return json;
}

std::string history_json(const HistoryReport& report) {
  return document(json_of(report));
}

std::string run_json(const RunReport& report) {
  OrderedJson json = {{"schedule", report.schedule},
                      {"now", iso_utc(report.now)},
                      {"run", json_of(report.record)},
                      {"spiders", OrderedJson::array()}};
  for (const auto& each : report.outcomes) json["spiders"].push_back(json_of(each));
  return document(json);
}

}  // namespace spider_check
