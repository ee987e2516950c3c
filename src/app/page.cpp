#include "app/page.hpp"

#include <chrono>

#include "app/history.hpp"
#include "app/status.hpp"
#include "render/page.hpp"

namespace spider_check::app {

namespace {

constexpr auto span = std::chrono::hours(24 * 30);
constexpr int max_points = 500;  // of a spider
constexpr int max_failures = 10;
constexpr std::int64_t max_log_bytes = 16'384;

std::vector<Failure> read_failures(const Instance& instance) {
  auto failures = instance.reports->failures(max_failures);
  if (instance.logs == nullptr) return failures;
  for (auto& failure : failures) {
    failure.log_end = instance.logs->end_of(failure.recorded.outcome.log, max_log_bytes);
  }
  return failures;
}

}  // namespace

PageReport read_page(const Instance& instance) {
  PageReport report;
  report.status = read_status(instance);
  report.history.now = report.status.state.now;
  if (instance.reports == nullptr) return report;
  report.history = read_history(instance, {span, {}, {}, max_runs});
  report.series = instance.reports->series(span, max_points);
  report.failures = read_failures(instance);
  return report;
}

std::string page(const Instance& instance) {
  return render::page(read_page(instance), instance.zone);
}

}  // namespace spider_check::app
