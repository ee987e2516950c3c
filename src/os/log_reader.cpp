#include "os/log_reader.hpp"

#include <cerrno>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

#include "os/system_error.hpp"

namespace spider_check::os {

LogReader::LogReader(const ScheduleLogs& logs, const std::filesystem::path& log)
    : path_(log), file_(logs.open(log)) {}

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

void show_log(const ScheduleLogs& logs, const std::filesystem::path& log, LogOutput& output) {
  if (LogReader(logs, log).show_new(output)) (void)output.end_log();
}

}  // namespace spider_check::os
