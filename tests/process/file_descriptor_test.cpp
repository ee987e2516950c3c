#include <type_traits>

#include <doctest/doctest.h>
#include <fcntl.h>

#include "os/descriptors.hpp"

namespace spider_check {

namespace {

int open_null() {
  return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

bool is_open(int fd) {
  return ::fcntl(fd, F_GETFD) >= 0;
}

}  // namespace

TEST_CASE("a descriptor has one owner") {
  static_assert(!std::is_copy_constructible_v<FileDescriptor>);
  static_assert(!std::is_copy_assignable_v<FileDescriptor>);
  static_assert(std::is_nothrow_move_constructible_v<FileDescriptor>);
  static_assert(std::is_nothrow_move_assignable_v<FileDescriptor>);
  static_assert(!std::is_convertible_v<int, FileDescriptor>);
}

TEST_CASE("an owner of nothing is false and closes nothing") {
  FileDescriptor none;
  CHECK_FALSE(static_cast<bool>(none));
  CHECK(none.get() == -1);
  none.close();
  CHECK(none.get() == -1);
}

TEST_CASE("a descriptor is closed with its owner") {
  const int fd = open_null();
  {
    const FileDescriptor owner(Adopt{}, fd);
    CHECK(static_cast<bool>(owner));
    CHECK(owner.get() == fd);
    CHECK(is_open(fd));
  }
  CHECK_FALSE(is_open(fd));
}

TEST_CASE("close closes once and leaves an owner of nothing") {
  const int fd = open_null();
  FileDescriptor owner(Adopt{}, fd);
  owner.close();
  CHECK_FALSE(is_open(fd));
  CHECK_FALSE(static_cast<bool>(owner));
  // The number is soon somebody else's, who must not lose it.
  const FileDescriptor other(Adopt{}, open_null());
  CHECK(other.get() == fd);
  owner.close();
  CHECK(is_open(fd));
}

TEST_CASE("a moved descriptor belongs to the new owner alone") {
  const int fd = open_null();
  FileDescriptor first(Adopt{}, fd);
  {
    const FileDescriptor second(std::move(first));
    CHECK(second.get() == fd);
    CHECK(is_open(fd));
  }
  CHECK_FALSE(is_open(fd));
}

TEST_CASE("assignment takes the descriptor over, and the old one is closed in the end") {
  const int old_fd = open_null();
  const int new_fd = open_null();
  {
    FileDescriptor target(Adopt{}, old_fd);
    target = FileDescriptor(Adopt{}, new_fd);
    CHECK(target.get() == new_fd);
    CHECK(is_open(new_fd));
    CHECK_FALSE(is_open(old_fd));
  }
  CHECK_FALSE(is_open(new_fd));
}

}  // namespace spider_check
