#include "os/log_file.hpp"

#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>

#include "os/system_error.hpp"

namespace spider_check::os {

namespace {

void make_private_directories(const std::filesystem::path& directory) {
  if (directory.empty() || std::filesystem::is_directory(directory)) return;
  make_private_directories(directory.parent_path());
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
    throw system_error("cannot make the folder " + directory.string());
  }
}

}  // namespace

FileDescriptor open_log(const std::filesystem::path& path) {
  make_private_directories(path.parent_path());
  FileDescriptor file(Adopt{},
                      ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
  if (!file) throw system_error("cannot open the log file " + path.string());
  return file;
}

}  // namespace spider_check::os
