// Nothing that a spider starts outlives it, nor the program that started it.
#include <csignal>
#include <sstream>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/child.hpp"
#include "os/loop_runner.hpp"
#include "os/process_identity.hpp"
#include "process/pipe.hpp"
#include "process/printing.hpp"
#include "process/recorder.hpp"

namespace spider_check::os {

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
  explicit NamedPipe(const test::TempFolder& folder) : path_(folder.path() / "pipe") {
    if (::mkfifo(path_.c_str(), 0600) != 0) throw std::runtime_error("cannot make a FIFO");
    pipe_.read_end = FileDescriptor(Adopt{}, ::open(path_.c_str(), O_RDWR | O_CLOEXEC));
  }

  [[nodiscard]] std::string path() const { return path_.string(); }

  [[nodiscard]] std::string read_line() const { return pipe_.read_line(); }

 private:
  std::filesystem::path path_;
  test::Pipe pipe_;
};

/** A program of ours that runs one spider, which hides a daemon and heeds no SIGTERM. */
struct Runner {
  explicit Runner(const std::string& grace)
      : pipe(folder),
        child({test::self({"run-one", (folder.path() / "log").string(), grace, "hide-and-stay",
                           pipe.path()}),
               {},
               STDOUT_FILENO,
               STDERR_FILENO}) {
    std::istringstream pids(pipe.read_line());
    pids >> daemon >> spider >> program;
  }

  test::TempFolder folder;
  NamedPipe pipe;
  Child child;
  pid_t daemon = 0;
  pid_t spider = 0;
  pid_t program = 0;
};

}  // namespace

TEST_CASE("a process that a spider leaves behind is ended, also one in a session of its own") {
  for (const auto* session : {"same-session", "own-session"}) {
    const test::TempFolder folder;
    test::Recorder recorder;
    const auto spider = test::job(folder, "a", {"leave-behind", session});
    (void)LoopRunner(1).run_all({spider}, recorder);
    CHECK(recorder.reports["a"].termination == Termination{Exited{0}});
    const auto left = std::stoi(test::read_file(spider.log));
    CHECK(::kill(left, 0) != 0);
  }
}

TEST_CASE("what hides as a daemon and heeds no SIGTERM is killed with its spider") {
  const test::TempFolder folder;
  const NamedPipe pipe(folder);
  auto spider = test::job(folder, "a", {"hide-and-stay", pipe.path()});
  spider.limits = {1s, 0s, 50ms, 50ms};
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
  const ProcessIdentity identity;
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
  while (identity.exists(owner)) ::usleep(1000);  // the warden has one line left to live
}

}  // namespace spider_check::os
