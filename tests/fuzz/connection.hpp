#pragma once

#include "util/interface.hpp"

namespace spider_check::fuzz {

/** What must hold of every way to the database that a reader takes: libpq understands it as meant.
 */
void check_connection(const ConnectionOptions& options);

}  // namespace spider_check::fuzz
