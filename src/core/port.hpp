#pragma once

#include <chrono>
#include <optional>

namespace spider_check {

/** An interface: used by reference, never copied. */
class Port {
 public:
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;
  Port(Port&&) = delete;
  Port& operator=(Port&&) = delete;
  virtual ~Port() = default;

 protected:
  Port() = default;
};

/** What an event loop waits for on behalf of somebody. */
struct Interest {
  int fd = -1;  ///< none
  bool to_write = false;
  bool to_read = false;
  std::optional<std::chrono::steady_clock::time_point> until;  ///< and not longer than this
};

}  // namespace spider_check
