#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "app/instance.hpp"
#include "core/health.hpp"

namespace spider_check::app {

/** What a monitoring plugin answers. */
struct HealthAnswer {
  HealthLevel level = HealthLevel::unknown;
  std::string line;
};

/** Judges the schedule; max_age: empty for the usual one. Throws DbError. */
[[nodiscard]] HealthAnswer health(const Instance& instance, std::optional<Duration> max_age);

/** The status as Prometheus reads it. Throws DbError. */
[[nodiscard]] std::string metrics(const Instance& instance, std::string_view version);

}  // namespace spider_check::app
