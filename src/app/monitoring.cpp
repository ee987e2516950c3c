#include "app/monitoring.hpp"

#include "app/status.hpp"
#include "render/health.hpp"
#include "render/metrics.hpp"

namespace spider_check::app {

HealthAnswer health(const Instance& instance, std::optional<Duration> max_age) {
  const auto report = read_status(instance);
  const auto judged = judge_health(report, max_age.value_or(default_max_age(instance.policy)));
  return {judged.level, render::health_line(report, judged)};
}

std::string metrics(const Instance& instance, std::string_view version) {
  return render::metrics_text(read_status(instance), version);
}

}  // namespace spider_check::app
