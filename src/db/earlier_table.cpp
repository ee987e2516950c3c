#include "db/earlier_table.hpp"

#include <string>
#include <vector>

#include "core/errors.hpp"
#include "db/refusal.hpp"

namespace spider_check::db {

namespace {

[[noreturn]] void refuse(const std::string& why, const std::string& sql) {
  throw DbError(DbError::Kind::statement,
                "the existing table scheduler_state cannot be adopted: " + why + "; type: " + sql);
}

/** pg_class.relkind; empty when there is none. */
std::string kind_of_table(soci::session& sql) {
  std::string kind;
  sql << "SELECT coalesce(max(relkind::text), '') FROM pg_class "
         "WHERE oid = to_regclass('scheduler_state')",
      soci::into(kind);
  return kind;
}

void require_plain(const std::string& kind) {
  if (kind == "r") return;
  const std::string what = kind == "p"   ? "it is partitioned"
                           : kind == "f" ? "it is a foreign table"
                                         : "it is a view";
  refuse(what,
         "ALTER TABLE scheduler_state RENAME TO scheduler_state_before, and migrate makes a "
         "new one");
}

/** One of the columns that such a table has. */
struct Column {
  std::string name;
  std::string wanted;
  std::string found;  ///< its type; empty when it is missing
  bool may_be_null = false;
};

std::vector<Column> columns(soci::session& sql) {
  const soci::rowset<soci::row> rows =
      (sql.prepare << "SELECT name, type, coalesce(format_type(atttypid, atttypmod), ''), "
                      "(NOT coalesce(attnotnull, true))::int FROM (VALUES (1, 'id', 'integer'), "
                      "(2, 'last_run_at', 'timestamp with time zone'), "
                      "(3, 'spider_count', 'integer'), (4, 'status', 'character varying(50)'), "
                      "(5, 'created_at', 'timestamp with time zone'), "
                      "(6, 'updated_at', 'timestamp with time zone')) AS wanted(place, name, type) "
                      "LEFT JOIN pg_attribute ON attrelid = to_regclass('scheduler_state') "
                      "AND attname = name AND NOT attisdropped ORDER BY place");
  std::vector<Column> columns;
  for (const auto& row : rows) {
    columns.push_back({row.get<std::string>(0), row.get<std::string>(1), row.get<std::string>(2),
                       row.get<int>(3) != 0});
  }
  return columns;
}

void require_types(const std::vector<Column>& columns) {
  for (const auto& [name, wanted, found, may_be_null] : columns) {
    if (found == wanted) continue;
    const std::string alter = "ALTER TABLE scheduler_state ";
    if (found.empty())
      refuse("its column " + name + " is missing", alter + "RENAME TO scheduler_state_before");
    refuse("its column " + name + " is " + found + ", not " + wanted,
           alter + "ALTER COLUMN " + name + " TYPE " + wanted);
  }
}

/** What becomes of the rows in which it is NULL. */
std::string fill(const std::string& column) {
  const auto where = " WHERE " + column + " IS NULL; ";
  const auto set = [&](const std::string& value) {
    return "UPDATE scheduler_state SET " + column + " = " + value + where;
  };
  if (column == "spider_count") return set("0");
  if (column == "status") return set("'failed'");
  if (column == "created_at" || column == "updated_at") return set("last_run_at");
  return "DELETE FROM scheduler_state" + where;
}

void require_values(const std::vector<Column>& columns) {
  std::string names;
  std::string cure;
  for (const auto& column : columns) {
    if (!column.may_be_null) continue;
    names += (names.empty() ? "" : ", ") + column.name;
    cure += (cure.empty() ? "" : "; ") + fill(column.name) +
            "ALTER TABLE scheduler_state ALTER COLUMN " + column.name + " SET NOT NULL";
  }
  if (!names.empty()) refuse("NULL may stand in " + names, cure);
}

/** Outcomes refer to it. */
void require_key(soci::session& sql) {
  int unique = 0;
  int other = 0;
  sql << "SELECT count(*) FILTER (WHERE indisunique AND indisvalid AND indimmediate "
         "AND indpred IS NULL AND indexprs IS NULL AND indnkeyatts = 1 AND attname = 'id')::int, "
         "count(*) FILTER (WHERE indisprimary)::int FROM pg_index LEFT JOIN pg_attribute "
         "ON attrelid = indrelid AND attnum = indkey[0] "
         "WHERE indrelid = to_regclass('scheduler_state')",
      soci::into(unique), soci::into(other);
  if (unique > 0) return;
  refuse(other > 0 ? "its id is not unique" : "it has no primary key",
         std::string("ALTER TABLE scheduler_state ADD ") + (other > 0 ? "UNIQUE" : "PRIMARY KEY") +
             " (id)");
}

/** Our rows name neither the id nor what others added. */
void require_defaults(soci::session& sql) {
  std::string name;
  sql << "SELECT coalesce(min(attname::text), '') FROM pg_attribute "
         "WHERE attrelid = to_regclass('scheduler_state') AND attnum > 0 AND NOT attisdropped "
         "AND attnotnull AND NOT atthasdef AND attidentity = '' "
         "AND attname NOT IN ('last_run_at', 'spider_count', 'status', 'created_at', 'updated_at')",
      soci::into(name);
  if (name.empty()) return;
  const auto column = "ALTER TABLE scheduler_state ALTER COLUMN " + identifier(name);
  if (name != "id") refuse("its column " + name + " must be given", column + " DROP NOT NULL");
  refuse(
      "its id has no default",
      "CREATE SEQUENCE scheduler_state_id_seq OWNED BY scheduler_state.id; SELECT "
      "setval('scheduler_state_id_seq', (SELECT coalesce(max(id), 0) + 1 FROM scheduler_state)); " +
          column + " SET DEFAULT nextval('scheduler_state_id_seq')");
}

}  // namespace

void require_adoptable(soci::session& sql) {
  const auto kind = kind_of_table(sql);
  if (kind.empty()) return;
  require_plain(kind);
  const auto found = columns(sql);
  require_types(found);
  require_values(found);
  require_key(sql);
  require_defaults(sql);
}

}  // namespace spider_check::db
