#include "os/log_places.hpp"

#include <cstdlib>
#include <system_error>

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "process/temp_folder.hpp"

namespace spider_check::os {

namespace {

namespace fs = std::filesystem;

unsigned mode_of(const fs::path& path) {
  struct stat status {};

  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777U;
}

bool holds_nothing(const fs::path& folder) {
  return fs::directory_iterator(folder) == fs::directory_iterator();
}

/** Sets TMPDIR, and the umask that hides nothing, while it lives. */
class Temporary {
 public:
  explicit Temporary(const fs::path& folder) : umask_(::umask(0)) {
    ::setenv("TMPDIR", folder.c_str(), 1);
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

TEST_CASE("a folder that is not there is made, private, and nothing is left in it") {
  const test::TempFolder folder;
  const Temporary temporary(folder.path());
  LogPlaces places(folder.path() / "logs");
  CHECK_FALSE(places.fault_of(folder.path() / "logs/default/a"));
  for (const auto* made : {"logs", "logs/default", "logs/default/a"}) {
    CHECK(mode_of(folder.path() / made) == 0700);
  }
  CHECK(holds_nothing(folder.path() / "logs/default/a"));
  CHECK_FALSE(places.fault_of(folder.path() / "logs/default/a"));
}

TEST_CASE("the folder that is in the way is named") {
  const test::TempFolder folder;
  const auto file = folder.write("file", "");
  fs::create_symlink("nowhere", folder.path() / "link");
  LogPlaces places(folder.path() / "link");
  for (const auto* below : {"", "default", "default/a"}) {
    const auto fault = places.fault_of((file / below).lexically_normal());
    REQUIRE(fault);
    CHECK(fault->why == "Not a directory");
    CHECK_FALSE(fault->scarce);
  }
  CHECK(places.fault_of(file / "default/a")->folder == file);
  CHECK(places.fault_of(folder.path() / "link")->why == "No such file or directory");
}

TEST_CASE("a link below the folder of all logs is not followed") {
  const test::TempFolder folder;
  const auto logs = folder.path() / "logs";
  fs::create_directories(logs / "default/b");
  fs::create_directories(folder.path() / "elsewhere");
  fs::create_directory_symlink(folder.path() / "elsewhere", logs / "default/a");
  LogPlaces places(logs);
  const auto fault = places.fault_of(logs / "default/a");
  REQUIRE(fault);
  CHECK(fault->folder == logs / "default/a");
  CHECK(fault->why == "it is a symbolic link; remove the link: rm " + fault->folder.string());
  CHECK_FALSE(places.fault_of(logs / "default/b"));
  fs::rename(logs / "default", folder.path() / "moved");
  fs::create_directory_symlink(folder.path() / "moved", logs / "default");
  CHECK(places.fault_of(logs / "default/b")->folder == logs / "default");
  // Where all logs are is the user's to say.
  fs::create_directory_symlink(folder.path() / "moved", folder.path() / "mine");
  CHECK_FALSE(LogPlaces(folder.path() / "mine").fault_of(folder.path() / "mine/x/b"));
}

TEST_CASE("a folder in which others may write is no place for logs, unless only owners rename") {
  const test::TempFolder folder;
  const Temporary temporary(folder.path());
  const auto logs = folder.path() / "logs";
  LogPlaces places(logs);
  REQUIRE_FALSE(places.fault_of(logs / "default/a"));
  for (const auto& open : {logs, logs / "default", logs / "default/a"}) {
    REQUIRE(::chmod(open.c_str(), 0777) == 0);
    const auto fault = places.fault_of(logs / "default/a");
    REQUIRE(fault);
    CHECK(fault->folder == open);
    CHECK(fault->why == "other users may write in it; forbid it: chmod go-w " + open.string());
    REQUIRE(::chmod(open.c_str(), 01777) == 0);
    CHECK_FALSE(places.fault_of(logs / "default/a"));
    REQUIRE(::chmod(open.c_str(), 0755) == 0);
  }
}

// Only root gives folders away.
TEST_CASE("another user's folder is no place for logs" * doctest::skip(::geteuid() != 0)) {
  const test::TempFolder folder;
  const auto logs = folder.path() / "logs";
  LogPlaces places(logs);
  REQUIRE_FALSE(places.fault_of(logs / "default/a"));
  for (const auto& given : {logs / "default", logs / "default/a"}) {
    REQUIRE(::chown(given.c_str(), 4711, 4711) == 0);
    const auto fault = places.fault_of(logs / "default/b");
    CHECK(fault.has_value() == (given.filename() != "a"));
    const auto of_a = places.fault_of(logs / "default/a");
    REQUIRE(of_a);
    CHECK(of_a->folder == given);
    CHECK(of_a->why ==
          "it belongs to another user (uid 4711); give it to this one: chown -R root " +
              given.string());
    REQUIRE(::chown(given.c_str(), 0, 0) == 0);
  }
}

TEST_CASE("root writes in the folder of a user for whom it works, and in no third one's" *
          doctest::skip(::geteuid() != 0)) {
  const test::TempFolder folder;
  const auto logs = folder.path() / "logs";
  LogPlaces places(logs);
  REQUIRE_FALSE(places.fault_of(logs / "default/a"));
  for (const auto& given : {logs, logs / "default"}) {
    REQUIRE(::chown(given.c_str(), 4711, 4711) == 0);
    CHECK_FALSE(places.fault_of(logs / "default/a"));
  }
  REQUIRE(::chown((logs / "default/a").c_str(), 4712, 4712) == 0);
  CHECK(places.fault_of(logs / "default/a")->folder == logs / "default/a");
}

TEST_CASE("a file system that takes no files is a fault") {
  // Nobody makes folders there, not even root.
  const auto fault = LogPlaces("/proc/spider-check").fault_of("/proc/spider-check/a");
  REQUIRE(fault);
  CHECK(fault->folder == "/proc");
}

TEST_CASE("the spare folder is private, and always the same") {
  const test::TempFolder folder;
  const Temporary temporary(folder.path());
  LogPlaces places("/logs");
  const auto spare = places.spare();
  CHECK(spare.parent_path() == folder.path());
  CHECK(spare.filename().string().rfind("spider-check-", 0) == 0);
  CHECK(mode_of(spare) == 0700);
  CHECK(places.spare() == spare);
  CHECK(LogPlaces("/logs").spare() != spare);
}

TEST_CASE("where TMPDIR takes no files the spare folder is in /tmp") {
  const Temporary temporary("/proc");
  LogPlaces places("/logs");
  const auto spare = places.spare();
  CHECK(spare.parent_path() == "/tmp");
  fs::remove(spare);
}

}  // namespace spider_check::os
