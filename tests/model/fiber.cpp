#include "fiber.hpp"

#include <cassert>
#include <cstdint>
#include <cstring>
#include <new>
#include <utility>
#include <vector>

#include <cxxabi.h>
#include <sys/mman.h>
#include <ucontext.h>

#if defined(__SANITIZE_ADDRESS__)
#define SPIDER_CHECK_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SPIDER_CHECK_ASAN 1
#endif
#endif

#ifdef SPIDER_CHECK_ASAN
#include <sanitizer/common_interface_defs.h>
#endif

namespace spider_check::test {

namespace {

// Deep enough for a tick without optimisation and under a sanitizer.
constexpr std::size_t stack_size = 512 * 1024;

// Below each stack: whoever needs more crashes at once, and not somebody else later. A multiple of
// every size that pages have.
constexpr std::size_t guard_size = 64 * 1024;

struct Unmap {
  void operator()(char* stack) const { ::munmap(stack - guard_size, guard_size + stack_size); }
};

using Stack = std::unique_ptr<char[], Unmap>;

/** Stacks that nobody uses. */
std::vector<Stack>& spare_stacks() {
  static std::vector<Stack> spare;
  return spare;
}

Stack make_stack() {
  void* memory = ::mmap(nullptr, guard_size + stack_size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  Stack stack(static_cast<char*>(memory) + guard_size);
  if (::mprotect(memory, guard_size, PROT_NONE) != 0) throw std::bad_alloc();
  return stack;
}

Stack take_stack() {
  auto& spare = spare_stacks();
  if (spare.empty()) return make_stack();
  auto stack = std::move(spare.back());
  spare.pop_back();
  return stack;
}

/** What the compiler's runtime knows of exceptions that are being handled is the fiber's own. */
struct Exceptions {
  void* handled = nullptr;
  unsigned uncaught = 0;

  void exchange() {
    Exceptions other;
    auto* globals = abi::__cxa_get_globals();
    std::memcpy(static_cast<void*>(&other), globals, sizeof other);
    std::memcpy(static_cast<void*>(globals), this, sizeof other);
    *this = other;
  }
};

}  // namespace

struct Fiber::Parts {
  std::function<void()> work;
  Stack stack = take_stack();
  ucontext_t own{};
  ucontext_t resumer{};
  Exceptions exceptions;
  bool ended = false;
  void* sanitizer_state = nullptr;
  const void* resumer_stack = nullptr;
  std::size_t resumer_stack_size = 0;

  void before_switch(void** state, const void* to, std::size_t size) {
#ifdef SPIDER_CHECK_ASAN
    __sanitizer_start_switch_fiber(state, to, size);
#else
    (void)state, (void)to, (void)size;
#endif
  }

  void after_switch(void* state, const void** from, std::size_t* size) {
#ifdef SPIDER_CHECK_ASAN
    __sanitizer_finish_switch_fiber(state, from, size);
#else
    (void)state, (void)from, (void)size;
#endif
  }

  void run() {
    after_switch(nullptr, &resumer_stack, &resumer_stack_size);
    work();
    ended = true;
    before_switch(nullptr, resumer_stack, resumer_stack_size);
  }

  /** makecontext() hands over ints only. */
  static void enter(unsigned high, unsigned low) {
    const auto address = std::uintptr_t{high} << 32U | low;
    reinterpret_cast<Parts*>(address)->run();
  }
};

Fiber::Fiber(std::function<void()> work) : parts_(std::make_unique<Parts>()) {
  parts_->work = std::move(work);
  ::getcontext(&parts_->own);
  parts_->own.uc_stack.ss_sp = parts_->stack.get();
  parts_->own.uc_stack.ss_size = stack_size;
  parts_->own.uc_link = &parts_->resumer;
  const auto address = reinterpret_cast<std::uintptr_t>(parts_.get());
  ::makecontext(&parts_->own, reinterpret_cast<void (*)()>(&Parts::enter), 2,
                static_cast<unsigned>(address >> 32U), static_cast<unsigned>(address));
}

Fiber::~Fiber() {
  assert(parts_->ended);
  spare_stacks().push_back(std::move(parts_->stack));
}

void Fiber::resume() {
  parts_->exceptions.exchange();
  void* state = nullptr;
  parts_->before_switch(&state, parts_->stack.get(), stack_size);
  ::swapcontext(&parts_->resumer, &parts_->own);
  parts_->after_switch(state, nullptr, nullptr);
  parts_->exceptions.exchange();
}

void Fiber::pause() {
  parts_->before_switch(&parts_->sanitizer_state, parts_->resumer_stack,
                        parts_->resumer_stack_size);
  ::swapcontext(&parts_->own, &parts_->resumer);
  parts_->after_switch(parts_->sanitizer_state, &parts_->resumer_stack,
                       &parts_->resumer_stack_size);
}

bool Fiber::ended() const noexcept {
  return parts_->ended;
}

}  // namespace spider_check::test
