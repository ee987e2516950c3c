#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include <sys/types.h>

#include "os/descriptors.hpp"
#include "util/option.hpp"

namespace spider_check {

/** Takes the lock of an open file. False when another process has it; is_locked() is no such. */
[[nodiscard]] bool try_lock_file(const FileDescriptor& file) noexcept;

/** Whether a name stands for this open file still. */
[[nodiscard]] bool is_named(const FileDescriptor& file, const fs::path& path) noexcept;

/** Whether another process has the lock of an open file. */
[[nodiscard]] bool is_locked(const FileDescriptor& file) noexcept;

/** The lock of a file (flock(2)), held until destruction; the file is made where there is none. */
class FileLock {
 public:
  /** Empty when another process has it. Throws std::system_error, which says what mends it. */
  [[nodiscard]] static std::optional<FileLock> try_take(const fs::path& file);

  /** The same, but waits so long for another process to let go. */
  [[nodiscard]] static std::optional<FileLock> take(const fs::path& file,
                                                    std::chrono::milliseconds longest);

  /** Whether a process has it; none has that of a file that is not there, or cannot be opened. */
  [[nodiscard]] static bool is_taken(const fs::path& file) noexcept;

  /** Whether its name stands for the locked file still. */
  [[nodiscard]] bool is_kept() const noexcept { return is_named(file_, path_); }

  /**
   * Takes it again where the file was removed. False: another process has it. Throws
   * std::system_error.
   */
  [[nodiscard]] bool keep();

 private:
  FileLock(fs::path path, FileDescriptor file) : path_(std::move(path)), file_(std::move(file)) {}

  fs::path path_;
  FileDescriptor file_;
};

/**
 * A lock on a name without a file (unix(7), an abstract address), held until destruction. Processes
 * that share the network, the process namespace and the root directory see it.
 */
class NameLock {
 public:
  /**
   * Empty where another process of this user, of `owner` or of root has it. One of a stranger
   * counts for nothing, and what is given then holds nothing.
   */
  [[nodiscard]] static std::optional<NameLock> try_take(const std::string& name, uid_t owner);

  /** Whether such a process has it. */
  [[nodiscard]] static bool is_taken(const std::string& name, uid_t owner) noexcept;

 private:
  explicit NameLock(FileDescriptor socket) : socket_(std::move(socket)) {}

  FileDescriptor socket_;
};

}  // namespace spider_check
