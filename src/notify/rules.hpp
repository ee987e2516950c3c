#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schedule/decide.hpp"
#include "schedule/summary.hpp"
#include "util/time.hpp"

namespace spider_check {

// Which changes of a schedule people hear of. Pure.

/** What happened. */
enum class EventKind {
  failing,       ///< so many runs failed, each after all its attempts
  stale,         ///< the data is too old, and what was tried did not change that
  recovered,     ///< a run succeeded after one of these
  degraded,      ///< spiders that were not so before
  restored,      ///< no spider is degraded any more
  test,          ///< of the command `notify`
  ping_success,  ///< a run succeeded: a check-in is of each run, not of a change
  ping_fail,     ///< a run failed, and has no attempts left
  ping_log,      ///< an attempt failed, and another one comes
};

/** "failing", "stale", …: the words of spider_check_notification.event. */
[[nodiscard]] std::string_view to_text(EventKind kind);

/** Empty for a word that is none of them. */
[[nodiscard]] std::optional<EventKind> parse_event_kind(std::string_view text);

/** One change, or one check-in. */
struct Event {
  EventKind kind = EventKind::test;
  std::string key;                   ///< the same for the same thing, however often it is noticed
  std::vector<std::string> spiders;  ///< that it is about; empty: all
};

/** The events to send, and what people know after them. */
struct NotificationPlan {
  std::vector<Event> events;
  NotificationState told;
  bool changed = false;  ///< `told` is to be recorded, events or not
};

/** Runs that failed for good: one that has attempts left in its interval may still succeed. */
[[nodiscard]] int failed_for_good(const ScheduleSummary& summary, const Policy& policy);

/**
 * Whether the data is stale: older than it may be, and what was tried since it was due has had its
 * time. After a night off the first run may still succeed: until then nothing is sent.
 */
[[nodiscard]] bool is_stale(const ScheduleSummary& summary, const Policy& policy,
                            const NotifyPolicy& notify);

/** The events that people do not know of. */
[[nodiscard]] NotificationPlan plan_notifications(const NotificationState& told,
                                                  const ScheduleSummary& summary,
                                                  const Policy& policy, const NotifyPolicy& notify);

/** The check-in of the last run; empty while it goes on, or when it ended long ago. */
[[nodiscard]] std::optional<Event> check_in(const ScheduleSummary& summary, const Policy& policy);

/** The event in one sentence, for people. */
[[nodiscard]] std::string sentence(const Event& event, const std::string& schedule,
                                   const ScheduleSummary& summary, const Policy& policy);

/** How long to wait after so many tries to tell: a minute, doubling, at most an hour. */
[[nodiscard]] Duration pause_after(int tries);

/** The configured channels. The URLs are secrets. */
struct ChannelOptions : ChannelKeys {
  std::string webhook;  ///< a URL; empty: none
  std::string ping;     ///< the URL of a check; empty: none

  [[nodiscard]] bool any() const { return !program.empty() || !webhook.empty() || !ping.empty(); }
};

}  // namespace spider_check
