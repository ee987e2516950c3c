#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/cursor_guard.hpp"
#include "app/live_progress.hpp"
#include "app/log_redirect.hpp"
#include "app/run_view.hpp"
#include "app/terminal.hpp"

namespace spider_check::app {

/**
 * A table on a terminal that shows where each spider stands, and a summary in its place when the
 * run is over. What is logged meanwhile appears above it. The cursor waits, hidden, at the table's
 * first line: wherever a terminal puts that line when its size changes, the cursor goes with it.
 */
class LiveView final : public RunView {
 public:
  /** fd: a terminal, the one that the log is written to. The log and the jobs outlive the view. */
  LiveView(int fd, bool colour, Log& log, const std::vector<SpiderJob>& jobs);
  LiveView(const LiveView&) = delete;
  LiveView& operator=(const LiveView&) = delete;
  LiveView(LiveView&&) = delete;
  LiveView& operator=(LiveView&&) = delete;

  /** Leaves no table and a visible cursor. */
  ~LiveView() override;

  void begin(const Claim& claim) override;
  void started(const SpiderJob& job) override;
  void stopping(const SpiderJob& job, StopCause cause) override;
  void progressed(const SpiderJob& job, const Progress& progress) override;
  void finished(const SpiderJob& job, const SpiderOutcome& outcome) override;
  [[nodiscard]] std::optional<Clock::time_point> next_refresh() const override;
  void refresh() override;
  void close() override;

 private:
  void draw();
  void make_way();
  void leave(const std::string& last_words);

  bool colour_;
  LiveProgress progress_;
  Terminal terminal_;
  Terminal::Size size_;
  std::vector<std::string> drawn_;  ///< what is on the screen now
  Clock::time_point drawn_at_{};
  bool changed_ = false;
  bool closed_ = false;
  std::optional<CursorGuard> cursor_;  ///< while there is a table
  LogRedirect above_;
};

}  // namespace spider_check::app
