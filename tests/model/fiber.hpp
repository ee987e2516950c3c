#pragma once

#include <functional>
#include <memory>

namespace spider_check::test {

/**
 * A piece of work that can stop anywhere and go on later: one of several processes that share one
 * thread, so that which of them goes on when is decided by a history and by nothing else.
 */
class Fiber {
 public:
  /** work: must not throw. */
  explicit Fiber(std::function<void()> work);
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;
  Fiber(Fiber&&) = delete;
  Fiber& operator=(Fiber&&) = delete;

  /** Not before it has ended. */
  ~Fiber();

  /** Goes on with it until it pauses or ends. Not from within a fiber. */
  void resume();

  /** From within: gives way to whoever resumed it. */
  void pause();

  [[nodiscard]] bool ended() const noexcept;

 private:
  struct Parts;

  std::unique_ptr<Parts> parts_;
};

}  // namespace spider_check::test
