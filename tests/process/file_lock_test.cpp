#include <future>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/file.h>

#include "os/locks.hpp"
#include "temp_directory.hpp"

namespace spider_check::test {

namespace {

/** The same file once more, as another process has it: flock(2) asks for the open file. */
FileDescriptor open_again(const std::filesystem::path& file) {
  return {Adopt{}, ::open(file.c_str(), O_RDWR | O_CLOEXEC)};
}

}  // namespace

TEST_CASE("of two processes one gets the lock, until it lets go") {
  const TempDirectory directory;
  const auto file = directory.path() / "lock";
  CHECK_FALSE(FileLock::is_taken(file));
  {
    const auto lock = FileLock::try_take(file);
    REQUIRE(lock);
    CHECK(FileLock::is_taken(file));
    CHECK(is_locked(open_again(file)));
    CHECK_FALSE(FileLock::try_take(file));
  }
  CHECK_FALSE(FileLock::is_taken(file));
  CHECK(FileLock::try_take(file));
}

TEST_CASE("to look whether a file is locked does not lock it") {
  const TempDirectory directory;
  const auto file = directory.write("lock", "");
  const auto looker = open_again(file);
  CHECK_FALSE(is_locked(looker));
  CHECK(try_lock_file(open_again(file)));
}

TEST_CASE("whoever wants the lock waits for one that only looks") {
  const TempDirectory directory;
  const auto file = directory.write("lock", "");
  const auto looker = open_again(file);
  REQUIRE(::flock(looker.get(), LOCK_SH) == 0);  // in the middle of is_locked()
  CHECK_FALSE(FileLock::is_taken(file));
  auto taken = std::async(std::launch::async, [&] { return FileLock::try_take(file); });
  CHECK(taken.wait_for(std::chrono::milliseconds(50)) == std::future_status::timeout);
  REQUIRE(::flock(looker.get(), LOCK_UN) == 0);
  CHECK(taken.get());
}

TEST_CASE("a lock whose file is removed is taken again under its name") {
  const TempDirectory directory;
  const auto file = directory.path() / "lock";
  auto lock = FileLock::try_take(file);
  REQUIRE(lock);
  CHECK(lock->is_kept());
  std::filesystem::remove(file);
  CHECK_FALSE(lock->is_kept());
  CHECK_FALSE(FileLock::is_taken(file));
  CHECK(lock->keep());
  CHECK(FileLock::is_taken(file));
  SUBCASE("another process was faster") {
    std::filesystem::remove(file);
    const auto faster = FileLock::try_take(file);
    CHECK_FALSE(lock->keep());
  }
}

}  // namespace spider_check::test
