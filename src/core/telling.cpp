#include "core/telling.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/duration.hpp"

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

Names with_verdict(const Situation& situation, Verdict verdict) {
  Names names;
  for (const auto& recorded : situation.outcomes) {
    const auto& outcome = recorded.outcome;
    if (outcome.judgement.verdict == verdict) names.push_back(outcome.spider);
  }
  return names;
}

bool is_completed(const Situation& situation) {
  return situation.last && situation.last->status == RunStatus::completed;
}

bool will_be_retried(const Situation& situation, const Policy& policy) {
  const auto& last = situation.last;
  return last && last->status == RunStatus::failed && has_attempts_left(*last, policy) &&
         situation.now - last->started < policy.interval;
}

std::string key_of(EventKind kind, const Situation& situation) {
  return std::string(to_text(kind)) + ":" + (situation.last ? situation.last->uuid : "");
}

std::string list(const Names& names) {
  constexpr std::size_t most = 5;
  std::string text;
  for (std::size_t i = 0; i < std::min(most, names.size()); ++i) {
    text += (text.empty() ? "" : ", ") + names[i];
  }
  return names.size() > most ? text + ", …" : text;
}

std::string spiders(const Names& names) {
  const auto count = std::to_string(names.size());
  return names.size() == 1 ? "spider " + names.front() : count + " spiders (" + list(names) + ")";
}

std::string age(const Situation& situation) {
  if (!situation.newest_success) return "no run has ever succeeded";
  return "the last success is " + to_words(situation.now - *situation.newest_success) + " old";
}

std::string why(const Situation& situation) {
  if (!situation.last || situation.last->failure.empty()) return "";
  return ": " + situation.last->failure;
}

/** Adds what there is to say about degraded spiders. */
void compare_degraded(Telling& telling, const Told& before, const Situation& situation) {
  auto now = with_verdict(situation, Verdict::degraded);
  Names fresh;
  for (const auto& name : now) {
    if (!holds(before.degraded, name)) fresh.push_back(name);
  }
  if (!fresh.empty()) {
    telling.events.push_back(
        {EventKind::degraded, key_of(EventKind::degraded, situation), std::move(fresh)});
  } else if (now.empty() && !before.degraded.empty()) {
    telling.events.push_back(
        {EventKind::restored, key_of(EventKind::restored, situation), before.degraded});
  }
  telling.told.degraded = std::move(now);
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

int failed_for_good(const Situation& situation, const Policy& policy) {
  return std::max(0, situation.failed_runs - (will_be_retried(situation, policy) ? 1 : 0));
}

bool is_stale(const Situation& situation, const Policy& policy, const NotifyPolicy& notify) {
  // Without a try since then there is nothing to be told: the one that comes will mend it.
  if (!notify.stale || !situation.first_try) return false;
  auto since = *situation.first_try;
  if (situation.newest_success) {
    since = std::max(since, *situation.newest_success + policy.interval);
  }
  return situation.now - since > notify.stale_after.value_or(policy.interval);
}

Telling what_to_tell(const Told& told, const Situation& situation, const Policy& policy,
                     const NotifyPolicy& notify) {
  Telling telling;
  telling.told = told;
  const auto add = [&](EventKind kind, Names names) {
    telling.events.push_back({kind, key_of(kind, situation), std::move(names)});
  };
  const int failed = failed_for_good(situation, policy);
  const bool stale = is_stale(situation, policy, notify);
  if (!told.failing && failed >= notify.after_failures) {
    add(EventKind::failing, with_verdict(situation, Verdict::failed));
    telling.told.failing = true;
  }
  // Who knows that it fails knows why the data is old.
  if (!told.stale && !telling.told.failing && stale) {
    add(EventKind::stale, {});
    telling.told.stale = true;
  }
  if (is_completed(situation)) {
    if (told.failing || told.stale) add(EventKind::recovered, {});
    telling.told.failing = telling.told.stale = false;
    if (notify.degraded) compare_degraded(telling, told, situation);
  }
  telling.told.success = situation.newest_success;
  telling.changed = !telling.events.empty() || telling.told.success != told.success ||
                    telling.told.degraded != told.degraded || told.version == 0;
  return telling;
}

std::optional<Event> check_in(const Situation& situation, const Policy& policy) {
  const auto& last = situation.last;
  if (!last || last->status == RunStatus::running) return std::nullopt;
  if (situation.now - last->finished.value_or(last->started) > worth_telling) return std::nullopt;
  const auto kind = last->status == RunStatus::completed ? EventKind::ping_success
                    : will_be_retried(situation, policy) ? EventKind::ping_log
                                                         : EventKind::ping_fail;
  return Event{kind, key_of(kind, situation) + ":" + std::to_string(last->attempt),
               with_verdict(situation, Verdict::failed)};
}

std::string sentence(const Event& event, const std::string& schedule, const Situation& situation,
                     const Policy& policy) {
  const auto name = "spider-check " + schedule + ": ";
  switch (event.kind) {
    case EventKind::failing: {
      const int failed = failed_for_good(situation, policy);
      return name + (failed > 1 ? "the last " + std::to_string(failed) + " runs" : "the last run") +
             " failed" + why(situation) + "; " + age(situation);
    }
    case EventKind::stale:
      return name + "the data is stale; " + age(situation) + why(situation);
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
      return name + "the run failed" + why(situation);
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
