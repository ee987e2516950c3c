#include <cstdlib>
#include <system_error>

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "logs/log_directory.hpp"
#include "process/temp_directory.hpp"

namespace spider_check {

namespace {

namespace fs = std::filesystem;

unsigned mode_of(const fs::path& path) {
  struct stat status {};

  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777U;
}

bool holds_nothing(const fs::path& directory) {
  return fs::directory_iterator(directory) == fs::directory_iterator();
}

/** Sets TMPDIR, and the umask that hides nothing, while it lives. */
class Temporary {
 public:
  explicit Temporary(const fs::path& directory) : umask_(::umask(0)) {
    ::setenv("TMPDIR", directory.c_str(), 1);
  }

  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  Temporary(Temporary&&) = delete;
  Temporary& operator=(Temporary&&) = delete;

  ~Temporary() {
    ::umask(umask_);
    ::unsetenv("TMPDIR");
  }

 private:
  mode_t umask_;
};

}  // namespace

TEST_CASE("a directory that is not there is made, private, and nothing is left in it") {
  const test::TempDirectory directory;
  const Temporary temporary(directory.path());
  LogDirectory places(directory.path() / "logs", "default");
  CHECK_FALSE(places.check_writable(directory.path() / "logs/default/a"));
  for (const auto* made : {"logs", "logs/default", "logs/default/a"}) {
    CHECK(mode_of(directory.path() / made) == 0700);
  }
  CHECK(holds_nothing(directory.path() / "logs/default/a"));
  CHECK_FALSE(places.check_writable(directory.path() / "logs/default/a"));
}

TEST_CASE("the directory that is in the way is named") {
  const test::TempDirectory directory;
  const auto file = directory.write("file", "");
  fs::create_symlink("nowhere", directory.path() / "link");
  LogDirectory places(directory.path() / "link", "default");
  for (const auto* below : {"", "default", "default/a"}) {
    const auto fault = places.check_writable((file / below).lexically_normal());
    REQUIRE(fault);
    CHECK(fault->why == "Not a directory");
    CHECK_FALSE(fault->scarce);
  }
  CHECK(places.check_writable(file / "default/a")->directory == file);
  CHECK(places.check_writable(directory.path() / "link")->why == "No such file or directory");
}

TEST_CASE("a link below the directory of all logs is not followed") {
  const test::TempDirectory directory;
  const auto logs = directory.path() / "logs";
  fs::create_directories(logs / "default/b");
  fs::create_directories(directory.path() / "elsewhere");
  fs::create_directory_symlink(directory.path() / "elsewhere", logs / "default/a");
  LogDirectory places(logs, "default");
  const auto fault = places.check_writable(logs / "default/a");
  REQUIRE(fault);
  CHECK(fault->directory == logs / "default/a");
  CHECK(fault->why == "it is a symbolic link; remove the link: rm " + fault->directory.string());
  CHECK_FALSE(places.check_writable(logs / "default/b"));
  fs::rename(logs / "default", directory.path() / "moved");
  fs::create_directory_symlink(directory.path() / "moved", logs / "default");
  CHECK(places.check_writable(logs / "default/b")->directory == logs / "default");
  // Where all logs are is the user's to say.
  fs::create_directory_symlink(directory.path() / "moved", directory.path() / "mine");
  CHECK_FALSE(LogDirectory(directory.path() / "mine", "default")
                  .check_writable(directory.path() / "mine/x/b"));
}

TEST_CASE("a directory in which others may write is no place for logs, unless only owners rename") {
  const test::TempDirectory directory;
  const Temporary temporary(directory.path());
  const auto logs = directory.path() / "logs";
  LogDirectory places(logs, "default");
  REQUIRE_FALSE(places.check_writable(logs / "default/a"));
  for (const auto& open : {logs, logs / "default", logs / "default/a"}) {
    REQUIRE(::chmod(open.c_str(), 0777) == 0);
    const auto fault = places.check_writable(logs / "default/a");
    REQUIRE(fault);
    CHECK(fault->directory == open);
    CHECK(fault->why == "other users may write in it; forbid it: chmod go-w " + open.string());
    REQUIRE(::chmod(open.c_str(), 01777) == 0);
    CHECK_FALSE(places.check_writable(logs / "default/a"));
    REQUIRE(::chmod(open.c_str(), 0755) == 0);
  }
}

// Only root gives directories away.
TEST_CASE("another user's directory is no place for logs" * doctest::skip(::geteuid() != 0)) {
  const test::TempDirectory directory;
  const auto logs = directory.path() / "logs";
  LogDirectory places(logs, "default");
  REQUIRE_FALSE(places.check_writable(logs / "default/a"));
  for (const auto& given : {logs / "default", logs / "default/a"}) {
    REQUIRE(::chown(given.c_str(), 4711, 4711) == 0);
    const auto fault = places.check_writable(logs / "default/b");
    CHECK(fault.has_value() == (given.filename() != "a"));
    const auto of_a = places.check_writable(logs / "default/a");
    REQUIRE(of_a);
    CHECK(of_a->directory == given);
    CHECK(of_a->why ==
          "it belongs to another user (uid 4711); give it to this one: chown -R root " +
              given.string());
    REQUIRE(::chown(given.c_str(), 0, 0) == 0);
  }
}

TEST_CASE("root writes in the directory of a user for whom it works, and in no third one's" *
          doctest::skip(::geteuid() != 0)) {
  const test::TempDirectory directory;
  const auto logs = directory.path() / "logs";
  LogDirectory places(logs, "default");
  REQUIRE_FALSE(places.check_writable(logs / "default/a"));
  for (const auto& given : {logs, logs / "default"}) {
    REQUIRE(::chown(given.c_str(), 4711, 4711) == 0);
    CHECK_FALSE(places.check_writable(logs / "default/a"));
  }
  REQUIRE(::chown((logs / "default/a").c_str(), 4712, 4712) == 0);
  CHECK(places.check_writable(logs / "default/a")->directory == logs / "default/a");
}

TEST_CASE("a file system that takes no files is a fault") {
  // Nobody makes directories there, not even root.
  const auto fault =
      LogDirectory("/proc/spider-check", "default").check_writable("/proc/spider-check/a");
  REQUIRE(fault);
  CHECK(fault->directory == "/proc");
}

TEST_CASE("the spare directory is private, and always the same") {
  const test::TempDirectory directory;
  const Temporary temporary(directory.path());
  LogDirectory places("/logs", "default");
  const auto spare = places.fallback_directory();
  CHECK(spare.parent_path() == directory.path());
  CHECK(spare.filename().string().rfind("spider-check-", 0) == 0);
  CHECK(mode_of(spare) == 0700);
  CHECK(places.fallback_directory() == spare);
  CHECK(LogDirectory("/logs", "default").fallback_directory() != spare);
}

TEST_CASE("where TMPDIR takes no files the spare directory is in /tmp") {
  const Temporary temporary("/proc");
  LogDirectory places("/logs", "default");
  const auto spare = places.fallback_directory();
  CHECK(spare.parent_path() == "/tmp");
  fs::remove(spare);
}

}  // namespace spider_check
