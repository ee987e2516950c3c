#include <algorithm>
#include <csignal>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "process/pipe.hpp"
#include "process/printing.hpp"
#include "process/recorder.hpp"
#include "run/runner.hpp"

namespace spider_check {

using namespace std::chrono_literals;

using test::job;
using test::Recorder;

namespace {

using Events = std::vector<std::string>;

LoopRunner one_at_a_time() {
  return LoopRunner(1);
}

mode_t mode_of(const std::filesystem::path& path) {
  struct stat status {};

  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777U;
}

/** Lets every permission through for one test, so that only what the program asks for counts. */
class NoUmask {
 public:
  NoUmask() : before_(::umask(0)) {}

  NoUmask(const NoUmask&) = delete;
  NoUmask& operator=(const NoUmask&) = delete;
  NoUmask(NoUmask&&) = delete;
  NoUmask& operator=(NoUmask&&) = delete;

  ~NoUmask() { ::umask(before_); }

 private:
  mode_t before_;
};

/** While it lives it stands for the wall clock that timers watch; a host's own is left alone. */
class ClockThatIsSet {
 public:
  ClockThatIsSet() { current = this; }

  ClockThatIsSet(const ClockThatIsSet&) = delete;
  ClockThatIsSet& operator=(const ClockThatIsSet&) = delete;
  ClockThatIsSet(ClockThatIsSet&&) = delete;
  ClockThatIsSet& operator=(ClockThatIsSet&&) = delete;

  ~ClockThatIsSet() { current = nullptr; }

  void jump() { REQUIRE(::eventfd_write(jumps.get(), 1) == 0); }

  static inline ClockThatIsSet* current = nullptr;
  FileDescriptor jumps{Adopt{}, ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  bool is_watched = false;
};

}  // namespace

TEST_CASE("spiders run one after the other, in order") {
  const test::TempDirectory directory;
  Recorder recorder;
  const auto cut = one_at_a_time().run_all(
      {job(directory, "b", {"exit", "0"}), job(directory, "a", {"exit", "3"}),
       job(directory, "c", {"raise", "9"})},
      recorder);
  CHECK(cut.signal == 0);
  CHECK_FALSE(cut.timed_out);
  CHECK(recorder.events ==
        Events{"start b", "finish b", "start a", "finish a", "start c", "finish c"});
  CHECK(recorder.reports["b"].termination == Termination{Exited{0}});
  CHECK(recorder.reports["a"].termination == Termination{Exited{3}});
  CHECK(recorder.reports["c"].termination == Termination{Signaled{9, false}});
  for (const auto& [name, report] : recorder.reports) CHECK(report.stopped == StopCause::none);
}

TEST_CASE("without spiders nothing happens") {
  Recorder recorder;
  CHECK(one_at_a_time().run_all({}, recorder).signal == 0);
  CHECK(recorder.events.empty());
}

TEST_CASE("a run that is no longer ours after the end of a spider starts no other") {
  const test::TempDirectory directory;
  Recorder recorder;
  recorder.at_finish = [&] { recorder.ours = false; };
  CHECK(one_at_a_time()
            .run_all({job(directory, "a", {"exit", "0"}), job(directory, "b", {"exit", "0"})},
                     recorder)
            .signal == 0);
  CHECK(recorder.events == Events{"start a", "finish a"});
}

TEST_CASE("both streams of a spider go to its log, in the order they are written") {
  const test::TempDirectory directory;
  Recorder recorder;
  const auto spider = job(directory, "a", {"say", "to stdout", "to stderr"});
  (void)one_at_a_time().run_all({spider}, recorder);
  CHECK(test::read_file(spider.log) == "to stdout\nto stderr\n");
}

TEST_CASE("a log that is there already is another attempt's, and is left alone") {
  const test::TempDirectory directory;
  Recorder recorder;
  const auto spider = job(directory, "a", {"say", "x", "y"});
  (void)one_at_a_time().run_all({spider}, recorder);
  CHECK(recorder.reports["a"].termination == Termination{Exited{0}});
  (void)one_at_a_time().run_all({spider}, recorder);
  CHECK(
      recorder.reports["a"].termination ==
      Termination{NotStarted{"cannot open the log file " + spider.log.string() + ": File exists"}});
  CHECK(test::read_file(spider.log) == "x\ny\n");
}

TEST_CASE("a log that would be a pipe or a link is not opened, and nothing waits") {
  const test::TempDirectory directory;
  const auto target = directory.write("target", "kept");
  auto pipe = job(directory, "pipe", {"say", "x", "y"});
  auto link = job(directory, "link", {"say", "x", "y"});
  pipe.log = directory.path() / "pipe";
  link.log = directory.path() / "link";
  REQUIRE(::mkfifo(pipe.log.c_str(), 0600) == 0);
  std::filesystem::create_symlink(target, link.log);
  Recorder recorder;
  (void)one_at_a_time().run_all({pipe, link}, recorder);
  for (const auto& spider : {pipe, link}) {
    CHECK(recorder.reports[spider.name].termination ==
          Termination{
              NotStarted{"cannot open the log file " + spider.log.string() + ": File exists"}});
  }
  CHECK(test::read_file(target) == "kept");
}

TEST_CASE("what is thrown away needs no file") {
  const test::TempDirectory directory;
  Recorder recorder;
  auto spider = job(directory, "a", {"say", "x", "y"});
  spider.log = "/dev/null";
  (void)one_at_a_time().run_all({spider, spider}, recorder);
  CHECK(recorder.reports["a"].termination == Termination{Exited{0}});
}

TEST_CASE("logs and their directories are private to this user") {
  const test::TempDirectory directory;
  const NoUmask no_umask;
  Recorder recorder;
  const auto spider = job(directory, "a", {"exit", "0"});
  (void)one_at_a_time().run_all({spider}, recorder);
  CHECK(mode_of(spider.log) == 0600);
  CHECK(mode_of(directory.path() / "logs/a") == 0700);
  CHECK(mode_of(directory.path() / "logs") == 0700);
}

TEST_CASE("a spider whose log cannot be opened is not started, and the others still run") {
  const test::TempDirectory directory;
  const auto file = directory.write("file", "");
  std::filesystem::create_directory(directory.path() / "directory");
  auto in_file = job(directory, "a", {"exit", "0"});
  in_file.log = file / "x.log";
  auto is_directory = job(directory, "b", {"exit", "0"});
  is_directory.log = directory.path() / "directory";
  Recorder recorder;
  (void)one_at_a_time().run_all({in_file, is_directory, job(directory, "c", {"exit", "0"})},
                                recorder);
  CHECK(recorder.reports["a"].termination ==
        Termination{
            NotStarted{"cannot open the log file " + in_file.log.string() + ": Not a directory"}});
  CHECK(recorder.reports["b"].termination ==
        Termination{
            NotStarted{"cannot open the log file " + is_directory.log.string() + ": File exists"}});
  CHECK(recorder.reports["c"].termination == Termination{Exited{0}});
}

TEST_CASE("a spider whose program is missing is not started, and the others still run") {
  const test::TempDirectory directory;
  auto missing = job(directory, "a", {});
  missing.command = {"/no/such/program"};
  Recorder recorder;
  (void)one_at_a_time().run_all({missing, job(directory, "b", {"exit", "0"})}, recorder);
  CHECK(recorder.reports["a"].termination ==
        Termination{NotStarted{"cannot execute /no/such/program: No such file or directory"}});
  CHECK(recorder.reports["b"].termination == Termination{Exited{0}});
}

TEST_CASE("a spider works in the directory that its job names") {
  const test::TempDirectory directory;
  auto spider = job(directory, "a", {"report"});
  spider.working_directory = directory.path();
  Recorder recorder;
  (void)one_at_a_time().run_all({spider}, recorder);
  CHECK(test::read_file(spider.log).find("directory: " + directory.path().string() + "\n") !=
        std::string::npos);
}

TEST_CASE("the time that a spider took is told, and how much of it was work") {
  const test::TempDirectory directory;
  Recorder recorder;
  (void)one_at_a_time().run_all(
      {job(directory, "busy", {"burn", "100"}), job(directory, "idle", {"exit", "0"})}, recorder);
  const auto& busy = recorder.reports["busy"];
  CHECK(busy.took >= 100ms);
  CHECK(busy.took < 30s);
  CHECK(busy.cpu_time >= 100ms);
  // The kernel counts in ticks of up to 10 ms.
  CHECK(busy.cpu_time <= busy.took + 20ms);
  CHECK(recorder.reports["idle"].took > 0s);
}

TEST_CASE("the memory that a spider used is told in bytes") {
  const test::TempDirectory directory;
  Recorder recorder;
  const std::int64_t size = 64 * 1024 * 1024;
  (void)one_at_a_time().run_all({job(directory, "a", {"fill", std::to_string(size)})}, recorder);
  CHECK(recorder.reports["a"].peak_memory >= size);
  CHECK(recorder.reports["a"].peak_memory < 16 * size);
}

TEST_CASE("as many spiders run at a time as may, and the next starts when one ends") {
  const test::TempDirectory directory;
  Recorder recorder;
  std::vector<SpiderJob> jobs;
  for (const auto* name : {"a", "b", "c", "d", "e"}) {
    jobs.push_back(job(directory, name, {"exit", "0"}));
  }
  (void)LoopRunner(2).run_all(jobs, recorder);
  CHECK(recorder.max_at_once == 2);
  CHECK(recorder.reports.size() == 5);
  for (auto& again : jobs) again.log.replace_extension(".again");
  Recorder wide;
  (void)LoopRunner(9).run_all(jobs, wide);
  CHECK(wide.max_at_once == 5);
}

TEST_CASE("spiders that run side by side can wait for each other") {
  const test::TempDirectory directory;
  const auto fifo = (directory.path() / "fifo").string();
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  auto writer = job(directory, "a", {});
  writer.command = {"sh", "-c", "echo x >" + fifo};
  auto reader = job(directory, "b", {});
  reader.command = {"sh", "-c", "read x <" + fifo};
  Recorder recorder;
  (void)LoopRunner(2).run_all({writer, reader}, recorder);
  CHECK(recorder.reports["a"].termination == Termination{Exited{0}});
  CHECK(recorder.reports["b"].termination == Termination{Exited{0}});
}

TEST_CASE("a spider gets its own variables beside the program's, and its niceness") {
  const test::TempDirectory directory;
  auto spider = job(directory, "a", {});
  spider.command = {"sh", "-c", "echo $ONLY_HERE $HOME; nice"};
  spider.environment = {{"ONLY_HERE", "a b"}, {"HOME", "elsewhere"}};
  spider.limits.nice = 5;
  Recorder recorder;
  (void)one_at_a_time().run_all({spider}, recorder);
  const auto said = test::read_file(spider.log);
  CHECK(said.rfind("a b elsewhere\n", 0) == 0);
  auto plain = job(directory, "b", {});
  plain.command = {"nice"};
  (void)one_at_a_time().run_all({plain}, recorder);
  CHECK(std::stoi(said.substr(said.find('\n') + 1)) ==
        std::min(19, std::stoi(test::read_file(plain.log)) + 5));
}

TEST_CASE("what the observer waits for wakes the run up") {
  const test::TempDirectory directory;
  Recorder recorder;
  test::ReadablePipe pipe;
  bool heard = false;
  recorder.wanted = [&] {
    PollRequest poll_request;
    if (heard) return poll_request;
    poll_request.fd = pipe.read_end.get();
    poll_request.to_read = true;
    return poll_request;
  };
  recorder.at_attend = [&] {
    if (heard || recorder.events.empty()) return;
    heard = pipe.read(1) == "x";
    std::raise(SIGTERM);
  };
  auto spider = job(directory, "a", {"await-term"});
  REQUIRE(::write(pipe.write_end.get(), "x", 1) == 1);
  CHECK(one_at_a_time().run_all({spider}, recorder).signal == SIGTERM);
  CHECK(heard);
}

TEST_CASE("a host that wakes up wakes the run up, once") {
  const test::TempDirectory directory;
  ClockThatIsSet clock;
  test::ReadablePipe pipe;
  Recorder recorder;
  int attended = 0;
  recorder.wanted = [&] {
    PollRequest poll_request;
    poll_request.until = std::chrono::steady_clock::now() + 20s;
    if (attended == 0) return poll_request;
    poll_request.fd = pipe.read_end.get();
    poll_request.to_read = true;
    return poll_request;
  };
  recorder.at_attend = [&] {
    if (++attended == 1) {
      eventfd_t jumps = 0;
      CHECK(::eventfd_read(clock.jumps.get(), &jumps) != 0);
      REQUIRE(::write(pipe.write_end.get(), "x", 1) == 1);
    } else {
      recorder.ours = false;
    }
  };
  recorder.at_start = [&] { clock.jump(); };
  (void)one_at_a_time().run_all({job(directory, "a", {"await-term"})}, recorder);
  CHECK(clock.is_watched);
  CHECK(recorder.events == Events{"start a", "stop a", "finish a"});
}

TEST_CASE("spiders run where no clock can be watched") {
  const test::TempDirectory directory;
  ClockThatIsSet clock;
  clock.jumps.close();
  Recorder recorder;
  (void)one_at_a_time().run_all({job(directory, "a", {"exit", "0"})}, recorder);
  CHECK(recorder.reports["a"].termination == Termination{Exited{0}});
}

}  // namespace spider_check

// These stand before the C library's.

extern "C" int timerfd_create(clockid_t clock, int flags) noexcept {
  const auto* instead = spider_check::ClockThatIsSet::current;
  if (instead == nullptr) return static_cast<int>(::syscall(SYS_timerfd_create, clock, flags));
  return ::fcntl(instead->jumps.get(), F_DUPFD_CLOEXEC, 0);
}

extern "C" int timerfd_settime(int timer, int flags, const itimerspec* next,
                               itimerspec* before) noexcept {
  auto* instead = spider_check::ClockThatIsSet::current;
  if (instead == nullptr) {
    return static_cast<int>(::syscall(SYS_timerfd_settime, timer, flags, next, before));
  }
  instead->is_watched = (flags & TFD_TIMER_CANCEL_ON_SET) != 0;
  return 0;
}
