#include "os/private_file.hpp"

#include <cerrno>
#include <optional>
#include <string>
#include <system_error>

#include <sys/stat.h>

#include "os/new_file.hpp"
#include "os/system_error.hpp"

namespace spider_check::os {

namespace {

/** Of the file that is there. Throws std::system_error when it is no file. */
std::optional<mode_t> permissions_of(const std::filesystem::path& path) {
  struct stat status {};

  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  if (!S_ISREG(status.st_mode)) {
    throw std::system_error(EINVAL, std::generic_category(),
                            "cannot write " + path.string() + ", which is no file");
  }
  return status.st_mode & (S_IRWXU | S_IRWXG | S_IRWXO);
}

}  // namespace

void PrivateFile::replace(std::string_view text) {
  const auto permissions = permissions_of(path_);
  replace_file(path_, std::string(text));
  if (permissions && ::chmod(path_.c_str(), *permissions) != 0) {
    throw system_error("cannot set the permissions of " + path_.string());
  }
}

}  // namespace spider_check::os
