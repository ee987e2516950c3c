#include "os/new_file.hpp"

#include <cerrno>
#include <cstdio>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/file_descriptor.hpp"
#include "os/given_owner.hpp"
#include "os/system_error.hpp"
#include "os/tail.hpp"

namespace spider_check::os {

namespace {

/** A file under a name that nobody looks for; gone with this unless it was given another. */
class Draft {
 public:
  explicit Draft(const std::filesystem::path& target)
      : path_(target.parent_path() / ("." + random_token())) {
    file_ = FileDescriptor(
        Adopt{}, ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file_) throw system_error("cannot write " + target.string());
    give_to_owner(file_, path_);
  }

  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;
  Draft(Draft&&) = delete;
  Draft& operator=(Draft&&) = delete;

  ~Draft() { ::unlink(path_.c_str()); }

  /** False: errno says why. */
  [[nodiscard]] bool write(std::string_view text) {
    while (!text.empty()) {
      const auto written = ::write(file_.get(), text.data(), text.size());
      if (written < 0 && errno != EINTR) return false;
      if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
  }

  /** Brings it to the disk. False: errno says why. */
  [[nodiscard]] bool sync() { return ::fsync(file_.get()) == 0; }

  /** Lets everybody read it, whatever the umask is. False: errno says why. */
  [[nodiscard]] bool open_to_all() { return ::fchmod(file_.get(), 0644) == 0; }

  /** Gives it a name that is free. False: errno says why. */
  [[nodiscard]] bool rename(const std::filesystem::path& target) {
    const auto flag = static_cast<unsigned>(RENAME_NOREPLACE);
    if (::renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, target.c_str(), flag) == 0) return true;
    // Not every file system can do this.
    const bool unknown = errno == EINVAL || errno == ENOSYS;
    return unknown && ::link(path_.c_str(), target.c_str()) == 0;
  }

  /** Puts it in the place of what has that name. False: errno says why. */
  [[nodiscard]] bool replace(const std::filesystem::path& target) {
    return ::rename(path_.c_str(), target.c_str()) == 0;
  }

 private:
  std::filesystem::path path_;
  FileDescriptor file_;
};

}  // namespace

void replace_file(const std::filesystem::path& path, const std::string& text) {
  Draft draft(path);
  if (!draft.write(text) || !draft.sync() || !draft.replace(path))
    throw system_error("cannot write " + path.string());
}

void publish_file(const std::filesystem::path& path, std::string_view text) {
  Draft draft(path);
  if (!draft.write(text) || !draft.open_to_all() || !draft.replace(path))
    throw system_error("cannot write " + path.string());
}

void write_new_file(const std::filesystem::path& path, const std::string& text) {
  Draft draft(path);
  if (!draft.write(text) || !draft.sync() || !draft.rename(path))
    throw system_error("cannot write " + path.string());
}

}  // namespace spider_check::os
