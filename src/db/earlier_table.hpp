#pragma once

#include <soci/soci.h>

namespace spider_check::db {

/**
 * Looks at a table of our name that was there before the first migration, if there is one. Throws
 * DbError that says what is to be typed, when the migrations or a run's first row would be refused
 * or NULLs would have to be read; soci_error.
 */
void require_adoptable(soci::session& sql);

}  // namespace spider_check::db
