#include "logs/log_directory.hpp"

#include <algorithm>
#include <system_error>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "process/temp_directory.hpp"

namespace spider_check {

namespace {

namespace fs = std::filesystem;
using Names = std::vector<std::string>;

/** What is listed, from the schedule's directory on. */
Names listed(const LogDirectory& logs) {
  Names names;
  for (const auto& file : logs.list()) {
    names.push_back(file.path.lexically_relative(logs.path()).string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

TEST_CASE("the logs of one schedule are listed, and the reports beside them") {
  const test::TempDirectory directory;
  directory.write("my%20own/a/run-1-attempt-1.log", "12345");
  directory.write("my%20own/a/run-1-attempt-1.report", "");
  directory.write("my%20own/b%2Fc/run-20-attempt-3.log", "");
  directory.write("default/a/run-1-attempt-1.log", "");
  LogDirectory logs(directory.path(), "my own");
  CHECK(logs.path() == directory.path() / "my%20own");
  CHECK(listed(logs) ==
        Names{"a/run-1-attempt-1.log", "a/run-1-attempt-1.report", "b%2Fc/run-20-attempt-3.log"});
}

TEST_CASE("a log is listed with its size") {
  const test::TempDirectory directory;
  const auto file = directory.write("default/a/run-1-attempt-1.log", "12345");
  const auto list = LogDirectory(directory.path(), "default").list();
  REQUIRE(list.size() == 1);
  CHECK(list.front().path == file);
  CHECK(list.front().size == 5);
}

TEST_CASE("without a directory there are no logs") {
  const test::TempDirectory directory;
  LogDirectory logs(directory.path() / "none", "default");
  CHECK(logs.list().empty());
}

TEST_CASE("below a file there are no logs") {
  const test::TempDirectory directory;
  LogDirectory logs(directory.write("file", ""), "default");
  CHECK(logs.list().empty());
}

TEST_CASE("a directory that is a file or a link cannot be read") {
  const test::TempDirectory directory;
  directory.write("file", "");
  directory.write("elsewhere/a/run-1-attempt-1.log", "");
  fs::create_directory_symlink(directory.path() / "elsewhere", directory.path() / "link");
  for (const std::string name : {"file", "link"}) {
    LogDirectory logs(directory.path(), name);
    CHECK_THROWS_AS((void)logs.list(), std::system_error);
    CHECK_FALSE(logs.remove(logs.path() / "a/run-1-attempt-1.log").empty());
  }
  CHECK(fs::exists(directory.path() / "elsewhere/a/run-1-attempt-1.log"));
}

TEST_CASE("what is no log, no file of its own or not in a spider's directory is not listed") {
  const test::TempDirectory directory;
  const auto top = directory.path() / "default";
  const auto secret = directory.write("elsewhere/run-1-attempt-1.log", "");
  directory.write("default/a/notes.txt", "");
  directory.write("default/a/run-1-attempt-1.log.gz", "");
  directory.write("default/run-1-attempt-1.log", "");
  directory.write("default/a/deeper/run-1-attempt-1.log", "");
  fs::create_directory(top / "a/run-2-attempt-1.log");
  fs::create_symlink(secret, top / "a/run-3-attempt-1.log");
  REQUIRE(::mkfifo((top / "a/run-4-attempt-1.log").c_str(), 0600) == 0);
  fs::create_directory_symlink(secret.parent_path(), top / "b");
  LogDirectory logs(directory.path(), "default");
  CHECK(listed(logs).empty());
}

TEST_CASE("a log is removed, and its directory with the last one") {
  const test::TempDirectory directory;
  const auto first = directory.write("default/a/run-1-attempt-1.log", "");
  const auto second = directory.write("default/a/run-1-attempt-1.report", "");
  LogDirectory logs(directory.path(), "default");
  CHECK(logs.remove(first) == "");
  CHECK_FALSE(fs::exists(first));
  CHECK(fs::exists(second));
  CHECK(logs.remove(second) == "");
  CHECK_FALSE(fs::exists(first.parent_path()));
  CHECK(fs::exists(directory.path() / "default"));
}

TEST_CASE("a log that is gone already is removed") {
  const test::TempDirectory directory;
  directory.write("default/a/run-2-attempt-1.log", "");
  LogDirectory logs(directory.path(), "default");
  CHECK(logs.remove(logs.path() / "a/run-1-attempt-1.log") == "");
}

TEST_CASE("nothing but a log of the schedule is removed") {
  const test::TempDirectory directory;
  const auto top = directory.path() / "default";
  const fs::path files[] = {
      directory.write("default/a/notes.txt", ""),
      directory.write("default/run-1-attempt-1.log", ""),
      directory.write("default/a/deeper/run-1-attempt-1.log", ""),
      directory.write("other/a/run-1-attempt-1.log", ""),
      directory.write("run-1-attempt-1.log", ""),
      top / "../other/a/run-1-attempt-1.log",
      top / "a/../../other/a/run-1-attempt-1.log",
      top / "../run-1-attempt-1.log",
  };
  LogDirectory logs(directory.path(), "default");
  for (const auto& file : files) {
    CHECK(logs.remove(file) ==
          "cannot remove " + file.string() + ": it is not a log in " + top.string());
    CHECK(fs::exists(file));
  }
}

TEST_CASE("a directory that has become a link is not followed when a log is removed") {
  const test::TempDirectory directory;
  const auto secret = directory.write("elsewhere/run-1-attempt-1.log", "");
  fs::create_directory(directory.path() / "default");
  fs::create_directory_symlink(secret.parent_path(), directory.path() / "default/a");
  LogDirectory logs(directory.path(), "default");
  const auto file = logs.path() / "a/run-1-attempt-1.log";
  CHECK(logs.remove(file) == "cannot remove " + file.string() + ": Not a directory");
  CHECK(fs::exists(secret));
}

TEST_CASE("a log that has become a link is removed, and not what it points to") {
  const test::TempDirectory directory;
  const auto secret = directory.write("secret", "");
  const auto link = directory.path() / "default/a/run-1-attempt-1.log";
  fs::create_directories(link.parent_path());
  fs::create_symlink(secret, link);
  LogDirectory logs(directory.path(), "default");
  CHECK(logs.remove(link) == "");
  CHECK_FALSE(fs::is_symlink(fs::symlink_status(link)));
  CHECK(fs::exists(secret));
}

TEST_CASE("a directory with the name of a log stays, with the reason") {
  const test::TempDirectory directory;
  const auto path = directory.path() / "default/a/run-1-attempt-1.log";
  fs::create_directories(path);
  LogDirectory logs(directory.path(), "default");
  CHECK(logs.remove(path) == "cannot remove " + path.string() + ": Is a directory");
  CHECK(fs::exists(path));
}

TEST_CASE("every name of a log is taken, whatever has it") {
  const test::TempDirectory directory;
  const auto top = directory.path() / "default";
  directory.write("default/a/run-1-attempt-1.log", "");
  directory.write("default/a/run-2-attempt-1.report", "");
  directory.write("default/b/run-1-attempt-1.2.log", "");
  directory.write("default/b/notes.txt", "");
  fs::create_symlink("nowhere", top / "a/run-3-attempt-1.log");
  fs::create_directory(top / "a/run-4-attempt-1.log");
  REQUIRE(::mkfifo((top / "a/run-5-attempt-1.log").c_str(), 0600) == 0);
  CHECK(LogDirectory(directory.path(), "default").names() ==
        std::set<LogName>{{1, 1}, {2, 1}, {3, 1}, {4, 1}, {5, 1}, {1, 1, 0, 2}});
  CHECK(LogDirectory(directory.path(), "none").names().empty());
}

TEST_CASE("the end of a log is its last bytes, as they are") {
  const test::TempDirectory directory;
  const LogDirectory logs(directory.path(), "default");
  const auto log = directory.write("default/a/run-7-attempt-1.log", "first\nlast \xff\n");
  CHECK(logs.end_of(log, 100) == "first\nlast \xff\n");
  CHECK(logs.end_of(log, 7) == "last \xff\n");
  CHECK(logs.end_of(directory.write("default/a/run-7+2-attempt-1.log", "x"), 7) == "x");
  CHECK(logs.end_of(directory.write("default/a/run-7-attempt-1.2.log", "y"), 7) == "y");
  CHECK(logs.end_of(directory.path() / "x/../default//a/./run-7-attempt-1.2.log", 7) == "y");
}

TEST_CASE("of what is gone, no log or elsewhere nothing is read") {
  const test::TempDirectory directory;
  const LogDirectory logs(directory.path(), "default");
  const auto log = directory.write("default/a/run-8-attempt-1.log", "x");
  for (const fs::path& path :
       {logs.path() / "a/run-7-attempt-1.log", directory.write("default/a/secret", "x"),
        directory.write("default/a/run-7-attempt-1.report", "x"),
        directory.write("default/run-7-attempt-1.log", "x"),
        directory.write("default/a/b/run-7-attempt-1.log", "x"),
        directory.write("other/a/run-7-attempt-1.log", "x"),
        logs.path() / "../other/a/run-7-attempt-1.log",
        logs.path() / "a/../../other/a/run-7-attempt-1.log", fs::path("/etc/passwd"),
        fs::path("/dev/zero"), fs::path(), fs::path("a/run-8-attempt-1.log"), fs::relative(log)}) {
    CAPTURE(path.string());
    CHECK(logs.end_of(path, 100).empty());
    CHECK_THROWS_AS((void)logs.open(path), std::system_error);
  }
}

TEST_CASE("no link, directory, device or pipe is taken for a log") {
  const test::TempDirectory directory;
  const LogDirectory logs(directory.path(), "default");
  const auto top = directory.path() / "default/a";
  directory.write("default/a/run-2-attempt-1.log", "x");
  directory.write("elsewhere/run-2-attempt-1.log", "x");
  fs::create_symlink(top / "run-2-attempt-1.log", top / "run-1-attempt-1.log");
  fs::create_directory(top / "run-3-attempt-1.log");
  REQUIRE(::mkfifo((top / "run-4-attempt-1.log").c_str(), 0600) == 0);
  fs::create_symlink("/dev/zero", top / "run-5-attempt-1.log");
  for (const auto* name : {"1", "3", "4", "5"}) {
    CHECK(logs.end_of(top / (std::string("run-") + name + "-attempt-1.log"), 100).empty());
  }
  fs::create_directory_symlink(directory.path() / "elsewhere", directory.path() / "default/b");
  CHECK(logs.end_of(directory.path() / "default/b/run-2-attempt-1.log", 100).empty());
  fs::create_directory_symlink(directory.path() / "default", directory.path() / "link");
  CHECK(LogDirectory(directory.path(), "link")
            .end_of(directory.path() / "link/a/run-2-attempt-1.log", 100)
            .empty());
}

// Only root gives files away.
TEST_CASE("another user's file is not taken for a log, unless the directory is theirs, too" *
          doctest::skip(::geteuid() != 0)) {
  const test::TempDirectory directory;
  const LogDirectory logs(directory.path(), "default");
  const auto log = directory.write("default/a/run-1-attempt-1.log", "x");
  REQUIRE(::chown(log.c_str(), 4711, 4711) == 0);
  CHECK(logs.end_of(log, 100).empty());
  REQUIRE(::chown(logs.path().c_str(), 4711, 4711) == 0);
  CHECK(logs.end_of(log, 100) == "x");
}

TEST_CASE("two configurations of one name have logs of their own") {
  const test::TempDirectory directory;
  const auto one = directory.write("one/x.toml", "");
  const auto other = directory.write("other/x.toml", "");
  const auto top = directory.path() / "logs";
  LogDirectory ours(top, "default", {one});
  CHECK(ours.make() == top / "default");
  directory.write("logs/default/a/run-1-attempt-1.log", "ours");
  LogDirectory theirs(top, "default", {other});
  CHECK(theirs.names().empty());
  const auto path = theirs.make();
  CHECK(path.filename().string().starts_with("default-"));
  const auto log =
      directory.write(fs::relative(path, directory.path()) / "a/run-1-attempt-1.log", "x");
  CHECK(listed(theirs) == Names{"a/run-1-attempt-1.log"});
  CHECK(theirs.end_of(log, 10) == "x");
  CHECK(ours.end_of(log, 10).empty());
  CHECK(LogDirectory(top, "default", {one}).path() == top / "default");
  CHECK(LogDirectory(top, "default", {other}).path() == path);
  CHECK(ours.remove(log) != "");
  CHECK(theirs.remove(log) == "");
}

}  // namespace spider_check
