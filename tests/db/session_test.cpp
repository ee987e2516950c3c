#include "db/session.hpp"

#include <doctest/doctest.h>

#include "db/refusal.hpp"
#include "util/errors.hpp"
#include "world.hpp"

namespace spider_check::test {

namespace {

DbError failure(Session& session, const std::string& text) {
  try {
    session.run([&](soci::session& sql) { sql.once << text; });
  } catch (const DbError& error) {
    return error;
  }
  FAIL("no error");
  return {DbError::Kind::statement, ""};
}

}  // namespace

TEST_CASE("a session's name is read back, whatever it is cut to") {
  const auto name = session_name("a-host", 4711);
  CHECK(name == "spider-check 4711@a-host");
  CHECK(parse_session_name(name) == std::pair{std::string("a-host"), 4711});
  CHECK(parse_session_name("spider-check 4711@a-ho") == std::pair{std::string("a-ho"), 4711});
  for (const auto* other : {"", "psql", "spider-check ", "spider-check x@h", "spider-check 4711"}) {
    CHECK_FALSE(parse_session_name(other).has_value());
  }
}

TEST_CASE("a statement that takes too long is ended by the server") {
  const TestDatabase database;
  auto options = database.options();
  options.statement_timeout = std::chrono::milliseconds(100);
  Session session(options, "test");
  const auto error = failure(session, "SELECT pg_sleep(60)");
  CHECK(error.kind() == DbError::Kind::statement);
  CHECK(std::string(error.what()).find("statement timeout") != std::string::npos);
}

TEST_CASE("errors are told apart by what they mean") {
  const TestDatabase database;
  Session session(database.options(), "test");
  CHECK(failure(session, "SELECT * FROM nothing").kind() == DbError::Kind::not_migrated);
  CHECK(failure(session, "SELECT nonsense(").kind() == DbError::Kind::data);
  CHECK(failure(session, "SELECT 1/0").kind() == DbError::Kind::data);
  CHECK(failure(session, "SELECT pg_terminate_backend(pg_backend_pid())").kind() ==
        DbError::Kind::connection);
}

TEST_CASE("why a connection was lost is told in the server's words") {
  const TestDatabase database;
  Session session(database.options(), "test");
  const std::string text = failure(session, "SELECT pg_terminate_backend(pg_backend_pid())").what();
  CHECK(text.find("terminating connection due to administrator command") != std::string::npos);
  CHECK(text.find('\n') == std::string::npos);
}

TEST_CASE("a prepared statement that is not there is a pooler's doing") {
  const TestDatabase database;
  Session session(database.options(), "test");
  const auto error = failure(session, "EXECUTE st_1");
  CHECK(error.kind() == DbError::Kind::refused);
  CHECK(std::string(error.what()).find("pooler in transaction mode") != std::string::npos);
}

TEST_CASE("a lost connection stays lost until it is asked for again") {
  const TestDatabase database;
  Session session(database.options(), "test");
  (void)failure(session, "SELECT pg_terminate_backend(pg_backend_pid())");
  CHECK(failure(session, "SELECT 1").kind() == DbError::Kind::connection);
  session.disconnect();
  CHECK_NOTHROW(session.run([](soci::session& sql) { sql.once << "SELECT 1"; }));
}

TEST_CASE("a server that is not there is a connection error on one line, without the password") {
  ConnectionOptions options;
  options.parameters = {{"host", "/nonexistent"}, {"user", "me"}, {"password", "s3cret"}};
  Session session(options, "test");
  const auto error = failure(session, "SELECT 1");
  CHECK(error.kind() == DbError::Kind::connection);
  const std::string text = error.what();
  CHECK(text.find("/nonexistent") != std::string::npos);
  CHECK(text.find('\n') == std::string::npos);
  CHECK(text.find("s3cret") == std::string::npos);
}

TEST_CASE("the options of the user's own connection string are kept") {
  const TestDatabase database;
  auto options = database.options();
  options.parameters["options"] = "-c search_path=elsewhere";
  Session session(options, "test");
  const auto path = session.run_unpinned([](soci::session& sql) {
    std::string value;
    sql << "SHOW search_path", soci::into(value);
    return value;
  });
  CHECK(path == "elsewhere");
}

TEST_CASE("what would fail whenever it is sent is known by its SQLSTATE") {
  using Kind = DbError::Kind;
  // numeric_value_out_of_range, not_null_violation, program_limit_exceeded
  for (const auto* state : {"22003", "23502", "54000", "53100", "42501", "25006", "P0001"}) {
    CHECK(kind_of(state) == Kind::data);
  }
  for (const auto* state : {"57014", "55P03", "40P01", "40001", "53200", "25P02"}) {
    CHECK(kind_of(state) == Kind::statement);
  }
  for (const auto* state : {"57P01", "08006", "53300"}) {
    CHECK(kind_of(state) == Kind::connection);
  }
}

}  // namespace spider_check::test
