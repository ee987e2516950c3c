#include "db/outcome_reads.hpp"

#include <algorithm>

#include "db/values.hpp"

namespace spider_check::db {

namespace {

Termination read_termination(const soci::row& row, std::size_t exit_code, std::size_t signal,
                             const std::vector<std::string>& reasons) {
  if (row.get_indicator(exit_code) == soci::i_ok) return Exited{row.get<int>(exit_code)};
  if (row.get_indicator(signal) == soci::i_ok) return Signaled{row.get<int>(signal)};
  // The columns are the same for a spider whose end nobody saw.
  const bool started = std::none_of(reasons.begin(), reasons.end(), [](const auto& reason) {
    return reason.find(to_text(NotStarted{})) != std::string::npos;
  });
  if (started) return Unknown{};
  return NotStarted{};
}

/** What a list shows of a crawl, not the whole of it. */
CrawlReport read_crawl(const soci::row& row, std::size_t items) {
  CrawlReport crawl;
  crawl.source = CrawlSource::probe;
  crawl.progress = {row.get<long long>(items), row.get<long long>(items + 1),
                    row.get<long long>(items + 2)};
  return crawl;
}

}  // namespace

std::string outcome_columns() {
  return "spider, attempt, verdict, array_to_string(reasons, E'\\n'), exit_code, signal, "
         "coalesce(log_path, ''), " +
         to_microseconds("finished_at") + ", " + took_in_microseconds("") + ", " +
         interval_in_microseconds("coalesce(cpu_time, interval '0')") +
         ", coalesce(peak_memory, 0), items, coalesce(pages, 0), coalesce(errors, 0), rows";
}

RecordedOutcome read_outcome(const soci::row& row, std::size_t first) {
  RecordedOutcome recorded;
  auto& outcome = recorded.outcome;
  outcome.spider = row.get<std::string>(first);
  recorded.attempt = row.get<int>(first + 1);
  outcome.judgement.verdict =
      parse_verdict(row.get<std::string>(first + 2)).value_or(Verdict::failed);
  outcome.judgement.reasons = lines_of(row.get<std::string>(first + 3));
  outcome.child.termination =
      read_termination(row, first + 4, first + 5, outcome.judgement.reasons);
  outcome.log = row.get<std::string>(first + 6);
  recorded.finished = from_microseconds(row.get<long long>(first + 7));
  outcome.child.took = Duration(row.get<long long>(first + 8));
  outcome.child.cpu_time = Duration(row.get<long long>(first + 9));
  outcome.child.peak_memory = row.get<long long>(first + 10);
  if (row.get_indicator(first + 11) == soci::i_ok) outcome.crawl = read_crawl(row, first + 11);
  if (row.get_indicator(first + 14) == soci::i_ok) outcome.rows = row.get<long long>(first + 14);
  return recorded;
}

std::vector<RecordedOutcome> newest_outcomes(soci::session& sql, RunId run) {
  const auto id = static_cast<long long>(run);
  const soci::rowset<soci::row> rows =
      (sql.prepare << "SELECT DISTINCT ON (spider) " << outcome_columns()
                   << " FROM spider_run WHERE run_id = :id ORDER BY spider, attempt DESC",
       soci::use(id));
  std::vector<RecordedOutcome> outcomes;
  for (const auto& row : rows) outcomes.push_back(read_outcome(row, 0));
  return outcomes;
}

std::vector<RecordedOutcome> every_outcome(soci::session& sql, RunId run) {
  const auto id = static_cast<long long>(run);
  const soci::rowset<soci::row> rows =
      (sql.prepare << "SELECT " << outcome_columns()
                   << " FROM spider_run WHERE run_id = :id ORDER BY attempt, spider",
       soci::use(id));
  std::vector<RecordedOutcome> outcomes;
  for (const auto& row : rows) outcomes.push_back(read_outcome(row, 0));
  return outcomes;
}

}  // namespace spider_check::db
