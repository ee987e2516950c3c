#include "core/owner.hpp"

#include <doctest/doctest.h>

namespace spider_check {

using namespace std::chrono_literals;

namespace {

constexpr Duration takeover_after = 2min;

const Owner self{"laptop", "boot-2", 100, 4711, 99, "machine"};

/** Another process of this host, boot and pid namespace. */
Owner neighbour() {
  return {"laptop", "boot-2", 100, 815, 7, "machine"};
}

OwnerFate judge(const Owner& owner, bool process_exists, Duration silence) {
  return judge_owner(owner, self, process_exists, silence, takeover_after);
}

}  // namespace

TEST_CASE("neighbours share host, boot and pid namespace") {
  CHECK(is_neighbour(neighbour(), self));
  CHECK(is_neighbour(self, self));
  auto owner = neighbour();
  owner.host = "server";
  CHECK_FALSE(is_neighbour(owner, self));
  owner = neighbour();
  owner.boot_id = "boot-1";
  CHECK_FALSE(is_neighbour(owner, self));
  owner = neighbour();
  owner.pid_namespace = 101;
  CHECK_FALSE(is_neighbour(owner, self));
}

TEST_CASE("nobody is the neighbour of a host that nobody knows") {
  CHECK_FALSE(is_neighbour({}, {}));
}

TEST_CASE("a neighbour is gone when its process is, and never before") {
  for (const Duration silence : {Duration(0), Duration(2min), Duration(1000h)}) {
    CHECK(judge(neighbour(), true, silence) == OwnerFate::alive);
    CHECK(judge(neighbour(), false, silence) == OwnerFate::gone);
  }
}

TEST_CASE("an owner from before this host's last boot is gone") {
  auto owner = neighbour();
  owner.boot_id = "boot-1";
  CHECK(judge(owner, false, 0s) == OwnerFate::gone);
  owner.pid_namespace = 101;
  CHECK(judge(owner, false, 0s) == OwnerFate::gone);
}

TEST_CASE("another machine of the same name is another host, whatever its boot is") {
  auto twin = neighbour();
  twin.boot_id = "boot-9";
  twin.machine = "another machine";
  CHECK(judge(twin, false, 0s) == OwnerFate::unknown);
  CHECK(judge(twin, false, takeover_after + 1us) == OwnerFate::gone);
  twin.machine.clear();
  CHECK(judge(twin, false, 0s) == OwnerFate::unknown);
}

TEST_CASE("where nobody can look for the process, silence decides") {
  auto elsewhere = neighbour();
  elsewhere.host = "server";
  auto other_container = neighbour();
  other_container.pid_namespace = 101;
  auto unknown_boot = neighbour();
  unknown_boot.boot_id.clear();
  for (const auto& owner : {elsewhere, other_container, unknown_boot, Owner{}}) {
    CAPTURE(owner.host);
    CHECK(judge(owner, false, 0s) == OwnerFate::unknown);
    CHECK(judge(owner, false, takeover_after) == OwnerFate::unknown);
    CHECK(judge(owner, false, takeover_after + 1us) == OwnerFate::gone);
  }
}

TEST_CASE("a clock that went back is no silence") {
  auto owner = neighbour();
  owner.host = "server";
  CHECK(judge(owner, false, -1h) == OwnerFate::unknown);
}

TEST_CASE("a process with our pid elsewhere says nothing of its owner") {
  auto owner = neighbour();
  owner.host = "server";
  CHECK(judge(owner, true, takeover_after + 1us) == OwnerFate::gone);
  CHECK(judge(owner, true, 0s) == OwnerFate::unknown);
}

}  // namespace spider_check
