#include "schedule/sentences.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <span>

#include "util/text.hpp"
#include "util/time.hpp"

namespace spider_check {

namespace {

double hours(Duration duration) {
  return std::chrono::duration<double, std::ratio<3600>>(duration).count();
}

std::string print(const char* format, double value) {
  std::array<char, 64> buffer{};
  std::snprintf(buffer.data(), buffer.size(), format, value);
  return buffer.data();
}

/** "4", "0.5": hours as existing log lines write them. */
std::string interval_hours(const Policy& policy) {
  return print("%g", hours(policy.interval));
}

/** One sentence for each action. */
struct Explain {
  const Policy& policy;
  TimePoint now;
  const Zone& zone;

  [[nodiscard]] std::string heard_of(TimePoint heartbeat) const {
    if (heartbeat <= now) return to_words(now - heartbeat) + " ago";
    return "in the future of the database's clock: " + zone.at(heartbeat);
  }

  std::string operator()(const Disabled&) const { return "Scheduler is disabled"; }

  std::string operator()(const RecentRun& recent) const {
    return "Recent run detected, skipping immediate execution; next run is due " +
           when(recent.due, now, zone);
  }

  std::string operator()(const AlreadyRunning& running) const {
    const auto started = running.run.started;
    return "Already running on " + name_owner(running.run.owner.host, running.run.owner.pid) +
           (started == TimePoint{} ? "" : ", since " + zone.at(started));
  }

  std::string operator()(const OwnerMayReturn& waiting) const {
    return run_words(waiting.run) + " belongs to " +
           name_owner(waiting.run.owner.host, waiting.run.owner.pid) +
           ", which may be reconnecting (last heard of " + heard_of(waiting.run.heartbeat) + ")" +
           prospects(waiting, now, zone);
  }

  std::string operator()(const WaitsForRetry& waits) const {
    const auto& run = waits.run;
    const auto why = run.failure.empty() ? "" : " (" + printable(run.failure) + ")";
    if (!waits.attempts_left) {
      return "No attempts left for failed " + run_name(run) + why + "; next run is due " +
             when(waits.until, now, zone);
    }
    return "Retry of failed " + run_name(run) + why + " is due " + when(waits.until, now, zone) +
           ", attempt " + std::to_string(run.attempt + 1) + " of " +
           std::to_string(policy.max_attempts);
  }

  std::string operator()(const StartRun& start) const {
    if (start.first) return "No run is recorded, running spiders for the first time";
    if (!start.lateness) return "Running spiders now, as --force asks";
    return "Time threshold met or exceeded, running spiders immediately";
  }

  std::string operator()(const RetryRun& retry) const {
    return "Retrying " + run_name(retry.run) + " (attempt " +
           std::to_string(retry.run.attempt + 1) + " of " + std::to_string(policy.max_attempts) +
           "): only the spiders that have not succeeded in it";
  }
};

}  // namespace

std::string starting(const Policy& policy) {
  return "Starting scheduler with " + interval_hours(policy) + " hour interval";
}

std::string last_run(const LatestSuccess& latest_success, const Policy& policy) {
  if (!latest_success.newest_success) return "No successful run is recorded";
  return "Last run was " +
         print("%.2f", hours(latest_success.now - *latest_success.newest_success)) +
         " hours ago (required: " + interval_hours(policy) + " hours)";
}

std::string explain(const Decision& decision, const Policy& policy, TimePoint now,
                    const Zone& zone) {
  return std::visit(Explain{policy, now, zone}, decision.action);
}

std::string next_tick(const Decision& decision, const Policy& policy) {
  if (const auto* retry = std::get_if<RetryRun>(&decision.action)) {
    return "The next tick goes on with " + run_name(retry->run) + " (attempt " +
           std::to_string(retry->run.attempt + 1) + " of " + std::to_string(policy.max_attempts) +
           "): only the spiders that have not succeeded in it";
  }
  const auto* start = std::get_if<StartRun>(&decision.action);
  return std::string("The next tick runs all spiders") +
         (start != nullptr && start->first ? " for the first time" : "");
}

std::string missed(int intervals) {
  return counted(intervals, "interval was missed", "intervals were missed");
}

std::string explain(const Lateness& lateness) {
  if (lateness.late < std::chrono::minutes(1)) return {};
  auto text = "This run is " + to_words(lateness.late) + " late";
  if (lateness.missed_intervals > 0) {
    text += "; " + missed(lateness.missed_intervals);
  }
  return text;
}

std::string prospects(const OwnerMayReturn& waiting, TimePoint now, const Zone& zone) {
  if (waiting.alive) return "; its process is alive";
  if (!waiting.until) return {};
  return "; its spiders may still be running until " + when(*waiting.until, now, zone);
}

std::string run_name(const Run& run) {
  return run.id == 0 ? "run that is not recorded yet" : "run " + std::to_string(run.id);
}

std::string run_words(const Run& run) {
  return run.id == 0 ? "A run that is not recorded yet" : "Run " + std::to_string(run.id);
}

std::string interruption(const Run& run) {
  return printable(why_interrupted(run));
}

std::string name_owner(const std::string& host, int pid) {
  if (host.empty()) return "an unknown process";
  return printable(host) + ", pid " + std::to_string(pid);
}

std::string when(TimePoint time, TimePoint now, const Zone& zone) {
  if (time <= now) return "now";
  return zone.at(time) + " (in " + to_words(time - now) + ")";
}

std::string explain(StopCause cause) {
  switch (cause) {
    case StopCause::none:
      return "no reason";
    case StopCause::run_stopped:
      return "the run is being stopped";
    case StopCause::run_timeout:
      return "the whole run takes too long (run_timeout)";
    case StopCause::timeout:
      return "it takes too long (timeout)";
    case StopCause::stall:
      return "it makes no progress (stall_timeout)";
    case StopCause::stayed:
      return "its crawl is over, and its process does not end";
  }
  return "no reason";
}

std::string amounts(const Progress& progress) {
  auto text = counted(progress.items, "item") + ", " + counted(progress.pages, "page");
  if (progress.errors > 0) text += ", " + counted(progress.errors, "error");
  return text;
}

std::string with_rows(std::string amounts, const std::optional<std::int64_t>& rows) {
  if (!rows) return amounts;
  if (!amounts.empty()) amounts += ", ";
  return amounts + counted(*rows, "row");
}

std::string reasons(const Judgement& judgement) {
  return join(judgement.reasons, "; ", printable);
}

std::string name_list(const std::vector<std::string>& names) {
  constexpr std::size_t most = 10;
  const std::span first(names.data(), std::min(most, names.size()));
  return join(first, ", ", printable) + (names.size() > most ? ", …" : "");
}

}  // namespace spider_check
