#include "os/log_reader.hpp"

#include <cerrno>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/system_error.hpp"

namespace spider_check::os {

LogReader::LogReader(const std::filesystem::path& log)
    : path_(log),
      file_(Adopt{}, ::open(log.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)) {
  struct stat status {};

  if (!file_ || ::fstat(file_.get(), &status) != 0) {
    throw system_error("cannot read " + log.string());
  }
  if (!S_ISREG(status.st_mode)) {
    throw std::system_error(EINVAL, std::generic_category(), log.string() + " is no file");
  }
}

bool LogReader::show_new(LogOutput& output) {
  struct stat status {};

  if (::fstat(file_.get(), &status) == 0 && status.st_size < shown_) shown_ = 0;
  std::vector<char> buffer(std::size_t{64} << 10U);
  for (;;) {
    const auto got = ::pread(file_.get(), buffer.data(), buffer.size(), shown_);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw system_error("cannot read " + path_.string());
    if (got == 0) return true;
    shown_ += got;
    if (!output.write({buffer.data(), static_cast<std::size_t>(got)})) return false;
  }
}

void show_log(const std::filesystem::path& log, LogOutput& output) {
  if (LogReader(log).show_new(output)) (void)output.end_log();
}

}  // namespace spider_check::os
