#include "os/directory.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

#include "os/file_descriptor.hpp"
#include "os/file_lock.hpp"

namespace spider_check::os {

namespace {

namespace fs = std::filesystem;

std::string why_not_writable(const fs::path& directory) {
  std::error_code ignored;
  if (!fs::is_directory(directory, ignored)) return directory.string() + " is not a directory";
  if (::eaccess(directory.c_str(), W_OK | X_OK) == 0) return {};
  if (errno == EROFS) return directory.string() + " is on a read-only file system";
  return "this user may not write in " + directory.string();
}

/** The directory itself, or the nearest above it that is there. */
fs::path nearest_there(fs::path directory) {
  std::error_code ignored;
  while (!fs::exists(fs::symlink_status(directory, ignored)) &&
         directory != directory.parent_path()) {
    directory = directory.parent_path();
  }
  return directory;
}

/** A new file without a name; where the file system knows none, its name is removed at once. */
FileDescriptor nameless_file(const fs::path& directory) {
  FileDescriptor file(Adopt{}, ::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (file || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)) return file;
  auto name = (directory / "spider-check-XXXXXX").string();
  file = FileDescriptor(Adopt{}, ::mkostemp(name.data(), O_CLOEXEC));
  if (file) ::unlink(name.c_str());
  return file;
}

}  // namespace

DirectoryState inspect_directory(const fs::path& directory) {
  const auto nearest = nearest_there(directory);
  return {nearest == directory, why_not_writable(nearest)};
}

std::string why_not_lock(const fs::path& directory) {
  constexpr std::array<char, 4096> something{};
  const auto nearest = nearest_there(directory);
  const auto file = nameless_file(nearest);
  const auto why = [&](const std::string& what) {
    const int error = errno;
    return what + " in " + nearest.string() + ": " + std::generic_category().message(error) +
           (error == ENOSPC ? " (or no inodes)" : "");
  };
  if (!file) return why("no file can be made");
  if (::write(file.get(), something.data(), something.size()) < 0)
    return why("nothing can be written");
  if (::fdatasync(file.get()) != 0) return why("nothing can be written");
  if (!try_lock(file)) return why("no file can be locked");
  return {};
}

std::string why_not_enter(const fs::path& directory) {
  std::error_code ignored;
  const auto status = fs::status(directory, ignored);
  if (!fs::exists(status)) return "there is not a directory " + directory.string();
  if (!fs::is_directory(status)) return directory.string() + " is not a directory";
  if (::eaccess(directory.c_str(), X_OK) != 0)
    return "this user may not enter " + directory.string();
  return {};
}

}  // namespace spider_check::os
