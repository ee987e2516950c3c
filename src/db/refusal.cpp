#include "db/refusal.hpp"

#include <algorithm>
#include <vector>

#include "util/text.hpp"

namespace spider_check {

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

/** The sequence is behind what is in the table, after a restore say; else it is a rule of the
 * table's owner. */
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
  return std::string("GRANT SELECT, INSERT, UPDATE, DELETE ON ") + all_tables + to;
}

/** One address that libpq tried, and what came of it. */
struct Try {
  std::string host;  ///< a name, an address, or the directory of a socket; empty: none was tried
  std::string port;
  std::string reason;

  [[nodiscard]] bool is_socket() const { return host.starts_with('/'); }

  [[nodiscard]] std::string place() const {
    if (host.empty()) return {};
    return " at " + (is_socket() ? host + "/.s.PGSQL." + port : host + ":" + port);
  }

  [[nodiscard]] std::string said() const {
    return host.empty() ? reason : "PostgreSQL" + place() + ": " + reason;
  }
};

/** `connection to server at "HOST" (ADDRESS), port N failed: WHY`, or `on socket "PATH" failed:` */
Try parse_try(const std::string& line) {
  static constexpr std::string_view mark = " failed: ";
  const auto end = line.find(mark);
  if (!line.starts_with("connection to server ") || end == std::string::npos) {
    return {"", "", line};
  }
  const auto where = line.substr(0, end);
  Try one{quoted_in(where), "", line.substr(end + mark.size())};
  const auto port = where.rfind(one.host.starts_with('/') ? ".s.PGSQL." : ", port ");
  if (port != std::string::npos) {
    one.port = where.substr(where.find_first_of("0123456789", port));
    one.port.erase(std::min(one.port.find('"'), one.port.size()));
  }
  if (one.is_socket()) one.host.erase(std::min(one.host.rfind("/.s.PGSQL."), one.host.size()));
  return one;
}

std::vector<Try> parse_tries(const std::string& words) {
  std::vector<Try> tries;
  for (const auto& line : lines_of(words)) {
    // "Is the server running on that host …?"
    if (line.empty() || line.front() == '\t') continue;
    if (tries.empty() || line.starts_with("connection to server ")) {
      tries.push_back(parse_try(line));
    } else {
      tries.back().reason += " " + line;
    }
  }
  for (auto& one : tries) {
    one.reason = plain_message(one.reason);
    for (const std::string_view start : {"FATAL: ", "fe_sendauth: "}) {
      if (one.reason.starts_with(start)) one.reason.erase(0, start.size());
    }
  }
  return tries;
}

std::string in_parentheses(const ConnectionOptions& options,
                           const std::vector<const char*>& parameters) {
  std::string text;
  bool is_default = true;
  for (const auto* parameter : parameters) {
    is_default = is_default && !options.parameters.contains(parameter);
    const auto source = options.sources.find(parameter);
    if (source == options.sources.end()) continue;
    is_default = false;
    if (!has(text, source->second)) text += (text.empty() ? "" : ", ") + source->second;
  }
  if (is_default) text = "libpq's default";
  return text.empty() ? text : " (" + text + ")";
}

/** "; type: sudo -u postgres createuser me", on the host of the server. */
std::string as_postgres(const std::string& program, const Try& one, const std::string& arguments) {
  const bool is_here = one.host.empty() || one.is_socket() || one.host == "localhost" ||
                       one.host == "::1" || one.host.starts_with("127.");
  auto text = "; type" + (is_here ? "" : " on " + one.host) + ": sudo -u postgres " + program;
  if (one.is_socket() && one.host != "/var/run/postgresql") {
    text += " --host " + shell_word(one.host);
  }
  if (!one.port.empty() && one.port != "5432") text += " --port " + one.port;
  return text + " " + arguments;
}

/** What a try came to, and what a person types next. */
struct Cause {
  std::string text;
  std::string advice;
};

Cause cause_of_password(const Try& one, const ConnectionOptions& options) {
  const auto source = options.sources.find("password");
  if (source != options.sources.end()) {
    return {one.said(), "; correct the password (" + source->second + ")"};
  }
  return {one.said(), "; set DB_PASSWORD in " + options.dotenv};
}

Cause cause_of_database(const Try& one, const ConnectionOptions& options) {
  const auto source = in_parentheses(options, {"dbname"});
  if (source == " (libpq's default)") {
    return {one.said() + source, "; name it: DB_NAME=… in " + options.dotenv};
  }
  const auto user = options.parameters.find("user");
  const auto owner =
      user == options.parameters.end() ? "" : "--owner " + shell_word(user->second) + " ";
  return {one.said() + source,
          as_postgres("createdb", one, owner + shell_word(quoted_in(one.reason)))};
}

Cause cause_of(const Try& one, const ConnectionOptions& options) {
  const auto& reason = one.reason;
  const bool is_missing = has(reason, "does not exist");
  if (is_missing && reason.starts_with("role \"")) {
    return {one.said() + in_parentheses(options, {"user"}),
            as_postgres("createuser", one, shell_word(quoted_in(reason)))};
  }
  if (is_missing && reason.starts_with("database \"")) return cause_of_database(one, options);
  if (has(reason, "password authentication failed") || has(reason, "no password supplied")) {
    return cause_of_password(one, options);
  }
  if (has(reason, "Peer authentication failed") || has(reason, "Ident authentication failed")) {
    return {
        one.said() + in_parentheses(options, {"user"}),
        "; name this system's user, or set DB_HOST=localhost and DB_PASSWORD in " + options.dotenv};
  }
  if (reason.starts_with("no pg_hba.conf entry")) {
    return {one.said(), "; let it in by a line in the server's pg_hba.conf"};
  }
  if (reason.starts_with("could not translate host name")) {
    return {reason + in_parentheses(options, {"host"}), "; correct the name, or name another host"};
  }
  // What only the system said: the server itself was not reached.
  for (const auto* words : {"Connection refused", "No such file", "No route to host", "timed out",
                            "timeout expired", "Network is unreachable"}) {
    if (!has(reason, words)) continue;
    return {"no PostgreSQL answers" + one.place() + source_of_place(options) + ": " + reason,
            "; start it, or name another"};
  }
  return {one.said(), ""};
}

}  // namespace

std::string identifier(const std::string& name) {
  const bool plain = !name.empty() && std::ranges::all_of(name, [](char c) {
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

std::string libpq_words(const std::string& message) {
  static constexpr std::string_view prefix = "Cannot establish connection to the database.\n";
  return message.substr(message.starts_with(prefix) ? prefix.size() : 0);
}

std::string source_of_place(const ConnectionOptions& options) {
  return in_parentheses(options, {"host", "hostaddr", "port"});
}

std::string why_no_connection(const std::string& message, const ConnectionOptions& options) {
  std::string text;
  std::string advice;
  for (const auto& one : parse_tries(libpq_words(message))) {
    auto cause = cause_of(one, options);
    // Each is tried with TLS and without, and a name may have several addresses.
    if (!has(text, cause.text)) text += (text.empty() ? "" : "; ") + cause.text;
    advice = std::move(cause.advice);
  }
  return text + advice;
}

}  // namespace spider_check
