#include "os/host.hpp"

#include <array>
#include <csignal>

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "os/child.hpp"
#include "os/supervisor.hpp"
#include "process/child_program.hpp"
#include "process/pipe.hpp"
#include "process/temp_directory.hpp"
#include "schedule/owner.hpp"

namespace spider_check {

namespace {

/** A child that says who it is and waits for its end. */
struct Neighbour {
  Neighbour() {
    owner.host = out.read_line();
    owner.boot_id = out.read_line();
    owner.pid_namespace = std::stoll(out.read_line());
    owner.pid = std::stoi(out.read_line());
    owner.process_start = std::stoll(out.read_line());
  }

  test::ReadablePipe out;
  Child child{{test::self({"identity"}), {}, out.write_end.get(), STDERR_FILENO}};
  Owner owner;
};

}  // namespace

TEST_CASE("this process knows itself as the system does") {
  const ThisHost identity;
  const auto& self = identity.self();
  std::array<char, 256> host{};
  REQUIRE(::gethostname(host.data(), host.size()) == 0);

  struct stat pid_namespace {};

  REQUIRE(::stat("/proc/self/ns/pid", &pid_namespace) == 0);
  CHECK(self.host == host.data());
  CHECK(self.boot_id + "\n" == test::read_file("/proc/sys/kernel/random/boot_id"));
  CHECK(self.pid_namespace == static_cast<std::int64_t>(pid_namespace.st_ino));
  CHECK(self.pid == ::getpid());
  CHECK(self.process_start > 0);
}

TEST_CASE("this process exists") {
  const ThisHost identity;
  CHECK(identity.exists(identity.self()));
}

TEST_CASE("another process is told apart by its pid and start, whatever its name looks like") {
  const Neighbour neighbour;
  const ThisHost identity;
  CHECK(same_pid_namespace(neighbour.owner, identity.self()));
  CHECK(neighbour.owner.pid != identity.self().pid);
  CHECK(identity.exists(neighbour.owner));
}

TEST_CASE("a process whose pid was used again does not exist") {
  const Neighbour neighbour;
  const ThisHost identity;
  for (const int difference : {-1, 1}) {
    auto other = neighbour.owner;
    other.process_start += difference;
    CHECK_FALSE(identity.exists(other));
  }
}

TEST_CASE("a process that ended does not exist, not even as a zombie") {
  Neighbour neighbour;
  const ThisHost identity;
  neighbour.child.signal(SIGKILL);
  test::wait_until_readable(neighbour.child.fd());
  CHECK(::kill(neighbour.owner.pid, 0) == 0);  // the zombie is there
  CHECK_FALSE(identity.exists(neighbour.owner));
  (void)neighbour.child.reap();
  CHECK_FALSE(identity.exists(neighbour.owner));
}

TEST_CASE("a process that ended exists while its supervisors stop its spiders, and no longer") {
  Neighbour neighbour;
  const ThisHost identity;
  neighbour.child.signal(SIGKILL);
  (void)neighbour.child.reap();
  const auto name = supervisor_name(neighbour.owner.pid);
  test::ReadablePipe ready;
  Child supervisor{{test::self({"bear-name", name}), {}, ready.write_end.get(), STDERR_FILENO}};
  CHECK(ready.read_line() == "ready");
  CHECK(identity.exists(neighbour.owner));
  auto later = neighbour.owner;
  later.process_start += 1'000'000;
  CHECK_FALSE(identity.exists(later));
  supervisor.signal(SIGKILL);
  (void)supervisor.reap();
  CHECK_FALSE(identity.exists(neighbour.owner));
}

TEST_CASE("the supervisors of a process do not stand for another one that had its pid before") {
  const Neighbour neighbour;
  const ThisHost identity;
  test::ReadablePipe ready;
  const Child supervisor{{test::self({"bear-name", supervisor_name(neighbour.owner.pid)}),
                          {},
                          ready.write_end.get(),
                          STDERR_FILENO}};
  CHECK(ready.read_line() == "ready");
  auto before = neighbour.owner;
  before.process_start -= 1;
  CHECK_FALSE(identity.exists(before));
}

TEST_CASE("no process has pid 0 or a negative one") {
  const ThisHost identity;
  for (const int pid : {0, -1}) {
    Owner owner = identity.self();
    owner.pid = pid;
    CHECK_FALSE(identity.exists(owner));
  }
}

}  // namespace spider_check
