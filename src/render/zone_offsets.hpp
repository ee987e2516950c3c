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
 * The zone between two instants, the first offset first. For a browser, which need not know the
 * zone: it may be one that only this host has.
 */
[[nodiscard]] std::vector<ZoneOffset> zone_offsets(const Zone& zone, TimePoint from, TimePoint to);

}  // namespace spider_check::render
