#include <array>
#include <cstdio>

#include <sys/stat.h>
#include <unistd.h>

#include "config/apply.hpp"

namespace spider_check::config {

namespace {

std::string octal(unsigned mode) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%04o", mode);
  return text.data();
}

/** What a file that this user reads must be: somebody else's can only be read through its group. */
unsigned right_mode(const struct stat& status) {
  return status.st_uid == ::geteuid() ? 0600 : 0640;
}

}  // namespace

std::vector<std::string> warn_of_open_secrets(const std::vector<SecretFile>& files) {
  std::vector<std::string> warnings;
  for (const auto& [file, what] : files) {
    struct stat status {};

    if (::stat(file.c_str(), &status) != 0) continue;
    const auto mode = status.st_mode & 07777U;
    const auto right = right_mode(status);
    if ((mode & 077U & ~right) == 0) continue;
    warnings.push_back(file.string() + ": holds " + what + ", and others can get at it (mode " +
                       octal(mode) + "); type chmod " + octal(right).substr(1) + " " +
                       file.string());
  }
  return warnings;
}

}  // namespace spider_check::config
