#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "db/session.hpp"
#include "notify/rules.hpp"

namespace spider_check {

/** What is told about one schedule, in PostgreSQL. */
class PgNotificationStore final : public NotificationStore {
 public:
  /** `session` outlives the store. */
  PgNotificationStore(Session& session, std::string schedule)
      : session_(session), schedule_(std::move(schedule)) {}

  [[nodiscard]] NotificationState told() override;
  [[nodiscard]] ScheduleSummary summary() override;
  bool tell(const NotificationState& told,
            const std::vector<NewNotification>& notifications) override;
  void add(const std::vector<NewNotification>& notifications) override;
  [[nodiscard]] std::vector<DueNotification> take_due(const std::vector<std::string>& channels,
                                                      Duration lease) override;
  void sent(std::int64_t id) override;
  void not_sent(std::int64_t id, const std::string& why, Duration pause) override;
  void give_up(const std::vector<std::string>& channels) override;
  void forget_settled(Duration age) override;

 private:
  void insert(soci::session& sql, const std::vector<NewNotification>& notifications);

  Session& session_;
  std::string schedule_;
};

}  // namespace spider_check
