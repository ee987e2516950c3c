#pragma once

#include <chrono>
#include <csignal>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schedule/spider.hpp"
#include "util/log.hpp"
#include "util/text_width.hpp"

namespace spider_check {

/** What a person sees of a run while it goes on. */
class RunView : public Interface {
 public:
  using Clock = std::chrono::steady_clock;

  /** The run's spiders are about to start. */
  virtual void begin(const Claim&) {}

  virtual void started(const SpiderJob& job) = 0;

  /** It is being stopped, and has not ended yet. */
  virtual void stopping(const SpiderJob& job, StopCause cause) = 0;

  /** How far a crawl has come. */
  virtual void progressed(const SpiderJob& job, const Progress& progress) = 0;

  virtual void finished(const SpiderJob& job, const SpiderOutcome& outcome) = 0;

  /** When it wants to hear of progress and to be refreshed; empty: never. */
  [[nodiscard]] virtual std::optional<Clock::time_point> next_refresh() const = 0;

  virtual void refresh() = 0;

  /** No spider runs any more; it leaves behind what is worth keeping. */
  virtual void close() = 0;
};

/** One log line for each event, and nothing else: for files, for cron, for the journal. */
class LineView final : public RunView {
 public:
  /** `log` outlives the view. spiders: how many there are to run. */
  LineView(Log& log, std::size_t spiders) : log_(log), spiders_(spiders) {}

  void started(const SpiderJob& job) override;
  void stopping(const SpiderJob& job, StopCause cause) override;

  void progressed(const SpiderJob&, const Progress&) override {}

  void finished(const SpiderJob& job, const SpiderOutcome& outcome) override;

  [[nodiscard]] std::optional<Clock::time_point> next_refresh() const override {
    return std::nullopt;
  }

  void refresh() override {}

  void close() override {}

 private:
  Log& log_;
  std::size_t spiders_;
  std::size_t started_ = 0;
};

/** While it lives, what a log writes appears above what is drawn on the terminal. */
class LogRedirect : NonCopyable {
 public:
  /** Both outlive it. erase is called before each line, draw after it. */
  LogRedirect(Log& log, std::function<void()> erase, std::function<void()> draw);
  ~LogRedirect();

 private:
  Log& log_;
  Log::Writer before_;
};

/**
 * While it lives, a signal that ends or stops the program first gives the terminal on stderr its
 * cursor back. Signals that are ignored or handled elsewhere are left as they are. One at a time.
 */
class CursorGuard : NonCopyable {
 public:
  CursorGuard();
  ~CursorGuard();

 private:
  std::vector<int> guarded_;
};

/** A terminal that is written to without waiting for it, and that may go away at any time. */
class Terminal : NonCopyable {
 public:
  struct Size {
    std::size_t width = 80;
    std::size_t height = 24;

    friend bool operator==(const Size&, const Size&) = default;
  };

  /** fd: a terminal; it stays as it is, because others write to it, too. */
  explicit Terminal(int fd);
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

/** Whether text on a terminal may be coloured. */
[[nodiscard]] bool wants_colour();

/**
 * How a run of these jobs is shown on stderr: by a live table where that is a terminal and the log
 * is at its usual level, else by one log line for each event. The log and the jobs outlive it.
 */
[[nodiscard]] std::unique_ptr<RunView> make_view(Log& log, const std::vector<SpiderJob>& jobs,
                                                 Output output);

}  // namespace spider_check
