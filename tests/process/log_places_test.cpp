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
  LogPlaces places;
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
  LogPlaces places;
  for (const auto* below : {"", "default", "default/a"}) {
    const auto fault = places.fault_of((file / below).lexically_normal());
    REQUIRE(fault);
    CHECK(fault->why == "Not a directory");
    CHECK_FALSE(fault->scarce);
  }
  CHECK(places.fault_of(file / "default/a")->folder == file);
  CHECK(places.fault_of(folder.path() / "link")->why == "No such file or directory");
}

TEST_CASE("a file system that takes no files is a fault") {
  // Nobody makes folders there, not even root.
  const auto fault = LogPlaces().fault_of("/proc/spider-check/a");
  REQUIRE(fault);
  CHECK(fault->folder == "/proc");
}

TEST_CASE("the spare folder is private, and always the same") {
  const test::TempFolder folder;
  const Temporary temporary(folder.path());
  LogPlaces places;
  const auto spare = places.spare();
  CHECK(spare.parent_path() == folder.path());
  CHECK(spare.filename().string().rfind("spider-check-", 0) == 0);
  CHECK(mode_of(spare) == 0700);
  CHECK(places.spare() == spare);
  CHECK(LogPlaces().spare() != spare);
}

TEST_CASE("where TMPDIR takes no files the spare folder is in /tmp") {
  const Temporary temporary("/proc");
  LogPlaces places;
  const auto spare = places.spare();
  CHECK(spare.parent_path() == "/tmp");
  fs::remove(spare);
}

}  // namespace spider_check::os
