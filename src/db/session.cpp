#include "db/session.hpp"

#include <charconv>
#include <string_view>

#include <soci/postgresql/soci-postgresql.h>

#include "db/conninfo.hpp"
#include "db/sqlstate.hpp"

namespace spider_check::db {

namespace {

constexpr std::string_view name_prefix = "spider-check ";

}  // namespace

void throw_db_error() {
  try {
    throw;
  } catch (const soci::postgresql_soci_error& error) {
    const auto state = std::string(error.sqlstate().c_str());  // SOCI pads it with zero bytes
    const bool unsaid = state.find_first_not_of(' ') == std::string::npos;
    throw DbError(unsaid ? DbError::Kind::connection : kind_of(state),
                  one_line(error.get_error_message()));
  } catch (const soci::soci_error& error) {
    throw DbError(DbError::Kind::connection, one_line(error.get_error_message()));
  }
}

soci::session& Session::connected() {
  if (!session_) session_.emplace(soci::postgresql, conninfo(options_, name_));
  return *session_;
}

std::string session_name(const std::string& host, int pid) {
  // PostgreSQL cuts it after 63 bytes, so what matters most comes first.
  return std::string(name_prefix) + std::to_string(pid) + "@" + host;
}

std::optional<std::pair<std::string, int>> parse_session_name(const std::string& name) {
  if (name.rfind(name_prefix, 0) != 0) return std::nullopt;
  int pid = 0;
  const auto* end = name.data() + name.size();
  const auto [at, error] = std::from_chars(name.data() + name_prefix.size(), end, pid);
  if (error != std::errc{} || at == end || *at != '@') return std::nullopt;
  return std::pair{std::string(at + 1, end), pid};
}

}  // namespace spider_check::db
