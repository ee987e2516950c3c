#include "allocations.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

namespace spider_check::test {

namespace {

std::atomic<long> count{0};

}  // namespace

long allocations() noexcept {
  return count;
}

}  // namespace spider_check::test

void* operator new(std::size_t size) {
  ++spider_check::test::count;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}

void operator delete(void* memory) noexcept {
  std::free(memory);
}

void operator delete(void* memory, std::size_t /*size*/) noexcept {
  std::free(memory);
}
