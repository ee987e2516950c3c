#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "outbox/journal.hpp"
#include "util/json.hpp"

namespace spider_check {

/** As scheduler_state.hindrances and the journal keep them. */
[[nodiscard]] Json to_json(const std::vector<Delay>& delays);

/** Reads them back; what is no such array gives none. */
[[nodiscard]] std::vector<Delay> parse_delays(const std::string& json);

/** spider_run.field_counts as it was recorded; what is no such object gives nothing. */
[[nodiscard]] std::map<std::string, std::int64_t> parse_field_counts(const std::string& json);

// The records of an attempt, each one JSON object on one line, as the journal keeps them and as the
// statement that records them reads them. Durations are in microseconds. No text in them need be
// UTF-8 where it came from: what is not is replaced; and none holds a NUL, which PostgreSQL keeps
// in none.

/** The attempt itself, which every file begins with. */
[[nodiscard]] std::string attempt_json(const AttemptRecord& attempt);

[[nodiscard]] std::string recorded_json(RunId id, const DatabaseIdentity& database);
[[nodiscard]] std::string count_json(int spiders, Duration spiders_outlive);
[[nodiscard]] std::string start_json(const JournaledStart& start);
[[nodiscard]] std::string outcome_json(const JournaledOutcome& outcome);
[[nodiscard]] std::string end_json(const JournaledEnd& end);

/** What is to be recorded, in one object: these records, with how long ago each was. */
[[nodiscard]] std::string facts_json(const AttemptFacts& facts, const HostTime& now);

/**
 * Adds what a record tells to the attempt. False when it is no record of an attempt, or the first
 * one is not attempt_json().
 */
[[nodiscard]] bool apply_json(const std::string& record, AttemptRecord& attempt);

[[nodiscard]] std::string host_state_json(const HostState& host_state);

/** Nothing known when it is no such record. */
[[nodiscard]] HostState parse_host_state(const std::string& record);

}  // namespace spider_check
