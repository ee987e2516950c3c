#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "app/run_view.hpp"
#include "core/ports.hpp"
#include "render/live_table.hpp"
#include "render/run_summary.hpp"

namespace spider_check::app {

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
  [[nodiscard]] render::LiveRun at(Time now) const;

  /** What became of each spider, to be left behind. */
  [[nodiscard]] std::vector<render::SummaryRow> summary(Time now) const;

  [[nodiscard]] Duration elapsed(Time now) const;

 private:
  struct Spider {
    const SpiderJob* job = nullptr;
    render::LiveRow row;
    Time started{};
    Time stopped{};
    Time progressed{};
    StopCause cause = StopCause::none;
    std::string did;
  };

  Spider& change(const SpiderJob& job, render::RowState state);
  [[nodiscard]] render::LiveRow row_at(const Spider& spider, Time now) const;
  [[nodiscard]] std::string waits_for(const Spider& spider, Time now) const;

  std::string title_ = "Run";
  Time begun_;
  std::vector<Spider> spiders_;
  std::map<std::string, std::size_t> places_;
  std::uint64_t changes_ = 0;
  bool ending_ = false;  ///< nothing more is started
};

}  // namespace spider_check::app
