#include "os/ownership.hpp"

#include <array>
#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>

#include "os/locks.hpp"
#include "util/text.hpp"

namespace spider_check {

namespace {

/** Its number behind `otherwise` where the user database has no name for it. */
std::string user_name(uid_t user, const char* otherwise = "") {
  const auto* entry = ::getpwuid(user);
  return entry != nullptr ? entry->pw_name : otherwise + std::to_string(user);
}

/** A group that has the user's name and no other member, as distributions make them. */
bool is_own_group(gid_t group) {
  const auto name = user_name(::geteuid());
  const auto* entry = ::getgrgid(group);
  if (entry == nullptr || name != entry->gr_name || group != ::getegid()) return false;
  for (char** member = entry->gr_mem; *member != nullptr; ++member) {
    if (name != *member) return false;
  }
  return true;
}

/** Whether users other than its owner may rename and replace what is in it. */
bool is_open_to_others(const FileStatus& status) {
  if ((status.st_mode & S_ISVTX) != 0) return false;
  if ((status.st_mode & S_IWOTH) != 0) return true;
  return (status.st_mode & S_IWGRP) != 0 && !is_own_group(status.st_gid);
}

std::string why_not_writable(const fs::path& directory) {
  std::error_code ignored;
  if (!fs::is_directory(directory, ignored)) return directory.string() + " is not a directory";
  if (::eaccess(directory.c_str(), W_OK | X_OK) == 0) return {};
  if (errno == EROFS) return directory.string() + " is on a read-only file system";
  return "this user may not write in " + directory.string();
}

/** The directory itself, or the nearest above it that is there. */
fs::path nearest_there(fs::path directory) {
  std::error_code ignored;
  while (!fs::exists(fs::symlink_status(directory, ignored)) &&
         directory != directory.parent_path()) {
    directory = directory.parent_path();
  }
  return directory;
}

/** A new file without a name; where the file system knows none, its name is removed at once. */
FileDescriptor nameless_file(const fs::path& directory) {
  FileDescriptor file(Adopt{}, ::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (file || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)) return file;
  auto name = (directory / "spider-check-XXXXXX").string();
  file = FileDescriptor(Adopt{}, ::mkostemp(name.data(), O_CLOEXEC));
  if (file) ::unlink(name.c_str());
  return file;
}

}  // namespace

std::string why_not_ours(const fs::path& directory, LinkToDirectory link,
                         std::optional<uid_t> host) {
  FileStatus status{};
  const int flags = link == LinkToDirectory::refused ? AT_SYMLINK_NOFOLLOW : 0;
  if (::fstatat(AT_FDCWD, directory.c_str(), &status, flags) != 0) return {};
  if (S_ISLNK(status.st_mode)) {
    return "it is a symbolic link; remove the link: rm " + directory.string();
  }
  const auto us = ::geteuid();
  if (status.st_uid != us && status.st_uid != 0 && status.st_uid != host) {
    return "it belongs to another user (" + user_name(status.st_uid, "uid ") +
           "); give it to this one: " + "chown -R " + user_name(us) + " " + directory.string();
  }
  if (!is_open_to_others(status)) return {};
  return "other users may write in it; forbid it: chmod go-w " + directory.string();
}

std::optional<uid_t> user_of(const fs::path& directory) {
  FileStatus status{};
  if (::geteuid() != 0 || ::stat(directory.c_str(), &status) != 0) return std::nullopt;
  return status.st_uid;
}

void give_to_owner(const FileDescriptor& made, const fs::path& path) noexcept {
  if (::geteuid() != 0) return;
  const int before = errno;
  FileStatus directory{};
  const auto parent = path.parent_path();
  if (::stat(parent.empty() ? "." : parent.c_str(), &directory) == 0 && directory.st_uid != 0) {
    (void)!::fchown(made.get(), directory.st_uid, directory.st_gid);
  }
  errno = before;
}

std::string why_no_access(const fs::path& path, int error) {
  auto text = path.string() + ": " + std::generic_category().message(error);
  FileStatus status{};
  const bool refused = error == EACCES || error == EPERM;
  if (!refused || ::lstat(path.c_str(), &status) != 0) return text;
  if (status.st_uid == ::geteuid()) return text;
  text += "; it belongs to " + user_name(status.st_uid) + ": let root type: chown ";
  if (S_ISDIR(status.st_mode)) text += "-R ";
  return text + user_name(::geteuid()) + " " + shell_word(path.string());
}

DirectoryState inspect_directory(const fs::path& directory) {
  const auto nearest = nearest_there(directory);
  return {nearest == directory, why_not_writable(nearest)};
}

std::string why_not_lock(const fs::path& directory) {
  constexpr std::array<char, 4096> something{};
  const auto nearest = nearest_there(directory);
  const auto file = nameless_file(nearest);
  const auto why = [&](const std::string& what) {
    const int error = errno;
    return what + " in " + nearest.string() + ": " + std::generic_category().message(error) +
           (error == ENOSPC ? " (or no inodes)" : "");
  };
  if (!file) return why("no file can be made");
  const bool is_written =
      ::write(file.get(), something.data(), something.size()) >= 0 && ::fdatasync(file.get()) == 0;
  if (!is_written) return why("nothing can be written");
  return try_lock_file(file) ? "" : why("no file can be locked");
}

std::string why_not_enter(const fs::path& directory) {
  std::error_code ignored;
  const auto status = fs::status(directory, ignored);
  if (!fs::exists(status)) return "there is not a directory " + directory.string();
  if (!fs::is_directory(status)) return directory.string() + " is not a directory";
  if (::eaccess(directory.c_str(), X_OK) != 0)
    return "this user may not enter " + directory.string();
  return {};
}

}  // namespace spider_check
