#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/time.hpp"

namespace spider_check {

/** What a person may write, for messages about what is wrong. */
inline constexpr std::string_view duration_examples = R"("4h", "90m", "1h30m", "45s" or "90d")";

/**
 * Reads a duration as people write it: numbers with a unit (d, h, m, s, ms), largest first, each
 * unit once: "4h", "1h30m", "90d", "0s". Empty when the text is none, is negative or is longer than
 * ten thousand days, which nobody means.
 */
[[nodiscard]] std::optional<Duration> parse_duration(std::string_view text);

/** "4h", "1h30m", "1s500ms": what parse_duration reads; anything below a millisecond is dropped. */
[[nodiscard]] std::string to_text(Duration duration);

/**
 * "2 h 3 min", "43 s", "3 d 4 h": at most two units, rounded down, for people. Below ten seconds
 * with one decimal.
 */
[[nodiscard]] std::string to_words(Duration duration);

}  // namespace spider_check
