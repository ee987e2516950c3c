#include "os/private_file.hpp"

#include <optional>
#include <string>

#include <sys/stat.h>

#include "os/new_file.hpp"
#include "os/system_error.hpp"

namespace spider_check::os {

namespace {

/** Of the file that is there. */
std::optional<mode_t> permissions_of(const std::filesystem::path& path) {
  struct stat status {};

  if (::lstat(path.c_str(), &status) != 0) return std::nullopt;
  return status.st_mode & (S_IRWXU | S_IRWXG | S_IRWXO);
}

}  // namespace

void PrivateFile::replace(std::string_view text) {
  const auto path = file_to_replace(path_);
  const auto permissions = permissions_of(path);
  replace_file(path, std::string(text));
  if (permissions && ::chmod(path.c_str(), *permissions) != 0) {
    throw system_error("cannot set the permissions of " + path.string());
  }
}

}  // namespace spider_check::os
