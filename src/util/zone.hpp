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
 * A text of others, safe on one line: \n for a newline, \xNN for controls and bytes that are not
 * UTF-8, \uNNNN for characters that steer a terminal or are invisible.
 */
[[nodiscard]] std::string printable(const std::string& text);

/** From an instant on, in seconds since 1970, a zone is this far ahead of UTC. */
struct ZoneOffset {
  std::int64_t from = 0;
  std::int64_t ahead = 0;  ///< seconds
  std::string name;        ///< "CET"
};

/** The zone between two instants, the first offset first: a browser may not know the zone. */
[[nodiscard]] std::vector<ZoneOffset> zone_offsets(const Zone& zone, TimePoint from, TimePoint to);

}  // namespace spider_check
