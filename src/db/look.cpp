#include "db/look.hpp"

#include "db/migrator.hpp"

namespace spider_check::db {

namespace {

/** What this user may do, as 0 or 1: SOCI has no booleans. */
struct Rights {
  int is_primary = 1;  ///< the server takes writes
  int may_create = 1;  ///< tables
  int may_read = 1;    ///< the version of our tables; 1 when there are none
  int may_write = 1;   ///< to our tables; 1 when there are none
  std::string schema;
};

Rights ask_for_rights(soci::session& sql) {
  Rights rights;
  sql << "SELECT (NOT pg_is_in_recovery())::int, coalesce(current_schema(), ''), "
         "coalesce(has_schema_privilege(current_schema(), 'CREATE'), false)::int, "
         "coalesce(has_table_privilege(to_regclass('spider_check_migration'), 'SELECT'), "
         "true)::int, "
         "(SELECT coalesce(bool_and(has_table_privilege(c.oid, 'SELECT') AND "
         "has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'UPDATE')), true) "
         "FROM pg_class c WHERE c.oid IN (to_regclass('scheduler_state'), "
         "to_regclass('spider_run'), to_regclass('spider_check_told'), "
         "to_regclass('spider_check_notification')))::int * "
         "coalesce(has_sequence_privilege(to_regclass('scheduler_state_id_seq'), 'USAGE'), "
         "true)::int",
      soci::into(rights.is_primary), soci::into(rights.schema), soci::into(rights.may_create),
      soci::into(rights.may_read), soci::into(rights.may_write);
  return rights;
}

/** For a statement that a person types. */
std::string quoted(const std::string& name) {
  std::string text = "\"";
  for (const char c : name) text += c == '"' ? "\"\"" : std::string(1, c);
  return text + "\"";
}

std::string obstacle_of(const DatabaseFacts& facts, const Rights& rights) {
  const auto user = quoted(facts.user);
  if (rights.is_primary == 0) {
    return "the server is a standby, which takes no writes; name the primary one";
  }
  if (rights.may_read == 0 || (facts.schema_version == needed_version() && rights.may_write == 0)) {
    return "user " + user +
           " may not use spider-check's tables; use the one that migrated, or let that one type: "
           "GRANT SELECT, INSERT, UPDATE, DELETE ON scheduler_state, spider_run, "
           "spider_check_told, "
           "spider_check_notification, spider_check_database, spider_check_migration TO " +
           user + "; GRANT USAGE ON SEQUENCE scheduler_state_id_seq TO " + user;
  }
  if (facts.schema_version != 0 || rights.may_create != 0) return {};
  if (rights.schema.empty()) return "no schema of its search_path exists; make one, or mend it";
  return "user " + user + " may not make tables in the schema " + rights.schema +
         "; let its owner type: GRANT CREATE ON SCHEMA " + quoted(rights.schema) + " TO " + user;
}

}  // namespace

DatabaseFacts look(Session& session) {
  DatabaseFacts facts;
  Rights rights;
  session.run([&](soci::session& sql) {
    sql << "SELECT split_part(current_setting('server_version'), ' ', 1), current_database(), "
           "current_user",
        soci::into(facts.server_version), soci::into(facts.database), soci::into(facts.user);
    rights = ask_for_rights(sql);
  });
  if (rights.may_read != 0) facts.schema_version = schema_version(session);
  facts.obstacle = obstacle_of(facts, rights);
  return facts;
}

}  // namespace spider_check::db
