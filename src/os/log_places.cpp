#include "os/log_places.hpp"

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
#include "os/private_folder.hpp"

namespace spider_check::os {

namespace {

namespace fs = std::filesystem;

// A log that ends in the middle tells less than one that is elsewhere.
constexpr std::uint64_t least_room = std::uint64_t{1} << 20U;

FolderFault fault(const fs::path& folder, int error) {
  return {folder, std::generic_category().message(error)};
}

/** Makes it and those above it, private. */
std::optional<FolderFault> make_folders(const fs::path& folder) {
  if (folder.empty()) return std::nullopt;

  struct stat status {};

  if (::stat(folder.c_str(), &status) == 0) {
    if (S_ISDIR(status.st_mode)) return std::nullopt;
    return fault(folder, ENOTDIR);
  }
  if (errno != ENOENT && errno != ENOTDIR) return fault(folder, errno);
  if (auto above = make_folders(folder.parent_path())) return above;
  if (make_one_folder(folder) || errno == EEXIST) return std::nullopt;
  return fault(folder.parent_path(), errno);
}

/** 0: a file can be made in it. */
int error_of_writing(const fs::path& folder) {
  const FileDescriptor file(
      Adopt{}, ::open(folder.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (file) return 0;
  // Not every file system has files without a name.
  if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL) return errno;
  return ::eaccess(folder.c_str(), W_OK | X_OK) == 0 ? 0 : errno;
}

bool has_room(const fs::path& folder) {
  struct statvfs room {};

  if (::statvfs(folder.c_str(), &room) != 0) return true;
  const auto blocks = ::geteuid() == 0 ? room.f_bfree : room.f_bavail;
  return std::uint64_t{blocks} * room.f_frsize >= least_room;
}

std::optional<FolderFault> fault_of_folder(const fs::path& folder) {
  if (const auto error = error_of_writing(folder)) return fault(folder, error);
  if (has_room(folder)) return std::nullopt;
  auto full = fault(folder, ENOSPC);
  full.scarce = true;
  return full;
}

std::vector<std::string> temporary_folders() {
  std::vector<std::string> folders;
  if (const char* named = std::getenv("TMPDIR"); named != nullptr && *named == '/') {
    folders.emplace_back(named);
  }
  folders.emplace_back("/tmp");
  return folders;
}

/** Empty: errno says why. */
std::string make_spare(const std::string& above) {
  auto path = above + "/spider-check-XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) return {};
  const auto full = fault_of_folder(path);
  if (!full) return path;
  ::rmdir(path.c_str());
  errno = ENOSPC;
  return {};
}

}  // namespace

std::optional<FolderFault> LogPlaces::foreign(const fs::path& folder) const {
  const auto host = host_of(log_dir_);
  auto path = log_dir_;
  auto why = why_not_ours(path, LinkToDirectory::followed, host);
  for (const auto& name : folder.lexically_relative(log_dir_)) {
    if (!why.empty()) break;
    path /= name;
    why = why_not_ours(path, LinkToDirectory::refused, host);
  }
  if (why.empty()) return std::nullopt;
  return FolderFault{path, why, false};
}

std::optional<FolderFault> LogPlaces::fault_of(const fs::path& folder) {
  // First what is there: nothing is made in somebody else's folder.
  if (auto fault = foreign(folder)) return fault;
  if (auto fault = make_folders(folder)) return fault;
  return fault_of_folder(folder);
}

const fs::path& LogPlaces::spare() {
  if (!spare_.empty()) return spare_;
  int error = 0;
  std::string where;
  for (const auto& above : temporary_folders()) {
    spare_ = make_spare(above);
    if (!spare_.empty()) return spare_;
    error = errno;
    where = above;
  }
  throw std::system_error(error, std::generic_category(), "nor in " + where);
}

}  // namespace spider_check::os
