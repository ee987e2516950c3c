#include "app/monitoring.hpp"

#include "app/status.hpp"
#include "render/health.hpp"
#include "render/metrics.hpp"

namespace spider_check::app {

HealthAnswer health(const Schedule& schedule, std::optional<Duration> max_age) {
  const auto report = read_status(schedule);
  const auto judged = judge_health(report, max_age.value_or(default_max_age(schedule.policy)));
  return {judged.level, render::health_line(report, judged)};
}

std::string metrics(const Schedule& schedule, std::string_view version) {
  return render::metrics_text(read_status(schedule), version);
}

}  // namespace spider_check::app
