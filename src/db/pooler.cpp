#include "db/pooler.hpp"

#include <string_view>

namespace spider_check::db {

namespace {

// Where other clients are busy, a pooler may give a session its former backend by chance, about
// every other time. Only behind a pooler, and before a run, is this asked at all.
constexpr int rounds = 20;

int backend_of(Session& session) {
  return session.run_unpinned([](soci::session& sql) {
    int pid = 0;
    sql << "SELECT pg_backend_pid()", soci::into(pid);
    return pid;
  });
}

/** PgBouncer says so where a transaction begins. */
bool is_statement_mode(const DbError& error) {
  return std::string_view(error.what()).find("statement pooling") != std::string_view::npos;
}

/** Whether what one of them had goes to the other one, or is changed for something else. */
bool share_backends(Session& session, Session& other) {
  const int ours = backend_of(session);
  int theirs = 0;
  for (int round = 0; round < rounds; ++round) {
    int now = 0;
    try {
      other.run_unpinned([](soci::session& sql) { sql.begin(); });
      now = backend_of(other);
    } catch (const DbError& error) {
      // A pool that has no second connection to give is no proof of anything.
      return is_statement_mode(error);
    }
    // As long as the transaction lasts nobody else has its backend.
    const bool shared =
        now == ours || (theirs != 0 && now != theirs) || backend_of(session) != ours;
    other.run_unpinned([](soci::session& sql) { sql.rollback(); });
    if (shared) return true;
    // What was given back last is given away first: without this look each of the two would have
    // its own again for as long as nobody else comes in between.
    if (backend_of(session) != ours) return true;
    theirs = now;
  }
  return false;
}

}  // namespace

void refuse_pooler(const std::string& sign) {
  throw DbError(DbError::Kind::refused,
                sign +
                    ": the connection goes through a pooler in transaction mode; connect to "
                    "PostgreSQL itself, or to a pool in session mode");
}

void refuse_shared_backends(Session& session) {
  auto other = session.another();
  if (share_backends(session, other)) {
    refuse_pooler("what a session of ours holds is given to others");
  }
  session.accept_backend();
}

}  // namespace spider_check::db
