// Nothing that a spider starts outlives it, nor the program that started it.
#include <csignal>
#include <sstream>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/child.hpp"
#include "os/host.hpp"
#include "process/pipe.hpp"
#include "process/printing.hpp"
#include "process/recorder.hpp"
#include "run/runner.hpp"

namespace spider_check {

using namespace std::chrono_literals;

namespace {

/** A process to be waited for, whoever's child it is. */
class Process {
 public:
  explicit Process(pid_t pid) : fd_(Adopt{}, static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))) {}

  /** Throws when it does not end in a while. */
  void wait() const {
    if (fd_) test::wait_until_readable(fd_.get());
  }

 private:
  FileDescriptor fd_;
};

/** What a spider says to the test, which reads it as it is written. */
class NamedPipe {
 public:
  explicit NamedPipe(const test::TempDirectory& directory) : path_(directory.path() / "pipe") {
    if (::mkfifo(path_.c_str(), 0600) != 0) throw std::runtime_error("cannot make a FIFO");
    pipe_.read_end = FileDescriptor(Adopt{}, ::open(path_.c_str(), O_RDWR | O_CLOEXEC));
  }

  [[nodiscard]] std::string path() const { return path_.string(); }

  [[nodiscard]] std::string read_line() const { return pipe_.read_line(); }

 private:
  std::filesystem::path path_;
  test::ReadablePipe pipe_;
};

/** A program of ours that runs one spider, which hides a daemon and heeds no SIGTERM. */
struct Runner {
  explicit Runner(const std::string& grace)
      : pipe(directory),
        child({test::self({"run-one", (directory.path() / "log").string(), grace, "hide-and-stay",
                           pipe.path()}),
               {},
               STDOUT_FILENO,
               STDERR_FILENO}) {
    std::istringstream pids(pipe.read_line());
    pids >> daemon >> spider >> program;
  }

  test::TempDirectory directory;
  NamedPipe pipe;
  Child child;
  pid_t daemon = 0;
  pid_t spider = 0;
  pid_t program = 0;
};

/** A spider that is a shell script, with short graces; its log is its standard output. */
SpiderJob script(const test::TempDirectory& directory, const std::string& name,
                 const std::string& text) {
  auto job = test::job(directory, name, {});
  job.command = {"sh", "-c", text};
  job.limits = {{1h, 0s, 50ms}, 50ms};
  return job;
}

ChildReport run(const SpiderJob& job) {
  test::Recorder recorder;
  (void)LoopRunner(1).run_all({job}, recorder);
  return recorder.reports[job.name];
}

/** Also of a zombie that nobody reaped. */
bool exists(const std::string& pid) {
  return std::filesystem::exists("/proc/" + pid.substr(0, pid.find_first_not_of("0123456789")));
}

const Termination lost_supervisor =
    Unknown{"the process that watches over it was killed; its own processes were ended"};

}  // namespace

TEST_CASE("a process that a spider leaves behind is ended, also one in a session of its own") {
  for (const auto* session : {"same-session", "own-session"}) {
    const test::TempDirectory directory;
    test::Recorder recorder;
    const auto spider = test::job(directory, "a", {"leave-behind", session});
    (void)LoopRunner(1).run_all({spider}, recorder);
    CHECK(recorder.reports["a"].termination == Termination{Exited{0}});
    const auto left = std::stoi(test::read_file(spider.log));
    CHECK(::kill(left, 0) != 0);
  }
}

TEST_CASE("what hides as a daemon and heeds no SIGTERM is killed with its spider") {
  const test::TempDirectory directory;
  const NamedPipe pipe(directory);
  auto spider = test::job(directory, "a", {"hide-and-stay", pipe.path()});
  spider.limits = {{1s, 0s, 50ms}, 50ms};
  test::Recorder recorder;
  (void)LoopRunner(1).run_all({spider}, recorder);
  CHECK(recorder.reports["a"].termination == Termination{Signaled{SIGKILL, false}});
  CHECK(::kill(std::stoi(pipe.read_line()), 0) != 0);
}

TEST_CASE("when this program is killed its spiders and their daemons end, too") {
  const Runner runner("50");
  const Process daemon(runner.daemon);
  const Process spider(runner.spider);
  runner.child.signal(SIGKILL);
  daemon.wait();
  spider.wait();
}

TEST_CASE("a program that was killed counts as alive until its spiders have ended") {
  Runner runner("3600000");
  const ThisHost identity;
  Owner owner = identity.self();
  owner.process_start = 0;  // of the program that is about to be killed: not looked at any more
  runner.child.signal(SIGKILL);
  test::wait_until_readable(runner.child.fd());
  (void)runner.child.reap();
  owner.pid = runner.program;
  CHECK(identity.exists(owner));
  const Process daemon(runner.daemon);
  ::kill(runner.spider, SIGKILL);
  daemon.wait();
  while (identity.exists(owner)) ::usleep(1000);  // the supervisor has one line left to live
}

TEST_CASE("a spider that kills its supervisor is ended, with all that it started") {
  for (const auto* text : {
           "echo $$; kill -9 $PPID; exec sleep 1000",
           "trap '' TERM; echo $$; kill -9 $PPID; while :; do sleep 1; done",
           "kill -9 $PPID; setsid sh -c 'trap \"\" TERM; echo $$; exec sleep 1000' & exec sleep "
           "1000",
           "kill -9 $PPID; setsid sh -c 'echo $$; exec sleep 1000' & exit 0",
       }) {
    const test::TempDirectory directory;
    const auto spider = script(directory, "a", text);
    const auto report = run(spider);
    CHECK(report.termination == lost_supervisor);
    CHECK(report.stopped == StopCause::none);
    CHECK(report.left.empty());
    // The last one may not even have got to say its pid.
    const auto said = test::read_file(spider.log);
    if (!said.empty()) CHECK_FALSE(exists(said));
  }
}

TEST_CASE("a spider whose supervisor was killed gets SIGTERM and its grace first") {
  const test::TempDirectory directory;
  auto spider =
      script(directory, "a",
             "trap 'echo told' TERM; kill -9 $PPID; i=0; while [ $i -lt 50 ]; do sleep 0.01; "
             "i=$((i+1)); done; echo stored");
  spider.limits.grace = 1h;
  const auto report = run(spider);
  CHECK(report.termination == lost_supervisor);
  CHECK(test::read_file(spider.log) == "told\nstored\n");
  CHECK(report.cpu_time > 0s);
  CHECK(report.peak_memory > 0);
}

TEST_CASE(
    "a spider of a killed supervisor is killed at once when this program is told to stop twice") {
  const test::TempDirectory directory;
  auto spider =
      script(directory, "a",
             "trap '' TERM; kill -9 $PPID; kill -TERM " + std::to_string(::getpid()) +
                 "; kill -INT " + std::to_string(::getpid()) + "; while :; do sleep 1; done");
  spider.limits.grace = 1h;
  test::Recorder recorder;
  CHECK(LoopRunner(1).run_all({spider}, recorder).signal != 0);
  CHECK(recorder.reports["a"].termination == lost_supervisor);
}

TEST_CASE("of spiders side by side only that whose supervisor was killed is ended") {
  const test::TempDirectory directory;
  const auto killer = script(directory, "a", "echo $$; kill -9 $PPID; exec sleep 1000");
  const auto pid = killer.log.string();
  const auto other =
      script(directory, "b",
             "until [ -s " + pid + " ]; do sleep 0.01; done; while [ -e /proc/$(cat " + pid +
                 ") ]; do sleep 0.01; done; sleep 0.1; echo done");
  test::Recorder recorder;
  (void)LoopRunner(2).run_all({killer, other}, recorder);
  CHECK(recorder.reports["a"].termination == lost_supervisor);
  CHECK(recorder.reports["b"].termination == Termination{Exited{0}});
  CHECK(test::read_file(other.log) == "done\n");
}

TEST_CASE("a supervisor that was stopped goes on") {
  const test::TempDirectory directory;
  test::Recorder recorder;
  recorder.wanted = [] {
    PollRequest soon;
    soon.until = std::chrono::steady_clock::now() + 20ms;
    return soon;
  };
  (void)LoopRunner(1).run_all({script(directory, "a", "kill -STOP $PPID; exit 3")}, recorder);
  CHECK(recorder.reports["a"].termination == Termination{Exited{3}});
}

TEST_CASE("a supervisor that was stopped stops its spider") {
  const test::TempDirectory directory;
  auto spider = script(directory, "a", "kill -STOP $PPID; exec sleep 1000");
  spider.limits.timeout = 200ms;
  const auto report = run(spider);
  CHECK(report.termination == Termination{Signaled{SIGTERM, false}});
  CHECK(report.stopped == StopCause::timeout);
}

TEST_CASE("a supervisor that does not answer is replaced, and its spider ended") {
  const test::TempDirectory directory;
  auto spider = script(directory, "a",
                       "trap '' TERM; echo $$; p=$PPID; while kill -STOP $p 2>&-; do :; done; "
                       "exec sleep 1000");
  spider.limits.timeout = 100ms;
  const auto report = run(spider);
  CHECK(report.termination ==
        Termination{Unknown{"the process that watches over it did not answer and was killed; its "
                            "own processes were ended"}});
  CHECK(report.stopped == StopCause::timeout);
  CHECK_FALSE(exists(test::read_file(spider.log)));
}

TEST_CASE("a wrapper that ends at SIGTERM leaves the grace to what it runs") {
  const test::TempDirectory directory;
  auto spider = script(directory, "a",
                       "(trap 'sleep 0.2; echo stored; exit 0' TERM; echo ready; "
                       "while :; do sleep 0.01; done) & trap 'exit 0' TERM; wait");
  spider.limits = {{300ms, 0s, 1h}, 1h};
  CHECK(run(spider).termination == Termination{Exited{0}});
  CHECK(test::read_file(spider.log) == "ready\nstored\n");
}

}  // namespace spider_check
