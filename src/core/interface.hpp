#pragma once

#include <chrono>
#include <optional>

namespace spider_check {

/** An interface: used by reference, never copied. */
class Interface {
 public:
  Interface(const Interface&) = delete;
  Interface& operator=(const Interface&) = delete;
  Interface(Interface&&) = delete;
  Interface& operator=(Interface&&) = delete;
  virtual ~Interface() = default;

 protected:
  Interface() = default;
};

/** What an event loop waits for on behalf of somebody. */
struct PollRequest {
  int fd = -1;  ///< none
  bool to_write = false;
  bool to_read = false;
  std::optional<std::chrono::steady_clock::time_point> until;  ///< and not longer than this
};

}  // namespace spider_check
