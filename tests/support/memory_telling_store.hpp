#pragma once

#include <string>
#include <vector>

#include "core/telling_store.hpp"
#include "support/memory_run_store.hpp"

namespace spider_check::test {

/** A TellingStore without PostgreSQL, held against the real one by the contract test (tests/db). */
class MemoryTellingStore final : public TellingStore {
 public:
  explicit MemoryTellingStore(MemoryDatabase& database) : database_(database) {}

  [[nodiscard]] Told told() override;
  [[nodiscard]] Situation situation() override;
  bool tell(const Told& told, const std::vector<NewNotification>& notifications) override;
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
