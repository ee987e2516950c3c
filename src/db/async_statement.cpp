#include "db/async_statement.hpp"

#include <memory>
#include <utility>

#include "db/refusal.hpp"
#include "db/session.hpp"
#include "db/sqlstate.hpp"

namespace spider_check::db {

namespace {

using Result = std::unique_ptr<PGresult, void (*)(PGresult*)>;

void require_success(const PGresult* result, const PGconn* connection) {
  const auto status = PQresultStatus(result);
  if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) return;
  const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  // Without a state it was libpq that failed, and not the server.
  if (state != nullptr) throw to_db_error(state, PQresultErrorMessage(result), connection);
  throw DbError(DbError::Kind::connection, one_line(PQresultErrorMessage(result)));
}

}  // namespace

AsyncStatement::AsyncStatement(PGconn* connection, const PreparedStatement& statement,
                               std::vector<std::string> parameters, Duration statement_timeout)
    : connection_(connection),
      name_(statement.name),
      parameters_(std::move(parameters)),
      is_prepared_(statement.sql.empty()),
      statement_timeout_(statement_timeout),
      deadline_(std::chrono::steady_clock::now() + statement_timeout + answer_margin) {
  PQsetnonblocking(connection_, 1);
  if (is_prepared_) {
    execute();
  } else if (PQsendPrepare(connection_, name_, statement.sql.c_str(), 0, nullptr) == 0) {
    lost();
  }
}

void AsyncStatement::execute() {
  std::vector<const char*> values;
  for (const auto& parameter : parameters_) values.push_back(parameter.c_str());
  to_write_ = true;
  if (PQsendQueryPrepared(connection_, name_, static_cast<int>(values.size()), values.data(),
                          nullptr, nullptr, 0) == 0) {
    lost();
  }
}

PollRequest AsyncStatement::poll_request() const {
  // Also while it is being sent there may be something to read, without which the server stops.
  return {PQsocket(connection_), to_write_, true, deadline_};
}

bool AsyncStatement::advance() {
  if (done_) return true;
  if (PQconsumeInput(connection_) == 0) lost();
  if (to_write_) {
    const int flushed = PQflush(connection_);
    if (flushed < 0) lost();
    to_write_ = flushed > 0;
  }
  read_results();
  if (!done_ && std::chrono::steady_clock::now() >= deadline_) {
    throw_no_answer(statement_timeout_);
  }
  return done_;
}

void AsyncStatement::read_results() {
  while (!done_ && PQisBusy(connection_) == 0) {
    const Result result(PQgetResult(connection_), &PQclear);
    if (!result) return on_end_of_results();
    try {
      require_success(result.get(), connection_);
    } catch (const DbError&) {
      // The end of the results comes with the error or not at all; until it is taken the connection
      // is busy.
      while (Result(PQgetResult(connection_), &PQclear)) {
      }
      PQsetnonblocking(connection_, 0);
      throw;
    }
    if (PQntuples(result.get()) > 0) answer_ = PQgetvalue(result.get(), 0, 0);
  }
}

void AsyncStatement::on_end_of_results() {
  if (!is_prepared_) {
    is_prepared_ = true;
    return execute();
  }
  PQsetnonblocking(connection_, 0);
  done_ = true;
}

void AsyncStatement::lost() const {
  throw DbError(DbError::Kind::connection, plain_message(PQerrorMessage(connection_)));
}

}  // namespace spider_check::db
