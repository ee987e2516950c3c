#include "os/private_directory.hpp"

#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/file_descriptor.hpp"
#include "os/given_owner.hpp"
#include "os/system_error.hpp"

namespace spider_check::os {

namespace {

/** Only what this process has just made: an empty directory of its own. */
FileDescriptor open_new(const std::filesystem::path& directory) {
  FileDescriptor file(Adopt{},
                      ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));

  struct stat status {};

  if (::fstat(file.get(), &status) != 0 || status.st_uid != ::geteuid()) return {};
  return file;
}

}  // namespace

void make_private_directory(const std::filesystem::path& directory) {
  std::error_code ignored;
  if (directory.empty() || std::filesystem::is_directory(directory, ignored)) return;
  make_private_directory(directory.parent_path());
  if (make_one_directory(directory) || errno == EEXIST) return;
  throw system_error("cannot make the directory " + directory.string());
}

bool make_one_directory(const std::filesystem::path& directory) noexcept {
  if (::mkdir(directory.c_str(), 0700) != 0) return false;
  give_to_owner(open_new(directory), directory);
  return true;
}

}  // namespace spider_check::os
