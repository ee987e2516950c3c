#include <array>
#include <csignal>

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "db/statements.hpp"
#include "util/errors.hpp"
#include "world.hpp"

namespace spider_check::test {

using namespace std::chrono_literals;

namespace {

constexpr int patience = 20'000;  // milliseconds; nothing here takes a tenth of it

/** Two sockets that are connected with each other. */
struct Pair {
  Pair() { REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) == 0); }

  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;
  Pair(Pair&&) = delete;
  Pair& operator=(Pair&&) = delete;

  ~Pair() {
    for (const int end : ends) ::close(end);
  }

  std::array<int, 2> ends{};
};

/** Waits as libpq does, which goes on after an interruption. */
bool is_shut_down(int socket) {
  pollfd wait{socket, POLLIN, 0};
  while (::poll(&wait, 1, patience) < 0) {
  }
  char byte = 0;
  return ::recv(socket, &byte, 1, MSG_DONTWAIT) == 0;
}

void ignore(int /*signal*/) {}

}  // namespace

TEST_CASE("a socket is shut down at the limit, and only that one") {
  const Pair silent;
  const Pair other;
  const TimeLimit limit(10ms, silent.ends[0]);
  CHECK(is_shut_down(silent.ends[0]));
  CHECK(limit.expired());
  CHECK(::send(other.ends[0], "x", 1, MSG_NOSIGNAL) == 1);
}

TEST_CASE("while a connection is made every new socket is shut down, one after the other") {
  const Pair before;
  const TimeLimit limit(10ms);
  for (int address = 0; address < 3; ++address) CHECK(is_shut_down(Pair().ends[0]));
  CHECK(limit.expired());
  CHECK(::send(before.ends[0], "x", 1, MSG_NOSIGNAL) == 1);
}

TEST_CASE("a socket of ours above a gap in the descriptors is none that is new") {
  const Pair gap;
  const Pair ours;
  const int hole = ::dup(gap.ends[0]);
  const Pair above;
  ::close(hole);
  const TimeLimit limit(10ms);
  CHECK(is_shut_down(Pair().ends[0]));
  for (const int end : {gap.ends[0], ours.ends[0], above.ends[0]}) {
    CHECK(::send(end, "x", 1, MSG_NOSIGNAL) == 1);
  }
}

TEST_CASE("new sockets are found behind hundreds of descriptors") {
  std::vector<int> many;
  for (int i = 0; i < 400; ++i) many.push_back(::dup(0));
  const TimeLimit limit(10ms);
  CHECK(is_shut_down(Pair().ends[0]));
  for (const int one : many) ::close(one);
}

TEST_CASE("a limit that was not reached leaves nothing behind") {
  struct sigaction own {};

  own.sa_handler = ignore;

  struct sigaction former {};

  ::sigaction(SIGALRM, &own, &former);
  {
    const TimeLimit limit(1h);
    CHECK_FALSE(limit.expired());
  }

  struct sigaction left {};

  ::sigaction(SIGALRM, &former, &left);
  CHECK((left.sa_handler == ignore));
  CHECK(::alarm(0) == 0);  // the seconds that a timer had left
}

TEST_CASE("a limit counts anew after one that was reached") {
  {
    const Pair silent;
    const TimeLimit limit(10ms, silent.ends[0]);
    CHECK(is_shut_down(silent.ends[0]));
  }
  const TimeLimit limit(1h);
  CHECK_FALSE(limit.expired());
}

TEST_CASE("a statement through a session is given its time, and one without a limit more") {
  const TestDatabase database;
  auto options = database.options();
  options.statement_timeout = 500ms;
  Session session(options, "test");
  session.run([](soci::session& sql) { sql.once << "SET statement_timeout = 0"; });
  session.run_unlimited([](soci::session& sql) { sql.once << "SELECT pg_sleep(1.5)"; });
  try {
    session.run([](soci::session& sql) { sql.once << "SELECT pg_sleep(60)"; });
    FAIL("no error");
  } catch (const DbError& error) {
    CHECK(error.kind() == DbError::Kind::connection);
    CHECK(std::string(error.what()) ==
          "the database did not answer within 500ms (statement_timeout)");
  }
  session.disconnect();
  CHECK_NOTHROW(session.run([](soci::session& sql) { sql.once << "SELECT 1"; }));
}

}  // namespace spider_check::test
