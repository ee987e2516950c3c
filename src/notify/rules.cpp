#include "notify/rules.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "util/text.hpp"
#include "util/time.hpp"

namespace spider_check {

using namespace std::chrono_literals;

namespace {

constexpr std::array<std::pair<EventKind, std::string_view>, 9> kinds{{
    {EventKind::failing, "failing"},
    {EventKind::stale, "stale"},
    {EventKind::recovered, "recovered"},
    {EventKind::degraded, "degraded"},
    {EventKind::restored, "restored"},
    {EventKind::test, "test"},
    {EventKind::ping_success, "ping_success"},
    {EventKind::ping_fail, "ping_fail"},
    {EventKind::ping_log, "ping_log"},
}};

using Names = std::vector<std::string>;

bool holds(const Names& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Names with_verdict(const ScheduleSummary& summary, Verdict verdict) {
  Names names;
  for (const auto& recorded : summary.outcomes) {
    const auto& outcome = recorded.outcome;
    if (outcome.judgement.verdict == verdict) names.push_back(outcome.spider);
  }
  return names;
}

bool is_completed(const ScheduleSummary& summary) {
  return summary.last && summary.last->status == RunStatus::completed;
}

bool will_be_retried(const ScheduleSummary& summary, const Policy& policy) {
  const auto& last = summary.last;
  return last && last->status == RunStatus::failed && has_attempts_left(*last, policy) &&
         summary.now - last->started < policy.interval;
}

std::string key_of(EventKind kind, const ScheduleSummary& summary) {
  return std::string(to_text(kind)) + ":" + (summary.last ? summary.last->uuid : "");
}

std::string list(const Names& names) {
  constexpr std::size_t most = 5;
  const std::span first(names.data(), std::min(most, names.size()));
  return join(first, ", ") + (names.size() > most ? ", …" : "");
}

std::string spiders(const Names& names) {
  const auto count = std::to_string(names.size());
  return names.size() == 1 ? "spider " + names.front() : count + " spiders (" + list(names) + ")";
}

std::string age(const ScheduleSummary& summary) {
  if (!summary.newest_success) return "no run has ever succeeded";
  return "the last success is " + to_words(summary.now - *summary.newest_success) + " old";
}

std::string why(const ScheduleSummary& summary) {
  if (!summary.last || summary.last->failure.empty()) return "";
  return ": " + summary.last->failure;
}

std::string how_it_ended(const ScheduleSummary& summary) {
  const auto word = summary.last ? word_of(*summary.last) : "failed";
  return (word == "failed" ? "" : "was ") + std::string(word);
}

/** Adds what there is to say about degraded spiders. */
void compare_degraded(NotificationPlan& plan, const NotificationState& before,
                      const ScheduleSummary& summary) {
  auto now = with_verdict(summary, Verdict::degraded);
  Names fresh;
  for (const auto& name : now) {
    if (!holds(before.degraded, name)) fresh.push_back(name);
  }
  if (!fresh.empty()) {
    plan.events.push_back(
        {EventKind::degraded, key_of(EventKind::degraded, summary), std::move(fresh)});
  } else if (now.empty() && !before.degraded.empty()) {
    plan.events.push_back(
        {EventKind::restored, key_of(EventKind::restored, summary), before.degraded});
  }
  plan.told.degraded = std::move(now);
}

}  // namespace

std::string_view to_text(EventKind kind) {
  return std::find_if(kinds.begin(), kinds.end(), [&](const auto& k) { return k.first == kind; })
      ->second;
}

std::optional<EventKind> parse_event_kind(std::string_view text) {
  const auto* const found =
      std::find_if(kinds.begin(), kinds.end(), [&](const auto& k) { return k.second == text; });
  if (found == kinds.end()) return std::nullopt;
  return found->first;
}

int failed_for_good(const ScheduleSummary& summary, const Policy& policy) {
  return std::max(0, summary.failed_runs - (will_be_retried(summary, policy) ? 1 : 0));
}

bool is_stale(const ScheduleSummary& summary, const Policy& policy, const NotifyPolicy& notify) {
  // Without a try since then there is nothing to tell: the next run may succeed.
  if (!notify.stale || !summary.first_try) return false;
  auto since = *summary.first_try;
  if (summary.newest_success) {
    since = std::max(since, *summary.newest_success + policy.interval);
  }
  return summary.now - since > notify.stale_after.value_or(policy.interval);
}

NotificationPlan plan_notifications(const NotificationState& told, const ScheduleSummary& summary,
                                    const Policy& policy, const NotifyPolicy& notify) {
  NotificationPlan plan;
  plan.told = told;
  const auto add = [&](EventKind kind, Names names) {
    plan.events.push_back({kind, key_of(kind, summary), std::move(names)});
  };
  const int failed = failed_for_good(summary, policy);
  const bool stale = is_stale(summary, policy, notify);
  if (!told.failing && failed >= notify.after_failures) {
    add(EventKind::failing, with_verdict(summary, Verdict::failed));
    plan.told.failing = true;
  }
  // A failing schedule explains why the data is old.
  if (!told.stale && !plan.told.failing && stale) {
    add(EventKind::stale, {});
    plan.told.stale = true;
  }
  if (is_completed(summary)) {
    if (told.failing || told.stale) add(EventKind::recovered, {});
    plan.told.failing = plan.told.stale = false;
    if (notify.degraded) compare_degraded(plan, told, summary);
  }
  plan.told.success = summary.newest_success;
  plan.changed = !plan.events.empty() || plan.told.success != told.success ||
                 plan.told.degraded != told.degraded || told.version == 0;
  return plan;
}

std::optional<Event> check_in(const ScheduleSummary& summary, const Policy& policy) {
  const auto& last = summary.last;
  if (!last || last->status == RunStatus::running) return std::nullopt;
  if (summary.now - last->finished.value_or(last->started) > max_notification_age)
    return std::nullopt;
  const auto kind = last->status == RunStatus::completed ? EventKind::ping_success
                    : will_be_retried(summary, policy)   ? EventKind::ping_log
                                                         : EventKind::ping_fail;
  return Event{kind, key_of(kind, summary) + ":" + std::to_string(last->attempt),
               with_verdict(summary, Verdict::failed)};
}

std::string sentence(const Event& event, const std::string& schedule,
                     const ScheduleSummary& summary, const Policy& policy) {
  const auto name = "spider-check " + schedule + ": ";
  switch (event.kind) {
    case EventKind::failing: {
      const int failed = failed_for_good(summary, policy);
      return name + (failed > 1 ? "the last " + std::to_string(failed) + " runs" : "the last run") +
             " failed" + why(summary) + "; " + age(summary);
    }
    case EventKind::stale:
      return name + "the data is stale; " + age(summary) + why(summary);
    case EventKind::recovered:
      return name + "recovered; a run succeeded";
    case EventKind::degraded:
      return name + spiders(event.spiders) + (event.spiders.size() == 1 ? " is" : " are") +
             " degraded";
    case EventKind::restored:
      return name + spiders(event.spiders) + (event.spiders.size() == 1 ? " is" : " are") +
             " no longer degraded";
    case EventKind::test:
      return name + "this is a test; nothing is wrong";
    case EventKind::ping_success:
      return name + "the run succeeded";
    case EventKind::ping_fail:
    case EventKind::ping_log:
      return name + "the run " + how_it_ended(summary) + why(summary);
  }
  return name;
}

Duration pause_after(int tries) {
  constexpr Duration longest = 1h;
  Duration pause = 1min;
  for (int i = 1; i < tries && pause < longest; ++i) pause *= 2;
  return std::min(pause, longest);
}

}  // namespace spider_check
