#pragma once

#include <filesystem>
#include <optional>

#include "os/file_descriptor.hpp"

namespace spider_check::os {

/** The lock of a file (flock(2)), held until destruction; the file is made where there is none. */
class FileLock {
 public:
  /** Empty when another process has it. Throws std::system_error. */
  [[nodiscard]] static std::optional<FileLock> try_take(const std::filesystem::path& file);

  /** Whether a process has it; none has that of a file that is not there, or cannot be opened. */
  [[nodiscard]] static bool is_taken(const std::filesystem::path& file) noexcept;

 private:
  explicit FileLock(FileDescriptor file) : file_(std::move(file)) {}

  FileDescriptor file_;
};

/** Takes the lock of an open file. False when another process has it; is_locked() is no such. */
[[nodiscard]] bool try_lock(const FileDescriptor& file) noexcept;

/** Whether another process has the lock of an open file. */
[[nodiscard]] bool is_locked(const FileDescriptor& file) noexcept;

}  // namespace spider_check::os
