#include "db/sqlstate.hpp"

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

}  // namespace spider_check::db
