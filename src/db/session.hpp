#pragma once

#include <optional>
#include <string>
#include <utility>

#include <soci/soci.h>

#include "core/connection.hpp"
#include "core/errors.hpp"
#include "core/fault_point.hpp"

namespace spider_check::db {

/** Turns the exception being handled, one of SOCI's, into a DbError. Nothing else escapes db. */
[[noreturn]] void throw_db_error();

/** One connection to PostgreSQL, made at the first statement and never made again by itself. */
class Session {
 public:
  /** `name` is session_name() of this process, so that others can say who holds a lock. */
  Session(ConnectionOptions options, std::string name)
      : options_(std::move(options)), name_(std::move(name)) {}

  /**
   * Calls `statements` with the connected session. Throws DbError; a failed connection says where
   * it went to and never the password.
   */
  template <typename Statements>
  auto run(Statements&& statements) {
    const FaultPoints points("database");
    try {
      return std::forward<Statements>(statements)(connected());
    } catch (const soci::soci_error&) {
      throw_db_error();
    }
  }

  /** How long one statement may take. */
  [[nodiscard]] Duration statement_timeout() const noexcept { return options_.statement_timeout; }

  /** Forgets the connection; the next statement makes a new one. */
  void disconnect() noexcept { session_.reset(); }

 private:
  soci::session& connected();

  ConnectionOptions options_;
  std::string name_;
  std::optional<soci::session> session_;
};

/** The application_name of a session of this process: "spider-check 4711@host". */
[[nodiscard]] std::string session_name(const std::string& host, int pid);

/** Reads it back; empty when it is none of ours. */
[[nodiscard]] std::optional<std::pair<std::string, int>> parse_session_name(
    const std::string& name);

}  // namespace spider_check::db
