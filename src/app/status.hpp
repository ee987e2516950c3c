#pragma once

#include <optional>
#include <string>

#include "app/instance.hpp"
#include "core/errors.hpp"
#include "core/status.hpp"

namespace spider_check::app {

/** All that is known of the schedule now but `outcomes`, which few need. Throws DbError. */
[[nodiscard]] StatusReport read_status(const Instance& instance);

/** What `status` says. */
struct StatusAnswer {
  std::string text;
  std::optional<DbError> fault;  ///< the database cannot be used: the journal is all that was asked
};

/**
 * The status, as text or as JSON. While the database cannot be used it is, as text, what this
 * host's journal knows, which may be nothing. Throws DbError where no tick would go by the journal,
 * and for JSON.
 */
[[nodiscard]] StatusAnswer status(const Instance& instance, bool json);

}  // namespace spider_check::app
