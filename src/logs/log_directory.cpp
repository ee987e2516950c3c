#include "logs/log_directory.hpp"

#include <cerrno>
#include <cstdlib>
#include <exception>
#include <memory>
#include <string_view>
#include <system_error>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "os/files.hpp"
#include "os/ownership.hpp"

namespace spider_check {

namespace {

namespace fs = std::filesystem;

FileDescriptor open_directory(int at, const fs::path& name) {
  return {Adopt{},
          ::openat(at, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)};
}

/** The names in a directory, which stays open. */
class DirectoryReader {
 public:
  /** Takes the descriptor; a directory that cannot be read has no names. */
  explicit DirectoryReader(FileDescriptor directory)
      : stream_(::fdopendir(directory.get()), ::closedir) {
    if (stream_) directory.release();
  }

  [[nodiscard]] int fd() const { return ::dirfd(stream_.get()); }

  /** The next name, valid until the next call; nullptr at the end. */
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

/** Calls take(directory, SPIDER/FILE) with the open directory of each file. */
template <typename Take>
void each_file(const fs::path& path, Take&& take) {
  auto directory = open_directory(AT_FDCWD, path);
  if (!directory) {
    const auto error = system_error("cannot read the log directory " + path.string());
    std::error_code ignored;
    if (fs::symlink_status(path, ignored).type() == fs::file_type::not_found) return;
    throw error;
  }
  DirectoryReader spiders(std::move(directory));
  while (const char* spider = spiders.next()) {
    auto below = open_directory(spiders.fd(), spider);
    if (!below) continue;
    DirectoryReader files(std::move(below));
    while (const char* file = files.next()) take(files.fd(), fs::path(spider) / file);
  }
}

std::string failure(const fs::path& file) {
  return system_error("cannot remove " + file.string()).what();
}

/** Whether the path is SPIDER/LOG in the directory, by its text alone. */
bool is_log_in(const fs::path& directory, const fs::path& path) {
  const auto spider = path.parent_path().filename();
  return path.parent_path().parent_path() == directory && spider != ".." && parse_log_name(path);
}

/** A hard link may lead to another user's file. */
bool is_trusted(const struct stat& file, const struct stat& directory) {
  return S_ISREG(file.st_mode) &&
         (file.st_uid == ::geteuid() || file.st_uid == 0 || file.st_uid == directory.st_uid);
}

[[noreturn]] void refuse(const fs::path& log, const std::string& why) {
  throw std::system_error(EINVAL, std::generic_category(), log.string() + " " + why);
}

}  // namespace

LogDirectory::LogDirectory(const fs::path& log_dir, const std::string& schedule,
                           std::vector<fs::path> configuration, std::vector<fs::path> temporary)
    : root_(log_dir.lexically_normal()),
      directory_(root_, schedule, std::move(configuration)),
      temporary_(std::move(temporary)) {}

std::vector<LogFile> LogDirectory::list() const {
  std::vector<LogFile> logs;
  each_file(path(), [&](int directory, const fs::path& file) {
    struct stat status {};

    if (!parse_log_name(file)) return;
    const auto name = file.filename();
    if (::fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return;
    if (S_ISREG(status.st_mode)) logs.push_back({path() / file, status.st_size});
  });
  return logs;
}

std::set<LogName> LogDirectory::names() const {
  std::set<LogName> names;
  each_file(path(), [&](int /*directory*/, const fs::path& file) {
    if (const auto name = parse_log_name(file)) names.insert(*name);
  });
  return names;
}

std::string LogDirectory::remove(const fs::path& file) const {
  const auto log = file.lexically_normal();
  const auto spider = log.parent_path().filename();
  if (!is_log_in(path(), log)) {
    return "cannot remove " + file.string() + ": it is not a log in " + path().string();
  }
  const auto above = open_directory(AT_FDCWD, path());
  const auto directory = above ? open_directory(above.get(), spider) : FileDescriptor();
  if (!directory) return failure(log);
  if (::unlinkat(directory.get(), log.filename().c_str(), 0) != 0 && errno != ENOENT) {
    return failure(log);
  }
  // This removes only an empty directory.
  (void)::unlinkat(above.get(), spider.c_str(), AT_REMOVEDIR);
  return {};
}

FileDescriptor LogDirectory::open(const fs::path& log) const {
  const auto normal = log.lexically_normal();
  if (!is_log_in(path(), normal) || normal.extension() != ".log") {
    refuse(log, "is not a log in " + path().string());
  }
  const auto above = open_directory(AT_FDCWD, path());
  const auto directory =
      above ? open_directory(above.get(), normal.parent_path().filename()) : FileDescriptor();
  FileDescriptor file(Adopt{}, directory ? ::openat(directory.get(), normal.filename().c_str(),
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

std::string LogDirectory::end_of(const fs::path& log, std::int64_t most) const noexcept {
  try {
    return read_tail(open(log), most);
  } catch (const std::exception&) {
    return {};
  }
}

namespace {

// Below this, a log elsewhere is better than one that is cut.
constexpr std::uint64_t min_room = std::uint64_t{1} << 20U;  // bytes

DirectoryError fault(const fs::path& directory, int error) {
  return {directory, std::generic_category().message(error)};
}

/** Makes the directory and those above it, private. */
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

/** 0: a file can be made in the directory. */
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

/** Empty: errno says why. */
fs::path make_fallback(const fs::path& above) {
  auto path = (above / "spider-check-XXXXXX").string();
  if (::mkdtemp(path.data()) == nullptr) return {};
  if (!fault_of_directory(path)) return path;
  ::rmdir(path.c_str());
  errno = ENOSPC;
  return {};
}

}  // namespace

std::vector<fs::path> temporary_directories() {
  const char* named = std::getenv("TMPDIR");
  if (named == nullptr || *named != '/') return {"/tmp"};
  return {named, "/tmp"};
}

std::optional<DirectoryError> LogDirectory::find_foreign(const fs::path& directory) const {
  const auto host = user_of(root_);
  auto path = root_;
  auto why = why_not_ours(path, LinkToDirectory::followed, host);
  for (const auto& name : directory.lexically_relative(root_)) {
    if (!why.empty()) break;
    path /= name;
    why = why_not_ours(path, LinkToDirectory::refused, host);
  }
  if (why.empty()) return std::nullopt;
  return DirectoryError{path, why, false};
}

std::optional<DirectoryError> LogDirectory::check_writable(const fs::path& directory) const {
  // First of all, because nothing is made in another user's directory.
  if (auto foreign = find_foreign(directory)) return foreign;
  if (auto fault = make_directories(directory)) return fault;
  return fault_of_directory(directory);
}

const fs::path& LogDirectory::fallback_directory() {
  for (const auto& above : temporary_) {
    if (fallback_.empty()) fallback_ = make_fallback(above);
  }
  if (!fallback_.empty()) return fallback_;
  throw system_error("nor in " + temporary_.back().string());
}

}  // namespace spider_check
