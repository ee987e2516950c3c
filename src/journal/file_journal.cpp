#include "journal/file_journal.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <string_view>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/fault_point.hpp"
#include "core/file_name.hpp"
#include "journal/attempt_file.hpp"
#include "journal/line.hpp"
#include "journal/record_json.hpp"
#include "os/file_lock.hpp"
#include "os/new_file.hpp"
#include "os/private_folder.hpp"

namespace spider_check::journal {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view suffix = ".attempt";
constexpr std::size_t number_digits = 12;

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

/** What knows() compares, which costs no parsing: the mark, and whether that is not all. */
std::string mark_line(const std::optional<TimePoint>& mark, bool more) {
  return (mark ? std::to_string(mark->time_since_epoch().count()) : "-") + (more ? " 1" : " 0");
}

os::FileDescriptor open_attempt(const fs::path& path) {
  return {os::Adopt{}, ::open(path.c_str(), O_RDWR | O_APPEND | O_NOFOLLOW | O_CLOEXEC)};
}

/** The first bytes of a small file, at most 64 KiB; nothing when there is none. */
std::string read_small(const fs::path& path, std::size_t most) {
  const os::FileDescriptor file(os::Adopt{}, ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text(most, '\0');
  const auto got = file ? ::read(file.get(), text.data(), text.size()) : 0;
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(0, got)));
  return text;
}

/** Whether the name still stands for this open file. */
bool is_still_there(const os::FileDescriptor& file) {
  struct stat status {};

  return ::fstat(file.get(), &status) == 0 && status.st_nlink > 0;
}

/** What is wrong with a file, of which every good record is carried all the same. */
std::string fault_of(const fs::path& path, const AttemptContents& contents) {
  const auto what = contents.foreign > 0 ? "of another version of spider-check" : "damaged";
  return path.string() + ": " + std::to_string(contents.damaged + contents.foreign) +
         " line(s) are " + what + "; the file is kept as " + path.filename().string() + ".kept";
}

class FileSlotLock final : public SlotLock {
 public:
  FileSlotLock(int slot, os::FileLock lock) : slot_(slot), lock_(std::move(lock)) {}

  [[nodiscard]] int slot() const noexcept override { return slot_; }

  void decided() override {}

  void release() override { lock_.reset(); }

 private:
  int slot_;
  std::optional<os::FileLock> lock_;
};

}  // namespace

FileJournal::FileJournal(const fs::path& state_dir, const std::string& schedule, int slots)
    : folder_(state_dir / "journal" / to_file_name(schedule)), slots_(slots) {}

bool FileJournal::pending() {
  // Not attempt_files(): nearly every tick asks this and nothing else.
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(folder_.c_str()), &::closedir);
  while (const auto* entry = folder ? ::readdir(folder.get()) : nullptr) {
    if (std::string_view(entry->d_name).ends_with(suffix)) return true;
  }
  return false;
}

std::vector<fs::path> FileJournal::attempt_files() const {
  std::vector<fs::path> files;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder_, ignored)) {
    if (entry.path().filename().string().ends_with(suffix)) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

JournalContents FileJournal::read() {
  JournalContents contents;
  contents.known = known();
  contents.free_slots = free_slots();
  for (const auto& path : attempt_files()) {
    const auto file = open_attempt(path);
    if (!file) continue;
    const bool live = os::is_locked(file);
    auto attempt = read_attempt(file, path);
    if (attempt.good == 0) continue;
    contents.attempts.push_back({path.filename().string(), std::move(attempt.record), live});
  }
  return contents;
}

std::unique_ptr<HeldAttempt> FileJournal::hold(const fs::path& path) {
  auto file = open_attempt(path);
  if (!file || !os::try_lock(file) || !is_still_there(file)) return nullptr;
  auto attempt = read_attempt(file, path);
  if (attempt.damaged + attempt.foreign > 0) faults_.push_back(fault_of(path, attempt));
  if (attempt.good > 0) {
    return std::make_unique<HeldFile>(path, std::move(file), std::move(attempt));
  }
  put_aside(path);
  return nullptr;
}

std::vector<std::unique_ptr<HeldAttempt>> FileJournal::hold_pending() {
  std::vector<std::unique_ptr<HeldAttempt>> held;
  for (const auto& path : attempt_files()) {
    if (auto attempt = hold(path)) held.push_back(std::move(attempt));
  }
  return held;
}

std::vector<std::string> FileJournal::take_faults() {
  return std::exchange(faults_, {});
}

std::unique_ptr<AttemptJournal> FileJournal::begin(const AttemptRecord& record) {
  os::make_private_folder(folder_);
  const auto files = attempt_files();
  const auto number = files.empty() ? 1 : number_of(files.back()) + 1;
  return std::make_unique<AttemptFile>(folder_ / name_of(number, record.claim.token), record);
}

fs::path FileJournal::lock_file(int slot) const {
  return folder_ / ("slot-" + std::to_string(slot) + ".lock");
}

int FileJournal::free_slots() const {
  int free = 0;
  for (int slot = 0; slot < slots_; ++slot) {
    if (!os::FileLock::is_taken(lock_file(slot))) ++free;
  }
  return free;
}

std::unique_ptr<SlotLock> FileJournal::try_lock(std::optional<int> slot) {
  const FaultPoints points("lock of the journal");
  os::make_private_folder(folder_);
  for (int candidate = slot.value_or(0); candidate < slots_; ++candidate) {
    if (auto lock = os::FileLock::try_take(lock_file(candidate))) {
      return std::make_unique<FileSlotLock>(candidate, *std::move(lock));
    }
    if (slot) break;
  }
  return nullptr;
}

Known FileJournal::known() {
  const auto text = read_small(folder_ / "known", 1U << 20U);
  const auto first = text.find('\n');
  if (first == std::string::npos) return {};
  const auto end = text.find('\n', first + 1);
  const auto line = read_line(std::string_view(text).substr(first + 1, end - first - 1));
  return line.kind == Line::Kind::good ? parse_known(line.record) : Known{};
}

void FileJournal::remember(const Known& known) {
  const FaultPoints points("what is known of the database");
  os::make_private_folder(folder_);
  const bool more = known.away || known.published_disabled;
  const auto text = mark_line(known.mark, more) + "\n" + to_line(known_json(known));
  os::replace_file(folder_ / "known", text);
}

bool FileJournal::knows(TimePoint mark) {
  constexpr std::size_t longest_mark = 32;
  return read_small(folder_ / "known", longest_mark).starts_with(mark_line(mark, false) + "\n");
}

}  // namespace spider_check::journal
