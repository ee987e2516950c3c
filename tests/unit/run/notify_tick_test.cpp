// When a tick tells people, and that it never matters to the run.
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "notify/notifications.hpp"
#include "support/host.hpp"
#include "support/memory_notification_store.hpp"
#include "util/errors.hpp"

namespace spider_check::test {

using namespace std::chrono_literals;

namespace {

using Names = std::vector<std::string>;

constexpr std::string_view webhook = "https://hooks.example/x";
constexpr std::string_view ping = "https://hc.example/y";

/** What a delivery tells, in a word that a test can read: an event, or what is said to a check. */
std::string told_by(const Delivery& delivery) {
  const auto request = nlohmann::json::parse(delivery.input);
  const std::string url = request["url"];
  if (url == webhook) return nlohmann::json::parse(std::string(request["body"]))["event"];
  const auto path = url.substr(ping.size(), url.find('?') - ping.size());
  if (path == "/start") return "start";
  return path.empty() ? "ping_success" : "ping_" + path.substr(1);
}

/** Notes what is sent; a channel in `silent` takes nothing. */
class FakeDeliveries final : public DeliveryRunner {
 public:
  Names sent;
  std::set<std::string> silent;

  [[nodiscard]] std::vector<DeliveryEnd> run_all(const std::vector<Delivery>& deliveries) override {
    std::vector<DeliveryEnd> ends;
    for (const auto& delivery : deliveries) {
      sent.push_back(told_by(delivery));
      const bool hooked = delivery.input.find(webhook) != std::string::npos;
      const bool is_silent = silent.contains(hooked ? "webhook" : "ping");
      ends.push_back({!is_silent, is_silent ? "nobody \x1b[31m there" : ""});
    }
    return ends;
  }

  void start(const Delivery& delivery) noexcept override { sent.push_back(told_by(delivery)); }
};

ChannelOptions options() {
  ChannelOptions options;
  options.webhook = webhook;
  options.ping = ping;
  return options;
}

struct NotifyingHost : TestHost {
  explicit NotifyingHost(MemoryDatabase& database) : TestHost(database), telling(database) {
    schedule.notifier = &notifier;
    store.looks_for_messages = true;
    schedule.policy.max_attempts = 1;
  }

  MemoryNotificationStore telling;
  Channels channels{options(), "send"};
  FakeDeliveries deliveries;
  Notifier notifier{{}, telling, channels, deliveries, [](const auto&) { return "log"; }};
};

}  // namespace

TEST_CASE("a run checks in, and only what changes is told") {
  MemoryDatabase database;
  NotifyingHost host(database);
  (void)host.tick();
  CHECK(host.deliveries.sent == Names{"start", "ping_success"});
  host.deliveries.sent.clear();
  host.runner.ends["a"] = Exited{1};
  database.now += 4h;
  (void)host.tick();
  database.now += 5min;
  (void)host.tick();
  CHECK(host.deliveries.sent == Names{"start", "failing", "ping_fail"});
  CHECK(host.logged("info Told webhook: failing\n"));
}

TEST_CASE("a run of --spider tells nobody anything") {
  MemoryDatabase database;
  NotifyingHost host(database);
  (void)host.tick({true, {"b"}});
  CHECK(host.deliveries.sent.empty());
}

TEST_CASE("a receiver that is not there changes nothing about the run, and is loud once") {
  MemoryDatabase database;
  NotifyingHost host(database);
  host.deliveries.silent = {"webhook", "ping"};
  host.runner.ends["a"] = Exited{1};
  CHECK(host.tick().code == ExitCode::spider_failed);
  CHECK(database.runs[0].run.status == RunStatus::failed);
  CHECK(host.logged(R"(warning Could not tell webhook (failing): nobody \x1b[31m there)"
                    "; a tick tries again in 1 min\n"));
  CHECK(database.notifications[0].last_error == R"(nobody \x1b[31m there)");
  database.now += 1min;
  CHECK(host.tick().code == ExitCode::success);
  CHECK(host.logged("info Could not tell webhook (failing)"));
  CHECK(database.notifications[0].tries == 2);
}

TEST_CASE("a store that fails while people are told changes nothing about the run") {
  MemoryDatabase database;
  NotifyingHost host(database);
  host.notifier.log_end = [&](const auto&) {
    database.down = true;
    return "";
  };
  host.runner.ends["a"] = Exited{1};
  CHECK(host.tick().code == ExitCode::spider_failed);
  CHECK(database.runs[0].run.status == RunStatus::failed);
  CHECK(host.logged("warning Notifications could not be sent: the database is down"));
}

TEST_CASE("the locks are free while people are told") {
  MemoryDatabase database;
  NotifyingHost host(database);
  std::vector<std::size_t> held;
  host.notifier.log_end = [&](const auto&) {
    held.push_back(database.slots.size());
    return "";
  };
  host.runner.ends["a"] = Exited{1};
  (void)host.tick();
  CHECK(held == std::vector<std::size_t>{0});
}

TEST_CASE(
    "whoever ends the program does not wait until people are told; the next tick tells them") {
  MemoryDatabase database;
  NotifyingHost host(database);
  host.schedule.policy.max_attempts = 2;
  host.runner.stop_signal = 15;
  CHECK(host.tick().signal == 15);
  CHECK(host.deliveries.sent == Names{"start"});
  host.runner.stop_signal = 0;
  (void)host.tick();
  CHECK(host.deliveries.sent == Names{"start", "start", "ping_success"});
}

TEST_CASE("without the database a run checks in at its start, and nobody is told more") {
  MemoryDatabase database;
  FakeDisk disk;
  NotifyingHost host(database);
  host.keep_journal(disk);
  database.down = true;
  CHECK(host.tick().code == ExitCode::success);
  CHECK(host.deliveries.sent == Names{"start"});
  database.down = false;
  host.living.clear();  // the program of the first tick has ended
  (void)host.tick();
  CHECK(host.deliveries.sent == Names{"start", "ping_success"});
}

TEST_CASE("a test tells each channel, and needs no database") {
  MemoryDatabase database;
  database.down = true;
  NotifyingHost host(database);
  host.deliveries.silent = {"ping"};
  const auto tested = test_channels(host.schedule);
  CHECK_FALSE(tested.all_sent);
  CHECK(tested.text == "webhook: sent\nping: not sent: nobody \\x1b[31m there\n");
  host.schedule.notifier = nullptr;
  CHECK_THROWS_AS((void)test_channels(host.schedule), UsageError);
}

}  // namespace spider_check::test
