#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "schedule/decide.hpp"
#include "schedule/run.hpp"
#include "schedule/run_store.hpp"
#include "util/interface.hpp"
#include "util/time.hpp"

namespace spider_check {

// What people are told about, and when: on a change of state only. Pure.

/** What is told. */
enum class EventKind {
  failing,       ///< so many runs failed, each after all its attempts
  stale,         ///< the data is too old, and what was tried did not change that
  recovered,     ///< a run succeeded after one of these
  degraded,      ///< spiders that were not so before
  restored,      ///< no spider is degraded any more
  test,          ///< somebody tries whether it arrives
  ping_success,  ///< a run succeeded (check-ins are not about changes)
  ping_fail,     ///< a run failed, and has no attempts left
  ping_log,      ///< an attempt failed, and another one comes
};

/** "failing", "stale", …: the words of spider_check_notification.event. */
[[nodiscard]] std::string_view to_text(EventKind kind);

/** Empty for a word that is none of them. */
[[nodiscard]] std::optional<EventKind> parse_event_kind(std::string_view text);

/** What they were told last. */
struct NotificationState {
  int version = 0;  ///< changes each time; 0: they were never told anything
  bool failing = false;
  bool stale = false;
  std::vector<std::string> degraded;  ///< spiders
  std::optional<TimePoint> success;   ///< the newest that was looked at
};

/** How a schedule is doing, as the database knows it. */
struct ScheduleSummary {
  TimePoint now{};
  std::optional<TimePoint> newest_success;  ///< of a whole run, its start
  std::optional<TimePoint> first_try;       ///< the start of the first whole run since then
  std::optional<Run> last;                  ///< the newest whole run
  int failed_runs = 0;                      ///< whole runs since then that are marked failed
  std::vector<RecordedOutcome> outcomes;    ///< the newest of each spider in the last run
  int interrupted_runs = 0;                 ///< of those that failed
};

/** One thing to tell. */
struct Event {
  EventKind kind = EventKind::test;
  std::string key;                   ///< the same for the same thing, however often it is noticed
  std::vector<std::string> spiders;  ///< whom it is about; empty: all
};

/** What is to be told, and what will have been told then. */
struct NotificationPlan {
  std::vector<Event> events;
  NotificationState told;
  bool changed = false;  ///< `told` is to be recorded, events or not
};

/** Runs that failed for good: one that has attempts left in its interval may still be mended. */
[[nodiscard]] int failed_for_good(const ScheduleSummary& summary, const Policy& policy);

/**
 * Whether the data is stale: older than it may be, and what was tried since it was due has had its
 * time. Who comes back after a night off is not told that nothing ran meanwhile, because that is
 * being mended.
 */
[[nodiscard]] bool is_stale(const ScheduleSummary& summary, const Policy& policy,
                            const NotifyPolicy& notify);

/** Compares what was told with what is. */
[[nodiscard]] NotificationPlan plan_notifications(const NotificationState& told,
                                                  const ScheduleSummary& summary,
                                                  const Policy& policy, const NotifyPolicy& notify);

/** What a check-in says of the last run; empty when it goes on, or is of long ago. */
[[nodiscard]] std::optional<Event> check_in(const ScheduleSummary& summary, const Policy& policy);

/** The event in one sentence, for people. */
[[nodiscard]] std::string sentence(const Event& event, const std::string& schedule,
                                   const ScheduleSummary& summary, const Policy& policy);

/** How long to wait after so many tries to tell: a minute, doubling, at most an hour. */
[[nodiscard]] Duration pause_after(int tries);

/** Nobody wants to be told after that long. */
inline constexpr Duration max_notification_age = std::chrono::hours(24);

/** A message for one channel, before it is recorded. */
struct NewNotification {
  std::string channel;
  EventKind event = EventKind::test;
  std::string key;    ///< of the event
  std::string facts;  ///< a JSON object
};

/** One that is due, and nobody else's for some minutes. */
struct DueNotification {
  std::int64_t id = 0;
  std::string channel;
  EventKind event = EventKind::test;
  std::string facts;
  int tries = 1;  ///< with this one
};

/**
 * What people were told about one schedule, and what they are still to be told: in the database, so
 * that any host may do it and none does it twice. All throw DbError.
 */
class NotificationStore : public Interface {
 public:
  /** What was told. */
  [[nodiscard]] virtual NotificationState told() = 0;

  /** How the schedule is doing. */
  [[nodiscard]] virtual ScheduleSummary summary() = 0;

  /**
   * Records what is told from now on with its messages, all or nothing. False, and nothing is
   * recorded, when another host did that since `told.version` was read.
   */
  virtual bool tell(const NotificationState& told,
                    const std::vector<NewNotification>& notifications) = 0;

  /** Records messages; those that are recorded already are not recorded again. */
  virtual void add(const std::vector<NewNotification>& notifications) = 0;

  /**
   * The oldest unsent message of each of these channels, where its time has come: it is the
   * caller's for `lease`, and due again after that.
   */
  [[nodiscard]] virtual std::vector<DueNotification> take_due(
      const std::vector<std::string>& channels, Duration lease) = 0;

  virtual void sent(std::int64_t id) = 0;

  /** It did not arrive: it is due again after that pause, unless it is older than
   * max_notification_age. */
  virtual void not_sent(std::int64_t id, const std::string& why, Duration pause) = 0;

  /**
   * Gives up, with the reason, what is older than max_notification_age or for none of these
   * channels: it is never sent.
   */
  virtual void give_up(const std::vector<std::string>& channels) = 0;

  /** Removes messages that are settled, sent or given up, and older than that; some at a time. */
  virtual void forget_settled(Duration age) = 0;
};

/** Where people are told, as it is configured. The URLs are secrets. */
struct ChannelOptions : ChannelKeys {
  std::string webhook;  ///< a URL; empty: none
  std::string ping;     ///< the URL of a check; empty: none

  [[nodiscard]] bool any() const { return !program.empty() || !webhook.empty() || !ping.empty(); }
};

/** A short program to be run, which takes a message on its standard input. */
struct Delivery {
  std::vector<std::string> command;
  std::string input;
  std::vector<std::pair<std::string, std::string>> environment{};  ///< beside this program's own
  Duration limit{0};                                               ///< then it is killed
};

/** How it ended. */
struct DeliveryEnd {
  bool done = false;
  std::string words;  ///< the line that it said, or why it was not done; may be hostile
};

/** Runs deliveries. */
class DeliveryRunner : public Interface {
 public:
  /** Side by side, to their ends; in the order of the deliveries. Does not throw. */
  [[nodiscard]] virtual std::vector<DeliveryEnd> run_all(
      const std::vector<Delivery>& deliveries) = 0;

  /** Starts one and does not wait for it. Whatever becomes of it does not matter. */
  virtual void start(const Delivery& delivery) noexcept = 0;
};

}  // namespace spider_check
