#include <filesystem>
#include <system_error>

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "os/files.hpp"
#include "process/temp_directory.hpp"

namespace spider_check {

namespace {

namespace fs = std::filesystem;

/** The errno with which it fails; 0 when it does not. */
int failure(const fs::path& path) {
  try {
    write_new_file(path, "new");
  } catch (const std::system_error& error) {
    CHECK(std::string(error.what()).find(path.string()) != std::string::npos);
    return error.code().value();
  }
  return 0;
}

std::size_t entries(const fs::path& directory) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(directory), fs::directory_iterator()));
}

}  // namespace

TEST_CASE("a new file is whole, private, and alone in its directory") {
  const test::TempDirectory directory;
  const auto path = directory.path() / "x.toml";
  const auto text = std::string(1'000'000, 'x') + "\n";
  const auto mask = ::umask(0);
  write_new_file(path, text);
  ::umask(mask);
  CHECK((test::read_file(path) == text));
  CHECK((fs::status(path).permissions() & fs::perms::mask) ==
        (fs::perms::owner_read | fs::perms::owner_write));
  CHECK(entries(directory.path()) == 1);
}

TEST_CASE("whatever exists stays as it is, and nothing is left beside it") {
  const test::TempDirectory directory;
  const auto file = directory.write("file", "old");
  fs::create_directory(directory.path() / "directory");
  fs::create_symlink(file, directory.path() / "link");
  fs::create_symlink("nowhere", directory.path() / "dangling");
  for (const auto* name : {"file", "directory", "link", "dangling"}) {
    CAPTURE(name);
    CHECK(failure(directory.path() / name) == EEXIST);
  }
  CHECK(test::read_file(file) == "old");
  CHECK_FALSE(fs::exists(directory.path() / "nowhere"));
  CHECK(entries(directory.path()) == 4);
}

TEST_CASE("a directory that is not there is an error that names the file") {
  const test::TempDirectory directory;
  CHECK(failure(directory.path() / "nowhere/x") == ENOENT);
  CHECK(failure(directory.write("file", "") / "x") == ENOTDIR);
}

}  // namespace spider_check
