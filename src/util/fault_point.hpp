#pragma once

#include "util/interface.hpp"

namespace spider_check {

/**
 * A point at which the program of tests/faults can die: -Dfault_points=true. Nothing in any other
 * build. Never passed in a child that was forked and has not executed a program.
 */
#ifdef SPIDER_CHECK_FAULT_POINTS
void fault_point(const char* name) noexcept;
#else
inline void fault_point(const char* /*name*/) noexcept {}
#endif

/** One where it is made, and one where it goes. */
class FaultPoints : NonCopyable {
 public:
  explicit FaultPoints(const char* name) noexcept : name_(name) { fault_point(name_); }

  ~FaultPoints() { fault_point(name_); }

 private:
  const char* name_;
};

}  // namespace spider_check
