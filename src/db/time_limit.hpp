#pragma once

#include "core/time.hpp"

namespace spider_check::db {

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

}  // namespace spider_check::db
