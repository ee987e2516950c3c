#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include <libpq-fe.h>
#include <soci/soci.h>

#include "db/conninfo.hpp"
#include "db/schema.hpp"
#include "db/statements.hpp"
#include "util/errors.hpp"
#include "util/fault_point.hpp"
#include "util/interface.hpp"

namespace spider_check {

/** Turns SOCI's exception that is being handled into a DbError. connection: may be null. */
[[noreturn]] void throw_db_error(const PGconn* connection);

/** The server ends what takes longer than a statement may; later than this there is no answer. */
inline constexpr Duration answer_margin = std::chrono::seconds(1);

/** What an answer is called that did not come within that limit and the margin: a DbError. */
[[noreturn]] void throw_no_answer(Duration statement_timeout);

/**
 * One connection, made by the first statement and never again by itself. Connecting and statements
 * have time limits, whatever the other end does.
 */
class Session : NonCopyable {
 public:
  /** `name` is session_name() of this process, so that others can say who holds a lock. */
  Session(ConnectionOptions options, std::string name)
      : options_(std::move(options)), name_(std::move(name)) {}

  ~Session() = default;

  /** Gets each warning of the server's and libpq's, once. Should not throw. */
  void on_warning(std::function<void(const std::string&)> take) { take_warning_ = std::move(take); }

  /**
   * Calls `statements`, which together are given the time of one and the margin, with the connected
   * session, whose search_path is pinned (see pin_search_path()) and whose statements are
   * qualified. Throws DbError; a failed connection says where it went to and never the password.
   */
  template <typename Statements>
  auto run(Statements&& statements) {
    pin();
    return run_unpinned(std::forward<Statements>(statements));
  }

  /** The same without a round trip for pinning: for statements that no search_path changes. */
  template <typename Statements>
  auto run_unpinned(Statements&& statements) {
    const FaultPoints points("database");
    try {
      auto& sql = connected();
      const TimeLimit limit(options_.statement_timeout + answer_margin, socket());
      try {
        return std::forward<Statements>(statements)(sql);
      } catch (const soci::soci_error&) {
        if (limit.expired()) throw_no_answer(options_.statement_timeout);
        require_connection();
        throw;
      }
    } catch (const soci::soci_error&) {
      throw_db_error(session_ ? connection() : nullptr);
    }
  }

  /** The same for what may take as long as it needs, but for the connection. */
  template <typename Statements>
  auto run_unlimited(Statements&& statements) {
    pin();
    const FaultPoints points("database");
    try {
      return std::forward<Statements>(statements)(connected());
    } catch (const soci::soci_error&) {
      throw_db_error(session_ ? connection() : nullptr);
    }
  }

  /** Where our tables are, or would be made. Throws DbError. */
  [[nodiscard]] const Schema& schema() {
    pin();
    return *schema_;
  }

  [[nodiscard]] bool is_pinned() const noexcept { return schema_.has_value(); }

  /** How many were made: what was prepared on one is not there on the next. */
  [[nodiscard]] int connections() const noexcept { return connections_; }

  /** How long one statement may take. */
  [[nodiscard]] Duration statement_timeout() const noexcept { return options_.statement_timeout; }

  /** The pid of the server's process as the other end reports it; 0: unknown. Throws DbError. */
  [[nodiscard]] int reported_backend();

  /** Whatever stands between this and the server does no harm. */
  void accept_backend() noexcept { reported_backend_ = 0; }

  /** One more to the same place, not connected yet. */
  [[nodiscard]] Session another() const { return {options_, name_}; }

  /** What the loss of a connection that nothing is asked on shows itself by. */
  [[nodiscard]] PollRequest poll_request();

  /** Reads what the server sends by itself. Throws DbError where the connection is lost. */
  void take_input();

  /** Forgets the connection; the next statement makes a new one. */
  void disconnect() noexcept {
    session_.reset();
    schema_.reset();
  }

 private:
  soci::session& connected();
  void connect();
  void connect_in_time();
  void open_within(Duration time, const ConnectionOptions& options);
  void open(const ConnectionOptions& options);
  void open(const ConnectionOptions& options, OwnSettings settings);
  void pin();
  void require_connection();
  void warn(const std::string& text) noexcept;
  static void receive(void* session, const PGresult* notice) noexcept;
  [[nodiscard]] PGconn* connection();
  [[nodiscard]] int socket();

  ConnectionOptions options_;
  std::string name_;
  std::optional<soci::session> session_;
  std::optional<Schema> schema_;  ///< once the search_path is pinned
  int connections_ = 0;
  int reported_backend_ = 0;
  std::string last_words_;  ///< what the server said before it ended a connection by itself
  bool tried_ = false;      ///< to connect
  std::function<void(const std::string&)> take_warning_;
  std::set<std::string> warnings_;  ///< that were taken
};

/** libpq's own. */
[[nodiscard]] PGconn* connection_of(soci::session& sql);

/** The application_name of a session of this process: "spider-check 4711@host", cut as the server
 * cuts it. */
[[nodiscard]] std::string session_name(const std::string& host, int pid);

/** Reads it back; empty when it is none of ours. */
[[nodiscard]] std::optional<std::pair<std::string, int>> parse_session_name(
    const std::string& name);

}  // namespace spider_check
