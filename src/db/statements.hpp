#pragma once

#include <chrono>
#include <string>
#include <vector>

#include <libpq-fe.h>

#include "schedule/spider.hpp"
#include "util/time.hpp"

namespace spider_check {

/**
 * While it lives, libpq waits for the network no longer than a limit: after it, the sockets that
 * libpq waits for are shut down, again and again, at which every wait of its fails, and so does its
 * next address. libpq's own limit holds for each address by itself, in whole seconds, leaves out
 * the look-up of names, and none of its holds for the answer to a statement.
 *
 * It needs no thread, but the process's real-time timer and SIGALRM, whose handler is put back. So
 * there is one at a time, in a program in which only one thread heeds SIGALRM.
 */
class TimeLimit {
 public:
  /** For making a connection: every socket that is made meanwhile. */
  explicit TimeLimit(Duration limit);

  /** For what happens on this socket, of a connection that stands. */
  TimeLimit(Duration limit, int socket);

  TimeLimit(const TimeLimit&) = delete;
  TimeLimit& operator=(const TimeLimit&) = delete;
  TimeLimit(TimeLimit&&) = delete;
  TimeLimit& operator=(TimeLimit&&) = delete;
  ~TimeLimit();

  /** Whether the limit was reached, so that an error of libpq's is its doing. */
  [[nodiscard]] bool expired() const noexcept;
};

/** What the server keeps ready on one connection, under this name. */
struct PreparedStatement {
  const char* name;
  std::string sql;  ///< empty: it is there already
};

/** One statement on its way to the server and back, without waiting for either. */
class AsyncStatement {
 public:
  /**
   * Begins to send it. `connection` outlives this, unless it is abandoned. Throws DbError.
   * statement_timeout: the server's; an answer that comes much later is not waited for.
   */
  AsyncStatement(PGconn* connection, const PreparedStatement& statement,
                 std::vector<std::string> parameters, Duration statement_timeout);
  AsyncStatement(const AsyncStatement&) = delete;
  AsyncStatement& operator=(const AsyncStatement&) = delete;
  AsyncStatement(AsyncStatement&&) = delete;
  AsyncStatement& operator=(AsyncStatement&&) = delete;
  ~AsyncStatement() = default;

  /** What it waits for. */
  [[nodiscard]] PollRequest poll_request() const;

  /** Goes on as far as it can without waiting; true once it is done. Throws DbError. */
  [[nodiscard]] bool advance();

  /** Whether the server has it ready from now on, also if it failed. */
  [[nodiscard]] bool is_prepared() const noexcept { return is_prepared_; }

  /** Once it is done: the first field of the first row; empty without one. */
  [[nodiscard]] const std::string& answer() const noexcept { return answer_; }

 private:
  void execute();
  void read_results();
  void on_end_of_results();
  [[noreturn]] void lost() const;

  PGconn* connection_;
  const char* name_;
  std::vector<std::string> parameters_;
  bool is_prepared_;
  Duration statement_timeout_;
  std::chrono::steady_clock::time_point deadline_;
  bool to_write_ = true;
  bool done_ = false;
  std::string answer_;
};

}  // namespace spider_check
