#include "os/log_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include "os/given_owner.hpp"
#include "os/private_directory.hpp"
#include "os/system_error.hpp"

namespace spider_check::os {

FileDescriptor open_log(const std::filesystem::path& path) {
  make_private_directory(path.parent_path());
  // A pipe that is there would keep the program waiting, a link would lead it anywhere.
  const int made = path == "/dev/null" ? 0 : O_CREAT | O_EXCL | O_NOFOLLOW;
  FileDescriptor file(Adopt{}, ::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | made, 0600));
  if (!file) throw system_error("cannot open the log file " + path.string());
  if (made != 0) give_to_owner(file, path);
  return file;
}

void add_to_log(const std::filesystem::path& path, const std::string& line) noexcept {
  const FileDescriptor file(
      Adopt{}, ::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  const auto text = line + "\n";
  if (file) (void)!::write(file.get(), text.data(), text.size());
}

}  // namespace spider_check::os
