#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/time.hpp"
#include "render/zone.hpp"

namespace spider_check::render {

/** From an instant on, in seconds since 1970, a zone is this far ahead of UTC. */
struct ZoneOffset {
  std::int64_t from = 0;
  std::int64_t ahead = 0;  ///< seconds
  std::string name;        ///< "CET"
};

/**
 * The instants of one page as its zone has them, without asking libc for each: a page has
 * thousands. The browser gets the same table, because the zone may be one that only this host
 * knows.
 */
class PageTimes {
 public:
  /** Knows the zone between two instants; outside it goes on as at the nearer one. */
  PageTimes(const Zone& zone, TimePoint from, TimePoint now);

  [[nodiscard]] TimePoint now() const { return now_; }

  [[nodiscard]] const std::vector<ZoneOffset>& offsets() const { return offsets_; }

  /** Seconds since 1970 of the wall clock. */
  [[nodiscard]] std::int64_t local(TimePoint time) const;

  /** "2026-11-23 20:20:01" */
  [[nodiscard]] std::string at(TimePoint time) const;

  /** "20:20" */
  [[nodiscard]] std::string clock(TimePoint time) const;

  /** "Mon 23 Nov" of a day of the wall clock, counted from 1970. */
  [[nodiscard]] static std::string day(std::int64_t day);

  /** <time> with the instant, the zone's name and, where it is past, how long ago it was. */
  [[nodiscard]] std::string element(TimePoint time) const;

  /** The other way round: how long ago it was, and below it, smaller, the day and time. */
  [[nodiscard]] std::string aged(TimePoint time) const;

  /** Only how long ago it was, or how long it is until then, which the browser keeps up to date. */
  [[nodiscard]] std::string relative(TimePoint time) const;

 private:
  /** "<time …>2026-11-23 20:20:01 CET</time>" */
  [[nodiscard]] std::string absolute(TimePoint time) const;

  [[nodiscard]] const ZoneOffset& offset(std::int64_t seconds) const;

  TimePoint now_;
  std::vector<ZoneOffset> offsets_;
};

/** Whole seconds since 1970. */
[[nodiscard]] std::int64_t unix_seconds(TimePoint time);

}  // namespace spider_check::render
