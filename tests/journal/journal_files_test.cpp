// The journal's files: what a power cut, a full disk, another version or a person does to them.

#include <csignal>
#include <fstream>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "attempts.hpp"
#include "os/locks.hpp"
#include "outbox/attempt_file.hpp"
#include "outbox/file_journal.hpp"
#include "outbox/outbox.hpp"
#include "process/temp_directory.hpp"

namespace spider_check::test {

namespace {

namespace fs = std::filesystem;

struct World {
  World() : journal(directory.path(), "news & co", 1) {}

  /** A journal of one attempt with two outcomes and an end, whose program is gone. */
  fs::path write() {
    OpenAttempt attempt(journal, some_attempt());
    attempt.start({"a", "/logs/a", now});
    attempt.outcome(some_outcome("a"), false);
    attempt.outcome(some_outcome("b"), false);
    attempt.end(some_end());
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
    const auto all = held_in(journal);
    REQUIRE(all.size() == 1);
    return all[0];
  }

  TempDirectory directory;
  FileJournal journal;
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

TEST_CASE("it lives in a directory named after the schedule, private whatever the umask is") {
  const auto before = ::umask(0);
  World world;
  const auto file = world.write();
  world.journal.change([](HostState&) {});
  (void)world.journal.try_lock(0);
  ::umask(before);
  CHECK(fs::path(world.journal.place()).parent_path() == world.directory.path() / "journal");
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
  CHECK(held_in(world.journal).empty());
  CHECK_FALSE(fs::exists(file));
  CHECK_FALSE(world.journal.pending());
}

TEST_CASE("garbage in the middle costs no good record, and is kept for a person") {
  World world;
  const auto file = world.write();
  auto text = read_file(file);
  text.insert(text.find('\n') + 1, std::string("\0\xff garbage\n\n1 00000000 {}\n", 25));
  rewrite(file, text);
  world.journal.visit_pending([&](const PendingAttempt& held) {
    CHECK(held.record.outcomes.size() == 2);
    CHECK(held.record.end.has_value());
    world.journal.forget(held.name);
    return true;
  });
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
    text.replace(at, 1, "3");
    at = text.find('\n', at);
    if (at != std::string::npos) ++at;
  }
  rewrite(file, text);
  CHECK(held_in(world.journal).empty());
  CHECK_FALSE(world.journal.pending());
  CHECK(read_file(file.string() + ".kept") == text);
  CHECK(world.journal.take_faults().at(0).find("of another version of spider-check") !=
        std::string::npos);
}

TEST_CASE("lines of another version among ours cost no good record") {
  World world;
  const auto file = world.write();
  auto line = to_line(R"({"kind": "new"})");
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
  world.journal.visit_pending([&](const PendingAttempt& held) {
    world.journal.append(held.name, end_json(some_end()), true);
    return true;
  });
  CHECK(world.held().end.has_value());
  CHECK(world.held().outcomes.size() == 2);
}

TEST_CASE("other files in the directory are nobody's business") {
  World world;
  world.write();
  rewrite(fs::path(world.journal.place()) / "notes.txt", "mine");
  rewrite(fs::path(world.journal.place()) / "000000000009-x.attempt.new", "a draft");
  CHECK(world.journal.read().attempts.size() == 1);
}

TEST_CASE("what is known is nothing when its file is damaged, and can be written again") {
  World world;
  HostState host_state;
  host_state.success = now;
  host_state.mark = TimePoint(Duration(5));
  remember(world.journal, host_state);
  const auto file = fs::path(world.journal.place()) / "known";
  const auto whole = read_file(file);
  for (std::size_t length = 0; length + 1 < whole.size(); ++length) {
    rewrite(file, whole.substr(0, length));
    CHECK_FALSE(world.journal.host_state().success.has_value());
  }
  remember(world.journal, host_state);
  CHECK(world.journal.host_state().success == now);
}

TEST_CASE("what is known is changed without its lock where that cannot be had") {
  World world;
  world.journal.change([](HostState& host_state) { host_state.of_others = 1; });
  const auto file = fs::path(world.journal.place()) / "known.lock";
  {
    const auto lock = FileLock::try_take(file);
    REQUIRE(lock);
    world.journal.change([](HostState& host_state) { ++host_state.of_others; });
  }
  fs::remove(file);
  fs::create_directory(file);
  world.journal.change([](HostState& host_state) { ++host_state.of_others; });
  CHECK(world.journal.host_state().of_others == 3);
}

TEST_CASE("a directory that cannot be written is named") {
  World world;
  rewrite(world.directory.path() / "journal", "a file in its place");
  try {
    (void)world.journal.begin(some_attempt());
    FAIL("it was written");
  } catch (const std::system_error& error) {
    CHECK(std::string(error.what()).find((world.directory.path() / "journal").string()) !=
          std::string::npos);
  }
  CHECK_FALSE(world.journal.pending());
  CHECK(world.journal.read().attempts.empty());
}

namespace {

/** What one more process of this host sees. */
JournalContents seen_by_another(const World& world) {
  return FileJournal(world.directory.path(), "news & co", 1).read();
}

/** A limit of this process, until the end of the test. */
class Limit {
 public:
  Limit(__rlimit_resource resource, rlim_t most) : resource_(resource) {
    REQUIRE(::getrlimit(resource_, &before_) == 0);
    const rlimit limit{most, before_.rlim_max};
    REQUIRE(::setrlimit(resource_, &limit) == 0);
  }

  Limit(const Limit&) = delete;
  Limit& operator=(const Limit&) = delete;
  Limit(Limit&&) = delete;
  Limit& operator=(Limit&&) = delete;

  ~Limit() { ::setrlimit(resource_, &before_); }

 private:
  __rlimit_resource resource_;
  rlimit before_{};
};

}  // namespace

TEST_CASE("an attempt whose file is removed is written anew, whole, with what comes next") {
  World world;
  OpenAttempt attempt(world.journal, some_attempt());
  attempt.start({"a", "/logs/a", now});
  attempt.outcome(some_outcome("a"), false);
  SUBCASE("the file") {
    fs::remove(world.only_file());
  }
  SUBCASE("its directory") {
    fs::remove_all(world.journal.place());
  }
  SUBCASE("all of the state directory") {
    fs::remove_all(world.directory.path());
  }
  SUBCASE("moved away, and another file in its place") {
    const auto file = world.only_file();
    fs::rename(file, world.directory.path() / "elsewhere");
    rewrite(file, "somebody's");
  }
  attempt.outcome(some_outcome("b"), true);
  const auto contents = seen_by_another(world);
  REQUIRE(contents.attempts.size() == 1);
  CHECK(contents.attempts[0].live);
  CHECK(contents.attempts[0].record.starts.size() == 1);
  CHECK(contents.attempts[0].record.outcomes.size() == 2);
}

TEST_CASE("an attempt whose file is removed is written anew also where nothing comes any more") {
  World world;
  Log log(LogLevel::debug, [](auto, const auto&) {});
  Outbox outbox(world.journal, log);
  outbox.attempt() = some_attempt();
  outbox.begin();
  outbox.end(some_end().end, some_end().at);
  fs::remove_all(world.journal.place());
  outbox.sync();
  CHECK(seen_by_another(world).attempts.at(0).record.end.has_value());
  outbox.forget();
  outbox.sync();
  CHECK(seen_by_another(world).attempts.empty());
}

TEST_CASE("what did not fit on the disk is written once there is room") {
  World world;
  OpenAttempt attempt(world.journal, some_attempt());
  attempt.outcome(some_outcome("a"), true);
  const auto before = fs::file_size(world.only_file());
  const auto ignored = std::signal(SIGXFSZ, SIG_IGN);
  for (rlim_t more : {0U, 1U, 100U, 1500U}) {
    const Limit full(RLIMIT_FSIZE, before + more);
    CHECK_THROWS_AS(attempt.outcome(some_outcome("b" + std::to_string(more)), true),
                    std::system_error);
    CHECK_THROWS_AS(attempt.sync(), std::system_error);
  }
  std::signal(SIGXFSZ, ignored);
  attempt.end(some_end());
  const auto record = seen_by_another(world).attempts.at(0).record;
  CHECK(outcomes_of(record).size() == 5);
  CHECK(record.end.has_value());
}

TEST_CASE("a slot whose lock is removed stays taken, and gets its file again") {
  World world;
  FileJournal other(world.directory.path(), "news & co", 1);
  const auto lock = world.journal.try_lock(0);
  REQUIRE(lock);
  SUBCASE("the file") {
    fs::remove(fs::path(world.journal.place()) / "slot-0.lock");
  }
  SUBCASE("all of the state directory") {
    fs::remove_all(world.directory.path());
  }
  CHECK(other.read().free_slots == 0);
  CHECK_FALSE(other.try_lock(0));
  world.journal.keep_locks();
  CHECK(FileLock::is_taken(fs::path(world.journal.place()) / "slot-0.lock"));
  CHECK_FALSE(other.try_lock(0));
  lock->release();
  CHECK(other.try_lock(0));
}

TEST_CASE("journals of two configurations have locks, attempts and memories of their own") {
  const TempDirectory directory;
  const auto one = directory.write("one/spider-check.toml", "");
  const auto two = directory.write("two/spider-check.toml", "");
  FileJournal first(directory.path(), "default", 1, {one});
  FileJournal second(directory.path(), "default", 1, {two});
  HostState host_state;
  host_state.success = now;
  remember(first, host_state);
  OpenAttempt(first, some_attempt());
  const auto lock = first.try_lock(0);
  CHECK(second.try_lock(0));
  CHECK_FALSE(second.pending());
  CHECK_FALSE(second.host_state().success.has_value());
  CHECK(second.place() != first.place());
  CHECK(FileJournal(directory.path(), "default", 1, {one}).pending());
}

TEST_CASE("what is known by way of one connection is not known by way of another") {
  const TempDirectory directory;
  FileJournal first(directory.path(), "default", 1, {}, "host=a");
  FileJournal second(directory.path(), "default", 1, {}, "host=b");
  HostState host_state;
  host_state.mark = TimePoint(Duration(5));
  remember(first, host_state);
  CHECK(first.is_current(host_state.mark));
  CHECK_FALSE(second.is_current(host_state.mark));
}

TEST_CASE("what cannot be read is named each time, and keeps nothing else from being replayed") {
  World world;
  world.write();
  const auto place = fs::path(world.journal.place());
  fs::create_symlink("/dev/null", place / "000000000000-link.attempt");
  fs::create_directory(place / "000000000009-directory.attempt");
  REQUIRE(::mkfifo((place / "000000000008-fifo.attempt").c_str(), 0600) == 0);
  for (int times = 0; times < 2; ++times) {
    const auto contents = world.journal.read();
    CHECK(contents.attempts.size() == 1);
    REQUIRE(contents.unreadable.size() == 3);
    CHECK(contents.unreadable[0].find((place / "000000000000-link.attempt").string()) == 0);
    CHECK(held_in(world.journal).size() == 1);
    CHECK(world.journal.take_faults().size() == 3);
    CHECK(world.journal.pending());
  }
}

TEST_CASE("many attempts are replayed with few descriptors") {
  World world;
  constexpr int attempts = 100;
  for (int i = 0; i < attempts; ++i) {
    OpenAttempt(world.journal, some_attempt("token-" + std::to_string(i)));
  }
  const FileDescriptor next(Adopt{}, ::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const Limit few(RLIMIT_NOFILE, static_cast<rlim_t>(next.get()) + 4);
  CHECK(world.journal.read().attempts.size() == attempts);
  CHECK(held_in(world.journal).size() == attempts);
  CHECK(world.journal.take_faults().empty());
}

}  // namespace spider_check::test
