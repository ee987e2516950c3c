#include "db/session.hpp"

#include <algorithm>
#include <exception>

#include <soci/postgresql/soci-postgresql.h>

#include "db/refusal.hpp"
#include "db/slot_lock.hpp"
#include "util/text.hpp"

namespace spider_check {

namespace {

constexpr std::string_view name_prefix = "spider-check ";

// Where PostgreSQL cuts it: NAMEDATALEN - 1,
// https://www.postgresql.org/docs/15/runtime-config-logging.html#GUC-APPLICATION-NAME
constexpr std::size_t max_name = 63;

/** A mistake of what is configured, which libpq finds before it tries to connect. */
bool is_mistake(const std::string& message) {
  if (message.find("connection to server") != std::string::npos) return false;
  for (const auto* sign : {"invalid ", "could not match ", "service file", "definition of service",
                           "nested service specifications", "weak sslmode"}) {
    if (message.find(sign) != std::string::npos) return true;
  }
  return false;
}

[[noreturn]] void throw_mistake(const std::string& message) {
  throw UsageError("the database cannot be connected to: " + one_line(libpq_words(message)) +
                   "; correct [database], DB_… or PG…, whichever says so");
}

constexpr Duration shortest_limit = std::chrono::milliseconds(1);

/** What the server says before it ends a connection reaches who waits for nothing as a notice. */
bool ends_connection(const PGresult* notice) {
  const char* severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
  return severity != nullptr && std::string_view(severity) == "FATAL";
}

std::string no_answer(Duration limit, const char* key) {
  return "the database did not answer within " + to_text(limit) + " (" + key + ")";
}

}  // namespace

void throw_db_error(const PGconn* connection) {
  try {
    throw;
  } catch (const soci::postgresql_soci_error& error) {
    const auto state = std::string(error.sqlstate().c_str());  // SOCI pads it with zero bytes
    const bool unsaid = state.find_first_not_of(' ') == std::string::npos;
    if (is_lost_statement(state)) refuse_pooler("a statement that was just prepared is not there");
    if (!unsaid) throw to_db_error(state, error.get_error_message(), connection);
    throw DbError(DbError::Kind::connection, one_line(error.get_error_message()));
  } catch (const soci::soci_error& error) {
    throw DbError(DbError::Kind::connection, one_line(error.get_error_message()));
  }
}

void throw_no_answer(Duration statement_timeout) {
  throw DbError(DbError::Kind::connection, no_answer(statement_timeout, "statement_timeout"));
}

soci::session& Session::connected() {
  if (!session_) connect();
  return *session_;
}

void Session::connect() {
  const bool is_first = !std::exchange(tried_, true);
  try {
    connect_in_time();
  } catch (const soci::soci_error& error) {
    // Later it is no reason to give up what is going on.
    if (is_first && is_mistake(error.get_error_message())) {
      throw_mistake(error.get_error_message());
    }
    throw DbError(DbError::Kind::connection,
                  why_no_connection(error.get_error_message(), options_));
  }
}

/** Looking names up and making the connection have one limit. */
void Session::connect_in_time() {
  if (!has_names(options_)) return open_within(connect_limit(options_), options_);
  const auto start = std::chrono::steady_clock::now();
  const auto options = [&] {
    const TimeLimit limit(connect_limit(options_));
    return with_addresses(options_);
  }();
  const auto took = std::chrono::floor<Duration>(std::chrono::steady_clock::now() - start);
  open_within(std::max<Duration>(connect_limit(options) - took, shortest_limit), options);
}

void Session::open_within(Duration time, const ConnectionOptions& options) {
  const TimeLimit limit(time);
  try {
    open(options);
  } catch (const soci::soci_error&) {
    if (!limit.expired()) throw;
  }
  if (!limit.expired()) return;
  session_.reset();
  const auto place = place_of(options_);
  throw DbError(DbError::Kind::connection, no_answer(connect_limit(options), "connect_timeout") +
                                               (place.empty() ? "" : ": " + place) +
                                               source_of_place(options_));
}

void Session::open(const ConnectionOptions& options) {
  try {
    open(options, OwnSettings::yes);
  } catch (const soci::soci_error& error) {
    // PgBouncer's word for `options`. Statements afterwards would be inherited by others.
    if (error.get_error_message().find("unsupported startup parameter") == std::string::npos) throw;
    open(options, OwnSettings::no);
  }
  // With what an error is about, for its cure.
  PQsetErrorVerbosity(connection(), PQERRORS_VERBOSE);
  reported_backend_ = PQbackendPID(connection());
  ++connections_;
  PQsetNoticeReceiver(connection(), &Session::receive, this);
}

void Session::open(const ConnectionOptions& options, OwnSettings settings) {
  std::vector<std::string> warnings;
  std::exception_ptr failure;
  {
    const SilentStderr silence;
    try {
      session_.emplace(soci::postgresql, conninfo(options, name_, settings));
    } catch (const soci::soci_error&) {
      failure = std::current_exception();
    }
    warnings = silence.messages();
  }
  for (const auto& text : warnings) warn(text);
  if (failure) std::rethrow_exception(failure);
}

void Session::warn(const std::string& text) noexcept {
  if (text.empty() || !take_warning_) return;
  if (warnings_.insert(text).second) take_warning_(text);
}

void Session::receive(void* session, const PGresult* notice) noexcept {
  auto& self = *static_cast<Session*>(session);
  if (ends_connection(notice)) self.last_words_ = PQresultErrorMessage(notice);
  self.warn(warning_of(notice));
}

/** Of a connection that was lost SOCI says no more than that. */
void Session::require_connection() {
  if (PQstatus(connection()) != CONNECTION_BAD) return;
  const auto why = plain_message(PQerrorMessage(connection()));
  if (!why.empty()) throw DbError(DbError::Kind::connection, why);
}

PGconn* Session::connection() {
  return connection_of(*session_);
}

int Session::socket() {
  return PQsocket(connection());
}

PollRequest Session::poll_request() {
  if (!session_) return {};
  return {.fd = socket(), .to_read = true, .until = {}};
}

void Session::take_input() {
  if (!session_) return;
  auto* server = connection();
  const bool heard = PQconsumeInput(server) != 0;
  last_words_.clear();
  // Nothing is asked, so that all it does is to read what came: notices, mostly.
  (void)PQisBusy(server);
  if (heard && last_words_.empty() && PQstatus(server) != CONNECTION_BAD) return;
  throw DbError(DbError::Kind::connection,
                plain_message(last_words_.empty() ? PQerrorMessage(server) : last_words_));
}

int Session::reported_backend() {
  return run_unpinned([&](soci::session& /*sql*/) { return reported_backend_; });
}

void Session::pin() {
  if (schema_) return;
  const auto try_to = [&] {
    return run_unpinned(
        [&](soci::session& sql) { return pin_search_path(sql, reported_backend_); });
  };
  auto schema = try_to();
  if (!schema) {
    // Others would inherit it from a pooler that gives sessions away between two statements.
    refuse_shared_backends(*this);
    schema = try_to();
  }
  schema_ = std::move(schema).value();
  session_->set_query_transformation(
      [name = schema_->name](const std::string& query) { return qualified(query, name); });
}

PGconn* connection_of(soci::session& sql) {
  return static_cast<const soci::postgresql_session_backend&>(*sql.get_backend()).conn_;
}

std::string session_name(const std::string& host, int pid) {
  // What matters most comes first.
  const auto name = std::string(name_prefix) + std::to_string(pid) + "@" + host;
  return name.substr(0, max_name);
}

std::optional<std::pair<std::string, int>> parse_session_name(const std::string& name) {
  if (!name.starts_with(name_prefix)) return std::nullopt;
  const auto at = std::min(name.find('@'), name.size());
  const auto pid =
      parse_number<int>(std::string_view(name).substr(0, at).substr(name_prefix.size()));
  if (!pid || at == name.size()) return std::nullopt;
  return std::pair{name.substr(at + 1), *pid};
}

}  // namespace spider_check
