#include "schedule/owner.hpp"

#include <string>

#include <doctest/doctest.h>

namespace spider_check {

using namespace std::chrono_literals;

namespace {

constexpr Duration takeover_after = 2min;

const std::string machine(32, 'a');

const Owner self{"laptop", "boot-2", 100, 4711, 99, machine};

/** Another process of this host, boot and pid namespace. */
Owner neighbour() {
  return {"laptop", "boot-2", 100, 815, 7, machine};
}

/** The same of another machine. */
Owner elsewhere() {
  return {"server", "boot-7", 100, 815, 7, std::string(32, 'b')};
}

/** This host was booted an hour ago. */
OwnerSigns silent_for(Duration silence) {
  OwnerSigns signs;
  signs.silence = silence;
  signs.uptime = 1h;
  return signs;
}

OwnerStatus judge(const Owner& owner, const OwnerSigns& signs) {
  return owner_status(owner, self, signs, takeover_after);
}

OwnerStatus judge(const Owner& owner, Duration silence) {
  return judge(owner, silent_for(silence));
}

}  // namespace

TEST_CASE("neighbours share boot and pid namespace") {
  CHECK(same_pid_namespace(neighbour(), self));
  CHECK(same_pid_namespace(self, self));
  auto owner = neighbour();
  owner.boot_id = "boot-1";
  CHECK_FALSE(same_pid_namespace(owner, self));
  owner = neighbour();
  owner.pid_namespace = 101;
  CHECK_FALSE(same_pid_namespace(owner, self));
}

TEST_CASE("a host that goes by another name now is the same host") {
  auto owner = neighbour();
  owner.host = "name-of-before.example";
  CHECK(same_pid_namespace(owner, self));
  owner.host.clear();
  owner.machine.clear();
  CHECK(same_pid_namespace(owner, self));
}

TEST_CASE("nobody is the neighbour of a host that nobody knows") {
  CHECK_FALSE(same_pid_namespace({}, {}));
  auto owner = neighbour();
  owner.boot_id.clear();
  auto here = self;
  here.boot_id.clear();
  CHECK_FALSE(same_pid_namespace(owner, here));
  owner = neighbour();
  owner.pid_namespace = here.pid_namespace = 0;
  here.boot_id = self.boot_id;
  CHECK_FALSE(same_pid_namespace(owner, here));
}

TEST_CASE("a neighbour is gone when its process is, and never before") {
  for (const Duration silence : {Duration(0), Duration(2min), Duration(1000h)}) {
    auto signs = silent_for(silence);
    signs.spiders_outlive = 2000h;
    signs.reachable = 0s;
    CHECK(judge(neighbour(), signs) == OwnerStatus::gone);
    signs.process_exists = true;
    CHECK(judge(neighbour(), signs) == OwnerStatus::alive);
  }
}

TEST_CASE("an owner from before this machine's last boot is gone") {
  auto owner = neighbour();
  owner.boot_id = "boot-1";
  CHECK(judge(owner, 1h) == OwnerStatus::gone);
  owner.pid_namespace = 101;
  CHECK(judge(owner, 1h + 1us) == OwnerStatus::gone);
  SUBCASE("whatever its name was, and its spiders could do") {
    owner.host = "name-of-before";
    auto signs = silent_for(90min);
    signs.spiders_outlive = 20h;
    signs.reachable = 0s;
    CHECK(judge(owner, signs) == OwnerStatus::gone);
  }
}

TEST_CASE("a clone of this machine is none of its boots") {
  auto clone = neighbour();
  clone.boot_id = "boot-9";
  auto signs = silent_for(1min);
  CHECK(judge(clone, signs) == OwnerStatus::unknown);
  signs.silence = 1h - 1us;
  signs.spiders_outlive = 1h;
  CHECK(judge(clone, signs) == OwnerStatus::unknown);
}

TEST_CASE("a machine id that many have, or none, names no machine") {
  auto same = self;
  for (const auto& id : {std::string(), std::string("uninitialized"), std::string(32, '0'),
                         std::string(31, 'a'), std::string(33, 'a'), std::string(32, 'g')}) {
    CAPTURE(id);
    auto owner = neighbour();
    owner.boot_id = "boot-1";
    owner.machine = same.machine = id;
    auto signs = silent_for(1h);
    signs.spiders_outlive = 2h;
    CHECK(owner_status(owner, same, signs, takeover_after) == OwnerStatus::unknown);
  }
}

TEST_CASE("another machine of the same name is another host, whatever its boot is") {
  auto twin = neighbour();
  twin.boot_id = "boot-9";
  twin.machine = std::string(32, 'b');
  CHECK(judge(twin, 0s) == OwnerStatus::unknown);
  CHECK(judge(twin, takeover_after + 1us) == OwnerStatus::gone);
  twin.machine.clear();
  CHECK(judge(twin, 0s) == OwnerStatus::unknown);
}

TEST_CASE("where nobody can look for the process, silence decides") {
  auto other_container = neighbour();
  other_container.pid_namespace = 101;
  auto unknown_boot = neighbour();
  unknown_boot.boot_id.clear();
  for (const auto& owner : {elsewhere(), other_container, unknown_boot, Owner{}}) {
    CAPTURE(owner.host);
    CHECK(judge(owner, 0s) == OwnerStatus::unknown);
    CHECK(judge(owner, takeover_after) == OwnerStatus::unknown);
    CHECK(judge(owner, takeover_after + 1us) == OwnerStatus::gone);
  }
}

TEST_CASE("an owner elsewhere is not gone while its spiders may live without it") {
  auto signs = silent_for(11min);
  signs.spiders_outlive = 11min;
  CHECK(judge(elsewhere(), signs) == OwnerStatus::unknown);
  CHECK(time_until_gone(signs, takeover_after) == 0s);
  signs.silence = 3min;
  CHECK(time_until_gone(signs, takeover_after) == 8min);
  signs.silence = 11min + 1us;
  CHECK(judge(elsewhere(), signs) == OwnerStatus::gone);
}

TEST_CASE("an owner elsewhere has a moment to come back to a server that was just started") {
  auto signs = silent_for(3h);
  signs.reachable = 1s;
  CHECK(judge(elsewhere(), signs) == OwnerStatus::unknown);
  CHECK(time_until_gone(signs, takeover_after) < 10s);
  signs.reachable = 10s;
  CHECK(judge(elsewhere(), signs) == OwnerStatus::gone);
}

TEST_CASE("a process with our pid elsewhere says nothing of its owner") {
  auto signs = silent_for(takeover_after + 1us);
  signs.process_exists = true;
  CHECK(judge(elsewhere(), signs) == OwnerStatus::gone);
  signs.silence = 0s;
  CHECK(judge(elsewhere(), signs) == OwnerStatus::unknown);
}

}  // namespace spider_check
