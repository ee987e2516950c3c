#include "os/private_folder.hpp"

#include <cerrno>

#include <sys/stat.h>

#include "os/system_error.hpp"

namespace spider_check::os {

void make_private_folder(const std::filesystem::path& folder) {
  std::error_code ignored;
  if (folder.empty() || std::filesystem::is_directory(folder, ignored)) return;
  make_private_folder(folder.parent_path());
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    throw system_error("cannot make the folder " + folder.string());
  }
}

}  // namespace spider_check::os
