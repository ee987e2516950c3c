#pragma once

#include <csignal>
#include <vector>

namespace spider_check::app {

/**
 * While it lives, a signal that ends or stops the program first gives the terminal on stderr its
 * cursor back. Signals that are ignored or handled elsewhere are left as they are. One at a time.
 */
class CursorGuard {
 public:
  CursorGuard();
  CursorGuard(const CursorGuard&) = delete;
  CursorGuard& operator=(const CursorGuard&) = delete;
  CursorGuard(CursorGuard&&) = delete;
  CursorGuard& operator=(CursorGuard&&) = delete;
  ~CursorGuard();

 private:
  std::vector<int> guarded_;
};

}  // namespace spider_check::app
