#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "util/time.hpp"

namespace spider_check {

/** Writes instants as people in one time zone read them. */
class Zone {
 public:
  /** An IANA name, known to exist; empty: the host's own zone. */
  explicit Zone(std::string name) : name_(std::move(name)) {}

  /** "2026-11-23 20:20:01 CET" */
  [[nodiscard]] std::string at(TimePoint time) const;

  /** The instant in a format of strftime(3). */
  [[nodiscard]] std::string format(TimePoint time, const char* format) const;

 private:
  std::string name_;
};

/** "2026-11-23T20:20:01.123Z": UTC, for programs. */
[[nodiscard]] std::string iso_utc(TimePoint time);

/**
 * A name or message of somebody else's, safe to print on one line: control characters, among them
 * those that steer a terminal, and bytes that are no UTF-8 become \xNN, a newline \n; beyond ASCII,
 * controls, what turns the direction of writing and what nobody sees become \uNNNN.
 */
[[nodiscard]] std::string printable(const std::string& text);

/** From an instant on, in seconds since 1970, a zone is this far ahead of UTC. */
struct ZoneOffset {
  std::int64_t from = 0;
  std::int64_t ahead = 0;  ///< seconds
  std::string name;        ///< "CET"
};

/**
 * The zone between two instants, the first offset first. For a browser, which need not know the
 * zone: it may be one that only this host has.
 */
[[nodiscard]] std::vector<ZoneOffset> zone_offsets(const Zone& zone, TimePoint from, TimePoint to);

}  // namespace spider_check
