#include "db/inspection.hpp"

#include "db/migrator.hpp"
#include "db/refusal.hpp"
#include "db/values.hpp"

namespace spider_check {

namespace {

/** What this user may do, as 0 or 1: SOCI has no booleans. */
struct Rights {
  int is_primary = 1;  ///< the server takes writes
  int may_create = 1;  ///< tables
  int may_read = 1;    ///< the version of our tables; 1 when there are none
  int may_write = 1;   ///< to our tables; 1 when there are none
  std::string schema;
};

Rights ask_for_rights(soci::session& sql, const Schema& schema) {
  Rights rights;
  rights.schema = schema.name;
  sql << R"sql(SELECT (NOT pg_is_in_recovery())::int,
        coalesce(has_schema_privilege(:schema::oid, 'CREATE'), false)::int,
        coalesce(has_table_privilege(to_regclass('spider_check_migration'), 'SELECT'), true)::int,
        (SELECT coalesce(bool_and(has_table_privilege(c.oid, 'SELECT')
           AND has_table_privilege(c.oid, 'INSERT')
           AND has_table_privilege(c.oid, 'UPDATE')), true)
         FROM pg_class c
         WHERE c.oid IN (to_regclass('scheduler_state'), to_regclass('spider_run'),
           to_regclass('spider_check_told'), to_regclass('spider_check_notification')))::int *
        coalesce(has_sequence_privilege(to_regclass('scheduler_state_id_seq'), 'USAGE'),
          true)::int)sql",
      soci::use(schema.oid), soci::into(rights.is_primary), soci::into(rights.may_create),
      soci::into(rights.may_read), soci::into(rights.may_write);
  return rights;
}

std::string obstacle_of(const DatabaseFacts& facts, const Rights& rights) {
  const auto user = quoted_identifier(facts.user);
  if (rights.is_primary == 0) {
    return "the server is a standby, which takes no writes; name the primary one";
  }
  if (rights.may_read == 0 || (facts.schema_version == needed_version() && rights.may_write == 0)) {
    return "user " + user +
           " may not use spider-check's tables; use the one that migrated, or let that one type: "
           "GRANT SELECT, INSERT, UPDATE, DELETE ON " +
           all_tables + " TO " + user + "; GRANT USAGE ON SEQUENCE scheduler_state_id_seq TO " +
           user;
  }
  if (facts.schema_version != 0 || rights.may_create != 0) return {};
  if (rights.schema.empty()) return no_schema;
  return "user " + user + " may not make tables in the schema " + rights.schema +
         "; let its owner type: GRANT CREATE ON SCHEMA " + quoted_identifier(rights.schema) +
         " TO " + user;
}

/** Who else may make something in the schema, one line each. */
std::vector<std::string> creators(soci::session& sql, const Schema& schema) {
  const soci::rowset<std::string> roles =
      (sql.prepare << R"sql(SELECT DISTINCT coalesce(r.rolname::text, '')
        FROM pg_namespace n JOIN pg_database d ON d.datname = current_database()
          CROSS JOIN LATERAL aclexplode(n.nspacl) AS acl
          LEFT JOIN pg_roles r ON r.oid = acl.grantee
        WHERE n.oid = :schema::oid AND acl.privilege_type = 'CREATE'
          AND acl.grantee NOT IN (n.nspowner, d.datdba)
          AND r.rolsuper IS NOT TRUE AND r.rolname IS DISTINCT FROM current_user
        ORDER BY 1)sql",
       soci::use(schema.oid));
  std::vector<std::string> lines;
  for (const auto& role : roles) {
    const auto grantee = role.empty() ? std::string("PUBLIC") : quoted_identifier(role);
    lines.push_back("the schema " + schema.name + ": " +
                    (role.empty() ? "everybody" : "role " + grantee) +
                    " may create tables and functions in it; let its owner type: "
                    "REVOKE CREATE ON SCHEMA " +
                    quoted_identifier(schema.name) + " FROM " + grantee);
  }
  return lines;
}

}  // namespace

std::string obstacle_of_encoding(const std::string& encoding) {
  if (encoding == "UTF8" || encoding == "SQL_ASCII") return {};
  return "the encoding " + encoding +
         " has no letters for every name and message; make a database that has: "
         "createdb --encoding=UTF8 --template=template0 NAME";
}

void try_a_run(Session& session, PgRunStore& store, const Host& host) {
  session.run([](soci::session& sql) { sql << R"sql(BEGIN)sql"; });
  AttemptRecord attempt;
  attempt.claim.uuid = host.new_uuid();
  attempt.claim.token = host.new_uuid();
  attempt.claim.id = record(store, {attempt}, {}).id;
  attempt.spider_count = 1;
  std::array<JournaledOutcome, 1> outcomes;
  outcomes[0].outcome.spider = "check";
  outcomes[0].outcome.judgement.verdict = Verdict::ok;
  const JournaledEnd end{{RunStatus::completed, {}, {}, {}}, {}};
  if (record(store, {attempt, outcomes, &end}, {}).is_new) {
    throw LostRun("what was just written cannot be seen");
  }
}

std::string hidden_rows(Session& session) {
  return session.run([](soci::session& sql) {
    const auto table = ask<std::string>(sql, R"sql(SELECT CASE
        WHEN row_security_active(to_regclass('scheduler_state')) THEN 'scheduler_state'
        WHEN row_security_active(to_regclass('spider_run')) THEN 'spider_run'
        ELSE '' END)sql");
    if (table.empty()) return std::string();
    return "row-level security may hide rows of " + table + " from this user; type: ALTER TABLE " +
           table + " DISABLE ROW LEVEL SECURITY";
  });
}

DatabaseFacts inspect_database(Session& session) {
  DatabaseFacts facts;
  Rights rights;
  std::string encoding;
  session.run([&](soci::session& sql) {
    sql << R"sql(SELECT split_part(current_setting('server_version'), ' ', 1),
          current_database(), current_user, current_setting('server_encoding'))sql",
        soci::into(facts.server_version), soci::into(facts.database), soci::into(facts.user),
        soci::into(encoding);
    facts.warnings = creators(sql, session.schema());
    rights = ask_for_rights(sql, session.schema());
  });
  if (rights.may_read != 0) facts.schema_version = schema_version(session);
  const bool none = facts.schema_version == 0 && !session.schema().has_tables;
  if (none && !session.run(tables_elsewhere).empty()) rights.may_create = 1;
  facts.obstacle = obstacle_of_encoding(encoding);
  if (facts.obstacle.empty()) facts.obstacle = obstacle_of(facts, rights);
  return facts;
}

}  // namespace spider_check
