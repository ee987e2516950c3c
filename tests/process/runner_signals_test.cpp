// What happens to running spiders when this program is told to stop.
#include <csignal>

#include <doctest/doctest.h>

#include "os/sequential_runner.hpp"
#include "process/printing.hpp"
#include "process/recorder.hpp"
#include "process/skewed_clock.hpp"

namespace spider_check::os {

using namespace std::chrono_literals;

using test::job;
using test::Recorder;

namespace {

using Events = std::vector<std::string>;

/** More than any of these tests may take: whoever waits for it fails by the suite's own timeout. */
constexpr Duration long_grace = 1h;

}  // namespace

TEST_CASE("a signal to this program reaches the running spider as one SIGTERM, and no other runs") {
  const test::TempFolder folder;
  Recorder recorder;
  const auto spider = job(folder, "a", {"stop-parent"});
  const int signal =
      SequentialRunner(long_grace).run_all({spider, job(folder, "b", {"exit", "0"})}, recorder);
  CHECK(signal == SIGTERM);
  CHECK(recorder.events == Events{"start a", "finish a"});
  CHECK(recorder.reports["a"].termination == Termination{Exited{0}});
  CHECK(recorder.reports["a"].stopped);
  CHECK(test::read_file(spider.log) == "terminated\n");
}

TEST_CASE("a spider that does not heed SIGTERM is killed when its grace is over") {
  for (const int told : {SIGTERM, SIGINT, SIGHUP}) {
    const test::TempFolder folder;
    Recorder recorder;
    const int signal = SequentialRunner(100ms).run_all(
        {job(folder, "a", {"stop-parent-and-stay", std::to_string(told)})}, recorder);
    CHECK(signal == told);
    CHECK(recorder.reports["a"].termination == Termination{Signaled{SIGKILL, false}});
    CHECK(recorder.reports["a"].stopped);
    CHECK(recorder.reports["a"].took >= 100ms);
  }
}

TEST_CASE("a second signal kills at once, and the first is the one that counts") {
  const test::TempFolder folder;
  Recorder recorder;
  const int signal =
      SequentialRunner(long_grace)
          .run_all({job(folder, "a", {"stop-parent-twice"}), job(folder, "b", {"exit", "0"})},
                   recorder);
  CHECK(signal == SIGTERM);
  CHECK(recorder.events == Events{"start a", "finish a"});
  CHECK(recorder.reports["a"].termination == Termination{Signaled{SIGKILL, false}});
  CHECK(recorder.reports["a"].stopped);
}

TEST_CASE("a signal between two spiders stops the rest and blames nobody") {
  const test::TempFolder folder;
  Recorder recorder;
  recorder.at_finish = [] { std::raise(SIGINT); };
  const int signal =
      SequentialRunner(long_grace)
          .run_all({job(folder, "a", {"exit", "0"}), job(folder, "b", {"exit", "0"})}, recorder);
  CHECK(signal == SIGINT);
  CHECK(recorder.events == Events{"start a", "finish a"});
  CHECK_FALSE(recorder.reports["a"].stopped);
}

TEST_CASE("a signal after the last spider is told as well") {
  const test::TempFolder folder;
  Recorder recorder;
  recorder.at_finish = [] { std::raise(SIGHUP); };
  CHECK(SequentialRunner(long_grace).run_all({job(folder, "a", {"exit", "0"})}, recorder) ==
        SIGHUP);
}

TEST_CASE("a run that is no longer wanted stops its spider and starts no other") {
  const test::TempFolder folder;
  Recorder recorder;
  recorder.go_on = false;
  recorder.at_start = [] { test::put_clock_forward(30s); };
  const auto spider = job(folder, "a", {"await-term"});
  const int signal =
      SequentialRunner(long_grace).run_all({spider, job(folder, "b", {"exit", "0"})}, recorder);
  CHECK(signal == 0);
  CHECK(recorder.pulses == 1);
  CHECK(recorder.events == Events{"start a", "finish a"});
  CHECK(recorder.reports["a"].stopped);
}

TEST_CASE("a pulse is due every 30 seconds, and not before") {
  const test::TempFolder folder;
  Recorder recorder;
  const std::vector<SpiderJob> jobs{job(folder, "a", {"exit", "0"}),
                                    job(folder, "b", {"exit", "0"})};
  (void)SequentialRunner(long_grace).run_all(jobs, recorder);
  CHECK(recorder.pulses == 0);
  recorder.at_finish = [] { test::put_clock_forward(30s); };
  (void)SequentialRunner(long_grace).run_all(jobs, recorder);
  CHECK(recorder.pulses == 2);
  CHECK_FALSE(recorder.reports["b"].stopped);
}

TEST_CASE("a run that is no longer wanted between two spiders starts no other") {
  const test::TempFolder folder;
  Recorder recorder;
  recorder.go_on = false;
  recorder.at_finish = [] { test::put_clock_forward(30s); };
  const int signal =
      SequentialRunner(long_grace)
          .run_all({job(folder, "a", {"exit", "0"}), job(folder, "b", {"exit", "0"})}, recorder);
  CHECK(signal == 0);
  CHECK(recorder.events == Events{"start a", "finish a"});
  CHECK_FALSE(recorder.reports["a"].stopped);
}

}  // namespace spider_check::os
