#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "run/verdict.hpp"

namespace spider_check {

using namespace std::chrono_literals;

namespace {

/** A crawl that found twelve items and ended well; a test makes of it what it wants. */
struct Crawl {
  ChildReport child{Exited{0}, StopCause::none, 1min, 1s, 1};
  CrawlReport report;
  Criteria criteria;
  Baseline history;

  Crawl() {
    report.source = CrawlSource::probe;
    report.ended = true;
    report.finish_reason = "finished";
    report.progress = {12, 30, 0};
    report.fields = {{"title", 12}, {"pay", 11}};
  }

  /** So many good runs before, each with these items. */
  Crawl& after(std::size_t runs, std::int64_t items = 12, Duration took = 1min) {
    history.assign(runs, {items, took, {{"title", items}, {"pay", items / 2}, {"rare", 1}}});
    return *this;
  }

  [[nodiscard]] Judgement judge() const {
    return spider_check::judge(child, report, criteria, history);
  }
};

void check(const Crawl& crawl, Verdict verdict, const std::string& reason) {
  const auto judgement = crawl.judge();
  CHECK(judgement.verdict == verdict);
  REQUIRE(judgement.reasons.size() == 1);
  CHECK(judgement.reasons[0] == reason);
}

}  // namespace

TEST_CASE("a crawl that found what it should is ok and needs no reason") {
  CHECK(Crawl().judge().verdict == Verdict::ok);
  CHECK(Crawl().judge().reasons.empty());
  CHECK(Crawl().after(20).judge().reasons.empty());
}

TEST_CASE("a process that went wrong is explained by what it said") {
  Crawl crawl;
  crawl.child.termination = Exited{1};
  crawl.report.faults = {{"", "something", 1}, {"/p/x.py:3", "KeyError: 'a'", 2}};
  check(crawl, Verdict::failed, "exit status 1 (/p/x.py:3: KeyError: 'a')");
  crawl.child.stopped = StopCause::stall;
  check(crawl, Verdict::failed,
        "stopped because it made no progress (stall_timeout): exit status 1 (/p/x.py:3: KeyError: "
        "'a')");
  // Whatever it met, that is not why.
  crawl.child.stopped = StopCause::run_stopped;
  check(crawl, Verdict::failed, "stopped before its end: exit status 1");
  crawl.child.stopped = StopCause::timeout;
  crawl.report.faults.clear();
  check(crawl, Verdict::failed, "stopped because it took too long (timeout): exit status 1");
}

TEST_CASE("exit status 0 without final statistics is a failure") {
  Crawl crawl;
  crawl.report.ended = false;
  check(crawl, Verdict::failed, "it ended without final statistics");
  crawl.report.source = CrawlSource::nobody;
  check(crawl, Verdict::failed,
        "there are no final statistics, neither from inside the crawl nor in its log");
}

TEST_CASE("where the statistics may be is said when there are none") {
  Crawl crawl;
  crawl.report.log_file = "/srv/shop.log";
  CHECK(crawl.judge().reasons.empty());
  crawl.report.ended = false;
  CHECK(crawl.judge().reasons ==
        std::vector<std::string>{"it ended without final statistics",
                                 "the project logs to /srv/shop.log (LOG_FILE)"});
}

TEST_CASE("numbers of a part say of which, where they are why") {
  Crawl crawl;
  crawl.report.only_read = "the last 256 kB of its log";
  CHECK(crawl.judge().reasons.empty());
  crawl.report.progress.items = 0;
  CHECK(crawl.judge().reasons ==
        std::vector<std::string>{"0 items, at least 1 is wanted (min_items)",
                                 "only the last 256 kB of its log were read"});
  crawl.report.ended = false;
  CHECK(crawl.judge().reasons.back() == "only the last 256 kB of its log were read");
  crawl.child.termination = Exited{1};
  check(crawl, Verdict::failed, "exit status 1");
}

TEST_CASE("a finish reason other than those that are allowed is a failure") {
  Crawl crawl;
  crawl.report.finish_reason = "shutdown";
  check(crawl, Verdict::failed, "its finish reason is \"shutdown\"");
  crawl.criteria.finish_reasons = {"finished", "shutdown"};
  CHECK(crawl.judge().verdict == Verdict::ok);
  crawl.report.finish_reason = "";
  check(crawl, Verdict::failed, "the crawl did not start: it has no finish reason");
}

TEST_CASE("too few items are a failure") {
  Crawl crawl;
  crawl.report.progress.items = 0;
  check(crawl, Verdict::failed, "0 items, at least 1 is wanted (min_items)");
  crawl.criteria.min_items = 0;
  CHECK(crawl.judge().verdict == Verdict::ok);
  crawl.criteria.min_items = 100;
  crawl.report.progress.items = 99;
  check(crawl, Verdict::failed, "99 items, at least 100 are wanted (min_items)");
}

TEST_CASE("a crawl that was refused everywhere has failed, also where no item is wanted") {
  Crawl crawl;
  crawl.criteria.min_items = 0;
  crawl.report.progress = {0, 3, 0};
  crawl.report.refused = 2;
  crawl.report.robots = 1;
  check(crawl, Verdict::failed, "every page was refused or dead (2 refused pages, 0 dead pages)");
  crawl.report.robots = 0;
  CHECK(crawl.judge().verdict == Verdict::degraded);
}

TEST_CASE("what robots.txt forbids is told as that") {
  Crawl crawl;
  crawl.report.progress = {0, 1, 0};
  crawl.report.robots = 1;
  crawl.report.forbidden = 1;
  crawl.criteria.min_items = 0;
  check(crawl, Verdict::failed, "robots.txt forbids every page");
  crawl.report.progress = {10, 12, 0};
  crawl.report.forbidden = 5;
  CHECK(crawl.judge().verdict == Verdict::ok);
  // It may explain what else is wrong.
  crawl.report.dropped = 10;
  CHECK(crawl.judge().reasons ==
        std::vector<std::string>{"10 items dropped, 10 kept", "5 forbidden by robots.txt"});
  crawl.criteria.min_items = 20;
  CHECK(crawl.judge().reasons ==
        std::vector<std::string>{"10 items, at least 20 are wanted (min_items)",
                                 "5 forbidden by robots.txt"});
}

TEST_CASE("a crawl that was over when its process had to be ended is judged by the crawl") {
  Crawl crawl;
  crawl.child = {Signaled{9}, StopCause::stayed, 1min, 1s, 1};
  check(crawl, Verdict::degraded, "its process stayed after the crawl had ended, and was stopped");
  crawl.report.progress.items = 0;
  check(crawl, Verdict::failed, "0 items, at least 1 is wanted (min_items)");
}

TEST_CASE("that a page never came is no error beside it") {
  Crawl crawl;
  crawl.report.dead = 1;
  crawl.report.progress.errors = crawl.report.page_errors = 2;
  CHECK(crawl.judge().verdict == Verdict::ok);
  crawl.report.faults = {{"", "Gave up", 2}};
  crawl.report.dead = 10;
  check(crawl, Verdict::degraded,
        "10 pages of 40 refused or dead (0 refused, 10 given up after retries) (Gave up)");
  crawl.report.faults.clear();
  crawl.report.dead = 1;
  crawl.criteria.max_errors = 0;
  CHECK(crawl.judge().verdict == Verdict::ok);
  crawl.report.progress.errors = 3;
  check(crawl, Verdict::failed, "1 error, at most 0 are allowed");
}

TEST_CASE("how many dead pages are normal may be said") {
  Crawl crawl;
  crawl.report.refused = 4;
  crawl.report.dead = 3;
  check(crawl, Verdict::degraded,
        "7 pages of 33 refused or dead (4 refused, 3 given up after retries)");
  crawl.criteria.max_dead_pages = 7;
  CHECK(crawl.judge().verdict == Verdict::ok);
  crawl.criteria.max_dead_pages = 6;
  CHECK(crawl.judge().verdict == Verdict::degraded);
  crawl.report.refused = crawl.report.dead = 0;
  crawl.criteria.max_dead_pages = 0;
  CHECK(crawl.judge().verdict == Verdict::ok);
}

TEST_CASE("what an earlier crawl had seen explains what is wrong, and is nothing wrong itself") {
  Crawl crawl;
  crawl.report.seen_before = 10;
  crawl.report.job_directory = "crawls/shop";
  CHECK(crawl.judge().verdict == Verdict::ok);
  crawl.report.progress.items = 0;
  CHECK(crawl.judge().reasons ==
        std::vector<std::string>{"0 items, at least 1 is wanted (min_items)",
                                 "10 requests filtered as seen before (JOBDIR crawls/shop)"});
}

TEST_CASE("a pattern that cannot be used is said") {
  Crawl crawl;
  crawl.report.unusable = {"re:(: missing )"};
  check(crawl, Verdict::degraded, "ignore_errors: re:(: missing )");
}

TEST_CASE("of several crawls in one process each is judged, and the worst is the spider's") {
  Crawl crawl;
  auto books = crawl.report;
  books.spider = "books";
  auto news = books;
  news.spider = "news";
  crawl.report.parts = {books, news};
  CHECK(crawl.judge().verdict == Verdict::ok);
  crawl.report.parts[1].progress.errors = 2;
  check(crawl, Verdict::degraded, "news: 2 errors beside 12 items");
  crawl.report.parts[0].progress.items = 0;
  check(crawl, Verdict::failed, "books: 0 items, at least 1 is wanted (min_items)");
  crawl.report.parts[0].ended = false;
  check(crawl, Verdict::failed, "books: it ended without final statistics");
  crawl.report.parts.assign(30, crawl.report.parts[0]);
  CHECK(crawl.judge().reasons.size() == 21);
  CHECK(crawl.judge().reasons.back() == "10 more");
}

TEST_CASE("what others log while a crawl closes degrades at most") {
  Crawl crawl;
  crawl.report.progress.errors = 2;
  crawl.report.late_errors = 2;
  crawl.report.faults = {{"", "mail is away", 2}};
  crawl.criteria.max_errors = 0;
  check(crawl, Verdict::degraded, "2 errors beside 12 items (mail is away)");
  crawl.criteria.min_items = 0;
  crawl.report.progress.items = 0;
  check(crawl, Verdict::degraded, "2 errors beside 0 items (mail is away)");
  crawl.report.late_errors = 1;
  CHECK(crawl.judge().verdict == Verdict::failed);
}

TEST_CASE("what fails while a crawl closes may have lost its items") {
  Crawl crawl;
  crawl.report.progress.errors = 1;
  crawl.report.closing_errors = 1;
  crawl.report.faults = {{"/p/pipelines.py:9", "OSError: full", 1}};
  check(crawl, Verdict::failed,
        "1 error while the crawl closed (/p/pipelines.py:9: OSError: full); its items may be lost");
  crawl.report.lost_feeds = 1;
  check(crawl, Verdict::failed, "1 feed could not be stored (/p/pipelines.py:9: OSError: full)");
}

TEST_CASE("a pipeline that was switched off loses the items that should have gone there") {
  Crawl crawl;
  crawl.report.switched_off = {{"pipeline", "shop.Store", "SHOP_DB is not set", 1, false}};
  check(crawl, Verdict::failed,
        "the pipeline shop.Store was disabled: SHOP_DB is not set; its items are lost");
  crawl.report.switched_off[0].why = "";
  check(crawl, Verdict::failed, "the pipeline shop.Store was disabled; its items are lost");
  crawl.report.switched_off[0].wished = true;
  check(crawl, Verdict::degraded, "the pipeline shop.Store was disabled");
}

TEST_CASE("a feed that was switched off is one that could not be stored") {
  Crawl crawl;
  crawl.report.switched_off = {{"feed", "s3://b/x", "missing botocore library", 2, false}};
  check(crawl, Verdict::failed, "2 feeds could not be stored (s3://b/x: missing botocore library)");
}

TEST_CASE("what was switched off on a day without items is told") {
  Crawl crawl;
  crawl.criteria.min_items = 0;
  crawl.report.progress.items = 0;
  crawl.report.switched_off = {{"pipeline", "shop.Store", "", 1, false}};
  check(crawl, Verdict::degraded, "the pipeline shop.Store was disabled");
}

TEST_CASE("an extension or a middleware that was switched off degrades") {
  Crawl crawl;
  crawl.report.switched_off = {{"downloader middleware", "shop.Proxy", "no proxies", 1, false}};
  check(crawl, Verdict::degraded, "the downloader middleware shop.Proxy was disabled: no proxies");
}

TEST_CASE("errors beside items degrade, more than are allowed fail") {
  Crawl crawl;
  crawl.report.progress.errors = 3;
  crawl.report.faults = {{"", "looks odd", 3}};
  check(crawl, Verdict::degraded, "3 errors beside 12 items (looks odd)");
  crawl.criteria.max_errors = 3;
  CHECK(crawl.judge().verdict == Verdict::degraded);
  crawl.criteria.max_errors = 2;
  check(crawl, Verdict::failed, "3 errors, at most 2 are allowed (looks odd)");
}

TEST_CASE("errors and no items fail, whatever is wanted") {
  Crawl crawl;
  crawl.criteria.min_items = 0;
  crawl.report.progress = {0, 5, 1};
  crawl.report.exceptions = 4;
  check(crawl, Verdict::failed, "4 errors and no items");
}

TEST_CASE("all reasons are given, the cause before its consequences") {
  Crawl crawl;
  crawl.report.finish_reason = "banned";
  crawl.report.progress = {0, 5, 2};
  const auto judgement = crawl.judge();
  CHECK(judgement.reasons == std::vector<std::string>{"its finish reason is \"banned\"",
                                                      "0 items, at least 1 is wanted (min_items)",
                                                      "2 errors and no items"});
}

TEST_CASE("a tenth of the pages refused or dead degrades, a broken link does not") {
  Crawl crawl;
  crawl.report.progress.pages = 98;
  crawl.report.refused = 4;
  crawl.report.dead = 2;
  CHECK(crawl.judge().verdict == Verdict::ok);
  crawl.report.refused = 8;
  check(crawl, Verdict::degraded,
        "10 pages of 100 refused or dead (8 refused, 2 given up after retries)");
}

TEST_CASE("as many items dropped as kept degrade") {
  Crawl crawl;
  crawl.report.dropped = 11;
  CHECK(crawl.judge().verdict == Verdict::ok);
  crawl.report.dropped = 12;
  check(crawl, Verdict::degraded, "12 items dropped, 12 kept");
}

TEST_CASE("far fewer items than usual degrade, once it is known what is usual") {
  Crawl crawl;
  CHECK(crawl.after(4, 240).judge().verdict == Verdict::ok);
  check(crawl.after(20, 240), Verdict::degraded,
        "12 items, median of the last 20 good runs is 240");
  CHECK(crawl.after(5, 24).judge().verdict == Verdict::ok);
  CHECK(crawl.after(5, 26).judge().verdict == Verdict::degraded);
  crawl.criteria.min_items_ratio = 0;
  CHECK(crawl.judge().verdict == Verdict::ok);
}

TEST_CASE("a reason says whether the runs that it compares with were good") {
  Crawl crawl;
  crawl.after(20, 240).history.back().good = false;
  check(crawl, Verdict::degraded, "12 items, median of the last 20 runs that worked is 240");
}

TEST_CASE("one odd run does not change what is usual") {
  Crawl crawl;
  crawl.after(5);
  crawl.history[2].items = 10'000;
  CHECK(crawl.judge().verdict == Verdict::ok);
}

TEST_CASE("a field that was filled in every run and is empty now degrades") {
  Crawl crawl;
  crawl.report.fields["pay"] = 0;
  check(crawl.after(5), Verdict::degraded,
        "field \"pay\" is empty in every item, and was filled in each of the last 5 good runs");
  crawl.report.fields.erase("pay");
  CHECK(crawl.judge().verdict == Verdict::degraded);
  CHECK(crawl.after(4).judge().verdict == Verdict::ok);
  crawl.after(5).history[4].fields["pay"] = 1;  // it was rare there
  CHECK(crawl.judge().verdict == Verdict::ok);
}

TEST_CASE("a field that is optional may become empty") {
  Crawl crawl;
  crawl.report.fields["pay"] = 0;
  crawl.after(5);
  crawl.criteria.optional_fields = {"other", "pay"};
  CHECK(crawl.judge().verdict == Verdict::ok);
  crawl.criteria.optional_fields = {"title"};
  CHECK(crawl.judge().verdict == Verdict::degraded);
}

TEST_CASE("where nobody counted fields none is missed") {
  Crawl crawl;
  crawl.report.source = CrawlSource::log;
  crawl.report.fields.clear();
  CHECK(crawl.after(5).judge().verdict == Verdict::ok);
}

TEST_CASE("far longer or shorter than usual degrades, but not by seconds") {
  Crawl crawl;
  crawl.child.took = 31min;
  check(crawl.after(5, 12, 10min), Verdict::degraded,
        "it took 31 min, median of the last 5 good runs is 10 min");
  crawl.child.took = 3min;
  check(crawl, Verdict::degraded, "it took only 3 min, median of the last 5 good runs is 10 min");
  crawl.child.took = 30min;
  CHECK(crawl.judge().verdict == Verdict::ok);
  crawl.child.took = 40s;
  CHECK(crawl.after(5, 12, 4s).judge().verdict == Verdict::ok);
}

TEST_CASE("far more or far fewer pages than usual degrade, but not a handful") {
  Crawl crawl;
  crawl.after(5).history.front().pages = 1000;  // one is no rule
  for (std::size_t i = 1; i < 5; ++i) crawl.history[i].pages = 30;
  CHECK(crawl.judge().verdict == Verdict::ok);
  crawl.report.progress.pages = 91;
  check(crawl, Verdict::degraded, "91 pages, median of the last 5 good runs is 30");
  crawl.report.progress.pages = 9;
  check(crawl, Verdict::degraded, "9 pages, median of the last 5 good runs is 30");
  crawl.report.progress.pages = 90;
  CHECK(crawl.judge().verdict == Verdict::ok);
  crawl.criteria.max_pages_ratio = 2.5;
  CHECK(crawl.judge().verdict == Verdict::degraded);
  crawl.criteria.max_pages_ratio = 0;
  CHECK(crawl.judge().verdict == Verdict::ok);
  crawl.criteria.max_pages_ratio = 3;
  for (auto& run : crawl.history) run.pages = 3;
  crawl.report.progress.pages = 13;
  CHECK(crawl.judge().verdict == Verdict::ok);
  for (auto& run : crawl.history) run.pages = 0;  // as where no crawl said it
  crawl.report.progress.pages = 1000;
  CHECK(crawl.judge().verdict == Verdict::ok);
}

TEST_CASE("how much longer or shorter counts can be said") {
  Crawl crawl;
  crawl.after(5, 12, 10min);
  crawl.criteria.max_time_ratio = 1.5;
  crawl.child.took = 15min;
  CHECK(crawl.judge().verdict == Verdict::ok);
  crawl.child.took = 16min;
  CHECK(crawl.judge().verdict == Verdict::degraded);
  crawl.child.took = 6min;
  CHECK(crawl.judge().verdict == Verdict::degraded);
  crawl.criteria.max_time_ratio = 0;
  crawl.child.took = 600min;
  CHECK(crawl.judge().verdict == Verdict::ok);
}

}  // namespace spider_check
