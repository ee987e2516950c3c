#pragma once

#include <string>

#include "db/session.hpp"

namespace spider_check::db {

/** Throws DbError: a pooler gives the server's sessions to others between two statements. */
[[noreturn]] void refuse_pooler(const std::string& sign);

/**
 * For a session at whose other end something stands in for PostgreSQL: throws DbError (refused)
 * when that gives the server's sessions to others between two statements or transactions, since
 * then nothing that a session holds is held. It makes a second connection to see it.
 */
void refuse_shared_backends(Session& session);

}  // namespace spider_check::db
