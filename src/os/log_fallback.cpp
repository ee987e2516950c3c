#include "os/log_fallback.hpp"

#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "os/file_descriptor.hpp"
#include "os/ownership.hpp"
#include "os/private_directory.hpp"

namespace spider_check::os {

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

std::optional<DirectoryError> LogFallback::foreign(const fs::path& directory) const {
  const auto host = host_of(log_dir_);
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

std::optional<DirectoryError> LogFallback::check_writable(const fs::path& directory) {
  // First what is there: nothing is made in somebody else's directory.
  if (auto fault = foreign(directory)) return fault;
  if (auto fault = make_directories(directory)) return fault;
  return fault_of_directory(directory);
}

const fs::path& LogFallback::fallback_directory() {
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

}  // namespace spider_check::os
