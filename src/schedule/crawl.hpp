#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "os/termination.hpp"
#include "util/interface.hpp"
#include "util/time.hpp"

namespace spider_check {

/** How far a crawl has come. */
struct Progress {
  std::int64_t items = 0;
  std::int64_t pages = 0;
  std::int64_t errors = 0;

  friend bool operator==(const Progress&, const Progress&) = default;

  friend Progress operator+(const Progress& a, const Progress& b) {
    return {a.items + b.items, a.pages + b.pages, a.errors + b.errors};
  }
};

/** Where a crawl stands. */
enum class CrawlPhase {
  crawling,
  closing,  ///< after its last page: uploads, browsers and threads take their time
  over,     ///< it has reported all, and its process is still there
};

/** One kind of error that a crawl met. */
struct Fault {
  std::string place;  ///< "FILE:LINE"; empty: unknown
  std::string text;   ///< the exception, or the message that was logged
  std::int64_t count = 1;
};

/** What a project asks for, and what Scrapy disabled before the crawl began. */
struct SwitchedOff {
  std::string what;  ///< "pipeline", "feed", "extension", "downloader middleware", …
  std::string name;  ///< its path, or a feed's address
  std::string why;   ///< empty: unknown
  std::int64_t count = 1;
  bool wished = false;  ///< a setting of the project says so
};

/** Where what is known of a crawl comes from. */
enum class CrawlSource {
  nobody,  ///< neither a report from inside nor statistics in its log
  probe,   ///< the report that our probe writes from inside the crawl
  log,     ///< the statistics that Scrapy prints at the end
};

/** What a crawl did, as far as is known. */
struct CrawlReport {
  CrawlSource source = CrawlSource::nobody;
  std::string spider;  ///< as the crawl names it; empty: unknown
  bool ended = false;  ///< it gave its final statistics
  std::string finish_reason;
  Progress progress;
  std::int64_t exceptions = 0;                 ///< raised in callbacks
  std::int64_t dropped = 0;                    ///< items that a pipeline dropped
  std::int64_t refused = 0;                    ///< pages that came with a status that is no success
  std::int64_t robots = 0;                     ///< pages that were a robots.txt
  std::int64_t dead = 0;                       ///< pages that the site or the network failed
  std::int64_t forbidden = 0;                  ///< pages that robots.txt forbids
  std::int64_t seen_before = 0;                ///< requests that an earlier crawl had made
  std::string job_directory;                   ///< which says so (JOBDIR)
  std::int64_t lost_feeds = 0;                 ///< feeds that could not be stored
  std::int64_t closing_errors = 0;             ///< failures to close what keeps the items
  std::int64_t late_errors = 0;                ///< of the errors what others logged meanwhile
  std::int64_t page_errors = 0;                ///< and those that say that a page never came
  std::vector<SwitchedOff> switched_off;       ///< what the project asked for in vain
  std::map<std::string, std::int64_t> fields;  ///< how often each item field was filled
  std::vector<Fault> faults;                   ///< the first kinds of errors, and what ended it
  std::string stats;                           ///< the whole statistics, one JSON object; or empty
  std::vector<std::string> unusable;           ///< of ignore_errors: what, and why
  /** The crawls of a process that ran several, of which this is the sum; empty for one. */
  std::vector<CrawlReport> parts;
  std::string log_file;   ///< where the project logs to (LOG_FILE); empty: where it prints
  std::string only_read;  ///< "the last 256 kB of its log", where there was more; else empty
};

/** What a run of the past did that says what is usual. */
struct BaselineRun {
  std::int64_t items = 0;
  Duration took{0};
  std::map<std::string, std::int64_t> fields;
  bool good = true;                    ///< else it was degraded, as most of these were
  std::optional<std::int64_t> rows{};  ///< that check_sql counted; empty: it was not asked
  std::int64_t pages = 0;              ///< 0: not known
};

/** What is usual for a spider, by successes_for_baseline; the newest run first. */
using Baseline = std::vector<BaselineRun>;

/** check_sql: what is asked after a spider, and where. */
struct RowCheck {
  std::string sql;  ///< one SELECT that gives one whole number
  ConnectionOptions database;
};

/** What it was answered. */
struct RowCount {
  std::optional<std::int64_t> rows;  ///< empty: see fault
  std::string fault{};               ///< why there is no number, in words
  bool away = false;                 ///< the database could not be asked at all
};

/** What a spider's attempt was worth. */
enum class Verdict {
  ok,
  degraded,  ///< it worked, and something is wrong; a success for the schedule
  failed,
};

/** "ok", "degraded", "failed": the words of spider_run.verdict. */
[[nodiscard]] std::string_view to_text(Verdict verdict);

/** Empty for a word that is none of them. */
[[nodiscard]] std::optional<Verdict> parse_verdict(std::string_view text);

/** A verdict with its reasons in words, for people. */
struct Judgement {
  Verdict verdict = Verdict::failed;
  std::vector<std::string> reasons;
};

/**
 * What is usual for a spider is what the good ones of its last successes did; where too few of
 * these were good, a change has lasted, and it is what its last successes did, degraded ones
 * included.
 */
inline constexpr std::size_t successes_for_baseline = 25;

/** How many runs it takes to say what is usual, and of those successes to be good. */
inline constexpr std::size_t runs_for_baseline = 5;

/** The most runs that say what is usual, the newest ones. */
inline constexpr std::size_t max_runs_for_baseline = 20;

/** What a person needs who finds nothing in the log of a crawl that has a log_file. */
[[nodiscard]] std::string where_it_logs(const CrawlReport& crawl);

/** Whether a spider failed only because it was ended: with its run, or with the program. */
[[nodiscard]] bool was_stopped(const Judgement& judgement);

/** The verdict for people: "stopped" for what was_stopped(). */
[[nodiscard]] std::string_view word_of(const Judgement& judgement);

}  // namespace spider_check
