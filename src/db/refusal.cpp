#include "db/refusal.hpp"

#include <algorithm>
#include <string_view>

namespace spider_check::db {

std::string one_line(const std::string& text) {
  std::string line;
  for (const char c : text) {
    const bool space = c == '\n' || c == '\t' || c == ' ';
    if (!space) line += c;
    if (space && !line.empty() && line.back() != ' ') line += ' ';
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

DbError::Kind kind_of(const std::string& sqlstate) {
  // https://www.postgresql.org/docs/15/errcodes-appendix.html
  if (sqlstate == "42P01" || sqlstate == "42703") return DbError::Kind::not_migrated;
  const auto error_class = sqlstate.substr(0, 2);
  // 57P: the server is shut down, crashed or starting; 53: out of connections, memory or disk.
  if (error_class == "08" || error_class == "57" || sqlstate == "53300") {
    // 57014 is a statement that took too long: the connection is there.
    return sqlstate == "57014" ? DbError::Kind::statement : DbError::Kind::connection;
  }
  // What passes by itself: a wait for a lock that was too long, a deadlock, too little memory, a
  // transaction that met another one. All else fails whenever it is sent.
  if (sqlstate == "55P03" || sqlstate == "53200" || error_class == "40" ||
      sqlstate.starts_with("25P")) {
    return DbError::Kind::statement;
  }
  return DbError::Kind::data;
}

bool is_lost_statement(const std::string& sqlstate) {
  return sqlstate == "26000" || sqlstate == "42P05";
}

namespace {

/** The value of a line "NAME:  value", which is taken out of the message. */
std::string take_line(std::string& message, std::string_view name) {
  const auto start = message.find("\n" + std::string(name) + ":  ");
  if (start == std::string::npos) return {};
  const auto value = start + name.size() + 4;
  const auto end = std::min(message.find('\n', value), message.size());
  auto taken = message.substr(value, end - value);
  message.erase(start, end - start);
  return taken;
}

/** The first text in double quotes. */
std::string quoted_in(const std::string& text) {
  const auto start = text.find('"');
  const auto end = start == std::string::npos ? start : text.find('"', start + 1);
  return end == std::string::npos ? "" : text.substr(start + 1, end - start - 1);
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::string alter(const ServerError& error) {
  return "ALTER TABLE " + identifier(error.table) + " ";
}

std::string cure_of_null(const ServerError& error) {
  const auto column = alter(error) + "ALTER COLUMN " + identifier(error.column) + " ";
  if (error.column != "id") return column + "DROP NOT NULL";
  return column + "SET DEFAULT nextval('" + error.table + "_id_seq')";
}

/** The sequence is behind what is in the table, after a restore say; else it is somebody's rule. */
std::string cure_of_duplicate(const ServerError& error) {
  if (!has(error.text, "(id)=("))
    return alter(error) + "DROP CONSTRAINT " + identifier(error.constraint);
  return "SELECT setval(pg_get_serial_sequence('" + error.table +
         "', 'id'), (SELECT max(id) FROM " + identifier(error.table) + "))";
}

/** One that has counted to its end begins again: by then the first numbers are free. */
std::string cure_of_sequence(const ServerError& error) {
  const bool at_the_end = has(error.text, "(2147483647)");
  return "ALTER SEQUENCE " + identifier(quoted_in(error.text)) +
         (at_the_end ? " RESTART" : " NO MAXVALUE");
}

std::string cure_of_rights(const ServerError& error, const std::string& user) {
  if (has(error.text, "row-level security")) {
    return "ALTER TABLE " + identifier(quoted_in(error.text)) + " DISABLE ROW LEVEL SECURITY";
  }
  const auto to = " TO " + identifier(user);
  if (has(error.text, "sequence")) return "GRANT USAGE ON SEQUENCE scheduler_state_id_seq" + to;
  return "GRANT SELECT, INSERT, UPDATE, DELETE ON scheduler_state, spider_run, spider_check_told, "
         "spider_check_notification, spider_check_database, spider_check_migration" +
         to;
}

}  // namespace

std::string identifier(const std::string& name) {
  const bool plain = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
  if (plain && (name.front() < '0' || name.front() > '9')) return name;
  std::string text = "\"";
  for (const char c : name) text += c == '"' ? "\"\"" : std::string(1, c);
  return text + "\"";
}

ServerError parse_error(const std::string& state, const std::string& message) {
  ServerError error;
  error.state = state;
  auto rest = message;
  error.table = take_line(rest, "TABLE NAME");
  error.column = take_line(rest, "COLUMN NAME");
  error.constraint = take_line(rest, "CONSTRAINT NAME");
  for (const auto* name : {"SCHEMA NAME", "DATATYPE NAME", "LOCATION"}) (void)take_line(rest, name);
  // Before it stand words that say no more than that it is an error.
  if (const auto at = rest.find(state + ": "); !state.empty() && at != std::string::npos) {
    rest.erase(0, at + state.size() + 2);
  }
  // The row itself, which is long and not ours alone.
  if (state == "23502" || state == "23503" || state == "23514") (void)take_line(rest, "DETAIL");
  error.text = one_line(rest);
  return error;
}

std::string plain_message(const std::string& message) {
  auto rest = message;
  while (!take_line(rest, "LOCATION").empty()) {
  }
  constexpr std::size_t state_length = 5;
  for (const std::string_view severity : {"FATAL:  ", "ERROR:  ", "PANIC:  "}) {
    const auto at = rest.find(severity);
    if (at == std::string::npos) continue;
    const auto state = at + severity.size();
    if (rest.compare(state + state_length, 2, ": ") == 0) rest.erase(state, state_length + 2);
  }
  return one_line(rest);
}

std::string cure(const ServerError& error, const std::string& database, const std::string& user) {
  const auto& state = error.state;
  if (state == "2200H") return cure_of_sequence(error);
  if (state == "42501") return cure_of_rights(error, user);
  if (state == "25006") {
    return "SET default_transaction_read_only = off; ALTER DATABASE " + identifier(database) +
           " RESET default_transaction_read_only";
  }
  if (state == "42P10") return "ALTER TABLE spider_run ADD PRIMARY KEY (run_id, spider, attempt)";
  // What a trigger raises names no table.
  if (state.starts_with("P0")) return "ALTER TABLE scheduler_state DISABLE TRIGGER USER";
  if (error.table.empty()) return {};
  if (state == "23502" && !error.column.empty()) return cure_of_null(error);
  // Nobody's rows are to go only because others refer to them.
  if (error.constraint.empty() || state == "23503") return {};
  if (state == "23505") return cure_of_duplicate(error);
  if (state.starts_with("23"))
    return alter(error) + "DROP CONSTRAINT " + identifier(error.constraint);
  return {};
}

DbError to_db_error(const std::string& state, const std::string& message,
                    const PGconn* connection) {
  const auto error = parse_error(state, message);
  const auto kind = kind_of(state);
  if (kind != DbError::Kind::data || connection == nullptr) return {kind, error.text, state};
  auto text = error.text;
  const auto sql = cure(error, PQdb(connection), PQuser(connection));
  if (!sql.empty()) text += "; type: " + sql;
  if (state == "53100") text += "; make room on the server's disk";
  if (state == "22P05" || state == "22021") text += "; use a database with the encoding UTF8";
  return {kind, text, state + " " + error.table + " " + error.column + " " + error.constraint};
}

}  // namespace spider_check::db
