#include "os/log_ends.hpp"

#include <filesystem>

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "process/temp_folder.hpp"

namespace spider_check::os {

namespace fs = std::filesystem;

TEST_CASE("the end of a log is its last bytes, as they are") {
  const test::TempFolder folder;
  const auto log = folder.write("run-7-attempt-1.log", "first\nlast \xff\n");
  CHECK(LogEnds().end_of(log, 100) == "first\nlast \xff\n");
  CHECK(LogEnds().end_of(log, 7) == "last \xff\n");
  CHECK(LogEnds().end_of(folder.write("run-7+2-attempt-1.log", "x"), 7) == "x");
}

TEST_CASE("of what is gone or no log nothing is read") {
  const test::TempFolder folder;
  const LogEnds logs;
  CHECK(logs.end_of(folder.path() / "run-7-attempt-1.log", 100).empty());
  CHECK(logs.end_of(folder.write("secret", "x"), 100).empty());
  CHECK(logs.end_of(folder.write("run-7-attempt-1.report", "x"), 100).empty());
  CHECK(logs.end_of("", 100).empty());
  const auto log = folder.write("run-8-attempt-1.log", "x");
  CHECK(logs.end_of(fs::relative(log), 100).empty());
}

TEST_CASE("no link, folder or pipe is taken for a log") {
  const test::TempFolder folder;
  const LogEnds logs;
  const auto link = folder.path() / "run-1-attempt-1.log";
  fs::create_symlink(folder.write("run-2-attempt-1.log", "x"), link);
  CHECK(logs.end_of(link, 100).empty());
  const auto directory = folder.path() / "run-3-attempt-1.log";
  fs::create_directory(directory);
  CHECK(logs.end_of(directory, 100).empty());
  const auto pipe = folder.path() / "run-4-attempt-1.log";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  CHECK(logs.end_of(pipe, 100).empty());
}

}  // namespace spider_check::os
