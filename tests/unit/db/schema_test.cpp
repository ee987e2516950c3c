#include "db/schema.hpp"

#include <string>

#include <doctest/doctest.h>

#include "db/migrator.hpp"

namespace spider_check {

TEST_CASE("our tables are named with their schema, and nothing else is changed") {
  const std::pair<std::string, std::string> rows[] = {
      {"", ""},
      {"SELECT 1", "SELECT 1"},
      {"FROM scheduler_state", "FROM \"s\".scheduler_state"},
      {"scheduler_state.id = spider_run.run_id",
       "\"s\".scheduler_state.id = \"s\".spider_run.run_id"},
      {"FROM \"s\".scheduler_state", "FROM \"s\".scheduler_state"},
      {"INDEX scheduler_state_success ON scheduler_state (id)",
       "INDEX scheduler_state_success ON \"s\".scheduler_state (id)"},
      {"my_spider_run spider_run1 :spider_run", "my_spider_run spider_run1 :spider_run"},
      {"'spider_run' || 'it''s spider_run'", "'spider_run' || 'it''s spider_run'"},
      {"E'\\' spider_run' spider_run", "E'\\' spider_run' \"s\".spider_run"},
      {"name'\\' spider_run", "name'\\' \"s\".spider_run"},
      {"\"a spider_run\" spider_run", "\"a spider_run\" \"s\".spider_run"},
      {"-- spider_run's\nspider_run", "-- spider_run's\n\"s\".spider_run"},
      {"/* spider_run */ spider_run", "/* spider_run */ \"s\".spider_run"},
      {"to_regclass('spider_run')", "to_regclass('\"s\".spider_run')"},
      {"'spider_run'::regclass", "'\"s\".spider_run'::regclass"},
      {"$$ PERFORM 'spider_run', 'spider_run'::regclass FROM spider_run $$",
       "$$ PERFORM 'spider_run', '\"s\".spider_run'::regclass FROM \"s\".spider_run $$"},
      {"'spider_run", "'spider_run"},
      {"\"spider_run", "\"spider_run"},
      {"/* spider_run", "/* spider_run"},
      {"'", "'"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.first);
    CHECK(qualified(row.first, "s") == row.second);
  }
  CHECK(qualified("FROM spider_run", "") == "FROM spider_run");
}

TEST_CASE("a schema's name is quoted so that SOCI sees no parameter or literal in it") {
  CHECK(quoted_identifier("public") == "\"public\"");
  CHECK(quoted_identifier("a \"b\"") == "\"a \"\"b\"\"\"");
  CHECK(quoted_identifier("größe") == "\"größe\"");
  CHECK(quoted_identifier("it's: a\\b\"") == "U&\"it\\0027s\\003A a\\005Cb\\0022\"");
  CHECK(qualified("to_regclass('spider_run')", "it's \"x\"") ==
        "to_regclass('\"it''s \"\"x\"\"\".spider_run')");
}

TEST_CASE("every table that a migration makes is qualified") {
  for (const auto& migration : migrations()) {
    const auto sql = std::string(migration.sql);
    for (const std::string words : {"CREATE TABLE ", "CREATE TABLE IF NOT EXISTS "}) {
      for (auto at = sql.find(words); at != std::string::npos; at = sql.find(words, at + 1)) {
        const auto rest = qualified(sql.substr(at + words.size()), "s");
        if (rest.rfind("IF NOT", 0) == 0) continue;
        CHECK_MESSAGE(rest.rfind("\"s\".", 0) == 0, rest.substr(0, rest.find('(')));
      }
    }
  }
}

}  // namespace spider_check
