/* What a tick is measured against: connect, ask once when the last run was, exit. */

#include <libpq-fe.h>
#include <stdio.h>

int main(int argc, char** argv) {
  if (argc != 2) {
    fputs("usage: baseline URL\n", stderr);
    return 2;
  }
  PGconn* connection = PQconnectdb(argv[1]);
  PGresult* result = PQexec(connection,
                            "select max(last_run_at) from scheduler_state "
                            "where status = 'completed'");
  const int failed = PQresultStatus(result) != PGRES_TUPLES_OK;
  if (failed) fputs(PQerrorMessage(connection), stderr);
  PQclear(result);
  PQfinish(connection);
  return failed;
}
