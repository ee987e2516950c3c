// What is written while spiders run: without waiting for the server.

#include <algorithm>
#include <chrono>

#include <poll.h>
#include <soci/postgresql/soci-postgresql.h>

#include "core/fault_point.hpp"
#include "db/outcome_json.hpp"
#include "db/run_store.hpp"
#include "db/values.hpp"

namespace spider_check::db {

void lost_run(RunId run) {
  throw LostRun("run " + std::to_string(run) + " was taken over by another process");
}

void PgRunStore::send(const Claim& claim, const std::vector<SpiderOutcome>& outcomes) {
  // Written twice is written once: the first answer may have been lost.
  static const std::string sql =
      "WITH run AS (UPDATE scheduler_state SET updated_at = now() "
      "WHERE id = $1::int AND owner_token = $2::uuid RETURNING id), "
      "written AS (INSERT INTO spider_run (run_id, spider, attempt, started_at, finished_at, "
      "status, verdict, reasons, exit_code, signal, log_path, cpu_time, peak_memory, "
      "finish_reason, items, pages, errors, stats, field_counts, faults) "
      "SELECT run.id, o.spider, $3::int, now() - " +
      to_interval("o.started") + ", now() - " + to_interval("o.ended") +
      ", o.status, o.verdict, o.reasons, o.exit_code, o.signal, o.log_path, " +
      to_interval("o.cpu") +
      ", o.memory, o.finish_reason, o.items, o.pages, o.errors, o.stats, o.field_counts, o.faults "
      "FROM run, jsonb_to_recordset($4::jsonb) AS o (spider text, started bigint, ended bigint, "
      "status text, verdict text, reasons text[], exit_code int, signal int, log_path text, "
      "cpu bigint, memory bigint, finish_reason text, items bigint, pages bigint, errors bigint, "
      "stats jsonb, field_counts jsonb, faults jsonb) "
      "ON CONFLICT (run_id, spider, attempt) DO UPDATE SET log_path = excluded.log_path) "
      "SELECT count(*) FROM run";
  const std::vector<std::string> parameters{std::to_string(claim.id), claim.token,
                                            std::to_string(claim.attempt), to_json(outcomes)};
  written_to_ = claim.id;
  write_.reset();
  session_.run([&](soci::session& session) {
    auto* connection =
        static_cast<const soci::postgresql_session_backend&>(*session.get_backend()).conn_;
    // The server ends what takes longer than its timeout; an answer that comes much later than that
    // will not come any more.
    write_.emplace(connection, sql, parameters, 2 * session_.statement_timeout());
  });
}

Interest PgRunStore::interest() const {
  return write_ ? write_->interest() : Interest{};
}

bool PgRunStore::written() {
  if (!write_) return true;
  try {
    if (!write_->advance()) return false;
  } catch (const DbError&) {
    write_.reset();
    throw;
  }
  fault_point("outcomes are written");
  const bool ours = write_->answer() == "1";
  write_.reset();
  if (!ours) lost_run(written_to_);
  return true;
}

void PgRunStore::wait_written() {
  while (!written()) {
    const auto what = interest();
    pollfd fd{what.fd, static_cast<short>(POLLIN | (what.to_write ? POLLOUT : 0)), 0};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(
        *what.until - std::chrono::steady_clock::now());
    ::poll(&fd, 1, static_cast<int>(std::max<std::int64_t>(0, left.count())));
  }
}

}  // namespace spider_check::db
