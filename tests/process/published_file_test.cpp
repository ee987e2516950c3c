#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/files.hpp"
#include "process/temp_directory.hpp"

namespace spider_check {

namespace {

namespace fs = std::filesystem;

std::size_t entries(const fs::path& directory) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(directory), fs::directory_iterator()));
}

/** The error of a replacement; it must name the file. */
int failure(const fs::path& path) {
  try {
    publish_file(path, "new");
  } catch (const std::system_error& error) {
    CHECK(std::string(error.what()).find(path.string()) != std::string::npos);
    return error.code().value();
  }
  return 0;
}

std::string what_is_said(const fs::path& path) {
  try {
    publish_file(path, "new");
  } catch (const std::system_error& error) {
    return error.what();
  }
  return {};
}

}  // namespace

TEST_CASE("a published file is readable by everybody, whatever the umask is") {
  const test::TempDirectory directory;
  const auto file = directory.path() / "x.prom";
  const auto mask = ::umask(077);
  publish_file(file, "text\n");
  ::umask(mask);
  CHECK(test::read_file(file) == "text\n");
  CHECK((fs::status(file).permissions() & fs::perms::mask) == fs::perms(0644));
}

TEST_CASE("whoever has begun to read a published file goes on with the old one") {
  const test::TempDirectory directory;
  const auto path = directory.write("x.prom", "the old one");
  std::ifstream reader(path);
  std::string word;
  reader >> word;
  const std::string text(1'000'000, 'x');
  publish_file(path, text);
  std::string rest;
  std::getline(reader, rest);
  CHECK(word + rest == "the old one");
  CHECK((test::read_file(path) == text));
  CHECK(entries(directory.path()) == 1);
}

TEST_CASE("a file that cannot be published is named, and nothing is left beside it") {
  const test::TempDirectory directory;
  CHECK(failure(directory.path() / "nowhere/x.prom") == ENOENT);
  CHECK(failure(directory.write("file", "old") / "x.prom") == ENOTDIR);
  fs::create_directory(directory.path() / "directory");
  CHECK(failure(directory.path() / "directory") == EISDIR);
  CHECK(test::read_file(directory.path() / "file") == "old");
  CHECK(entries(directory.path()) == 2);
}

TEST_CASE("what is no regular file is never replaced, and said to be what it is") {
  const test::TempDirectory directory;
  const auto pipe = directory.path() / "pipe";
  const auto dangling = directory.path() / "dangling";
  const auto circle = directory.path() / "circle";
  const auto device = directory.path() / "device";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  fs::create_symlink("nowhere", dangling);
  fs::create_symlink("circle", circle);
  fs::create_symlink(test::device, device);

  struct Row {
    fs::path path;
    std::string what;
  };

  const Row rows[] = {
      {pipe, "which is no file but a pipe"},
      {directory.path(), "which is a directory, not a file"},
      {test::device, "which is no file but a device"},
      {device, "which is no file but a device"},
      {dangling, "which is a symbolic link to nothing"},
      {circle, "which is a symbolic link to itself"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.path.string());
    const auto before = fs::symlink_status(row.path).type();
    CHECK(failure(row.path) != 0);
    CHECK(what_is_said(row.path).find("cannot write " + row.path.string() + ", " + row.what) == 0);
    CHECK(fs::symlink_status(row.path).type() == before);
  }
  CHECK(fs::is_character_file(test::device));
  CHECK_FALSE(fs::exists(directory.path() / "nowhere"));
}

TEST_CASE("a link of this user's leads to the file that is replaced") {
  const test::TempDirectory directory;
  const auto target = directory.write("www/x.prom", "old");
  fs::create_symlink("www/x.prom", directory.path() / "second");
  fs::create_symlink(directory.path() / "second", directory.path() / "first");
  publish_file(directory.path() / "first", "new");
  CHECK(test::read_file(target) == "new");
  CHECK(fs::is_symlink(directory.path() / "first"));
  CHECK(fs::is_symlink(directory.path() / "second"));
}

// Only root gives files away.
TEST_CASE("a link of another user's, or to another user's file, is not followed" *
          doctest::skip(::geteuid() != 0)) {
  const test::TempDirectory directory;
  const auto target = directory.write("target", "old");
  const auto link = directory.path() / "link";
  fs::create_symlink(target, link);
  REQUIRE(::lchown(link.c_str(), 4711, 4711) == 0);
  CHECK(what_is_said(link).find("which is a symbolic link of another user's") != std::string::npos);
  REQUIRE(::lchown(link.c_str(), 0, 0) == 0);
  REQUIRE(::chown(target.c_str(), 4711, 4711) == 0);
  CHECK(what_is_said(link).find("which is a symbolic link to another user's file") !=
        std::string::npos);
  CHECK(test::read_file(target) == "old");
  // But a file of its own name is replaced whoever it belongs to: the directory is ours.
  publish_file(target, "new");
  CHECK(test::read_file(target) == "new");
}

}  // namespace spider_check
