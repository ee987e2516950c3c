#include "os/sequential_runner.hpp"

#include <csignal>

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "process/printing.hpp"
#include "process/recorder.hpp"

namespace spider_check::os {

using namespace std::chrono_literals;

using test::job;
using test::Recorder;

namespace {

using Events = std::vector<std::string>;

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

}  // namespace

TEST_CASE("spiders run one after the other, in order") {
  const test::TempFolder folder;
  Recorder recorder;
  const int signal =
      SequentialRunner().run_all({job(folder, "b", {"exit", "0"}), job(folder, "a", {"exit", "3"}),
                                  job(folder, "c", {"raise", "9"})},
                                 recorder);
  CHECK(signal == 0);
  CHECK(recorder.events ==
        Events{"start b", "finish b", "start a", "finish a", "start c", "finish c"});
  CHECK(recorder.reports["b"].termination == Termination{Exited{0}});
  CHECK(recorder.reports["a"].termination == Termination{Exited{3}});
  CHECK(recorder.reports["c"].termination == Termination{Signaled{9, false}});
  for (const auto& [name, report] : recorder.reports) CHECK_FALSE(report.stopped);
}

TEST_CASE("without spiders nothing happens") {
  Recorder recorder;
  CHECK(SequentialRunner().run_all({}, recorder) == 0);
  CHECK(recorder.events.empty());
}

TEST_CASE("when the end of a spider is answered with no, no other one starts") {
  const test::TempFolder folder;
  Recorder recorder;
  recorder.go_on_after_finish = false;
  CHECK(SequentialRunner().run_all(
            {job(folder, "a", {"exit", "0"}), job(folder, "b", {"exit", "0"})}, recorder) == 0);
  CHECK(recorder.events == Events{"start a", "finish a"});
}

TEST_CASE("both streams of a spider go to its log, in the order they are written") {
  const test::TempFolder folder;
  Recorder recorder;
  const auto spider = job(folder, "a", {"say", "to stdout", "to stderr"});
  (void)SequentialRunner().run_all({spider}, recorder);
  CHECK(test::read_file(spider.log) == "to stdout\nto stderr\n");
}

TEST_CASE("a log that is there already is appended to") {
  const test::TempFolder folder;
  Recorder recorder;
  const auto spider = job(folder, "a", {"say", "x", "y"});
  (void)SequentialRunner().run_all({spider, spider}, recorder);
  CHECK(test::read_file(spider.log) == "x\ny\nx\ny\n");
}

TEST_CASE("logs and their folders are private to this user") {
  const test::TempFolder folder;
  const NoUmask no_umask;
  Recorder recorder;
  const auto spider = job(folder, "a", {"exit", "0"});
  (void)SequentialRunner().run_all({spider}, recorder);
  CHECK(mode_of(spider.log) == 0600);
  CHECK(mode_of(folder.path() / "logs/a") == 0700);
  CHECK(mode_of(folder.path() / "logs") == 0700);
}

TEST_CASE("a spider whose log cannot be opened is not started, and the others still run") {
  const test::TempFolder folder;
  const auto file = folder.write("file", "");
  std::filesystem::create_directory(folder.path() / "folder");
  auto in_file = job(folder, "a", {"exit", "0"});
  in_file.log = file / "x.log";
  auto is_folder = job(folder, "b", {"exit", "0"});
  is_folder.log = folder.path() / "folder";
  Recorder recorder;
  (void)SequentialRunner().run_all({in_file, is_folder, job(folder, "c", {"exit", "0"})}, recorder);
  CHECK(recorder.reports["a"].termination ==
        Termination{
            NotStarted{"cannot open the log file " + in_file.log.string() + ": Not a directory"}});
  CHECK(recorder.reports["b"].termination ==
        Termination{
            NotStarted{"cannot open the log file " + is_folder.log.string() + ": Is a directory"}});
  CHECK(recorder.reports["c"].termination == Termination{Exited{0}});
}

TEST_CASE("a spider whose program is missing is not started, and the others still run") {
  const test::TempFolder folder;
  auto missing = job(folder, "a", {});
  missing.command = {"/no/such/program"};
  Recorder recorder;
  (void)SequentialRunner().run_all({missing, job(folder, "b", {"exit", "0"})}, recorder);
  CHECK(recorder.reports["a"].termination ==
        Termination{NotStarted{"cannot execute /no/such/program: No such file or directory"}});
  CHECK(recorder.reports["b"].termination == Termination{Exited{0}});
}

TEST_CASE("a spider works in the folder that its job names") {
  const test::TempFolder folder;
  auto spider = job(folder, "a", {"report"});
  spider.working_directory = folder.path();
  Recorder recorder;
  (void)SequentialRunner().run_all({spider}, recorder);
  CHECK(test::read_file(spider.log).find("directory: " + folder.path().string() + "\n") !=
        std::string::npos);
}

TEST_CASE("the time that a spider took is told, and how much of it was work") {
  const test::TempFolder folder;
  Recorder recorder;
  (void)SequentialRunner().run_all(
      {job(folder, "busy", {"burn", "100"}), job(folder, "idle", {"exit", "0"})}, recorder);
  const auto& busy = recorder.reports["busy"];
  CHECK(busy.took >= 100ms);
  CHECK(busy.took < 30s);
  CHECK(busy.cpu_time >= 100ms);
  // The kernel counts in ticks of up to 10 ms.
  CHECK(busy.cpu_time <= busy.took + 20ms);
  CHECK(recorder.reports["idle"].took > 0s);
}

TEST_CASE("the memory that a spider used is told in bytes") {
  const test::TempFolder folder;
  Recorder recorder;
  const std::int64_t size = 64 * 1024 * 1024;
  (void)SequentialRunner().run_all({job(folder, "a", {"fill", std::to_string(size)})}, recorder);
  CHECK(recorder.reports["a"].peak_memory >= size);
  CHECK(recorder.reports["a"].peak_memory < 16 * size);
}

}  // namespace spider_check::os
