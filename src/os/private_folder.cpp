#include "os/private_folder.hpp"

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
FileDescriptor open_new(const std::filesystem::path& folder) {
  FileDescriptor file(Adopt{},
                      ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));

  struct stat status {};

  if (::fstat(file.get(), &status) != 0 || status.st_uid != ::geteuid()) return {};
  return file;
}

}  // namespace

void make_private_folder(const std::filesystem::path& folder) {
  std::error_code ignored;
  if (folder.empty() || std::filesystem::is_directory(folder, ignored)) return;
  make_private_folder(folder.parent_path());
  if (make_one_folder(folder) || errno == EEXIST) return;
  throw system_error("cannot make the folder " + folder.string());
}

bool make_one_folder(const std::filesystem::path& folder) noexcept {
  if (::mkdir(folder.c_str(), 0700) != 0) return false;
  give_to_owner(open_new(folder), folder);
  return true;
}

}  // namespace spider_check::os
