#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/attempt_record.hpp"
#include "core/journal.hpp"

namespace spider_check::journal {

using Json = nlohmann::json;

// Values as JSON and back. What reads throws Json::exception for what is no such value.

/** One line; bytes that are no UTF-8 are replaced. */
[[nodiscard]] std::string text(const Json& json);

[[nodiscard]] Json to_json(const HostTime& time);
[[nodiscard]] HostTime time_of(const Json& json);

/** null for none. */
[[nodiscard]] Json to_json(const std::optional<Duration>& duration);
[[nodiscard]] std::optional<Duration> duration_of(const Json& json);

[[nodiscard]] Json to_json(const std::vector<Delay>& delays);
[[nodiscard]] std::vector<Delay> delays_of(const Json& json);

[[nodiscard]] Json to_json(const std::vector<NotedDelay>& delays);
[[nodiscard]] std::vector<NotedDelay> noted_delays_of(const Json& json);

[[nodiscard]] Json to_json(const std::vector<Survivor>& survivors);
[[nodiscard]] std::vector<Survivor> survivors_of(const Json& json);

[[nodiscard]] Json to_json(const Owner& owner);
[[nodiscard]] Owner owner_of(const Json& json);

[[nodiscard]] Json to_json(const SpiderOutcome& outcome);
[[nodiscard]] SpiderOutcome outcome_of(const Json& json);

}  // namespace spider_check::journal
