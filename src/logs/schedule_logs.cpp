#include "logs/schedule_logs.hpp"

#include <cerrno>
#include <cstdlib>
#include <exception>
#include <memory>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "logs/log_name.hpp"
#include "os/descriptors.hpp"
#include "os/files.hpp"
#include "os/ownership.hpp"

namespace spider_check {

namespace {

namespace fs = std::filesystem;

// A log that ends in the middle tells less than one that is elsewhere.
constexpr std::uint64_t min_room = std::uint64_t{1} << 20U;

DirectoryError fault(const fs::path& directory, int error) {
  return {directory, std::generic_category().message(error)};
}

/** Makes it and those above it, private. */
std::optional<DirectoryError> make_directories(const fs::path& directory) {
  if (directory.empty()) return std::nullopt;

  struct stat status {};

  if (::stat(directory.c_str(), &status) == 0) {
    if (S_ISDIR(status.st_mode)) return std::nullopt;
    return fault(directory, ENOTDIR);
  }
  if (errno != ENOENT && errno != ENOTDIR) return fault(directory, errno);
  if (auto above = make_directories(directory.parent_path())) return above;
  if (make_one_directory(directory) || errno == EEXIST) return std::nullopt;
  return fault(directory.parent_path(), errno);
}

/** 0: a file can be made in it. */
int error_of_writing(const fs::path& directory) {
  const FileDescriptor file(
      Adopt{}, ::open(directory.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (file) return 0;
  // Not every file system has files without a name.
  if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL) return errno;
  return ::eaccess(directory.c_str(), W_OK | X_OK) == 0 ? 0 : errno;
}

bool has_room(const fs::path& directory) {
  struct statvfs room {};

  if (::statvfs(directory.c_str(), &room) != 0) return true;
  const auto blocks = ::geteuid() == 0 ? room.f_bfree : room.f_bavail;
  return std::uint64_t{blocks} * room.f_frsize >= min_room;
}

std::optional<DirectoryError> fault_of_directory(const fs::path& directory) {
  if (const auto error = error_of_writing(directory)) return fault(directory, error);
  if (has_room(directory)) return std::nullopt;
  auto full = fault(directory, ENOSPC);
  full.scarce = true;
  return full;
}

std::vector<std::string> temporary_directories() {
  std::vector<std::string> directories;
  if (const char* named = std::getenv("TMPDIR"); named != nullptr && *named == '/') {
    directories.emplace_back(named);
  }
  directories.emplace_back("/tmp");
  return directories;
}

/** Empty: errno says why. */
std::string make_spare(const std::string& above) {
  auto path = above + "/spider-check-XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) return {};
  const auto full = fault_of_directory(path);
  if (!full) return path;
  ::rmdir(path.c_str());
  errno = ENOSPC;
  return {};
}

}  // namespace

std::optional<DirectoryError> SpareLogDirectory::foreign(const fs::path& directory) const {
  const auto host = user_of(log_dir_);
  auto path = log_dir_;
  auto why = why_not_ours(path, LinkToDirectory::followed, host);
  for (const auto& name : directory.lexically_relative(log_dir_)) {
    if (!why.empty()) break;
    path /= name;
    why = why_not_ours(path, LinkToDirectory::refused, host);
  }
  if (why.empty()) return std::nullopt;
  return DirectoryError{path, why, false};
}

std::optional<DirectoryError> SpareLogDirectory::check_writable(const fs::path& directory) {
  // First what is there: nothing is made in somebody else's directory.
  if (auto fault = foreign(directory)) return fault;
  if (auto fault = make_directories(directory)) return fault;
  return fault_of_directory(directory);
}

const fs::path& SpareLogDirectory::fallback_directory() {
  if (!spare_.empty()) return spare_;
  int error = 0;
  std::string where;
  for (const auto& above : temporary_directories()) {
    spare_ = make_spare(above);
    if (!spare_.empty()) return spare_;
    error = errno;
    where = above;
  }
  throw std::system_error(error, std::generic_category(), "nor in " + where);
}

namespace {

FileDescriptor open_directory(int at, const fs::path& name) {
  return {Adopt{},
          ::openat(at, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)};
}

/** Keeps errno. */
bool is_there(const fs::path& path) {
  const int before = errno;

  struct stat status {};

  const bool found = ::lstat(path.c_str(), &status) == 0 || (errno != ENOENT && errno != ENOTDIR);
  errno = before;
  return found;
}

/** A directory that is read, whose descriptor may be used meanwhile. */
class OpenDirectory {
 public:
  /** Nothing is in one that cannot be read. */
  explicit OpenDirectory(FileDescriptor directory)
      : stream_(::fdopendir(directory.get()), ::closedir) {
    if (stream_) directory.release();
  }

  [[nodiscard]] int fd() const { return ::dirfd(stream_.get()); }

  /** The next name, to the next call; nullptr: there is none. */
  const char* next() {
    while (const auto* entry = stream_ ? ::readdir(stream_.get()) : nullptr) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") return entry->d_name;
    }
    return nullptr;
  }

 private:
  std::unique_ptr<DIR, int (*)(DIR*)> stream_;
};

void list_spider(OpenDirectory& directory, const fs::path& path, std::vector<LogFile>& logs) {
  while (const char* name = directory.next()) {
    struct stat status {};

    if (!parse_log_name(name)) continue;
    if (::fstatat(directory.fd(), name, &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (!S_ISREG(status.st_mode)) continue;
    logs.push_back({path / name, status.st_size});
  }
}

std::string failure(const fs::path& file) {
  return system_error("cannot remove " + file.string()).what();
}

/** Whether it is SPIDER/LOG in the directory, by its words alone. */
bool is_log_in(const fs::path& directory, const fs::path& path) {
  const auto spider = path.parent_path().filename();
  return path.parent_path().parent_path() == directory && spider != ".." && parse_log_name(path);
}

/** A hard link may lead to anybody's file. */
bool is_trusted(const struct stat& file, const struct stat& directory) {
  return S_ISREG(file.st_mode) &&
         (file.st_uid == ::geteuid() || file.st_uid == 0 || file.st_uid == directory.st_uid);
}

[[noreturn]] void refuse(const fs::path& log, const std::string& why) {
  throw std::system_error(EINVAL, std::generic_category(), log.string() + " " + why);
}

}  // namespace

template <typename Take>
void ScheduleLogs::each_spider(Take&& take) {
  auto directory = open_directory(AT_FDCWD, this->path());
  if (!directory && !is_there(path())) return;
  if (!directory) throw system_error("cannot read the log directory " + this->path().string());
  OpenDirectory spiders(std::move(directory));
  while (const char* name = spiders.next()) {
    if (auto spider = open_directory(spiders.fd(), name)) {
      OpenDirectory listing(std::move(spider));
      take(listing, name);
    }
  }
}

std::vector<LogFile> ScheduleLogs::list() {
  std::vector<LogFile> logs;
  each_spider([&](OpenDirectory& directory, const char* name) {
    list_spider(directory, path() / name, logs);
  });
  return logs;
}

std::set<LogName> ScheduleLogs::names() {
  std::set<LogName> names;
  each_spider([&](OpenDirectory& directory, const char* /*spider*/) {
    while (const char* file = directory.next()) {
      if (const auto name = parse_log_name(file)) names.insert(*name);
    }
  });
  return names;
}

std::string ScheduleLogs::remove(const fs::path& file) {
  const auto path = file.lexically_normal();
  const auto spider = path.parent_path().filename();
  if (!is_log_in(this->path(), path)) {
    return "cannot remove " + file.string() + ": it is not a log in " + this->path().string();
  }
  const auto above = open_directory(AT_FDCWD, this->path());
  const auto directory = above ? open_directory(above.get(), spider) : FileDescriptor();
  if (!directory) return failure(path);
  if (::unlinkat(directory.get(), path.filename().c_str(), 0) != 0 && errno != ENOENT) {
    return failure(path);
  }
  // Only an empty directory goes that way.
  (void)::unlinkat(above.get(), spider.c_str(), AT_REMOVEDIR);
  return {};
}

FileDescriptor ScheduleLogs::open(const fs::path& log) const {
  const auto path = log.lexically_normal();
  if (!is_log_in(this->path(), path) || path.extension() != ".log") {
    refuse(log, "is not a log in " + this->path().string());
  }
  const auto above = open_directory(AT_FDCWD, this->path());
  const auto directory =
      above ? open_directory(above.get(), path.parent_path().filename()) : FileDescriptor();
  FileDescriptor file(Adopt{}, directory ? ::openat(directory.get(), path.filename().c_str(),
                                                    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
                                         : -1);

  struct stat status {};

  struct stat owner {};

  if (!file || ::fstat(file.get(), &status) != 0 || ::fstat(above.get(), &owner) != 0) {
    throw system_error("cannot read " + log.string());
  }
  if (!is_trusted(status, owner)) refuse(log, "does not belong to this user");
  return file;
}

std::string ScheduleLogs::end_of(const fs::path& log, std::int64_t most) const noexcept {
  try {
    return read_tail(open(log), most);
  } catch (const std::exception&) {
    return {};
  }
}

}  // namespace spider_check
