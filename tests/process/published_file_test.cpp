#include "os/published_file.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "process/temp_folder.hpp"

namespace spider_check::os {

namespace {

namespace fs = std::filesystem;

std::size_t entries(const fs::path& folder) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

/** The error of a replacement; it must name the file. */
int failure(const fs::path& path) {
  try {
    PublishedFile(path).replace("new");
  } catch (const std::system_error& error) {
    CHECK(std::string(error.what()).find(path.string()) != std::string::npos);
    return error.code().value();
  }
  return 0;
}

}  // namespace

TEST_CASE("a published file is readable by everybody, whatever the umask is") {
  const test::TempFolder folder;
  PublishedFile file(folder.path() / "x.prom");
  const auto mask = ::umask(077);
  file.replace("text\n");
  ::umask(mask);
  CHECK(file.place() == (folder.path() / "x.prom").string());
  CHECK(test::read_file(file.place()) == "text\n");
  CHECK((fs::status(file.place()).permissions() & fs::perms::mask) == fs::perms(0644));
}

TEST_CASE("whoever has begun to read a published file goes on with the old one") {
  const test::TempFolder folder;
  const auto path = folder.write("x.prom", "the old one");
  std::ifstream reader(path);
  std::string word;
  reader >> word;
  const std::string text(1'000'000, 'x');
  PublishedFile(path).replace(text);
  std::string rest;
  std::getline(reader, rest);
  CHECK(word + rest == "the old one");
  CHECK((test::read_file(path) == text));
  CHECK(entries(folder.path()) == 1);
}

TEST_CASE("a file that cannot be published is named, and nothing is left beside it") {
  const test::TempFolder folder;
  CHECK(failure(folder.path() / "nowhere/x.prom") == ENOENT);
  CHECK(failure(folder.write("file", "old") / "x.prom") == ENOTDIR);
  fs::create_directory(folder.path() / "folder");
  CHECK(failure(folder.path() / "folder") == EISDIR);
  CHECK(test::read_file(folder.path() / "file") == "old");
  CHECK(entries(folder.path()) == 2);
}

}  // namespace spider_check::os
