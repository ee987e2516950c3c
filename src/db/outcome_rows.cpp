#include "db/outcome_rows.hpp"

#include "db/values.hpp"

namespace spider_check::db {

std::string insert_outcomes_sql(const std::string& run, const std::string& attempt,
                                const std::string& outcomes, const std::string& token) {
  return "INSERT INTO spider_run (run_id, spider, attempt, started_at, finished_at, "
         "status, verdict, reasons, exit_code, signal, log_path, cpu_time, peak_memory, "
         "finish_reason, items, pages, errors, stats, field_counts, faults, rows, owner_token) "
         "SELECT run.id, o.spider, " +
         attempt + ", now() - " + to_interval("o.started") + ", now() - " + to_interval("o.ended") +
         ", o.status, o.verdict, o.reasons, o.exit_code, o.signal, o.log_path, " +
         to_interval("o.cpu") +
         ", o.memory, o.finish_reason, o.items, o.pages, o.errors, o.stats, o.field_counts, "
         "o.faults, o.rows, " +
         token + " FROM " + run + ", jsonb_to_recordset(" + outcomes +
         ") AS o (spider text, started bigint, ended bigint, "
         "status text, verdict text, reasons text[], exit_code int, signal int, log_path text, "
         "cpu bigint, memory bigint, finish_reason text, items bigint, pages bigint, "
         "errors bigint, stats jsonb, field_counts jsonb, faults jsonb, rows bigint)";
}

}  // namespace spider_check::db
