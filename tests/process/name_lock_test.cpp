#include <array>
#include <csignal>

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/locks.hpp"

namespace spider_check::test {

namespace {

std::string some_name() {
  static int count = 0;
  return "test " + std::to_string(::getpid()) + " " + std::to_string(++count);
}

/** Another user's process that has a name, until the end of the test; none but for root. */
class Stranger {
 public:
  explicit Stranger(const std::string& name) {
    std::array<int, 2> ready{};
    REQUIRE(::pipe(ready.data()) == 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      // nobody, as most systems have it
      const bool changed = ::setgid(65534) == 0 && ::setuid(65534) == 0;
      const auto lock = NameLock::try_take(name, 0);
      if (changed && lock && NameLock::is_taken(name, 0)) (void)!::write(ready[1], "x", 1);
      ::pause();
    }
    ::close(ready[1]);
    char byte = 0;
    REQUIRE(::read(ready[0], &byte, 1) == 1);
    ::close(ready[0]);
  }

  Stranger(const Stranger&) = delete;
  Stranger& operator=(const Stranger&) = delete;
  Stranger(Stranger&&) = delete;
  Stranger& operator=(Stranger&&) = delete;

  ~Stranger() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

 private:
  pid_t pid_ = 0;
};

}  // namespace

TEST_CASE("of two processes one gets a name, until it lets go") {
  const auto name = some_name();
  const auto us = ::geteuid();
  CHECK_FALSE(NameLock::is_taken(name, us));
  {
    const auto lock = NameLock::try_take(name, us);
    REQUIRE(lock);
    CHECK(NameLock::is_taken(name, us));
    CHECK_FALSE(NameLock::try_take(name, us));
    CHECK(NameLock::try_take(name + "another", us));
  }
  CHECK_FALSE(NameLock::is_taken(name, us));
  CHECK(NameLock::try_take(name, us));
}

TEST_CASE("however often somebody looks at a name, it is taken") {
  const auto name = some_name();
  const auto us = ::geteuid();
  const auto lock = NameLock::try_take(name, us);
  for (int looks = 0; looks < 200; ++looks) CHECK(NameLock::is_taken(name, us));
}

TEST_CASE("a stranger who has taken a name holds nobody off" * doctest::skip(::geteuid() != 0)) {
  const auto name = some_name();
  const Stranger stranger(name);
  CHECK_FALSE(NameLock::is_taken(name, 0));
  CHECK(NameLock::try_take(name, 0));
}

}  // namespace spider_check::test
