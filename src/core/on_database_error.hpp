#pragma once

namespace spider_check {

/** What a tick does that cannot use the database. */
enum class OnDatabaseError {
  run,   ///< decides from the journal: missing a run is worse than an extra one
  skip,  ///< runs nothing
};

}  // namespace spider_check
