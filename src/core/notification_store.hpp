#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/interface.hpp"
#include "core/notification.hpp"

namespace spider_check {

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

}  // namespace spider_check
