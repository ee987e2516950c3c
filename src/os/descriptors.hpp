#pragma once

#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <sys/stat.h>
#include <unistd.h>

namespace spider_check {

using FileStatus = struct stat;

/** errno with what was tried. Call it before anything else changes errno. */
[[nodiscard]] std::system_error system_error(const std::string& what);

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

/**
 * Opens 0 to 2 on /dev/null where they are closed, closes all others but those named as /dev/fd/N
 * by an argument or a variable, and raises the limit. To be called first; ends the process without
 * /dev/null.
 */
void settle_descriptors(int argc, const char* const* argv) noexcept;

/** The first part of it, for a program that inherits nothing else. */
void open_standard_descriptors() noexcept;

// What follows is for a child before it executes a program: system calls only. Each leaves errno
// when it gives false.

/** Sets the limit of descriptors that this program was started with. */
[[nodiscard]] bool give_back_descriptor_limit() noexcept;

/** Closes every descriptor above 2 but this one; -1: all. */
[[nodiscard]] bool close_all_but(int kept) noexcept;

/** Closes every descriptor above 2 when a program is executed. */
[[nodiscard]] bool close_all_on_execute() noexcept;

/** A pipe that is read without waiting; a child that gets the other end may wait. */
struct Pipe {
  FileDescriptor read_end;
  FileDescriptor write_end;
};

/** Throws std::system_error. */
[[nodiscard]] Pipe make_pipe();

/** Reads all that is there, and keeps at most `most` bytes. Closes `from` at its end. */
void drain(FileDescriptor& from, std::string& to, std::size_t most);

/** Writes what it can, and gives how much that is; when it is not all, errno says why. */
[[nodiscard]] std::size_t write_all(const FileDescriptor& file, std::string_view text) noexcept;

}  // namespace spider_check
