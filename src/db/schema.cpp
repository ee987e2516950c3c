#include "db/schema.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "util/errors.hpp"
#include "util/text.hpp"

namespace spider_check {

namespace {

/** Every relation that a statement of ours names. */
constexpr std::array<std::string_view, 7> own_tables{
    "scheduler_state",          "scheduler_state_id_seq", "spider_run",
    "spider_check_told",        "spider_check_database",  "spider_check_migration",
    "spider_check_notification"};

bool is_own(std::string_view word) {
  return std::ranges::find(own_tables, word) != own_tables.end();
}

constexpr bool starts_word(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || byte >= 0x80;
}

constexpr bool is_of_word(char c) {
  return starts_word(c) || (c >= '0' && c <= '9') || c == '$';
}

std::string doubled(std::string_view text, char quote) {
  std::string result;
  for (const char c : text) result += c == quote ? std::string(2, quote) : std::string(1, c);
  return result;
}

/** Reads a statement word by word. https://www.postgresql.org/docs/15/sql-syntax-lexical.html */
class Qualifier {
 public:
  Qualifier(std::string_view sql, const std::string& schema)
      : sql_(sql), schema_(schema), prefix_(quoted_identifier(schema) + ".") {}

  std::string run() {
    result_.reserve(sql_.size() + 16 * prefix_.size());
    while (at_ < sql_.size()) step();
    return std::move(result_);
  }

 private:
  /** What a dollar-quoted body holds is SQL of ours, too. */
  void step() {
    const auto rest = sql_.substr(at_);
    if (rest.substr(0, 2) == "--") return copy(std::min(rest.find('\n'), rest.size()));
    if (rest.substr(0, 2) == "/*") return copy(end_of(rest.find("*/"), 2, rest));
    if (rest.front() == '"') return copy(end_of(rest.find('"', 1), 1, rest));
    if (rest.front() == '\'') return copy_literal(rest);
    if (starts_word(rest.front())) return copy_word(rest);
    const auto end = std::find_if(rest.begin() + 1, rest.end(), starts_something);
    copy(static_cast<std::size_t>(end - rest.begin()));
  }

  static constexpr bool starts_something(char c) {
    return starts_word(c) || c == '-' || c == '/' || c == '"' || c == '\'';
  }

  static std::size_t end_of(std::size_t found, std::size_t length, std::string_view rest) {
    return found == std::string_view::npos ? rest.size() : found + length;
  }

  void copy(std::size_t length) {
    result_ += sql_.substr(at_, length);
    at_ += length;
  }

  void copy_word(std::string_view rest) {
    const auto end = std::ranges::find_if_not(rest, is_of_word);
    const auto length = static_cast<std::size_t>(end - rest.begin());
    const char before = at_ == 0 ? ' ' : sql_[at_ - 1];
    // A name of a parameter (:spider_run) or one that is qualified already is none of a table.
    if (before != ':' && before != '.' && is_own(rest.substr(0, length))) result_ += prefix_;
    copy(length);
  }

  void copy_literal(std::string_view rest) {
    const bool escapes = at_ > 0 && (sql_[at_ - 1] == 'E' || sql_[at_ - 1] == 'e') &&
                         (at_ == 1 || !is_of_word(sql_[at_ - 2]));
    std::size_t end = 1;
    while (end < rest.size() && rest[end] != '\'') end += escapes && rest[end] == '\\' ? 2 : 1;
    end = std::min(end + 1, rest.size());
    const auto text = rest.substr(1, end < 2 ? 0 : end - 2);
    if (!is_own(text) || !names_relation(rest.substr(end))) return copy(end);
    const auto name = "\"" + doubled(schema_, '"') + "\"." + std::string(text);
    result_ += "'" + doubled(name, '\'') + "'";
    at_ += end;
  }

  [[nodiscard]] bool names_relation(std::string_view after) const {
    static constexpr std::string_view function = "to_regclass(";
    const auto before = sql_.substr(0, at_);
    return after.substr(0, 10) == "::regclass" ||
           (before.size() >= function.size() &&
            before.substr(before.size() - function.size()) == function);
  }

  std::string_view sql_;
  const std::string& schema_;
  std::string prefix_;
  std::size_t at_ = 0;
  std::string result_;
};

/** A schema of the search_path. */
struct Candidate {
  Schema schema;
  std::string owner;        ///< of the table
  bool is_trusted = false;  ///< that owner, whoever else may make tables there
  bool is_open = false;     ///< everybody may make something in it
};

// This is sent before anything is pinned: each name in it says where it is, so that no path
// matters. set_config() for each row does no harm: the rest of the path is as it was before the
// first.
constexpr auto inspect_and_pin = R"sql(SELECT n.oid::bigint, n.nspname::text,
  (c.oid IS NOT NULL)::int, coalesce(r.rolname::text, ''),
  ((r.rolsuper OR r.oid OPERATOR(pg_catalog.=) n.nspowner
    OR r.oid OPERATOR(pg_catalog.=) me.oid OR r.oid OPERATOR(pg_catalog.=) d.datdba
    OR (NOT me.rolsuper AND pg_catalog.pg_has_role(r.oid, 'USAGE'))) IS TRUE)::int,
  pg_catalog.has_schema_privilege('public', n.oid, 'CREATE')::int,
  coalesce(CASE
    WHEN (:told)::int OPERATOR(pg_catalog.=) 0
      OR (:told)::int OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid()
    THEN pg_catalog.set_config('search_path', pg_catalog.concat(
      (SELECT pg_catalog.string_agg(
         pg_catalog.concat(pg_catalog.quote_ident(b.name::text), ', '), '' ORDER BY b.place)
       FROM pg_catalog.unnest(pg_catalog.current_schemas(true)) WITH ORDINALITY
         AS b (name, place)
       WHERE b.place OPERATOR(pg_catalog.<) pg_catalog.array_position(
           pg_catalog.current_schemas(true), 'pg_catalog'::name)
         AND NOT pg_catalog.starts_with(b.name::text, 'pg_temp')),
      'pg_catalog, pg_temp'), false) END, '')
FROM pg_catalog.unnest(pg_catalog.current_schemas(true)) WITH ORDINALITY AS path (name, place)
  JOIN pg_catalog.pg_namespace n ON n.nspname OPERATOR(pg_catalog.=) path.name
  JOIN pg_catalog.pg_roles me ON me.rolname OPERATOR(pg_catalog.=) current_user
  JOIN pg_catalog.pg_database d
    ON d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()
  LEFT JOIN pg_catalog.pg_class c ON c.relnamespace OPERATOR(pg_catalog.=) n.oid
    AND c.relname OPERATOR(pg_catalog.=) 'scheduler_state'::name
  LEFT JOIN pg_catalog.pg_roles r ON r.oid OPERATOR(pg_catalog.=) c.relowner
ORDER BY path.place)sql";

/** The schemas of the path, but for PostgreSQL's own. pinned: whether it is now. */
std::vector<Candidate> look(soci::session& sql, int told, bool& pinned) {
  constexpr std::size_t most = 100;  // a search_path of more is not read to its end
  std::vector<long long> oids(most);
  std::vector<std::string> names(most);
  std::vector<int> tables(most);
  std::vector<std::string> host(most);
  std::vector<int> trusted(most);
  std::vector<int> open(most);
  std::vector<std::string> paths(most);
  sql << inspect_and_pin, soci::use(told, "told"), soci::into(oids), soci::into(names),
      soci::into(tables), soci::into(host), soci::into(trusted), soci::into(open),
      soci::into(paths);
  std::vector<Candidate> candidates;
  for (std::size_t i = 0; i < oids.size(); ++i) {
    pinned = pinned || !paths[i].empty();
    if (names[i] == "pg_catalog" || names[i].rfind("pg_temp", 0) == 0) continue;
    candidates.push_back(
        {{names[i], oids[i], tables[i] != 0}, host[i], trusted[i] != 0, open[i] != 0});
  }
  return candidates;
}

[[noreturn]] void refuse_stranger(const Candidate& candidate) {
  const auto& name = candidate.schema.name;
  throw DbError(DbError::Kind::refused,
                "the table " + name + ".scheduler_state belongs to \"" + candidate.owner +
                    "\", and everybody may create tables in the schema " + name +
                    "; let its owner type: REVOKE CREATE ON SCHEMA " + quoted_identifier(name) +
                    " FROM PUBLIC, and remove the table unless it is the right one");
}

/** A table in an earlier schema of the path may be a stranger's, made to be taken for ours. */
Schema choose(const std::vector<Candidate>& candidates) {
  const auto first = [&](const auto& fits) {
    return std::ranges::find_if(candidates, [&](const auto& candidate) {
      return candidate.schema.has_tables && fits(candidate);
    });
  };
  auto found = first([](const auto& one) { return one.is_trusted; });
  if (found == candidates.end()) found = first([](const auto& one) { return !one.is_open; });
  if (found != candidates.end()) return found->schema;
  found = first([](const auto& /*one*/) { return true; });
  if (found != candidates.end()) refuse_stranger(*found);
  return candidates.empty() ? Schema{} : candidates.front().schema;
}

}  // namespace

std::optional<Schema> pin_search_path(soci::session& sql, int told) {
  bool pinned = false;
  const auto candidates = look(sql, told, pinned);
  if (!pinned) return std::nullopt;
  return choose(candidates);
}

std::string qualified(std::string_view sql, const std::string& schema) {
  return schema.empty() ? std::string(sql) : Qualifier(sql, schema).run();
}

std::string quoted_identifier(const std::string& name) {
  // SOCI looks for quotes and colons also between double quotes.
  if (name.find_first_of(":'\\") == std::string::npos) return "\"" + doubled(name, '"') + "\"";
  std::string text = "U&\"";
  for (const char c : name) {
    const bool plain = std::string_view(":'\\\"").find(c) == std::string_view::npos;
    text += plain ? std::string(1, c) : fmt::format("\\00{:02X}", static_cast<unsigned char>(c));
  }
  return text + "\"";
}

std::string tables_elsewhere(soci::session& sql) {
  std::string schema;
  std::string user;
  sql << R"sql(SELECT n.nspname::text, current_user::text
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relname = 'scheduler_state' AND c.relkind IN ('r', 'p')
        AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
      ORDER BY 1 LIMIT 1)sql",
      soci::into(schema), soci::into(user);
  if (!sql.got_data()) return {};
  const bool is_plain =
      schema.find_first_not_of("abcdefghijklmnopqrstuvwxyz_0123456789") == std::string::npos;
  return "spider-check's tables are in the schema " + quoted_identifier(schema) +
         ", which the search_path of user " + quoted_identifier(user) + " does not name; " +
         (is_plain ? "add ?options=-csearch_path%3D" + schema + " to the url, or type: "
                   : std::string("type: ")) +
         "ALTER ROLE " + quoted_identifier(user) +
         " SET search_path = " + quoted_identifier(schema);
}

}  // namespace spider_check
