#pragma once

#include <string>
#include <vector>

#include "notify/rules.hpp"
#include "support/memory_run_store.hpp"

namespace spider_check::test {

/** A NotificationStore without PostgreSQL, held against the real one by the contract test
 * (tests/db). */
class MemoryNotificationStore final : public NotificationStore {
 public:
  explicit MemoryNotificationStore(MemoryDatabase& database) : database_(database) {}

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
  void require_up() const;

  MemoryDatabase& database_;
};

}  // namespace spider_check::test
