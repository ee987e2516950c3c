#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "outbox/journal.hpp"

namespace spider_check {

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

// The records of an attempt, each one JSON object on one line. No text in them need be UTF-8 where
// it came from: what is not is replaced.

/** The attempt itself, which every file begins with. */
[[nodiscard]] std::string attempt_json(const AttemptRecord& attempt);

[[nodiscard]] std::string recorded_json(RunId id, const DatabaseIdentity& database);
[[nodiscard]] std::string count_json(int spiders, Duration spiders_outlive);
[[nodiscard]] std::string start_json(const JournaledStart& start);
[[nodiscard]] std::string outcome_json(const JournaledOutcome& outcome);
[[nodiscard]] std::string end_json(const JournaledEnd& end);

/**
 * Adds what a record tells to the attempt. False when it is no record of an attempt, or the first
 * one is not attempt_json().
 */
[[nodiscard]] bool apply_json(const std::string& record, AttemptRecord& attempt);

[[nodiscard]] std::string host_state_json(const HostState& host_state);

/** Nothing known when it is no such record. */
[[nodiscard]] HostState parse_host_state(const std::string& record);

}  // namespace spider_check
