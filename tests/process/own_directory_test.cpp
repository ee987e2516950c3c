#include "os/own_directory.hpp"

#include <system_error>

#include <doctest/doctest.h>

#include "temp_directory.hpp"

namespace spider_check::test {

namespace fs = std::filesystem;

namespace {

struct Projects {
  [[nodiscard]] OwnDirectory of(std::vector<fs::path> names) const {
    return {directory.path() / "state", "default", std::move(names)};
  }

  [[nodiscard]] fs::path made_by(std::vector<fs::path> names) const {
    return of(std::move(names)).make();
  }

  TempDirectory directory;
  fs::path one = directory.write("one/spider-check.toml", "");
  fs::path two = directory.write("two/spider-check.toml", "");
  fs::path plain = directory.path() / "state/default";
};

}  // namespace

TEST_CASE("a directory belongs to the configuration that wrote there first") {
  const Projects p;
  CHECK(p.made_by({p.one}) == p.plain);
  const auto second = p.made_by({p.two});
  CHECK(second != p.plain);
  CHECK(second.parent_path() == p.plain.parent_path());
  CHECK(second.filename().string().starts_with("default-"));
  CHECK(fs::is_directory(second));
  CHECK(p.made_by({p.one}) == p.plain);
  CHECK(p.of({p.two}).path() == second);
}

TEST_CASE("to look for a directory writes nothing") {
  const Projects p;
  CHECK(p.of({p.one}).path() == p.plain);
  CHECK_FALSE(fs::exists(p.directory.path() / "state"));
  fs::create_directories(p.plain);
  CHECK(p.of({p.two}).path() == p.plain);
  CHECK(fs::is_empty(p.plain));
}

TEST_CASE("a directory that nobody has marked yet is taken with what it holds") {
  const Projects p;
  p.directory.write("state/default/known", "what an earlier version knew");
  CHECK(p.made_by({p.one}) == p.plain);
  CHECK(fs::exists(p.plain / "known"));
  CHECK(p.made_by({p.two}) != p.plain);
}

TEST_CASE("of two configurations that found the same free directory one is told another") {
  const Projects p;
  auto one = p.of({p.one});
  auto two = p.of({p.two});
  REQUIRE(one.path() == two.path());
  CHECK(two.make() == p.plain);
  CHECK(one.make() != p.plain);
  CHECK(one.path() == p.of({p.one}).path());
}

TEST_CASE("a configuration that was moved keeps its directory") {
  const Projects p;
  REQUIRE(p.made_by({p.one}) == p.plain);
  const auto moved = p.directory.path() / "elsewhere.toml";
  fs::rename(p.one, moved);
  CHECK(p.of({moved}).path() == p.plain);
  CHECK(p.made_by({moved}) == p.plain);
  CHECK(p.made_by({p.two}) != p.plain);
}

TEST_CASE("a configuration with a directory of its own does not take that of one that is gone") {
  const Projects p;
  REQUIRE(p.made_by({p.one}) == p.plain);
  const auto second = p.made_by({p.two});
  fs::remove(p.one);
  CHECK(p.made_by({p.two}) == second);
  CHECK(read_file(p.plain / ".configuration") == p.one.string() + "\n");
}

TEST_CASE("a configuration whose directory was removed does not leave its other one") {
  const Projects p;
  REQUIRE(p.made_by({p.one}) == p.plain);
  const auto second = p.made_by({p.two});
  fs::remove_all(p.plain);
  CHECK(p.of({p.two}).path() == second);
  CHECK(p.made_by({p.one}) == p.plain);
}

TEST_CASE("a configuration that was moved keeps a directory that was not the plain one, too") {
  const Projects p;
  REQUIRE(p.made_by({p.one}) == p.plain);
  const auto second = p.made_by({p.two});
  const auto moved = p.directory.path() / "elsewhere.toml";
  fs::rename(p.two, moved);
  CHECK(p.made_by({moved}) == second);
  CHECK(p.made_by({p.directory.write("three.toml", "")}) != second);
}

TEST_CASE("a configuration is known by each of its names") {
  const Projects p;
  const auto release = p.directory.write("release-1.toml", "");
  const auto link = p.directory.path() / "current.toml";
  const auto next = p.directory.write("release-2.toml", "");
  REQUIRE(p.made_by({p.two}) == p.plain);
  fs::create_symlink(release, link);
  const auto first = p.made_by({link, release});
  REQUIRE(first != p.plain);
  CHECK(p.made_by({release}) == first);
  fs::remove(link);
  fs::create_symlink(next, link);
  // The link names another file now, and then that file is known by its own name, too.
  CHECK(p.made_by({link, next}) == first);
  CHECK(p.made_by({next}) == first);
  CHECK(p.made_by({link, next}) == first);
  const auto last = p.directory.write("release-3.toml", "");
  CHECK(p.made_by({link, last}) == first);
  CHECK(p.made_by({release}) != first);
}

TEST_CASE("without a configuration the plain directory is taken and nothing is marked") {
  const Projects p;
  REQUIRE(p.made_by({p.one}) == p.plain);
  CHECK(p.of({}).path() == p.plain);
  CHECK(p.made_by({}) == p.plain);
  CHECK(read_file(p.plain / ".configuration") == p.one.string() + "\n");
}

TEST_CASE("a mark that cannot be read is said, and nothing is taken") {
  const Projects p;
  fs::create_directories(p.plain);
  fs::create_symlink(p.directory.path() / "mark", p.plain / ".configuration");
  CHECK_THROWS_AS((void)p.made_by({p.one}), std::system_error);
  CHECK_FALSE(fs::exists(p.directory.path() / "mark"));
}

TEST_CASE("a directory that others may write in, or that is a link, is refused") {
  const TempDirectory directory;
  const auto configuration = directory.write("x.toml", "");
  const auto root = directory.path() / "root";
  (void)OwnDirectory(root, "a", {configuration}).make();
  const auto refusal = [&](const std::string& name) -> std::string {
    try {
      (void)OwnDirectory(root, name, {configuration}).make();
    } catch (const std::system_error& error) {
      return error.what();
    }
    return {};
  };
  CHECK(refusal("a").empty());
  fs::permissions(root / "a", fs::perms(0777));
  CHECK(refusal("a").find("nothing is written in " + (root / "a").string() +
                          ": other users may write in it; forbid it: chmod go-w ") == 0);
  fs::create_directory_symlink(directory.path(), root / "link");
  CHECK(refusal("link").find("it is a symbolic link") != std::string::npos);
  fs::permissions(root, fs::perms(0777));
  CHECK(refusal("b").find("nothing is written in " + root.string() + ": ") == 0);
  CHECK_FALSE(fs::exists(root / "b"));
}

}  // namespace spider_check::test
