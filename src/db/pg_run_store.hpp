#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "db/session.hpp"
#include "db/statements.hpp"
#include "outbox/journal.hpp"
#include "schedule/spider.hpp"

namespace spider_check {

/** The runs of one schedule in PostgreSQL. */
class PgRunStore final : public RunStore {
 public:
  /** `session`, which holds the locks, and `owners`, who says who this is, outlive the store. */
  PgRunStore(Session& session, std::string schedule, int max_instances, const Host& host);

  /** From now on latest_success() looks for messages that are due in these channels, too. */
  void look_for_messages(std::vector<std::string> channels) { channels_ = std::move(channels); }

  [[nodiscard]] LatestSuccess latest_success() override;
  [[nodiscard]] DatabaseIdentity database() override;
  [[nodiscard]] State state() override;
  [[nodiscard]] std::unique_ptr<SlotLock> try_lock() override;
  [[nodiscard]] std::optional<LockHolder> lock_holder() override;
  [[nodiscard]] bool mark_interrupted(const Run& run, const std::string& why) override;
  [[nodiscard]] std::vector<std::string> succeeded(RunId run) override;
  void send(const AttemptFacts& facts, const HostTime& now) override;
  [[nodiscard]] PollRequest poll_request() const override;
  [[nodiscard]] std::optional<RecordedRun> written() override;
  RecordedRun wait_written() override;

  void watch() override { session_.take_input(); }

  void take_again(SlotLock& lock) override;
  [[nodiscard]] std::unique_ptr<SlotLock> unheld_lock(int slot) override;
  void drop_connection() noexcept override;
  [[nodiscard]] std::vector<RecordedOutcome> outcomes(RunId run) override;
  [[nodiscard]] std::map<std::string, Baseline> baselines(
      const std::vector<std::string>& spiders) override;
  [[nodiscard]] std::vector<std::string> spiders_of_last_success() override;
  [[nodiscard]] std::vector<std::filesystem::path> newest_failed_logs() override;
  [[nodiscard]] RunId newest_run_before(Duration age) override;
  Pruned prune(PruneStep& step) override;

 private:
  void note_prepared() noexcept;

  Session& session_;
  std::string schedule_;
  int max_instances_;
  const Host& host_;
  std::vector<std::string> channels_;    ///< whose messages latest_success() looks for
  std::optional<AsyncStatement> write_;  ///< the one under way
  int prepared_on_ = 0;                  ///< the connection that has its statement ready
  RunId sent_to_ = 0;                    ///< the run as its owner knows it, for messages
};

}  // namespace spider_check
