#include "os/given_owner.hpp"

#include <cerrno>
#include <system_error>

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

namespace spider_check::os {

namespace {

std::string name_of_user(uid_t user) {
  const auto* entry = ::getpwuid(user);
  return entry == nullptr ? std::to_string(user) : entry->pw_name;
}

/** A word of a shell's command. */
std::string shell_word(const std::string& text) {
  const auto* plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+./:@%,=";
  if (text.find_first_not_of(plain) == std::string::npos) return text;
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? "'\\''" : std::string(1, c);
  return word + "'";
}

}  // namespace

void give_to_owner(const FileDescriptor& made, const std::filesystem::path& path) noexcept {
  if (::geteuid() != 0) return;
  const int before = errno;

  struct stat directory {};

  const auto parent = path.parent_path();
  if (::stat(parent.empty() ? "." : parent.c_str(), &directory) == 0 && directory.st_uid != 0) {
    (void)!::fchown(made.get(), directory.st_uid, directory.st_gid);
  }
  errno = before;
}

std::string why_no_access(const std::filesystem::path& path, int error) {
  auto text = path.string() + ": " + std::generic_category().message(error);

  struct stat status {};

  const bool refused = error == EACCES || error == EPERM;
  if (!refused || ::lstat(path.c_str(), &status) != 0) return text;
  if (status.st_uid == ::geteuid()) return text;
  text += "; it belongs to " + name_of_user(status.st_uid) + ": let root type: chown ";
  if (S_ISDIR(status.st_mode)) text += "-R ";
  return text + name_of_user(::geteuid()) + " " + shell_word(path.string());
}

}  // namespace spider_check::os
