// What happens to running spiders when this program is told to stop.
#include <csignal>

#include <doctest/doctest.h>
#include <unistd.h>

#include "process/printing.hpp"
#include "process/recorder.hpp"
#include "run/runner.hpp"

namespace spider_check {

using namespace std::chrono_literals;

using test::job;
using test::Recorder;

namespace {

using Events = std::vector<std::string>;

/** More than any of these tests may take: whoever waits for it fails by the suite's own timeout. */
constexpr Duration for_ever = 1h;

std::string own_pid() {
  return std::to_string(::getpid());
}

/** A job whose limits no test reaches by chance. */
SpiderJob patient(const test::TempDirectory& directory, const std::string& name,
                  const std::vector<std::string>& words) {
  auto made = job(directory, name, words);
  made.limits = {{for_ever, 0s, for_ever}, for_ever};
  return made;
}

}  // namespace

TEST_CASE(
    "a signal to this program reaches each running spider as one SIGTERM, and no other runs") {
  const test::TempDirectory directory;
  Recorder recorder;
  const auto spider = patient(directory, "a", {"stop-runner", own_pid()});
  const auto other = patient(directory, "b", {"await-term"});
  const auto cut =
      LoopRunner(2).run_all({other, spider, patient(directory, "c", {"exit", "0"})}, recorder);
  CHECK(cut.signal == SIGTERM);
  CHECK(recorder.reports.size() == 2);
  CHECK(recorder.reports["a"].termination == Termination{Exited{0}});
  for (const auto* name : {"a", "b"}) {
    CHECK(recorder.reports[name].stopped == StopCause::run_stopped);
  }
  CHECK(test::read_file(spider.log) == "terminated\n");
}

TEST_CASE("a spider that does not heed SIGTERM is told again after the grace, and then killed") {
  for (const int told : {SIGTERM, SIGINT, SIGHUP}) {
    const test::TempDirectory directory;
    Recorder recorder;
    auto spider =
        patient(directory, "a", {"stop-runner-and-stay", own_pid(), std::to_string(told)});
    spider.limits.grace = 60ms;
    spider.limits.second_grace = 40ms;
    CHECK(LoopRunner(1).run_all({spider}, recorder).signal == told);
    CHECK(recorder.reports["a"].termination == Termination{Signaled{SIGKILL, false}});
    CHECK(recorder.reports["a"].stopped == StopCause::run_stopped);
    CHECK(recorder.reports["a"].took >= 100ms);
  }
}

TEST_CASE("the second SIGTERM comes when the grace is over") {
  const test::TempDirectory directory;
  Recorder recorder;
  auto spider = patient(directory, "a", {"count-terms", "2"});
  spider.limits.timeout = 1s;
  // Two SIGTERMs that wait for a slow host to run the spider are one.
  spider.limits.grace = 1s;
  (void)LoopRunner(1).run_all({spider}, recorder);
  CHECK(recorder.reports["a"].termination == Termination{Exited{0}});
  CHECK(recorder.reports["a"].stopped == StopCause::timeout);
  CHECK(test::read_file(spider.log) == "ready\nterm 1\nterm 2\n");
}

TEST_CASE("a second signal kills at once, and the first is the one that counts") {
  const test::TempDirectory directory;
  Recorder recorder;
  const auto cut = LoopRunner(1).run_all({patient(directory, "a", {"stop-runner-twice", own_pid()}),
                                          patient(directory, "b", {"exit", "0"})},
                                         recorder);
  CHECK(cut.signal == SIGTERM);
  CHECK(recorder.events == Events{"start a", "stop a", "finish a"});
  CHECK(recorder.reports["a"].termination == Termination{Signaled{SIGKILL, false}});
}

TEST_CASE("a signal between two spiders stops the rest and blames nobody") {
  const test::TempDirectory directory;
  Recorder recorder;
  recorder.at_finish = [] { std::raise(SIGINT); };
  const auto cut = LoopRunner(1).run_all(
      {patient(directory, "a", {"exit", "0"}), patient(directory, "b", {"exit", "0"})}, recorder);
  CHECK(cut.signal == SIGINT);
  CHECK(recorder.reports["a"].stopped == StopCause::none);
  CHECK(recorder.reports.count("b") == 0);
}

TEST_CASE("a signal after the last spider is told as well") {
  const test::TempDirectory directory;
  Recorder recorder;
  recorder.at_finish = [] { std::raise(SIGHUP); };
  CHECK(LoopRunner(1).run_all({patient(directory, "a", {"exit", "0"})}, recorder).signal == SIGHUP);
}

TEST_CASE("a run that is no longer ours stops its spiders and starts no other") {
  const test::TempDirectory directory;
  Recorder recorder;
  recorder.at_attend = [&] { recorder.ours = false; };
  recorder.wanted = [] {
    PollRequest soon;
    soon.until = std::chrono::steady_clock::now() + 50ms;
    return soon;
  };
  const auto cut = LoopRunner(1).run_all(
      {patient(directory, "a", {"await-term"}), patient(directory, "b", {"exit", "0"})}, recorder);
  CHECK(cut.signal == 0);
  CHECK(recorder.events == Events{"start a", "stop a", "finish a"});
  CHECK(recorder.reports["a"].stopped == StopCause::run_stopped);
}

TEST_CASE("a spider that takes longer than its timeout is stopped, and the others run") {
  const test::TempDirectory directory;
  Recorder recorder;
  auto slow = patient(directory, "a", {"count-terms", "9"});
  slow.limits.timeout = 50ms;
  slow.limits.grace = slow.limits.second_grace = 20ms;
  (void)LoopRunner(1).run_all({slow, patient(directory, "b", {"exit", "0"})}, recorder);
  CHECK(recorder.events == Events{"start a", "stop a", "finish a", "start b", "finish b"});
  CHECK(recorder.reports["a"].stopped == StopCause::timeout);
  CHECK(recorder.reports["b"].stopped == StopCause::none);
}

TEST_CASE("a spider that makes no progress is stopped, one that makes some is not") {
  const test::TempDirectory directory;
  Recorder recorder;
  auto stuck = patient(directory, "a", {"await-term"});
  stuck.limits.stall_timeout = 400ms;
  auto busy = patient(directory, "b", {"exit-after", "1500"});
  busy.limits.stall_timeout = 400ms;
  std::uint64_t looks = 0;
  recorder.mark = [&](const SpiderJob& asked) { return asked.name == "b" ? ++looks : 0; };
  (void)LoopRunner(2).run_all({stuck, busy}, recorder);
  CHECK(recorder.reports["a"].stopped == StopCause::stall);
  CHECK(recorder.reports["a"].took >= 400ms);
  CHECK(recorder.reports["b"].stopped == StopCause::none);
  CHECK(looks > 3);
}

TEST_CASE("a crawl that closes is not stalled, and one that is over has only stayed") {
  const test::TempDirectory directory;
  Recorder recorder;
  auto closing = patient(directory, "a", {"exit-after", "900"});
  auto over = patient(directory, "b", {"await-term"});
  auto late = patient(directory, "c", {"await-term"});
  closing.limits.stall_timeout = over.limits.stall_timeout = 300ms;
  late.limits.timeout = 300ms;
  recorder.phase_of = [](const SpiderJob& job) {
    return job.name == "a" ? CrawlPhase::closing : CrawlPhase::over;
  };
  (void)LoopRunner(3).run_all({closing, over, late}, recorder);
  CHECK(recorder.reports["a"].stopped == StopCause::none);
  CHECK(recorder.reports["b"].stopped == StopCause::stayed);
  CHECK(recorder.reports["c"].stopped == StopCause::stayed);
}

TEST_CASE("the limit of the whole run stops what runs and starts no more") {
  const test::TempDirectory directory;
  Recorder recorder;
  const auto cut = LoopRunner(1, 50ms).run_all(
      {patient(directory, "a", {"await-term"}), patient(directory, "b", {"exit", "0"})}, recorder);
  CHECK(cut.timed_out);
  CHECK(cut.signal == 0);
  CHECK(recorder.events == Events{"start a", "stop a", "finish a"});
  CHECK(recorder.reports["a"].stopped == StopCause::run_timeout);
}

}  // namespace spider_check
