#pragma once

#include "schedule/run_store.hpp"
#include "util/json.hpp"

namespace spider_check {

/** Microseconds, at most some thousand years of them: sums of a few then have room. */
[[nodiscard]] Duration duration_in(const Json& json);

/**
 * An outcome, as the journal keeps it and as the statement that records it reads it: the names are
 * those of spider_run. Durations are in microseconds.
 */
[[nodiscard]] Json to_json(const SpiderOutcome& outcome);

/** Reads it back. What the verdict was made from and is not recorded is not kept. Throws
 * Json::exception. */
[[nodiscard]] SpiderOutcome outcome_of(const Json& json);

}  // namespace spider_check
