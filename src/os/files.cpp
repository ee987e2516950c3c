#include "os/files.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>

#include <fcntl.h>
#include <sys/random.h>

#include "os/ownership.hpp"
#include "util/text.hpp"

namespace spider_check {

namespace {

/** How a file gets its name. */
enum class Write { anew, in_place, for_all };

/** False: errno says why. Not every file system can rename without replacing. */
bool rename_anew(const fs::path& from, const fs::path& to) {
  const auto flag = static_cast<unsigned>(RENAME_NOREPLACE);
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), flag) == 0) return true;
  return (errno == EINVAL || errno == ENOSYS) && ::link(from.c_str(), to.c_str()) == 0;
}

/** By a draft under another name, so that the file is there whole or not at all. */
void write(const fs::path& path, std::string_view text, Write how) {
  const auto draft = path.parent_path() / ("." + random_token());
  const FileDescriptor file(
      Adopt{}, ::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) throw system_error("cannot write " + path.string());
  give_to_owner(file, draft);
  const bool done =
      write_all(file, text) == text.size() &&
      (how == Write::for_all ? ::fchmod(file.get(), 0644) : ::fsync(file.get())) == 0 &&
      (how == Write::anew ? rename_anew(draft, path) : ::rename(draft.c_str(), path.c_str()) == 0);
  const auto error = system_error("cannot write " + path.string());
  ::unlink(draft.c_str());
  if (!done) throw error;
}

[[noreturn]] void refuse(const fs::path& path, int error, const std::string& what) {
  throw std::system_error(error, std::generic_category(),
                          "cannot write " + path.string() + ", which is " + what);
}

const char* kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a directory, not a file";
  return S_ISFIFO(mode)   ? "no file but a pipe"
         : S_ISSOCK(mode) ? "no file but a socket"
                          : "no file but a device";
}

/** Where a link leads, of which `status` is. */
fs::path follow(const fs::path& name, const fs::path& link, const FileStatus& status) {
  if (status.st_uid != ::geteuid() && status.st_uid != 0) {
    refuse(name, EPERM, "a symbolic link of another user's");
  }
  std::error_code error;
  const auto target = fs::read_symlink(link, error);
  if (error) refuse(name, error.value(), "a symbolic link that cannot be read");
  return link.parent_path() / target;
}

}  // namespace

fs::path file_to_replace(const fs::path& name) {
  constexpr int max_links = 20;
  auto path = name;
  for (int links = 0; links < max_links; ++links) {
    FileStatus status{};
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

void replace_file(const fs::path& path, std::string_view text) {
  write(path, text, Write::in_place);
}

void publish_file(const fs::path& path, std::string_view text) {
  write(file_to_replace(path), text, Write::for_all);
}

void write_new_file(const fs::path& path, std::string_view text) {
  write(path, text, Write::anew);
}

void publish_privately(const fs::path& file, std::string_view text) {
  const auto path = file_to_replace(file);
  FileStatus before{};
  const bool is_there = ::lstat(path.c_str(), &before) == 0;
  replace_file(path, text);
  if (is_there && ::chmod(path.c_str(), before.st_mode & 0777U) != 0) {
    throw system_error("cannot set the permissions of " + path.string());
  }
}

std::string read_tail(const FileDescriptor& file, std::int64_t most) {
  FileStatus status{};
  if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return {};
  const auto from = std::max<std::int64_t>(0, status.st_size - most);
  std::string text(static_cast<std::size_t>(status.st_size - from), '\0');
  const auto got = ::pread(file.get(), text.data(), text.size(), from);
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(0, got)));
  return text;
}

std::string read_tail(const fs::path& file, std::int64_t most) {
  return read_tail(
      FileDescriptor(Adopt{}, ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)),
      most);
}

std::string random_token() {
  std::array<unsigned char, 16> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    throw system_error("cannot make a random number");
  }
  std::string token;
  for (const auto byte : bytes) token += fmt::format("{:02x}", byte);
  return token;
}

fs::path program_directory() {
  return fs::read_symlink("/proc/self/exe").parent_path();
}

void make_private_directory(const fs::path& directory) {
  std::error_code ignored;
  if (directory.empty() || fs::is_directory(directory, ignored)) return;
  make_private_directory(directory.parent_path());
  if (make_one_directory(directory) || errno == EEXIST) return;
  throw system_error("cannot make the directory " + directory.string());
}

bool make_one_directory(const fs::path& directory) noexcept {
  if (::mkdir(directory.c_str(), 0700) != 0) return false;
  const FileDescriptor made(
      Adopt{}, ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  FileStatus status{};
  const bool is_ours = ::fstat(made.get(), &status) == 0 && status.st_uid == ::geteuid();
  if (is_ours) give_to_owner(made, directory);
  return true;
}

}  // namespace spider_check
