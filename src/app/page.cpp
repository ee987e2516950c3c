#include "app/page.hpp"

#include <chrono>

#include "app/history.hpp"
#include "app/status.hpp"
#include "render/page.hpp"

namespace spider_check::app {

namespace {

constexpr auto span = std::chrono::hours(24 * 30);
constexpr int most_points = 500;  // of a spider
constexpr int most_failures = 10;
constexpr std::int64_t most_log_bytes = 16'384;

std::vector<Failure> read_failures(const Schedule& schedule) {
  auto failures = schedule.reports->failures(most_failures);
  if (schedule.logs == nullptr) return failures;
  for (auto& failure : failures) {
    failure.log_end = schedule.logs->end_of(failure.recorded.outcome.log, most_log_bytes);
  }
  return failures;
}

}  // namespace

PageReport read_page(const Schedule& schedule) {
  PageReport report;
  report.status = read_status(schedule);
  report.history.now = report.status.state.now;
  if (schedule.reports == nullptr) return report;
  report.history = read_history(schedule, {span, {}, {}, most_runs});
  report.series = schedule.reports->series(span, most_points);
  report.failures = read_failures(schedule);
  return report;
}

std::string page(const Schedule& schedule) {
  return render::page(read_page(schedule), schedule.zone);
}

}  // namespace spider_check::app
