#include "db/statements.hpp"

#include <array>
#include <cassert>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <memory>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "db/refusal.hpp"
#include "db/session.hpp"

namespace spider_check {

namespace {

constexpr Duration once_more = std::chrono::milliseconds(50);

// Whoever makes a connection has a socket, and perhaps one or two for looking up names.
constexpr std::size_t max_watched = 32;

// What the handler reads, which does nothing but system calls. It is written while the timer is
// off.
std::array<int, max_watched> watched{};
std::size_t watched_count = 0;
volatile std::sig_atomic_t limit_reached = 0;

struct sigaction former_action {};

sigset_t former_mask;
bool armed = false;

bool is_datagram_socket(int fd) {
  int type = 0;
  socklen_t size = sizeof type;
  return ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_DGRAM;
}

/**
 * Puts what is no socket in its place: when glibc's resolver reads nothing from one that was shut
 * down, it takes that for an interruption, and reads again for all of its time.
 */
void replace(int fd) {
  const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (nothing < 0) return;
  ::dup3(nothing, fd, O_CLOEXEC);
  ::close(nothing);
}

void break_off(int fd) {
  if (is_datagram_socket(fd)) return replace(fd);
  // What is no socket, or not open, does not mind.
  ::shutdown(fd, SHUT_RDWR);
}

void on_alarm(int /*signal*/) {
  const int error = errno;
  limit_reached = 1;
  for (std::size_t i = 0; i < watched_count; ++i) break_off(watched[i]);
  errno = error;
}

/** The descriptors that are free: the kernel always gives the lowest. */
void watch_free_descriptors() {
  constexpr std::size_t at_once = 64;
  constexpr int highest = 1 << 20;
  watched_count = 0;
  for (int first = 3; first < highest; first += at_once) {
    std::array<pollfd, at_once> look{};
    for (std::size_t i = 0; i < at_once; ++i) look[i].fd = first + static_cast<int>(i);
    if (::poll(look.data(), look.size(), 0) <= 0) continue;
    for (const auto& one : look) {
      if ((one.revents & POLLNVAL) == 0) continue;
      watched[watched_count++] = one.fd;
      if (watched_count == max_watched) return;
    }
  }
}

timeval to_timeval(Duration duration) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(duration);
  timeval value{};
  value.tv_sec = seconds.count();
  value.tv_usec = static_cast<suseconds_t>((duration - seconds).count());
  return value;
}

void arm(Duration limit) {
  assert(!armed);
  armed = true;
  limit_reached = 0;

  struct sigaction action {};

  action.sa_handler = on_alarm;
  action.sa_flags = SA_RESTART;
  ::sigemptyset(&action.sa_mask);
  ::sigaction(SIGALRM, &action, &former_action);
  // Whoever started this program may have left it blocked.
  sigset_t alarm;
  ::sigemptyset(&alarm);
  ::sigaddset(&alarm, SIGALRM);
  ::pthread_sigmask(SIG_UNBLOCK, &alarm, &former_mask);
  const itimerval timer{to_timeval(once_more), to_timeval(limit)};
  ::setitimer(ITIMER_REAL, &timer, nullptr);
}

}  // namespace

TimeLimit::TimeLimit(Duration limit) {
  watch_free_descriptors();
  arm(limit);
}

TimeLimit::TimeLimit(Duration limit, int socket) {
  watched[0] = socket;
  watched_count = 1;
  arm(limit);
}

TimeLimit::~TimeLimit() {
  const itimerval off{};
  ::setitimer(ITIMER_REAL, &off, nullptr);
  ::pthread_sigmask(SIG_SETMASK, &former_mask, nullptr);
  ::sigaction(SIGALRM, &former_action, nullptr);
  armed = false;
}

bool TimeLimit::expired() const noexcept {
  return limit_reached != 0;
}

namespace {

using Result = std::unique_ptr<PGresult, void (*)(PGresult*)>;

void require_success(const PGresult* result, const PGconn* connection) {
  const auto status = PQresultStatus(result);
  if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) return;
  const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  // Without a state it was libpq that failed, and not the server.
  if (state != nullptr) throw to_db_error(state, PQresultErrorMessage(result), connection);
  throw DbError(DbError::Kind::connection, one_line(PQresultErrorMessage(result)));
}

}  // namespace

AsyncStatement::AsyncStatement(PGconn* connection, const PreparedStatement& statement,
                               std::vector<std::string> parameters, Duration statement_timeout)
    : connection_(connection),
      name_(statement.name),
      parameters_(std::move(parameters)),
      is_prepared_(statement.sql.empty()),
      statement_timeout_(statement_timeout),
      deadline_(std::chrono::steady_clock::now() + statement_timeout + answer_margin) {
  PQsetnonblocking(connection_, 1);
  if (is_prepared_) {
    execute();
  } else if (PQsendPrepare(connection_, name_, statement.sql.c_str(), 0, nullptr) == 0) {
    lost();
  }
}

void AsyncStatement::execute() {
  std::vector<const char*> values;
  for (const auto& parameter : parameters_) values.push_back(parameter.c_str());
  to_write_ = true;
  if (PQsendQueryPrepared(connection_, name_, static_cast<int>(values.size()), values.data(),
                          nullptr, nullptr, 0) == 0) {
    lost();
  }
}

PollRequest AsyncStatement::poll_request() const {
  // Also while it is being sent there may be something to read, without which the server stops.
  return {PQsocket(connection_), to_write_, true, deadline_};
}

bool AsyncStatement::advance() {
  if (done_) return true;
  if (PQconsumeInput(connection_) == 0) lost();
  if (to_write_) {
    const int flushed = PQflush(connection_);
    if (flushed < 0) lost();
    to_write_ = flushed > 0;
  }
  read_results();
  if (!done_ && std::chrono::steady_clock::now() >= deadline_) {
    throw_no_answer(statement_timeout_);
  }
  return done_;
}

void AsyncStatement::read_results() {
  while (!done_ && PQisBusy(connection_) == 0) {
    const Result result(PQgetResult(connection_), &PQclear);
    if (!result) return on_end_of_results();
    try {
      require_success(result.get(), connection_);
    } catch (const DbError&) {
      // The end of the results comes with the error or not at all; until it is taken the connection
      // is busy.
      while (Result(PQgetResult(connection_), &PQclear)) {
      }
      PQsetnonblocking(connection_, 0);
      throw;
    }
    if (PQntuples(result.get()) > 0) answer_ = PQgetvalue(result.get(), 0, 0);
  }
}

void AsyncStatement::on_end_of_results() {
  if (!is_prepared_) {
    is_prepared_ = true;
    return execute();
  }
  PQsetnonblocking(connection_, 0);
  done_ = true;
}

void AsyncStatement::lost() const {
  throw DbError(DbError::Kind::connection, plain_message(PQerrorMessage(connection_)));
}

}  // namespace spider_check
