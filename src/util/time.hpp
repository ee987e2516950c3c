#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace spider_check {

/** A length of time. Microseconds, because that is what PostgreSQL keeps. */
using Duration = std::chrono::microseconds;

/** An instant, always in UTC. What is compared comes from one clock: the database's. */
using TimePoint = std::chrono::sys_time<Duration>;

/** What PostgreSQL's '-infinity' and 'infinity' are here, and what lies beyond: instants that can
 * be subtracted and shown. */
inline constexpr TimePoint infinitely_old = std::chrono::sys_days{std::chrono::year{1} / 1 / 1};
inline constexpr TimePoint infinitely_far = std::chrono::sys_days{std::chrono::year{9999} / 1 / 1};

/** What a person may write, for messages about what is wrong. */
inline constexpr std::string_view duration_examples = R"("4h", "90m", "1h30m", "45s" or "90d")";

/**
 * Reads "4h", "1h30m", "90d", "0s": units d, h, m, s, ms, largest first. Empty where it is not a
 * duration, negative, or longer than 10,000 days.
 */
[[nodiscard]] std::optional<Duration> parse_duration(std::string_view text);

/** "4h", "1h30m", "1s500ms": what parse_duration reads; anything below a millisecond is dropped. */
[[nodiscard]] std::string to_text(Duration duration);

/** "2 h 3 min", "43 s", "1.5 s": at most two units, rounded down; decimals below ten seconds. */
[[nodiscard]] std::string to_words(Duration duration);

/** What a person may write, for messages about what is wrong. */
inline constexpr std::string_view size_examples = R"("500MB", "2GB" or "1GiB")";

/** Reads a size in bytes: a whole number with B, kB, MB, GB, TB or KiB, MiB, GiB, TiB. */
[[nodiscard]] std::optional<std::int64_t> parse_size(std::string_view text);

/** "1.5 GB", "12 kB", "0 B": at most one decimal, for people. */
[[nodiscard]] std::string size_words(std::int64_t bytes);

/** An instant by this host's own clocks, for what must be remembered while there is no database. */
struct HostTime {
  std::string boot_id;     ///< of the boot in which it was taken
  Duration since_boot{0};  ///< CLOCK_BOOTTIME: goes on while the host sleeps, and cannot be set
  Duration asleep{0};      ///< how much of that the host has slept
  TimePoint wall{};        ///< CLOCK_REALTIME: may be wrong, and may be set

  friend bool operator==(const HostTime&, const HostTime&) = default;
};

/**
 * How long ago it was: within a boot by since_boot, else by the wall clock; empty where that was
 * set.
 */
[[nodiscard]] std::optional<Duration> age(const HostTime& then, const HostTime& now);

/** The same; if unknown, as long as this boot has lasted, which it is at least. */
[[nodiscard]] Duration least_age(const HostTime& then, const HostTime& now);

/** The instant that much earlier. */
[[nodiscard]] HostTime earlier(HostTime time, Duration by);

/** Whether the host slept between the two, or has been booted since and not long ago. */
[[nodiscard]] bool woke_between(const HostTime& then, const HostTime& now);

}  // namespace spider_check
