#include "outbox/file_journal.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <string_view>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/files.hpp"
#include "os/locks.hpp"
#include "os/ownership.hpp"
#include "outbox/record_json.hpp"
#include "util/fault_point.hpp"
#include "util/text.hpp"

namespace spider_check {

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr std::string_view suffix = ".attempt";
constexpr std::size_t number_digits = 12;
constexpr const char* replay_lock = "carry.lock";
constexpr const char* host_state_lock = "known.lock";

// Another process that changes what is known is done after one fsync.
constexpr auto max_change = 1s;

/** NUMBER-TOKEN.attempt: in the order in which they began. */
fs::path name_of(long long number, const std::string& token) {
  std::array<char, 32> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%0*lld-", static_cast<int>(number_digits), number);
  return buffer.data() + token + std::string(suffix);
}

long long number_of(const fs::path& file) {
  const auto name = file.filename().string();
  long long number = 0;
  std::from_chars(name.data(), name.data() + std::min(name.size(), number_digits), number);
  return number;
}

/** flags: O_RDONLY or O_RDWR. Empty where there is no such file, or none that can be opened: errno
 * says why. */
FileDescriptor open_attempt(const fs::path& path, int flags) {
  FileDescriptor file(Adopt{},
                      ::open(path.c_str(), flags | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));

  struct stat status {};

  if (!file || (::fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode))) return file;
  errno = EINVAL;
  return {};
}

/** The first bytes of a small file, at most 64 KiB; nothing when there is none. */
std::string read_small(const fs::path& path, std::size_t most) {
  const FileDescriptor file(Adopt{},
                            ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  std::string text(most, '\0');
  const auto got = file ? ::read(file.get(), text.data(), text.size()) : 0;
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(0, got)));
  return text;
}

/** What is wrong with a file, of which every good record is replayed all the same. */
std::string fault_of(const fs::path& path, const AttemptContents& contents) {
  const auto what = contents.foreign > 0 ? "of another version of spider-check" : "damaged";
  return path.string() + ": " + std::to_string(contents.damaged + contents.foreign) +
         " line(s) are " + what + "; the file is kept as " + path.filename().string() + ".kept";
}

/** Empty where it cannot be had: then what is known is changed without it. */
std::optional<FileLock> lock_host_state(const fs::path& path) {
  try {
    return FileLock::take(path, max_change);
  } catch (const std::system_error&) {
    // Not every file system has locks.
    return std::nullopt;
  }
}

class FileSlotLock final : public SlotLock {
 public:
  FileSlotLock(int slot, std::shared_ptr<FileLock> file, NameLock name)
      : slot_(slot), file_(std::move(file)), name_(std::move(name)) {}

  [[nodiscard]] int slot() const noexcept override { return slot_; }

  void decided() override {}

  void release() override {
    file_.reset();
    name_.reset();
  }

 private:
  int slot_;
  std::shared_ptr<FileLock> file_;
  std::optional<NameLock> name_;
};

/** Every write that fails says so; a directory that cannot be read is one that cannot be used. */
[[noreturn]] void cannot_read(const fs::path& directory, int error) {
  throw std::system_error(error, std::generic_category(),
                          "cannot read the journal " + why_no_access(directory, error));
}

/** Of a directory that is not there nothing is hidden. */
bool is_absent(int error) {
  return error == ENOENT || error == ENOTDIR;
}

}  // namespace

FileJournal::FileJournal(const fs::path& state_dir, const std::string& schedule, int slots,
                         std::vector<fs::path> configuration, const std::string& connection)
    : state_dir_(state_dir),
      directory_(state_dir / "journal", schedule, configuration),
      identity_((state_dir / schedule).string() + "\n" +
                (configuration.empty() ? "" : configuration.front().string())),
      slots_(slots),
      connection_(std::to_string(fnv1a(connection))) {}

fs::path FileJournal::file(const std::string& name) const {
  return directory_.path() / name;
}

bool FileJournal::pending() {
  // Not attempt_files(): nearly every tick asks this and nothing else.
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(directory_.path().c_str()),
                                                      &::closedir);
  // What cannot be read may hold something, and whoever reads says what is wrong.
  if (!directory) return !is_absent(errno);
  while (const auto* entry = ::readdir(directory.get())) {
    if (std::string_view(entry->d_name).ends_with(suffix)) return true;
  }
  return false;
}

std::vector<fs::path> FileJournal::attempt_files() const {
  std::vector<fs::path> files;
  std::error_code error;
  fs::directory_iterator entries(directory_.path(), error);
  if (error && !is_absent(error.value())) cannot_read(directory_.path(), error.value());
  for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
    const auto& path = entries->path();
    if (path.filename().string().ends_with(suffix)) files.push_back(path);
  }
  std::sort(files.begin(), files.end());
  return files;
}

JournalContents FileJournal::read() {
  JournalContents contents;
  contents.host_state = host_state();
  contents.free_slots = free_slots();
  // Who replays them is at all of them, one after the other.
  const bool replayed = FileLock::is_taken(file(replay_lock));
  for (const auto& path : attempt_files()) {
    const auto file = open_attempt(path, O_RDONLY);
    if (!file) {
      if (errno != ENOENT) contents.unreadable.push_back(why_no_access(path, errno));
      continue;
    }
    const bool live = is_locked(file) || replayed;
    auto attempt = read_attempt(read_whole(file, path));
    if (attempt.good == 0) continue;
    contents.attempts.push_back({path.filename().string(), std::move(attempt.record), live});
  }
  return contents;
}

std::optional<PendingAttempt> FileJournal::hold(const fs::path& path) {
  auto file = open_attempt(path, O_RDWR);
  if (!file) {
    if (errno != ENOENT) faults_.push_back(why_no_access(path, errno));
    return std::nullopt;
  }
  if (!try_lock_file(file)) {
    if (errno != EWOULDBLOCK) faults_.push_back("cannot lock " + why_no_access(path, errno));
    return std::nullopt;
  }
  if (!is_named(file, path)) return std::nullopt;
  auto text = read_whole(file, path);
  auto attempt = read_attempt(text);
  const bool keep = attempt.damaged + attempt.foreign > 0;
  if (keep) faults_.push_back(fault_of(path, attempt));
  if (attempt.good == 0) {
    quarantine(path);
    return std::nullopt;
  }
  auto name = path.filename().string();
  open_.try_emplace(name, directory_, name, std::move(file), std::move(text), keep);
  return PendingAttempt{std::move(name), std::move(attempt.record), true};
}

void FileJournal::visit_pending(const std::function<bool(const PendingAttempt&)>& visit) {
  if (attempt_files().empty()) return;
  directory_.make();
  // One at a time, so that they come in order: what comes later may be a retry of what another
  // process is just replaying.
  const auto lock = FileLock::try_take(file(replay_lock));
  if (!lock) return;
  for (const auto& path : attempt_files()) {
    const auto attempt = hold(path);
    if (!attempt) continue;
    const std::unique_ptr<const std::string, std::function<void(const std::string*)>> let_go(
        &attempt->name, [this](const std::string* name) { close(*name); });
    if (!visit(*attempt)) return;
  }
}

std::vector<std::string> FileJournal::take_faults() {
  return std::exchange(faults_, {});
}

std::string FileJournal::begin(const AttemptRecord& record) {
  directory_.make();
  const auto files = attempt_files();
  const auto number = files.empty() ? 1 : number_of(files.back()) + 1;
  auto name = name_of(number, record.claim.token).string();
  open_.try_emplace(name, directory_, name, record);
  return name;
}

void FileJournal::append(const std::string& name, const std::string& fact, bool sync) {
  auto& file = open_.at(name);
  file.append(fact);
  if (sync) file.sync();
}

void FileJournal::sync(const std::string& name) {
  open_.at(name).sync();
}

void FileJournal::forget(const std::string& name) {
  open_.at(name).forget();
  open_.erase(name);
}

fs::path FileJournal::lock_file(int slot) const {
  return file("slot-" + std::to_string(slot) + ".lock");
}

std::string FileJournal::lock_name(int slot) const {
  return identity_ + "\n" + std::to_string(slot);
}

/** Whose the state directory is, or would be. */
uid_t FileJournal::owner() const {
  struct stat status {};

  auto path = state_dir_;
  while (::stat(path.c_str(), &status) != 0 && path.has_relative_path()) path = path.parent_path();
  return ::geteuid() == 0 ? status.st_uid : ::geteuid();
}

/** The name is known also where the file was removed. */
bool FileJournal::is_taken(int slot) const {
  return FileLock::is_taken(lock_file(slot)) || NameLock::is_taken(lock_name(slot), owner());
}

int FileJournal::free_slots() const {
  int free = 0;
  for (int slot = 0; slot < slots_; ++slot) {
    if (!is_taken(slot)) ++free;
  }
  return free;
}

std::unique_ptr<SlotLock> FileJournal::try_lock_slot(int slot) {
  auto file = FileLock::try_take(lock_file(slot));
  if (!file) return nullptr;
  auto name = NameLock::try_take(lock_name(slot), owner());
  if (!name) return nullptr;
  auto lock = std::make_shared<FileLock>(*std::move(file));
  locks_.push_back(lock);
  return std::make_unique<FileSlotLock>(slot, std::move(lock), *std::move(name));
}

std::unique_ptr<SlotLock> FileJournal::try_lock(std::optional<int> slot) {
  const FaultPoints points("lock of the journal");
  directory_.make();
  for (int candidate = slot.value_or(0); candidate < slots_; ++candidate) {
    if (auto lock = try_lock_slot(candidate)) return lock;
    if (slot) break;
  }
  return nullptr;
}

void FileJournal::keep_locks() {
  std::erase_if(locks_, [](const auto& lock) { return lock.expired(); });
  for (const auto& weak : locks_) {
    const auto lock = weak.lock();
    if (lock->is_kept()) continue;
    directory_.make();
    // Where another process was faster it looks at our name, too, and lets go.
    (void)lock->keep();
  }
}

HostState FileJournal::host_state() {
  const auto text = read_small(file("known"), 1U << 20U);
  const auto first = text.find('\n');
  if (first == std::string::npos) return {};
  const auto end = text.find('\n', first + 1);
  const auto line = read_line(std::string_view(text).substr(first + 1, end - first - 1));
  return line.kind == Line::Kind::good ? parse_host_state(line.record) : HostState{};
}

void FileJournal::change(const std::function<void(HostState&)>& change) {
  const FaultPoints points("what is known of the database");
  directory_.make();
  const auto lock = lock_host_state(file(host_state_lock));
  auto host_state = this->host_state();
  change(host_state);
  const bool more = host_state.away || host_state.published_disabled;
  const auto text = mark_line(host_state.mark, more) + "\n" + to_line(host_state_json(host_state));
  replace_file(file("known"), text);
}

/** What knows() compares, which costs no parsing: the mark, and whether that is not all. */
std::string FileJournal::mark_line(const std::optional<TimePoint>& mark, bool more) const {
  return (mark ? std::to_string(mark->time_since_epoch().count()) : "-") + (more ? " 1 " : " 0 ") +
         connection_;
}

bool FileJournal::is_current(const std::optional<TimePoint>& mark) {
  constexpr std::size_t max_mark = 48;
  return read_small(file("known"), max_mark).starts_with(mark_line(mark, false) + "\n");
}

}  // namespace spider_check
