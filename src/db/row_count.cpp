#include "db/row_count.hpp"

#include <algorithm>
#include <memory>

#include "db/refusal.hpp"
#include "db/session.hpp"
#include "db/values.hpp"

namespace spider_check {

namespace {

using Result = std::unique_ptr<PGresult, void (*)(PGresult*)>;

// The ends of other spiders wait for it.
constexpr Duration longest = std::chrono::seconds(10);
constexpr Duration max_connect = std::chrono::seconds(5);

// So many rows are fetched to say how many there are.
constexpr int max_rows = 100;

// The types of whole numbers, and numeric: int8, int2, int4.
// https://github.com/postgres/postgres/blob/REL_15_STABLE/src/include/catalog/pg_type.dat
constexpr Oid number_types[] = {20, 21, 23, 1700};

ConnectionOptions bounded(ConnectionOptions options) {
  options.connect_timeout = std::min(connect_limit(options), max_connect);
  options.parameters.erase("connect_timeout");
  const auto rest = longest - options.connect_timeout - answer_margin;
  options.statement_timeout = std::min(options.statement_timeout, rest);
  return options;
}

/** What the answer must not be. */
RowCount wrong(const std::string& what, const char* wanted = "one number") {
  return {{}, "check_sql gives " + what + ", wants " + wanted};
}

/** A number that may have decimals, all of them 0. */
RowCount parsed(std::string_view text) {
  const auto point = std::min(text.find('.'), text.size());
  const auto number = parse_number<std::int64_t>(text.substr(0, point));
  const bool whole = text.find_first_not_of(".0", point) == std::string_view::npos;
  if (!number || !whole) return wrong(std::string(text), "one whole number");
  return {*number};
}

/** One question on a connection that stands. */
class Question {
 public:
  Question(PGconn* connection, const std::string& sql) : connection_(connection), sql_(sql) {}

  /** Throws soci_error for a connection that was lost. */
  RowCount ask(Duration statement_timeout) {
    const auto limit = std::chrono::ceil<std::chrono::milliseconds>(statement_timeout).count();
    const auto begin = with_literal(
        connection_, R"sql(BEGIN READ ONLY; SET LOCAL statement_timeout = :'limit')sql", "limit",
        std::to_string(limit));
    if (!run(PQexec(connection_, begin.c_str()))) return refused();
    // As a cursor it is a SELECT, and not all of its rows need be read; by the extended protocol it
    // is a single statement. No parameter can stand for a whole SELECT.
    const auto declare = R"sql(DECLARE counted CURSOR FOR )sql" + sql_;
    if (!run(
            PQexecParams(connection_, declare.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 0)) ||
        !run(PQdescribePortal(connection_, "counted"))) {
      return refused();
    }
    if (const auto columns = PQnfields(result_.get()); columns != 1) {
      return wrong(std::to_string(columns) + " columns");
    }
    const auto type = PQftype(result_.get(), 0);
    if (std::ranges::find(number_types, type) == std::end(number_types)) {
      return wrong(name_of(type));
    }
    return run(PQexec(connection_, R"sql(FETCH 100 FROM counted)sql")) ? read() : refused();
  }

 private:
  bool run(PGresult* result) {
    result_.reset(result);
    if (PQstatus(connection_) == CONNECTION_BAD) {
      throw soci::soci_error(PQerrorMessage(connection_));
    }
    const auto status = PQresultStatus(result);
    return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
  }

  [[nodiscard]] RowCount refused() const {
    const char* words = PQresultErrorField(result_.get(), PG_DIAG_MESSAGE_PRIMARY);
    return {{}, "check_sql: " + one_line(words == nullptr ? "it failed" : words)};
  }

  std::string name_of(Oid type) {
    const auto number = std::to_string(type);
    const char* const value = number.c_str();
    const bool is_known = run(PQexecParams(
        connection_, R"sql(SELECT pg_catalog.format_type($1::pg_catalog.oid, NULL))sql", 1, nullptr,
        &value, nullptr, nullptr, 0));
    return is_known ? PQgetvalue(result_.get(), 0, 0) : "no number";
  }

  [[nodiscard]] RowCount read() const {
    const auto rows = PQntuples(result_.get());
    if (rows == 0) return wrong("no row");
    if (rows == max_rows) return wrong(std::to_string(rows) + " rows or more");
    if (rows > 1) return wrong(std::to_string(rows) + " rows");
    if (PQgetisnull(result_.get(), 0, 0) != 0) return wrong("NULL");
    return parsed(PQgetvalue(result_.get(), 0, 0));
  }

  PGconn* connection_;
  const std::string& sql_;
  Result result_{nullptr, &PQclear};
};

}  // namespace

RowCount count_rows(const RowCheck& check, const std::string& name) {
  try {
    const auto options = bounded(check.database);
    Session session(options, name);
    return session.run_unpinned([&](soci::session& sql) {
      auto count = Question(connection_of(sql), check.sql).ask(options.statement_timeout);
      sql.rollback();
      return count;
    });
  } catch (const std::exception& error) {
    return {{}, std::string("check_sql could not be asked: ") + error.what(), true};
  }
}

}  // namespace spider_check
