// What is written while spiders run: without waiting for the server.

#include <algorithm>
#include <chrono>

#include <poll.h>

#include "core/fault_point.hpp"
#include "db/encoding.hpp"
#include "db/outcome_json.hpp"
#include "db/outcome_rows.hpp"
#include "db/run_store.hpp"

namespace spider_check::db {

void lost_run(RunId run) {
  throw LostRun("run " + std::to_string(run) + " was taken over by another process");
}

void missing_run(RunId run) {
  throw MissingRun("The row of run " + std::to_string(run) + " is gone");
}

void PgRunStore::send(const Claim& claim, const std::vector<SpiderOutcome>& outcomes) {
  // Written twice is written once: the first answer may have been lost.
  static const std::string sql =
      "WITH run AS (UPDATE scheduler_state SET updated_at = now() "
      "WHERE id = $1::int AND owner_token = $2::uuid RETURNING id), "
      "written AS (" +
      insert_outcomes_sql("run", "$3::int", "$4::jsonb", "$2::uuid") +
      // A server that was frozen carries out the first one late, and takes its own time for then.
      " ON CONFLICT (run_id, spider, attempt) DO UPDATE SET "
      "started_at = least(spider_run.started_at, excluded.started_at), "
      "finished_at = least(spider_run.finished_at, excluded.finished_at)) "
      "SELECT CASE WHEN EXISTS (SELECT FROM run) THEN 'ours' "
      "WHEN EXISTS (SELECT FROM scheduler_state WHERE run_uuid = nullif($5, '')::uuid) "
      "THEN 'lost' ELSE 'missing' END";
  written_to_ = claim.id;
  write_.reset();
  session_.run([&](soci::session& session) {
    // Planning it takes the server as long as carrying it out.
    const bool is_ready = prepared_on_ == session_.connections();
    write_.emplace(
        connection_of(session),
        PreparedStatement{"write", is_ready ? "" : qualified(sql, session_.schema().name)},
        std::vector<std::string>{std::to_string(claim.id), claim.token,
                                 std::to_string(claim.attempt),
                                 to_kept_quoted(session, to_json(outcomes)), claim.uuid},
        session_.statement_timeout());
  });
}

PollRequest PgRunStore::poll_request() const {
  return write_ ? write_->poll_request() : session_.poll_request();
}

void PgRunStore::note_prepared() noexcept {
  if (write_->is_prepared()) prepared_on_ = session_.connections();
}

bool PgRunStore::written() {
  if (!write_) {
    session_.take_input();
    return true;
  }
  try {
    if (!write_->advance()) return false;
    note_prepared();
  } catch (const DbError&) {
    note_prepared();
    write_.reset();
    throw;
  }
  fault_point("outcomes are written");
  const auto answer = write_->answer();
  write_.reset();
  if (answer == "missing") missing_run(written_to_);
  if (answer != "ours") lost_run(written_to_);
  return true;
}

void PgRunStore::wait_written() {
  while (!written()) {
    const auto what = poll_request();
    pollfd fd{what.fd, static_cast<short>(POLLIN | (what.to_write ? POLLOUT : 0)), 0};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(
        *what.until - std::chrono::steady_clock::now());
    ::poll(&fd, 1, static_cast<int>(std::max<std::int64_t>(0, left.count())));
  }
}

}  // namespace spider_check::db
