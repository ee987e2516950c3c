#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "db/session.hpp"
#include "schedule/summary.hpp"
#include "util/time.hpp"

namespace spider_check {

/** A message for one channel, before it is recorded. */
struct NewNotification {
  std::string channel;
  std::string event;  ///< its word, as the column has it
  std::string key;    ///< of the event
  std::string facts;  ///< a JSON object
};

/** One that is due; for some minutes it is the caller's alone. */
struct DueNotification {
  std::int64_t id = 0;
  std::string channel;
  std::string event;
  std::string facts;
  int tries = 1;  ///< with this one
};

/**
 * What people know of one schedule, and the messages to them: in the database, so that any host may
 * send them and none does it twice. All throw DbError.
 */
class NotificationStore {
 public:
  /** `session` outlives the store. */
  NotificationStore(Session& session, std::string schedule)
      : session_(session), schedule_(std::move(schedule)) {}

  /** What people know. */
  [[nodiscard]] NotificationState told();

  /** How the schedule is doing. */
  [[nodiscard]] ScheduleSummary summary();

  /**
   * Records what people know from now on with its messages, all or nothing. False, and nothing is
   * recorded, when another host did that since `told.version` was read.
   */
  bool tell(const NotificationState& told, const std::vector<NewNotification>& notifications);

  /** Records messages; those that are recorded already are not recorded again. */
  void add(const std::vector<NewNotification>& notifications);

  /**
   * The oldest unsent message of each of these channels, where its time has come: it is the
   * caller's for `lease`, and due again after that.
   */
  [[nodiscard]] std::vector<DueNotification> take_due(const std::vector<std::string>& channels,
                                                      Duration lease);

  void sent(std::int64_t id);

  /** It did not arrive: it is due again after that pause, unless it is older than
   * max_notification_age. */
  void not_sent(std::int64_t id, const std::string& why, Duration pause);

  /**
   * Gives up, with the reason, what is older than max_notification_age or for none of these
   * channels: it is never sent.
   */
  void give_up(const std::vector<std::string>& channels);

  /** Removes messages that are settled, sent or given up, and older than that; some at a time. */
  void forget_settled(Duration age);

 private:
  void insert(soci::session& sql, const std::vector<NewNotification>& notifications);

  Session& session_;
  std::string schedule_;
};

}  // namespace spider_check
