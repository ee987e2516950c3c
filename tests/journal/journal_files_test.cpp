// The journal's files: what a power cut, a full disk, another version or a person does to them.

#include <fstream>

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "attempts.hpp"
#include "journal/file_journal.hpp"
#include "journal/line.hpp"
#include "process/temp_folder.hpp"

namespace spider_check::test {

namespace {

namespace fs = std::filesystem;

struct World {
  World() : journal(folder.path(), "news & co", 1) {}

  /** A journal of one attempt with two outcomes and an end, whose program is gone. */
  fs::path write() {
    const auto attempt = journal.begin(some_attempt());
    attempt->start({"a", "/logs/a", now});
    attempt->outcome(some_outcome("a"), false);
    attempt->outcome(some_outcome("b"), false);
    attempt->end(some_end());
    return only_file();
  }

  [[nodiscard]] fs::path only_file() const {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(journal.place())) {
      if (entry.path().extension() == ".attempt") found.push_back(entry.path());
    }
    REQUIRE(found.size() == 1);
    return found[0];
  }

  [[nodiscard]] AttemptRecord held() {
    const auto all = journal.hold_pending();
    REQUIRE(all.size() == 1);
    return all[0]->record();
  }

  TempFolder folder;
  journal::FileJournal journal;
};

void append(const fs::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary | std::ios::app) << bytes;
}

void rewrite(const fs::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
}

mode_t mode_of(const fs::path& path) {
  struct stat status {};

  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 0777;
}

}  // namespace

TEST_CASE("it lives in a folder named after the schedule, private whatever the umask is") {
  const auto before = ::umask(0);
  World world;
  const auto file = world.write();
  world.journal.remember({});
  (void)world.journal.try_lock(0);
  ::umask(before);
  CHECK(fs::path(world.journal.place()).parent_path() == world.folder.path() / "journal");
  CHECK(mode_of(world.journal.place()) == 0700);
  for (const auto& entry : fs::directory_iterator(world.journal.place())) {
    CAPTURE(entry.path().string());
    CHECK(mode_of(entry.path()) == 0600);
  }
}

TEST_CASE("wherever a power cut ends the file, what was whole before it is read") {
  World world;
  const auto file = world.write();
  const auto whole = read_file(file);
  std::size_t outcomes = 0;
  for (std::size_t length = whole.find('\n') + 1; length <= whole.size(); ++length) {
    rewrite(file, whole.substr(0, length));
    const auto record = world.held();
    CHECK(record.claim.uuid == "uuid");
    CHECK(record.outcomes.size() >= outcomes);
    outcomes = record.outcomes.size();
    CHECK(record.end.has_value() == (length == whole.size()));
  }
  CHECK(outcomes == 2);
  CHECK(world.journal.take_faults().empty());
}

TEST_CASE("a file that was cut before its first record was whole is nothing, and goes") {
  World world;
  const auto file = world.write();
  const auto whole = read_file(file);
  rewrite(file, whole.substr(0, whole.find('\n')));
  CHECK(world.journal.hold_pending().empty());
  CHECK_FALSE(fs::exists(file));
  CHECK_FALSE(world.journal.pending());
}

TEST_CASE("garbage in the middle costs no good record, and is kept for a person") {
  World world;
  const auto file = world.write();
  auto text = read_file(file);
  text.insert(text.find('\n') + 1, std::string("\0\xff garbage\n\n1 00000000 {}\n", 25));
  rewrite(file, text);
  {
    const auto held = world.journal.hold_pending();
    REQUIRE(held.size() == 1);
    CHECK(held[0]->record().outcomes.size() == 2);
    CHECK(held[0]->record().end.has_value());
    held[0]->forget();
  }
  CHECK_FALSE(world.journal.pending());
  CHECK(read_file(file.string() + ".kept") == text);
  const auto faults = world.journal.take_faults();
  REQUIRE(faults.size() == 1);
  CHECK(faults[0].find("2 line(s) are damaged; the file is kept as ") != std::string::npos);
}

TEST_CASE("what another version wrote is kept for it, whole") {
  World world;
  const auto file = world.write();
  auto text = read_file(file);
  for (std::size_t at = 0; at != std::string::npos && at < text.size();) {
    text.replace(at, 1, "2");
    at = text.find('\n', at);
    if (at != std::string::npos) ++at;
  }
  rewrite(file, text);
  CHECK(world.journal.hold_pending().empty());
  CHECK_FALSE(world.journal.pending());
  CHECK(read_file(file.string() + ".kept") == text);
  CHECK(world.journal.take_faults().at(0).find("of another version of spider-check") !=
        std::string::npos);
}

TEST_CASE("lines of another version among ours cost no good record") {
  World world;
  const auto file = world.write();
  auto line = journal::to_line(R"({"kind": "new"})");
  line.replace(0, 1, "3");
  append(file, line);
  CHECK(world.held().end.has_value());
  CHECK(world.journal.take_faults().size() == 1);
}

TEST_CASE("an end is told behind a line that was cut") {
  World world;
  const auto file = world.write();
  const auto whole = read_file(file);
  rewrite(file, whole.substr(0, whole.size() - 20));
  world.journal.hold_pending().at(0)->end(some_end());
  CHECK(world.held().end.has_value());
  CHECK(world.held().outcomes.size() == 2);
}

TEST_CASE("other files in the folder are nobody's business") {
  World world;
  world.write();
  rewrite(fs::path(world.journal.place()) / "notes.txt", "mine");
  rewrite(fs::path(world.journal.place()) / "000000000009-x.attempt.new", "a draft");
  CHECK(world.journal.read().attempts.size() == 1);
}

TEST_CASE("what is known is nothing when its file is damaged, and can be written again") {
  World world;
  Known known;
  known.success = now;
  known.mark = TimePoint(Duration(5));
  world.journal.remember(known);
  const auto file = fs::path(world.journal.place()) / "known";
  const auto whole = read_file(file);
  for (std::size_t length = 0; length + 1 < whole.size(); ++length) {
    rewrite(file, whole.substr(0, length));
    CHECK_FALSE(world.journal.known().success.has_value());
  }
  world.journal.remember(known);
  CHECK(world.journal.known().success == now);
}

TEST_CASE("a folder that cannot be written is named") {
  World world;
  rewrite(world.folder.path() / "journal", "a file in its place");
  try {
    (void)world.journal.begin(some_attempt());
    FAIL("it was written");
  } catch (const std::system_error& error) {
    CHECK(std::string(error.what()).find((world.folder.path() / "journal").string()) !=
          std::string::npos);
  }
  CHECK_FALSE(world.journal.pending());
  CHECK(world.journal.read().attempts.empty());
}

}  // namespace spider_check::test
