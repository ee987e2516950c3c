#include "os/schedule_logs.hpp"

#include <cerrno>
#include <exception>
#include <memory>
#include <string_view>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file_name.hpp"
#include "os/file_descriptor.hpp"
#include "os/system_error.hpp"
#include "os/tail.hpp"

namespace spider_check::os {

namespace {

namespace fs = std::filesystem;

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
class Listing {
 public:
  /** Nothing is in one that cannot be read. */
  explicit Listing(FileDescriptor directory) : stream_(::fdopendir(directory.get()), ::closedir) {
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

void list_spider(Listing& directory, const fs::path& path, std::vector<LogFile>& logs) {
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
  Listing spiders(std::move(directory));
  while (const char* name = spiders.next()) {
    if (auto spider = open_directory(spiders.fd(), name)) {
      Listing listing(std::move(spider));
      take(listing, name);
    }
  }
}

std::vector<LogFile> ScheduleLogs::list() {
  std::vector<LogFile> logs;
  each_spider(
      [&](Listing& directory, const char* name) { list_spider(directory, path() / name, logs); });
  return logs;
}

std::set<LogName> ScheduleLogs::names() {
  std::set<LogName> names;
  each_spider([&](Listing& directory, const char* /*spider*/) {
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

}  // namespace spider_check::os
