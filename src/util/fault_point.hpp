#pragma once

namespace spider_check {

/**
 * A point at which the program of tests/faults dies when it is told to: -Dfault_points=true. In any
 * other build it is nothing. Never passed in a child that was forked and has not executed a
 * program: only the program itself counts.
 */
#ifdef SPIDER_CHECK_FAULT_POINTS
void fault_point(const char* name) noexcept;
#else
inline void fault_point(const char* /*name*/) noexcept {}
#endif

/** Two of them: one before and one after what is done while it lives. */
class FaultPoints {
 public:
  explicit FaultPoints(const char* name) noexcept : name_(name) { fault_point(name_); }

  FaultPoints(const FaultPoints&) = delete;
  FaultPoints& operator=(const FaultPoints&) = delete;
  FaultPoints(FaultPoints&&) = delete;
  FaultPoints& operator=(FaultPoints&&) = delete;

  ~FaultPoints() { fault_point(name_); }

 private:
  const char* name_;
};

}  // namespace spider_check
