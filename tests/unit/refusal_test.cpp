// What the server says when it refuses a write, and what is to be typed then.
#include "db/refusal.hpp"

#include <doctest/doctest.h>

namespace spider_check::db {

TEST_CASE("a verbose message is taken apart") {
  const auto error = parse_error(
      "23502",
      "ERROR:  23502: null value in column \"tenant\" of relation \"scheduler_state\" violates "
      "not-null constraint\nDETAIL:  Failing row contains (1, null).\nSCHEMA NAME:  public\n"
      "TABLE NAME:  scheduler_state\nCOLUMN NAME:  tenant\nLOCATION:  ExecConstraints, "
      "execMain.c:1953\n");
  CHECK(error.text ==
        "null value in column \"tenant\" of relation \"scheduler_state\" violates not-null "
        "constraint");
  CHECK(error.table == "scheduler_state");
  CHECK(error.column == "tenant");
  CHECK(error.constraint.empty());
}

TEST_CASE("each refusal has a cure, as far as one is known") {
  struct Case {
    ServerError error;
    const char* cure;
  };

  const std::string t = "scheduler_state";
  const Case cases[] = {
      {{"23505", "DETAIL: Key (id)=(3) already exists.", t, "", "scheduler_state_pkey"},
       "SELECT setval(pg_get_serial_sequence('scheduler_state', 'id'), (SELECT max(id) FROM "
       "scheduler_state))"},
      {{"23505", "Key (host)=(x)", t, "", "one per host"},
       "ALTER TABLE scheduler_state DROP CONSTRAINT \"one per host\""},
      {{"23502", "", t, "Tenant", ""},
       "ALTER TABLE scheduler_state ALTER COLUMN \"Tenant\" DROP NOT NULL"},
      {{"23502", "", t, "id", ""},
       "ALTER TABLE scheduler_state ALTER COLUMN id SET DEFAULT nextval('scheduler_state_id_seq')"},
      {{"23514", "", "spider_run", "", "mine"}, "ALTER TABLE spider_run DROP CONSTRAINT mine"},
      {{"23503", "", "items", "", "items_run_id_fkey"}, ""},
      {{"2200H", "nextval: reached maximum value of sequence \"s\" (9)", "", "", ""},
       "ALTER SEQUENCE s NO MAXVALUE"},
      {{"2200H", "nextval: reached maximum value of sequence \"s\" (2147483647)", "", "", ""},
       "ALTER SEQUENCE s RESTART"},
      {{"42501", "new row violates row-level security policy for table \"spider_run\"", "", "", ""},
       "ALTER TABLE spider_run DISABLE ROW LEVEL SECURITY"},
      {{"42501", "permission denied for sequence scheduler_state_id_seq", "", "", ""},
       "GRANT USAGE ON SEQUENCE scheduler_state_id_seq TO \"App\""},
      {{"25006", "", "", "", ""},
       "SET default_transaction_read_only = off; ALTER DATABASE jobs RESET "
       "default_transaction_read_only"},
      {{"P0001", "no", "", "", ""}, "ALTER TABLE scheduler_state DISABLE TRIGGER USER"},
      {{"22001", "value too long", "", "", ""}, ""},
  };
  for (const auto& [error, sql] : cases) CHECK(cure(error, "jobs", "App") == sql);
}

}  // namespace spider_check::db
