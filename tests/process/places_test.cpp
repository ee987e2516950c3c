// Programs and folders that a configuration names, and projects that are looked for.
#include <filesystem>

#include <doctest/doctest.h>

#include "os/folder.hpp"
#include "os/program_file.hpp"
#include "process/temp_folder.hpp"
#include "scrapy/find_project.hpp"

namespace spider_check {

namespace {

namespace fs = std::filesystem;

using Paths = std::vector<fs::path>;

/** A file that can be executed. */
fs::path script(const test::TempFolder& folder, const fs::path& name, const std::string& text) {
  auto path = folder.write(name, text);
  fs::permissions(path, fs::perms::owner_all);
  return path;
}

std::string why_not(const fs::path& path) {
  return os::find_program(path.string()).why_not;
}

}  // namespace

TEST_CASE("a program is a file, or in PATH") {
  CHECK(os::find_program("sh").why_not.empty());
  CHECK(os::find_program("sh").path.filename() == "sh");
  CHECK(os::find_program("/bin/sh").path == "/bin/sh");
  CHECK(os::find_program("no-such-program").path.empty());
  CHECK(os::find_program("no-such-program").why_not == "it is in no folder of PATH");
}

TEST_CASE("what cannot be executed says why") {
  const test::TempFolder folder;
  CHECK(why_not(folder.path() / "nowhere") == "there is no such file");
  CHECK(why_not(folder.path() / ".") == "it is a folder");
  CHECK(why_not(folder.write("plain", "x")) == "it is not executable");
  CHECK(why_not(folder.path() / "plain/x") == "there is no such file");
  CHECK(why_not(script(folder, "good", "#!/bin/sh\n")) == "");
  CHECK(why_not(script(folder, "options", "#! /usr/bin/env -S sh -e\n")) == "");
  CHECK(why_not(script(folder, "no-script", "echo hello\n")) == "");
  CHECK(why_not(script(folder, "empty", "")) == "");
  CHECK(why_not(script(folder, "moved", "#!/old/venv/bin/python\nx")) ==
        "its first line wants /old/venv/bin/python, which cannot be executed");
}

TEST_CASE("a folder can be written in, or made, or not") {
  const test::TempFolder folder;
  CHECK(os::look_at_folder(folder.path()).exists);
  CHECK(os::look_at_folder(folder.path()).why_not.empty());
  CHECK_FALSE(os::look_at_folder(folder.path() / "a/b").exists);
  CHECK(os::look_at_folder(folder.path() / "a/b").why_not.empty());
  const auto file = folder.write("file", "");
  CHECK(os::look_at_folder(file).why_not == file.string() + " is no folder");
  CHECK(os::look_at_folder(file / "a/b").why_not == file.string() + " is no folder");
  CHECK_FALSE(fs::exists(folder.path() / "a"));
  CHECK(os::look_at_folder("/proc/nowhere").exists == false);
}

TEST_CASE("a program can work in a folder, or not") {
  const test::TempFolder folder;
  CHECK(os::why_not_enter(folder.path()).empty());
  const auto file = folder.write("file", "");
  CHECK(os::why_not_enter(file) == file.string() + " is no folder");
  CHECK(os::why_not_enter(folder.path() / "a") ==
        "there is no folder " + (folder.path() / "a").string());
}

TEST_CASE("projects are found here, or else below, sorted") {
  const test::TempFolder folder;
  CHECK(scrapy::find_projects(folder.path()).empty());
  for (const auto* name :
       {"b/scrapy.cfg", "a/1/2/3/scrapy.cfg", "b/inner/scrapy.cfg", "deep/2/3/4/5/scrapy.cfg",
        ".hidden/scrapy.cfg", "node_modules/x/scrapy.cfg", "__pycache__/scrapy.cfg",
        "python/lib/scrapy.cfg", "python/pyvenv.cfg"}) {
    folder.write(name, "");
  }
  fs::create_directory_symlink(folder.path() / "b", folder.path() / "link");
  fs::create_directories(folder.path() / "c/scrapy.cfg");
  CHECK(scrapy::find_projects(folder.path()) ==
        Paths{folder.path() / "a/1/2/3", folder.path() / "b"});
  folder.write("scrapy.cfg", "");
  CHECK(scrapy::find_projects(folder.path()) == Paths{folder.path()});
}

TEST_CASE("a virtual environment's Scrapy goes before that of PATH") {
  const test::TempFolder folder;
  const auto find = [&] {
    return scrapy::find_scrapy(folder.path() / "a/b/project", folder.path()).path;
  };
  folder.write("a/b/project/scrapy.cfg", "");
  const auto from_path = find();
  CHECK((from_path.empty() || from_path.is_absolute()));
  for (const auto* name : {"env/bin/scrapy", "a/b/venv/bin/scrapy", "a/b/project/venv/bin/scrapy",
                           "a/b/project/.venv/bin/scrapy"}) {
    const auto program = script(folder, name, "#!/bin/sh\n");
    CHECK(find() == program);
  }
  folder.write("a/b/project/.venv/bin/scrapy", "#!/old/python\n");
  CHECK(find() == folder.path() / "a/b/project/venv/bin/scrapy");
}

}  // namespace spider_check
