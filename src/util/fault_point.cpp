// Of the build for tests/faults only: the program dies by SIGKILL at the SPIDER_CHECK_DIE_AT-th
// point that it passes, and appends the name of each to SPIDER_CHECK_FAULT_TRACE.

#include "util/fault_point.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>

namespace spider_check {

namespace {

long die_at() {
  const char* text = std::getenv("SPIDER_CHECK_DIE_AT");
  return text != nullptr ? std::strtol(text, nullptr, 10) : 0;
}

void trace(const char* name) {
  const char* path = std::getenv("SPIDER_CHECK_FAULT_TRACE");
  if (path == nullptr) return;
  if (auto* file = std::fopen(path, "ae")) {
    std::fprintf(file, "%s\n", name);
    std::fclose(file);
  }
}

}  // namespace

void fault_point(const char* name) noexcept {
  static const long last = die_at();
  static long passed = 0;
  trace(name);
  if (++passed == last) std::raise(SIGKILL);
}

}  // namespace spider_check
