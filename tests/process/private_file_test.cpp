#include <filesystem>
#include <iterator>
#include <string>
#include <system_error>

#include <doctest/doctest.h>

#include "os/files.hpp"
#include "process/temp_directory.hpp"

namespace spider_check {

namespace {

namespace fs = std::filesystem;

fs::perms permissions(const fs::path& path) {
  return fs::status(path).permissions() & fs::perms::mask;
}

/** What it says of a file that it does not write. */
std::string refusal(const fs::path& path) {
  try {
    publish_privately(path, "new");
  } catch (const std::system_error& error) {
    return error.what();
  }
  return {};
}

}  // namespace

TEST_CASE("a private file is for its owner only") {
  const test::TempDirectory directory;
  const auto file = directory.path() / "page.html";
  publish_privately(file, "one");
  CHECK(test::read_file(file) == "one");
  CHECK(permissions(file) == fs::perms(0600));
}

TEST_CASE("a private file that somebody has opened to others stays so, and is replaced whole") {
  const test::TempDirectory directory;
  const auto path = directory.write("page.html", "a longer text than the new one");
  fs::permissions(path, fs::perms(0640));
  publish_privately(path, "two");
  CHECK(test::read_file(path) == "two");
  CHECK(permissions(path) == fs::perms(0640));
  CHECK(std::distance(fs::directory_iterator(directory.path()), fs::directory_iterator()) == 1);
}

TEST_CASE("what is no regular file is left alone") {
  const test::TempDirectory directory;
  CHECK(refusal(test::device).find("ptmx, which is no file") != std::string::npos);
  CHECK(fs::is_character_file(test::device));
  CHECK(refusal(directory.path()).find("which is a directory") != std::string::npos);
}

TEST_CASE("behind a link of its own a private file keeps its permissions, and the link stays") {
  const test::TempDirectory directory;
  const auto target = directory.write("www/page.html", "old");
  fs::permissions(target, fs::perms(0644));
  fs::create_symlink(target, directory.path() / "link");
  publish_privately(directory.path() / "link", "new");
  CHECK(test::read_file(target) == "new");
  CHECK(permissions(target) == fs::perms(0644));
  CHECK(fs::is_symlink(directory.path() / "link"));
}

TEST_CASE("where the directory is missing the error names the file") {
  const test::TempDirectory directory;
  const auto path = directory.path() / "none/page.html";
  CHECK(refusal(path).find("cannot write " + path.string()) != std::string::npos);
}

}  // namespace spider_check
