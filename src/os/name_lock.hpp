#pragma once

#include <optional>
#include <string>
#include <utility>

#include <sys/types.h>

#include "os/file_descriptor.hpp"

namespace spider_check::os {

/**
 * A lock on a name that no file stands for, so that nobody can remove it (unix(7), an abstract
 * address). It is seen by the processes that share this one's network and process namespaces and
 * its root directory, and held until destruction.
 */
class NameLock {
 public:
  /**
   * Empty when another process of this user, of `owner` or of root has it. A name that a stranger
   * has taken counts for nothing, as where there are no such names: what is given then holds
   * nothing.
   */
  [[nodiscard]] static std::optional<NameLock> try_take(const std::string& name, uid_t owner);

  /** Whether such a process has it. */
  [[nodiscard]] static bool is_taken(const std::string& name, uid_t owner) noexcept;

 private:
  explicit NameLock(FileDescriptor socket) : socket_(std::move(socket)) {}

  FileDescriptor socket_;
};

}  // namespace spider_check::os
