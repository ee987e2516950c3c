#include "report/status.hpp"

#include <algorithm>
#include <array>

#include "report/history.hpp"
#include "run/live_table.hpp"
#include "schedule/sentences.hpp"
#include "util/text.hpp"
#include "util/text_width.hpp"
#include "util/time.hpp"

namespace spider_check {

namespace {

constexpr std::size_t max_name_width = 22;
constexpr std::size_t verdict_width = 10;
constexpr std::size_t success_width = 16;

std::string bar(std::int64_t items, std::int64_t most) {
  static constexpr std::array<std::string_view, 8> bars{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  if (most <= 0) return std::string(bars.front());
  const auto share =
      static_cast<double>(std::max<std::int64_t>(0, items)) / static_cast<double>(most);
  return std::string(bars.at(std::min<std::size_t>(7, static_cast<std::size_t>(share * 8))));
}

std::string amount(std::int64_t number, const char* what,
                   const std::optional<std::int64_t>& median) {
  return std::to_string(number) + what + (median ? " (" + std::to_string(*median) + ")" : "");
}

/** "12 (240)", and where rows are counted "12 (240), 9 rows (230)". */
std::string items_of(const SpiderSummary& spider) {
  const auto& crawl = spider.last.outcome.crawl;
  const auto& rows = spider.last.outcome.rows;
  auto text = crawl ? amount(crawl->progress.items, "", spider.median_items) : std::string();
  if (!rows) return text;
  return text + (text.empty() ? "" : ", ") +
         amount(*rows, *rows == 1 ? " row" : " rows", spider.median_rows);
}

std::string success_of(const SpiderSummary& spider, TimePoint now) {
  if (!spider.last_success) return "never";
  return whole_words(std::max(Duration{0}, now - *spider.last_success)) + " ago";
}

struct Widths {
  std::size_t name = 4;
  std::size_t items = 15;
  std::size_t recent = 20;  ///< the newest that are shown

  /** For a terminal: with fewer attempts or none, and then with shorter names. */
  void fit(std::size_t width) {
    constexpr std::size_t least = 5;
    const auto rest = 2 + name + 2 + verdict_width + success_width + items;
    recent = std::min(recent, width - std::min(width, rest));
    if (recent >= least) return;
    recent = 0;
    name = std::max<std::size_t>(8, name - std::min(name, rest - std::min(rest, width)));
  }
};

/** In the colours of the live table. */
std::string coloured(const std::string& text, RowState state, const Output& output) {
  return output.colour ? in_colour(state, text) : text;
}

std::string word_in_colour(const Judgement& judgement, const Output& output) {
  return coloured(std::string(word_of(judgement)), state_of(judgement), output);
}

std::string row(const std::string& name, const std::string& verdict, const std::string& success,
                const std::string& items, const std::string& recent, const Widths& widths) {
  auto text = "  " + pad_to(name, widths.name) + "  " + verdict + pad_to(success, success_width) +
              pad_to(items, widths.items) + (widths.recent > 0 ? recent : "");
  text.erase(text.find_last_not_of(' ') + 1);
  return text + "\n";
}

/** Why it is not ok, and where to read more. */
std::string why(const SpiderSummary& spider, const Output& output) {
  const auto& outcome = spider.last.outcome;
  if (outcome.judgement.verdict == Verdict::ok) return {};
  std::string text;
  if (!outcome.judgement.reasons.empty()) text = "      " + reasons(outcome.judgement) + "\n";
  const bool failed = state_of(outcome.judgement) == RowState::failed;
  if (failed && !outcome.log.empty()) {
    text += "      " + place_of_log(printable(outcome.log.string()), spider.name, output) + "\n";
  }
  return text;
}

}  // namespace

std::string sparkline(const std::vector<SpiderPoint>& points) {
  std::int64_t most = 0;
  for (const auto& point : points) {
    if (point.verdict != Verdict::failed) most = std::max(most, point.items.value_or(0));
  }
  std::string text;
  for (const auto& point : points) {
    if (point.stopped) {
      text += "–";
    } else if (point.verdict == Verdict::failed) {
      text += "×";
    } else {
      text += point.items ? bar(*point.items, most) : "·";
    }
  }
  return text;
}

std::string spider_table(const std::vector<SpiderSummary>& spiders, TimePoint now,
                         const Output& output) {
  if (spiders.empty()) return {};
  Widths widths;
  for (const auto& spider : spiders) {
    const auto name = std::min(max_name_width, width_of(printable(spider.name)));
    widths.name = std::max(widths.name, name);
    widths.items = std::max(widths.items, width_of(items_of(spider)) + 2);
  }
  if (output.width > 0) widths.fit(output.width);
  auto text = row("Spider", pad_to("verdict", verdict_width), "last success", "items (median)",
                  "newest last", widths);
  text.replace(0, 2, "");
  for (const auto& spider : spiders) {
    const auto& judgement = spider.last.outcome.judgement;
    const auto word = pad_to(std::string(word_of(judgement)), verdict_width);
    const auto shown = std::min(widths.recent, spider.recent.size());
    const std::vector<SpiderPoint> recent(spider.recent.end() - static_cast<std::ptrdiff_t>(shown),
                                          spider.recent.end());
    text += row(cut_to(printable(spider.name), widths.name),
                coloured(word, state_of(judgement), output), success_of(spider, now),
                items_of(spider), sparkline(recent), widths) +
            why(spider, output);
  }
  return text;
}

namespace {

std::string ago(TimePoint time, TimePoint now, const Zone& zone) {
  return zone.at(time) + " (" + to_words(now - time) + " ago)";
}

std::string headline(const StatusReport& report, const Output& output) {
  const auto& state = report.state;
  if (!state.newest_success) {
    return report.database_away ? "no success is known" : "never succeeded";
  }
  const auto age = state.now - *state.newest_success;
  const bool fresh = is_fresh(report);
  return coloured(fresh ? "fresh" : "stale", fresh ? RowState::ok : RowState::failed, output) +
         ": the data is " + to_words(age) + " old, the interval is " +
         to_text(report.policy.interval);
}

std::string running_line(const StatusReport& report, const Zone& zone) {
  const auto& action = report.decision.action;
  const Run* run = nullptr;
  if (const auto* running = std::get_if<AlreadyRunning>(&action)) run = &running->run;
  for (const auto* candidate : {&report.state.partial, &report.state.last}) {
    const bool going = *candidate && (*candidate)->status == RunStatus::running;
    if (run == nullptr && going && (*candidate)->lock_held) run = &**candidate;
  }
  std::string rest;
  if (const auto* waiting = std::get_if<OwnerMayReturn>(&action); run == nullptr && waiting) {
    if (!waiting->alive) {
      return fact_line("Running", "perhaps" + prospects(*waiting, report.state.now, zone));
    }
    run = &waiting->run;
    rest = ", without its connection";
  }
  if (run == nullptr) return fact_line("Running", "no");
  if (run->attempt > 1) rest = ", in attempt " + std::to_string(run->attempt) + rest;
  return fact_line("Running", run_name(*run) + " on " +
                                  name_owner(run->owner.host, run->owner.pid) + ", since " +
                                  ago(run->started, report.state.now, zone) + rest);
}

std::string last_run_lines(const StatusReport& report, const Zone& zone) {
  if (!report.state.last) return fact_line("Last run", "none");
  const auto& run = *report.state.last;
  auto text = run_name(run) + (run.id == 0 ? ", " : " ") + std::string(word_of(run)) +
              ", started " + ago(run.started, report.state.now, zone);
  auto lines = fact_line("Last run", text);
  const bool is_listing = run.status == RunStatus::running && run.spider_count == 0;
  text = (is_listing ? "its spiders are being listed" : counted(run.spider_count, "spider")) +
         ", attempt " + std::to_string(run.attempt) + " of " +
         std::to_string(report.policy.max_attempts);
  if (run.finished) text += ", ended " + zone.at(*run.finished);
  lines += fact_line("", text);
  if (!run.failure.empty()) lines += fact_line("", printable(run.failure));
  return lines;
}

std::string spider_line(const RecordedOutcome& recorded, std::size_t width, const Output& output) {
  const auto& outcome = recorded.outcome;
  auto name = printable(outcome.spider);
  name.resize(std::max(width, name.size()), ' ');
  auto text = "  " + name + "  " + word_in_colour(outcome.judgement, output);
  const auto columns = 2 + name.size() + 2 + word_of(outcome.judgement).size();
  text.append(width + 12 - std::min(width + 12, columns), ' ');
  text += "  " + to_words(outcome.child.took);
  if (outcome.crawl) text += "  " + amounts(outcome.crawl->progress);
  for (const auto& reason : outcome.judgement.reasons) text += "  " + printable(reason);
  if (state_of(outcome.judgement) == RowState::failed) {
    text += "\n      " + place_of_log(outcome.log.string(), outcome.spider, output);
  }
  return text + "\n";
}

std::string spider_lines(const StatusReport& report, const Output& output) {
  if (report.outcomes.empty()) return {};
  std::size_t width = 0;
  for (const auto& recorded : report.outcomes) {
    width = std::max(width, std::min<std::size_t>(30, printable(recorded.outcome.spider).size()));
  }
  std::string text = "Spiders of the last run\n";
  for (const auto& recorded : report.outcomes) text += spider_line(recorded, width, output);
  return text;
}

/** What is not in the database, and that it cannot be asked. */
std::string journal_lines(const StatusReport& report) {
  std::string text;
  if (report.database_away) {
    text = fact_line("Database", "cannot be used; this is what the journal of this machine knows");
  }
  if (report.waiting > 0) {
    text += fact_line("Journal", counted(report.waiting, "attempt waits", "attempts wait") +
                                     " to be recorded in the database by a tick");
  }
  if (report.of_others > 0) {
    text += fact_line("Journal", counted(report.of_others, "attempt belongs", "attempts belong") +
                                     " to another database than this one");
  }
  for (const auto& what : report.unreadable) text += fact_line("Journal", printable(what));
  if (!report.refused.empty()) {
    text += fact_line("", "the database refuses it: " + printable(report.refused));
  }
  return text.empty() ? text : text + fact_line("", report.journal);
}

/** What is due next, and when; the headline and the last run have said most of the why. */
struct Next {
  const StatusReport& report;
  const Zone& zone;

  [[nodiscard]] std::string at(TimePoint time) const {
    return fact_line("Next due", when(time, report.state.now, zone));
  }

  [[nodiscard]] std::string reason() const {
    return fact_line("", explain(report.decision, report.policy, report.state.now, zone));
  }

  [[nodiscard]] std::string next() const {
    return at(report.state.now) + fact_line("", next_tick(report.decision, report.policy));
  }

  std::string operator()(const Disabled&) const {
    return fact_line("Next due", "never: the scheduler is disabled (enabled = false)");
  }

  std::string operator()(const RecentRun& recent) const { return at(recent.due); }

  std::string operator()(const AlreadyRunning& running) const {
    const auto due = running.run.started + report.policy.interval - report.policy.slack;
    return at(due) + fact_line("", "when the run that goes on succeeds");
  }

  std::string operator()(const OwnerMayReturn& waiting) const {
    const std::string end = waiting.alive ? "" : ", or known to be gone";
    return fact_line("Next due", "when that run's owner is back" + end) + reason();
  }

  std::string operator()(const WaitsForRetry& waits) const {
    return at(waits.until) +
           fact_line("", waits.attempts_left
                             ? "attempt " + std::to_string(waits.run.attempt + 1) + " of " +
                                   std::to_string(report.policy.max_attempts) + " at the failed run"
                             : "a new run: no attempts are left for the failed one");
  }

  std::string operator()(const StartRun&) const { return next(); }

  std::string operator()(const RetryRun&) const { return next(); }
};

}  // namespace

std::string status_text(const StatusReport& report, const Zone& zone, const Output& output) {
  auto text = fact_line("Schedule", printable(report.schedule) + ", " + headline(report, output)) +
              journal_lines(report) + running_line(report, zone) + last_run_lines(report, zone) +
              std::visit(Next{report, zone}, report.decision.action);
  for (const auto& run : report.decision.interrupted) {
    text += fact_line("Note", run_name(run) + " was " + interruption(run));
  }
  if (report.state.future_runs > 0) {
    text += fact_line("Warning", std::to_string(report.state.future_runs) +
                                     " run(s) start in the future of the " +
                                     (report.database_away ? "host's" : "database's") +
                                     " clock; they count "
                                     "for nothing");
  }
  text += report.spiders.empty() ? spider_lines(report, output)
                                 : spider_table(report.spiders, report.state.now, output);
  return wrap(text, output.width);
}

namespace {

OrderedJson last_run(const StatusReport& report) {
  if (!report.state.last) return nullptr;
  const auto& run = *report.state.last;
  OrderedJson json = {{"id", run.id},
                      {"status", to_text(run.status)},
                      {"started_at", iso_utc(run.started)},
                      {"finished_at", optional_time(run.finished)},
                      {"spider_count", run.spider_count},
                      {"attempt", run.attempt},
                      {"failure", optional_text(run.failure)},
                      {"spiders", OrderedJson::array()}};
  for (const auto& recorded : report.outcomes) json["spiders"].push_back(json_of(recorded));
  return json;
}

OrderedJson running(const StatusReport& report) {
  const auto& state = report.state;
  const auto* waiting = std::get_if<OwnerMayReturn>(&report.decision.action);
  const auto lives = [&](const Run& run) {
    return run.lock_held || (waiting != nullptr && waiting->alive && waiting->run.id == run.id);
  };
  for (const auto* run : {&state.partial, &state.last}) {
    if (!*run || (*run)->status != RunStatus::running || !lives(**run)) continue;
    return {{"id", (*run)->id},
            {"host", optional_text((*run)->owner.host)},
            {"pid", (*run)->owner.pid},
            {"since", iso_utc((*run)->started)},
            {"heartbeat_at", iso_utc((*run)->heartbeat)},
            {"partial", (*run)->partial}};
  }
  return nullptr;
}

OrderedJson spiders(const StatusReport& report) {
  auto list = OrderedJson::array();
  for (const auto& spider : report.spiders) list.push_back(json_of(spider));
  return list;
}

}  // namespace

OrderedJson json_of(const StatusReport& report, const Zone& zone) {
  const auto& state = report.state;
  return {
      {"schedule", report.schedule},
      {"now", iso_utc(state.now)},
      {"enabled", report.policy.enabled},
      {"interval_seconds", seconds(report.policy.interval)},
      {"last_success", optional_time(state.newest_success)},
      {"fresh", is_fresh(report)},
      {"failed_runs", report.failed_runs},
      {"last_run", last_run(report)},
      {"running", running(report)},
      {"due", runs_spiders(report.decision)},
      {"next_due", optional_time(next_due(report))},
      {"reason", explain(report.decision, report.policy, state.now, zone)},
      {"future_runs", state.future_runs},
      {"waiting_attempts", report.waiting},
      {"attempts_of_other_databases", report.of_others},
      {"unreadable_attempts", report.unreadable.size()},
      {"refused", optional_text(report.refused)},
      {"spiders", spiders(report)},
  };
}

std::string status_json(const StatusReport& report, const Zone& zone) {
  return document(json_of(report, zone));
}

}  // namespace spider_check
