// Programs and directories that a configuration names, and projects that are looked for.
#include <filesystem>

#include <doctest/doctest.h>

#include "os/child.hpp"
#include "os/ownership.hpp"
#include "process/temp_directory.hpp"
#include "scrapy/find_project.hpp"

namespace spider_check {

namespace {

namespace fs = std::filesystem;

using Paths = std::vector<fs::path>;

/** A file that can be executed. */
fs::path script(const test::TempDirectory& directory, const fs::path& name,
                const std::string& text) {
  auto path = directory.write(name, text);
  fs::permissions(path, fs::perms::owner_all);
  return path;
}

std::string why_not(const fs::path& path) {
  return find_program(path.string()).why_not;
}

}  // namespace

TEST_CASE("a program is a file, or in PATH") {
  CHECK(find_program("sh").why_not.empty());
  CHECK(find_program("sh").path.filename() == "sh");
  CHECK(find_program("/bin/sh").path == "/bin/sh");
  CHECK(find_program("no-such-program").path.empty());
  CHECK(find_program("no-such-program").why_not == "not found in PATH");
}

TEST_CASE("what cannot be executed says why") {
  const test::TempDirectory directory;
  CHECK(why_not(directory.path() / "nowhere") == "there is no such file");
  CHECK(why_not(directory.path() / ".") == "it is a directory");
  CHECK(why_not(directory.write("plain", "x")) == "it is not executable");
  CHECK(why_not(directory.path() / "plain/x") == "there is no such file");
  CHECK(why_not(script(directory, "good", "#!/bin/sh\n")) == "");
  CHECK(why_not(script(directory, "options", "#! /usr/bin/env -S sh -e\n")) == "");
  CHECK(why_not(script(directory, "no-script", "echo hello\n")) == "");
  CHECK(why_not(script(directory, "empty", "")) == "");
  CHECK(why_not(script(directory, "moved", "#!/old/venv/bin/python\nx")) ==
        "its first line wants /old/venv/bin/python, which cannot be executed");
}

TEST_CASE("a directory can be written in, or made, or not") {
  const test::TempDirectory directory;
  CHECK(inspect_directory(directory.path()).exists);
  CHECK(inspect_directory(directory.path()).why_not.empty());
  CHECK_FALSE(inspect_directory(directory.path() / "a/b").exists);
  CHECK(inspect_directory(directory.path() / "a/b").why_not.empty());
  const auto file = directory.write("file", "");
  CHECK(inspect_directory(file).why_not == file.string() + " is not a directory");
  CHECK(inspect_directory(file / "a/b").why_not == file.string() + " is not a directory");
  CHECK_FALSE(fs::exists(directory.path() / "a"));
  CHECK(inspect_directory("/proc/nowhere").exists == false);
}

TEST_CASE("a program can work in a directory, or not") {
  const test::TempDirectory directory;
  CHECK(why_not_enter(directory.path()).empty());
  const auto file = directory.write("file", "");
  CHECK(why_not_enter(file) == file.string() + " is not a directory");
  CHECK(why_not_enter(directory.path() / "a") ==
        "there is not a directory " + (directory.path() / "a").string());
}

TEST_CASE("projects are found here, or else below, sorted") {
  const test::TempDirectory directory;
  CHECK(find_projects(directory.path()).empty());
  for (const auto* name :
       {"b/scrapy.cfg", "a/1/2/3/scrapy.cfg", "b/inner/scrapy.cfg", "deep/2/3/4/5/scrapy.cfg",
        ".hidden/scrapy.cfg", "node_modules/x/scrapy.cfg", "__pycache__/scrapy.cfg",
        "python/lib/scrapy.cfg", "python/pyvenv.cfg"}) {
    directory.write(name, "");
  }
  fs::create_directory_symlink(directory.path() / "b", directory.path() / "link");
  fs::create_directories(directory.path() / "c/scrapy.cfg");
  CHECK(find_projects(directory.path()) ==
        Paths{directory.path() / "a/1/2/3", directory.path() / "b"});
  directory.write("scrapy.cfg", "");
  CHECK(find_projects(directory.path()) == Paths{directory.path()});
}

TEST_CASE("a virtual environment's Scrapy goes before that of PATH") {
  const test::TempDirectory directory;
  const auto find = [&] {
    return find_scrapy(directory.path() / "a/b/project", directory.path()).path;
  };
  directory.write("a/b/project/scrapy.cfg", "");
  const auto from_path = find();
  CHECK((from_path.empty() || from_path.is_absolute()));
  for (const auto* name : {"env/bin/scrapy", "a/b/venv/bin/scrapy", "a/b/project/venv/bin/scrapy",
                           "a/b/project/.venv/bin/scrapy"}) {
    const auto program = script(directory, name, "#!/bin/sh\n");
    CHECK(find() == program);
  }
  directory.write("a/b/project/.venv/bin/scrapy", "#!/old/python\n");
  CHECK(find() == directory.path() / "a/b/project/venv/bin/scrapy");
}

}  // namespace spider_check
