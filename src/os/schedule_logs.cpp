#include "os/schedule_logs.hpp"

#include <cerrno>
#include <memory>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file_name.hpp"
#include "os/file_descriptor.hpp"
#include "os/system_error.hpp"

namespace spider_check::os {

namespace {

namespace fs = std::filesystem;

FileDescriptor open_folder(int at, const fs::path& name) {
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

/** What is in a folder; nothing when it cannot be read. */
std::vector<std::string> names_in(const FileDescriptor& folder) {
  // A stream closes its descriptor; the folder's own is needed further on.
  FileDescriptor copy(Adopt{}, ::openat(folder.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(copy.get()), ::closedir);
  std::vector<std::string> names;
  if (!stream) return names;
  copy.release();
  while (const auto* entry = ::readdir(stream.get())) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  return names;
}

void list_spider(const FileDescriptor& folder, const fs::path& path, std::vector<LogFile>& logs) {
  for (const auto& name : names_in(folder)) {
    struct stat status {};

    if (!parse_log_name(name)) continue;
    if (::fstatat(folder.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (!S_ISREG(status.st_mode)) continue;
    logs.push_back({path / name, status.st_size});
  }
}

std::string failure(const fs::path& file) {
  return system_error("cannot remove " + file.string()).what();
}

}  // namespace

ScheduleLogs::ScheduleLogs(const fs::path& log_dir, std::string_view schedule)
    : path_((log_dir / to_file_name(schedule)).lexically_normal()) {}

std::vector<LogFile> ScheduleLogs::list() {
  const auto folder = open_folder(AT_FDCWD, path_);
  if (!folder && !is_there(path_)) return {};
  if (!folder) throw system_error("cannot read the log folder " + path_.string());
  std::vector<LogFile> logs;
  for (const auto& name : names_in(folder)) {
    if (const auto spider = open_folder(folder.get(), name))
      list_spider(spider, path_ / name, logs);
  }
  return logs;
}

std::string ScheduleLogs::remove(const fs::path& file) {
  const auto path = file.lexically_normal();
  const auto spider = path.parent_path().filename();
  if (path.parent_path().parent_path() != path_ || spider == ".." || !parse_log_name(path)) {
    return "cannot remove " + file.string() + ": it is no log in " + path_.string();
  }
  const auto above = open_folder(AT_FDCWD, path_);
  const auto folder = above ? open_folder(above.get(), spider) : FileDescriptor();
  if (!folder) return failure(path);
  if (::unlinkat(folder.get(), path.filename().c_str(), 0) != 0 && errno != ENOENT) {
    return failure(path);
  }
  // Only an empty folder goes that way.
  (void)::unlinkat(above.get(), spider.c_str(), AT_REMOVEDIR);
  return {};
}

}  // namespace spider_check::os
