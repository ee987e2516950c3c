#include "os/ownership.hpp"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

namespace spider_check::os {

namespace {

std::string user_name(uid_t user) {
  const auto* entry = ::getpwuid(user);
  return entry != nullptr ? entry->pw_name : "uid " + std::to_string(user);
}

/** As chown takes it. */
std::string user_to_type(uid_t user) {
  const auto* entry = ::getpwuid(user);
  return entry != nullptr ? entry->pw_name : std::to_string(user);
}

/** A group that has the user's name and nobody else in it, as distributions make them. */
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
bool is_open_to_others(const struct stat& status) {
  if ((status.st_mode & S_ISVTX) != 0) return false;
  if ((status.st_mode & S_IWOTH) != 0) return true;
  return (status.st_mode & S_IWGRP) != 0 && !is_own_group(status.st_gid);
}

}  // namespace

std::string why_not_ours(const std::filesystem::path& directory, LinkToDirectory link,
                         std::optional<uid_t> host) {
  struct stat status {};

  const int flags = link == LinkToDirectory::refused ? AT_SYMLINK_NOFOLLOW : 0;
  if (::fstatat(AT_FDCWD, directory.c_str(), &status, flags) != 0) return {};
  if (S_ISLNK(status.st_mode)) {
    return "it is a symbolic link; remove the link: rm " + directory.string();
  }
  const auto us = ::geteuid();
  if (status.st_uid != us && status.st_uid != 0 && status.st_uid != host) {
    return "it belongs to another user (" + user_name(status.st_uid) +
           "); give it to this one: " + "chown -R " + user_to_type(us) + " " + directory.string();
  }
  if (!is_open_to_others(status)) return {};
  return "other users may write in it; forbid it: chmod go-w " + directory.string();
}

std::optional<uid_t> host_of(const std::filesystem::path& directory) {
  struct stat status {};

  if (::geteuid() != 0 || ::stat(directory.c_str(), &status) != 0) return std::nullopt;
  return status.st_uid;
}

}  // namespace spider_check::os
