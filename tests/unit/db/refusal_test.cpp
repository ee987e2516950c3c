// What the server says when it refuses a write, and what is to be typed then.
#include "db/refusal.hpp"

#include <doctest/doctest.h>

namespace spider_check {

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

TEST_CASE("what keeps from connecting is told with what a person types next") {
  const std::string local = "connection to server at \"127.0.0.1\", port 5498 failed: ";
  const std::string remote =
      "connection to server at \"db.example\" (10.0.0.1), port 5432 failed: ";
  const std::string socket =
      "connection to server on socket \"/var/run/postgresql/.s.PGSQL.5432\" failed: ";
  ConnectionOptions by_port;
  by_port.parameters = {{"port", "5498"}, {"host", "127.0.0.1"}};
  by_port.sources["port"] = "DB_PORT of the environment";
  ConnectionOptions by_name;
  by_name.parameters = {{"host", "nosuch"}};
  by_name.sources = {{"host", "DB_HOST of /home/me/.env:1"}};
  ConnectionOptions none;
  none.dotenv = "/home/me/.env";
  ConnectionOptions named = none;
  named.parameters = {{"dbname", "nosuch"}, {"user", "me"}};
  named.sources = {{"dbname", "database.name of /c.toml:3"},
                   {"user", "DB_USER of /home/me/.env:2"}};
  ConnectionOptions secret = none;
  secret.sources["password"] = "DB_PASSWORD of /home/me/.env:3";

  const auto twice = [](const std::string& line) { return line + "\n" + line + "\n"; };
  const auto check = [](const std::string& libpq, const ConnectionOptions& options,
                        const std::string& told) {
    CHECK(why_no_connection("Cannot establish connection to the database.\n" + libpq, options) ==
          told);
  };
  check(local +
            "Connection refused\n\tIs the server running on that host and accepting TCP/IP "
            "connections?\n",
        by_port,
        "no PostgreSQL answers at 127.0.0.1:5498 (DB_PORT of the environment): Connection refused; "
        "start it, or name another");
  check(socket +
            "No such file or directory\n\tIs the server running locally and accepting "
            "connections on that socket?\n",
        none,
        "no PostgreSQL answers at /var/run/postgresql/.s.PGSQL.5432 (libpq's default): No such "
        "file or directory; start it, or name another");
  check(socket + "FATAL:  role \"me\" does not exist\n", none,
        "PostgreSQL at /var/run/postgresql/.s.PGSQL.5432: role \"me\" does not exist (libpq's "
        "default); type: "
        "sudo -u postgres createuser me");
  check(remote + "FATAL:  role \"it's me\" does not exist\n", named,
        "PostgreSQL at db.example:5432: role \"it's me\" does not exist (DB_USER of "
        "/home/me/.env:2); type on "
        "db.example: sudo -u postgres createuser 'it'\\''s me'");
  check(local + "FATAL:  database \"nosuch\" does not exist\n", named,
        "PostgreSQL at 127.0.0.1:5498: database \"nosuch\" does not exist (database.name of "
        "/c.toml:3); type: "
        "sudo -u postgres createdb --port 5498 --owner me nosuch");
  check(socket + "FATAL:  database \"me\" does not exist\n", none,
        "PostgreSQL at /var/run/postgresql/.s.PGSQL.5432: database \"me\" does not exist (libpq's "
        "default); "
        "name it: DB_NAME=… in /home/me/.env");
  check(twice(local + "FATAL:  password authentication failed for user \"me\""), none,
        "PostgreSQL at 127.0.0.1:5498: password authentication failed for user \"me\"; set "
        "DB_PASSWORD in "
        "/home/me/.env");
  check(local + "FATAL:  password authentication failed for user \"me\"\n", secret,
        "PostgreSQL at 127.0.0.1:5498: password authentication failed for user \"me\"; correct the "
        "password "
        "(DB_PASSWORD of /home/me/.env:3)");
  check(local + "fe_sendauth: no password supplied\n", none,
        "PostgreSQL at 127.0.0.1:5498: no password supplied; set DB_PASSWORD in /home/me/.env");
  check(socket + "FATAL:  Peer authentication failed for user \"me\"\n", named,
        "PostgreSQL at /var/run/postgresql/.s.PGSQL.5432: Peer authentication failed for user "
        "\"me\" (DB_USER "
        "of /home/me/.env:2); name this system's user, or set DB_HOST=localhost and DB_PASSWORD in "
        "/home/me/.env");
  check("could not translate host name \"nosuch\" to address: Name or service not known\n", by_name,
        "could not translate host name \"nosuch\" to address: Name or service not known "
        "(DB_HOST of /home/me/.env:1); correct the name, or name another host");
  check(local + "FATAL:  the database system is starting up\n", none,
        "PostgreSQL at 127.0.0.1:5498: the database system is starting up");
  check(local + "Connection refused\n" + remote + "FATAL:  permission denied for database \"x\"\n" +
            "DETAIL:  User does not have CONNECT privilege.\n",
        by_port,
        "no PostgreSQL answers at 127.0.0.1:5498 (DB_PORT of the environment): Connection refused; "
        "PostgreSQL at db.example:5432: permission denied for database \"x\" DETAIL: User does not "
        "have "
        "CONNECT privilege.");
}

}  // namespace spider_check
