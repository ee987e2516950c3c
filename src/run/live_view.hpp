#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "run/live_table.hpp"
#include "run/run_view.hpp"
#include "schedule/spider.hpp"
#include "util/text_width.hpp"

namespace spider_check {

/** What the live view knows of a run: where each spider stands, and since when. */
class LiveProgress {
 public:
  using Time = RunView::Clock::time_point;

  /** The jobs outlive it. */
  LiveProgress(const std::vector<SpiderJob>& jobs, Time now);

  void begin(const Claim& claim);
  void started(const SpiderJob& job, Time now);
  void stopping(const SpiderJob& job, StopCause cause, Time now);
  void progressed(const SpiderJob& job, const Progress& progress, Time now);
  void finished(const SpiderJob& job, const SpiderOutcome& outcome);

  /** As it stands now, to be drawn. */
  [[nodiscard]] LiveRun at(Time now) const;

  /** What became of each spider, to be left behind. */
  [[nodiscard]] std::vector<SummaryRow> summary(Time now, const Output& output) const;

  [[nodiscard]] Duration elapsed(Time now) const;

 private:
  struct Spider {
    const SpiderJob* job = nullptr;
    LiveRow row;
    Time started{};
    Time stopped{};
    Time progressed{};
    StopCause cause = StopCause::none;
    std::string did;
  };

  Spider& change(const SpiderJob& job, RowState state);
  [[nodiscard]] LiveRow row_at(const Spider& spider, Time now) const;
  [[nodiscard]] std::string waits_for(const Spider& spider, Time now) const;

  std::string title_ = "Run";
  Time begun_;
  std::vector<Spider> spiders_;
  std::map<std::string, std::size_t> places_;
  std::uint64_t changes_ = 0;
  bool ending_ = false;  ///< nothing more is started
};

/**
 * A table on a terminal that shows where each spider stands, and a summary in its place when the
 * run is over. What is logged meanwhile appears above it. The cursor waits, hidden, at the table's
 * first line: wherever a terminal puts that line when its size changes, the cursor goes with it.
 */
class LiveView final : public RunView {
 public:
  /** fd: a terminal, the one that the log is written to. The log and the jobs outlive the view. */
  LiveView(int fd, Output output, Log& log, const std::vector<SpiderJob>& jobs);

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

  Output output_;
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

}  // namespace spider_check
