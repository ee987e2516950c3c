#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/ports.hpp"
#include "db/session.hpp"

namespace spider_check::db {

/** The runs of one schedule in PostgreSQL. */
class PgRunStore final : public RunStore {
 public:
  /** `session`, which holds the locks, and `owners`, who says who this is, outlive the store. */
  PgRunStore(Session& session, std::string schedule, int max_instances, const OwnerProbe& owners);

  [[nodiscard]] Glance glance() override;
  [[nodiscard]] State state() override;
  [[nodiscard]] std::unique_ptr<SlotLock> try_lock() override;
  [[nodiscard]] std::optional<LockHolder> lock_holder() override;
  [[nodiscard]] Claim start(const NewRun& run, const SlotLock& lock) override;
  [[nodiscard]] Claim retry(const Run& run, const SlotLock& lock) override;
  void mark_interrupted(const Run& run, const std::string& why) override;
  [[nodiscard]] std::vector<std::string> succeeded(RunId run) override;
  void set_spider_count(const Claim& claim, int count) override;
  void heartbeat(const Claim& claim) override;
  void record(const Claim& claim, const SpiderOutcome& outcome) override;
  void finish(const Claim& claim, const RunEnd& end) override;
  void reclaim(const Claim& claim, SlotLock& lock) override;
  [[nodiscard]] std::vector<RecordedOutcome> outcomes(RunId run) override;

 private:
  /** Turns "no such table or column" into what is wrong with the schema. */
  template <typename Statements>
  auto on_schema(Statements&& statements);

  Session& session_;
  std::string schedule_;
  int max_instances_;
  const OwnerProbe& owners_;
};

}  // namespace spider_check::db
