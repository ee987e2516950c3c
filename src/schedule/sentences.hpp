#pragma once

#include <string>
#include <vector>

#include "schedule/crawl.hpp"
#include "schedule/decide.hpp"
#include "schedule/spider.hpp"
#include "util/zone.hpp"

namespace spider_check {

// The sentences that the log, --dry-run and status share. Monitoring greps for some of them: their
// text is part of the program's contract (docs/reference.md, "Log lines").

/** "Starting scheduler with 4 hour interval" */
[[nodiscard]] std::string starting(const Policy& policy);

/** "Last run was 2.00 hours ago (required: 4 hours)" */
[[nodiscard]] std::string last_run(const LatestSuccess& latest_success, const Policy& policy);

/** The decision in one sentence: why spiders run, or why not and until when. */
[[nodiscard]] std::string explain(const Decision& decision, const Policy& policy, TimePoint now,
                                  const Zone& zone);

/** What the next tick does where it runs spiders: "The next tick runs all spiders". */
[[nodiscard]] std::string next_tick(const Decision& decision, const Policy& policy);

/** "1 interval was missed", "2 intervals were missed" */
[[nodiscard]] std::string missed(int intervals);

/** "this run is 4 h late; 1 interval was missed"; empty when it is in time. */
[[nodiscard]] std::string explain(const Lateness& lateness);

/** "; its spiders may still be running until …", or that its process is alive. */
[[nodiscard]] std::string prospects(const OwnerMayReturn& waiting, TimePoint now, const Zone& zone);

/** "run 7", or words for a run that the database does not know of yet; behind "the" or "of". */
[[nodiscard]] std::string run_name(const Run& run);

/** "Run 7", or words for a run that the database does not know of yet. */
[[nodiscard]] std::string run_words(const Run& run);

/** Why a run is marked interrupted: "interrupted: HOST pid 7 is gone". */
[[nodiscard]] std::string interruption(const Run& run);

/** Why a spider is being stopped: "it takes too long (timeout)". */
[[nodiscard]] std::string explain(StopCause cause);

/** "12 items, 3 pages, 1 error": what a crawl did; pages and errors only where there are some. */
[[nodiscard]] std::string amounts(const Progress& progress);

/** The same with what check_sql counted, if anything: "12 items, 3 pages, 240 rows". */
[[nodiscard]] std::string with_rows(std::string amounts, const std::optional<std::int64_t>& rows);

/** Names on one line, printable: "a, b, c, …"; at most ten. */
[[nodiscard]] std::string name_list(const std::vector<std::string>& names);

/** The reasons of a verdict, printable, on one line. */
[[nodiscard]] std::string reasons(const Judgement& judgement);

/** "HOST, pid 7", or words for an unknown owner. */
[[nodiscard]] std::string name_owner(const std::string& host, int pid);

/** "2026-11-23 20:20:01 UTC (in 1 h 59 min)" */
[[nodiscard]] std::string when(TimePoint time, TimePoint now, const Zone& zone);

}  // namespace spider_check
