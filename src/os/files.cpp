#include "os/files.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <optional>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/descriptors.hpp"
#include "os/ownership.hpp"

namespace spider_check {

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
  [[nodiscard]] bool write(std::string_view text) { return write_all(file_, text) == text.size(); }

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

[[noreturn]] void refuse(const std::filesystem::path& path, int error, const std::string& what) {
  throw std::system_error(error, std::generic_category(),
                          "cannot write " + path.string() + ", which is " + what);
}

const char* kind_of(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFDIR:
      return "a directory, not a file";
    case S_IFIFO:
      return "no file but a pipe";
    case S_IFSOCK:
      return "no file but a socket";
    default:
      return "no file but a device";
  }
}

/** Where a link leads, of which `status` is. */
std::filesystem::path follow(const std::filesystem::path& name, const std::filesystem::path& link,
                             const struct stat& status) {
  if (status.st_uid != ::geteuid() && status.st_uid != 0) {
    refuse(name, EPERM, "a symbolic link of another user's");
  }
  std::error_code error;
  const auto target = std::filesystem::read_symlink(link, error);
  if (error) refuse(name, error.value(), "a symbolic link that cannot be read");
  return link.parent_path() / target;
}

}  // namespace

std::filesystem::path file_to_replace(const std::filesystem::path& name) {
  constexpr int max_links = 20;
  auto path = name;
  for (int links = 0; links < max_links; ++links) {
    struct stat status {};

    if (::lstat(path.c_str(), &status) != 0) {
      if (links > 0) refuse(name, errno, "a symbolic link to nothing");
      return path;
    }
    if (S_ISREG(status.st_mode)) {
      if (links == 0 || status.st_uid == ::geteuid()) return path;
      refuse(name, EPERM, "a symbolic link to another user's file");
    }
    if (!S_ISLNK(status.st_mode)) {
      refuse(name, S_ISDIR(status.st_mode) ? EISDIR : EINVAL, kind_of(status.st_mode));
    }
    path = follow(name, path, status);
  }
  refuse(name, ELOOP, "a symbolic link to itself");
}

void replace_file(const std::filesystem::path& path, const std::string& text) {
  Draft draft(path);
  if (!draft.write(text) || !draft.sync() || !draft.replace(path))
    throw system_error("cannot write " + path.string());
}

void publish_file(const std::filesystem::path& file, std::string_view text) {
  const auto path = file_to_replace(file);
  Draft draft(path);
  if (!draft.write(text) || !draft.open_to_all() || !draft.replace(path))
    throw system_error("cannot write " + path.string());
}

void write_new_file(const std::filesystem::path& path, const std::string& text) {
  Draft draft(path);
  if (!draft.write(text) || !draft.sync() || !draft.rename(path))
    throw system_error("cannot write " + path.string());
}

namespace {

/** Of the file that is there. */
std::optional<mode_t> permissions_of(const std::filesystem::path& path) {
  struct stat status {};

  if (::lstat(path.c_str(), &status) != 0) return std::nullopt;
  return status.st_mode & (S_IRWXU | S_IRWXG | S_IRWXO);
}

}  // namespace

void publish_privately(const std::filesystem::path& file, std::string_view text) {
  const auto path = file_to_replace(file);
  const auto permissions = permissions_of(path);
  replace_file(path, std::string(text));
  if (permissions && ::chmod(path.c_str(), *permissions) != 0) {
    throw system_error("cannot set the permissions of " + path.string());
  }
}

std::string read_tail(const FileDescriptor& file, std::int64_t most) {
  struct stat status {};

  if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return {};
  const auto from = std::max<std::int64_t>(0, status.st_size - most);
  std::string text(static_cast<std::size_t>(status.st_size - from), '\0');
  const auto got = ::pread(file.get(), text.data(), text.size(), from);
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(0, got)));
  return text;
}

std::string read_tail(const std::filesystem::path& file, std::int64_t most) {
  return read_tail(
      FileDescriptor(Adopt{}, ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)),
      most);
}

std::string random_token() {
  static constexpr std::string_view digits = "0123456789abcdef";
  std::array<unsigned char, 16> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    throw system_error("cannot make a random number");
  }
  std::string token;
  for (const auto byte : bytes) token += {digits[byte >> 4U], digits[byte & 15U]};
  return token;
}

std::filesystem::path program_directory() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path();
}

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

}  // namespace spider_check
