#include "report/health.hpp"

#include <algorithm>
#include <utility>

#include "schedule/delay.hpp"
#include "util/text.hpp"
#include "util/time.hpp"

namespace spider_check {

bool is_fresh(const StatusReport& report) {
  const auto& success = report.state.newest_success;
  return success && report.state.now - *success < report.policy.interval;
}

std::optional<TimePoint> next_due(const StatusReport& report) {
  const auto& action = report.decision.action;
  if (const auto* recent = std::get_if<RecentRun>(&action)) return recent->due;
  if (const auto* waits = std::get_if<WaitsForRetry>(&action)) return waits->until;
  if (runs_spiders(report.decision)) return report.state.now;
  return std::nullopt;
}

namespace {

using namespace std::chrono_literals;

std::string name_of(const Run& run) {
  auto text = "run " + std::to_string(run.id);
  if (!run.owner.host.empty()) {
    text += " on " + run.owner.host + ", pid " + std::to_string(run.owner.pid) + ",";
  }
  return text;
}

class Judge {
 public:
  Judge(const StatusReport& report, Duration max_age)
      : report_(report), state_(report.state), max_age_(max_age) {}

  Health judge() {
    judge_age();
    judge_failures();
    judge_running();
    for (const auto& spider : report_.spiders) judge_spider(spider.last.outcome);
    judge_journal();
    judge_oddities();
    std::stable_sort(found_.begin(), found_.end(),
                     [](const auto& a, const auto& b) { return a.first > b.first; });
    Health health{HealthLevel::ok, max_age_, {}};
    if (!found_.empty()) health.level = found_.front().first;
    for (auto& [level, reason] : found_) health.reasons.push_back(std::move(reason));
    return health;
  }

 private:
  /** A disabled schedule has no fresh data: that is a warning at most. */
  void add(HealthLevel level, std::string reason) {
    if (!report_.policy.enabled) level = std::min(level, HealthLevel::warning);
    found_.emplace_back(level, std::move(reason));
  }

  [[nodiscard]] bool is_silent(const Run& run) const {
    return state_.now - run.heartbeat > max_silence;
  }

  /** A whole run goes on that may end well before its own start is too old. */
  [[nodiscard]] bool is_mending() const {
    return state_.last && state_.last->status == RunStatus::running &&
           report_.decision.interrupted.empty() && !is_silent(*state_.last) &&
           state_.now - state_.last->started <= max_age_ && report_.failed_runs < 2;
  }

  void judge_age() {
    const auto level = is_mending() ? HealthLevel::warning : HealthLevel::critical;
    const std::string rest = is_mending() ? "; " + name_of(*state_.last) + " goes on" : "";
    if (!state_.newest_success) {
      if (state_.last) return add(level, "never succeeded" + rest);
      return add(HealthLevel::warning, "no run is recorded yet");
    }
    const auto age = state_.now - *state_.newest_success;
    if (age <= max_age_) return;
    add(level, "data is " + to_words(age) + " old (limit " + to_text(max_age_) + ")" + rest);
  }

  /** After one failure a retry may succeed, or where a run was cut short, the next run. */
  void judge_failures() {
    const auto& last = state_.last;
    if (last && last->status == RunStatus::failed) {
      const bool may_mend = has_attempts_left(*last, report_.policy) ||
                            cause_of(last->failure) != DelayCause::failing;
      const auto word = std::string(word_of(*last));
      add(may_mend ? HealthLevel::warning : HealthLevel::critical,
          "run " + std::to_string(last->id) + (word == "failed" ? " " : " was ") + word +
              ", attempt " + std::to_string(last->attempt) + " of " +
              std::to_string(report_.policy.max_attempts) +
              (last->failure.empty() ? "" : ": " + last->failure));
    }
    if (report_.failed_runs < 2) return;
    add(HealthLevel::critical, std::to_string(report_.failed_runs) + " runs in a row failed");
  }

  [[nodiscard]] std::string words_of(const OwnerMayReturn& lost) const {
    if (lost.alive) return " is alive, but has lost its connection";
    std::string text = " has lost its connection and may be gone";
    if (!lost.until) return text;
    return text + "; its spiders may still be running for " + to_words(*lost.until - state_.now);
  }

  void judge_running() {
    if (const auto* lost = std::get_if<OwnerMayReturn>(&report_.decision.action)) {
      add(HealthLevel::warning, name_of(lost->run) + words_of(*lost));
    }
    for (const auto& run : report_.decision.interrupted) {
      add(HealthLevel::warning, name_of(run) + " was interrupted");
    }
    for (const auto* run : {&state_.partial, &state_.last}) {
      if (!*run || (*run)->status != RunStatus::running || !(*run)->lock_held) continue;
      if (!is_silent(**run)) continue;
      add(HealthLevel::warning, name_of(**run) + " goes on, but has been silent for " +
                                    to_words(state_.now - (*run)->heartbeat));
    }
  }

  void judge_spider(const SpiderOutcome& outcome) {
    const auto& [verdict, reasons] = outcome.judgement;
    if (verdict == Verdict::ok) return;
    const auto* what = was_stopped(outcome.judgement) ? "was stopped"
                       : verdict == Verdict::failed   ? "failed"
                                                      : "is degraded";
    add(HealthLevel::warning, "spider '" + outcome.spider + "' " + what +
                                  (reasons.empty() ? "" : ": " + reasons.front()));
  }

  /** Nothing is lost, but others do not see it. */
  void judge_journal() {
    if (report_.refused.empty()) return;
    add(HealthLevel::warning, "the database refuses " + counted(report_.waiting, "attempt") +
                                  ", which the journal keeps: " + report_.refused);
  }

  void judge_oddities() {
    if (!report_.policy.enabled) {
      add(HealthLevel::warning, "the scheduler is disabled (enabled = false)");
    }
    if (state_.future_runs > 0) {
      add(HealthLevel::warning, std::to_string(state_.future_runs) +
                                    " run(s) start in the future of the database's clock");
    }
  }

  const StatusReport& report_;
  const State& state_;
  Duration max_age_;
  std::vector<std::pair<HealthLevel, std::string>> found_;
};

}  // namespace

std::string_view to_text(HealthLevel level) {
  switch (level) {
    case HealthLevel::ok:
      return "OK";
    case HealthLevel::warning:
      return "WARNING";
    case HealthLevel::critical:
      return "CRITICAL";
    case HealthLevel::unknown:
      return "UNKNOWN";
  }
  return "UNKNOWN";
}

Duration default_max_age(const Policy& policy) {
  return policy.interval + std::max<Duration>(policy.interval / 4, 15min);
}

Health judge_health(const StatusReport& report, Duration max_age) {
  return Judge(report, max_age).judge();
}

}  // namespace spider_check
