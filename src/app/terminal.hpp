#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace spider_check::app {

/** A terminal that is written to without waiting for it, and that may go away at any time. */
class Terminal {
 public:
  struct Size {
    std::size_t width = 80;
    std::size_t height = 24;

    friend bool operator==(const Size&, const Size&) = default;
  };

  /** fd: a terminal; it stays as it is, because others write to it, too. */
  explicit Terminal(int fd);
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
  Terminal(Terminal&&) = delete;
  Terminal& operator=(Terminal&&) = delete;
  ~Terminal();

  /** As of now; what a terminal does not tell is as it was on a VT100. */
  [[nodiscard]] Size size() const noexcept;

  /** Whether it is this program's to draw on, and not a shell's that has put it in the background.
   */
  [[nodiscard]] bool is_ours() const noexcept;

  /** Whether it has taken all that was written; tries again to get rid of what it has not. */
  [[nodiscard]] bool is_ready() noexcept;

  /** Writes it; what the terminal does not take now, because it is held, goes first next time. */
  void write(std::string_view text);

  /** Waits until all that was written is taken, at most so long each time; -1: for ever. */
  void wait(int milliseconds) noexcept;

 private:
  void flush() noexcept;

  int fd_;
  bool own_;  ///< whether fd_ is ours alone, and never waits
  std::string unwritten_;
};

}  // namespace spider_check::app
