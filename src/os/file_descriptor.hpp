#pragma once

#include <utility>

#include <unistd.h>

namespace spider_check::os {

/** Says at the call site that ownership of a raw descriptor changes hands. */
struct Adopt {
  explicit Adopt() = default;
};

/** Owns a file descriptor and closes it. */
class FileDescriptor {
 public:
  FileDescriptor() = default;

  FileDescriptor(Adopt, int fd) noexcept : fd_(fd) {}

  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;

  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }

  ~FileDescriptor() { close(); }

  void close() noexcept {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

  /** Gives up ownership. */
  int release() noexcept { return std::exchange(fd_, -1); }

  [[nodiscard]] int get() const noexcept { return fd_; }

  explicit operator bool() const noexcept { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

}  // namespace spider_check::os
