#pragma once

#include <string>

#include "core/attempt_record.hpp"
#include "core/journal.hpp"

namespace spider_check::journal {

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

}  // namespace spider_check::journal
