#include "run/verdict.hpp"

#include <algorithm>
#include <chrono>

#include "schedule/run.hpp"
#include "util/text.hpp"
#include "util/time.hpp"

namespace spider_check {

namespace {

// Rows of the database hold it.
constexpr std::string_view run_was_stopped = "stopped before its end";

std::string why_stopped(StopCause cause) {
  switch (cause) {
    case StopCause::none:
      return {};
    case StopCause::run_stopped:
      return std::string(run_was_stopped);
    case StopCause::run_timeout:
      return "stopped because the whole run took too long";
    case StopCause::timeout:
      return "stopped because it took too long (timeout)";
    case StopCause::stall:
      return "stopped because it made no progress (stall_timeout)";
    case StopCause::stayed:
      return "stopped because its process stayed after the crawl had ended";
  }
  return {};
}

using Reasons = std::vector<std::string>;

std::string quoted(const std::string& text) {
  return "\"" + text + "\"";
}

/** What a person would look at first: the first error that has a place, else the first. */
std::string first_fault(const CrawlReport& crawl) {
  if (crawl.faults.empty()) return {};
  const auto placed = std::find_if(crawl.faults.begin(), crawl.faults.end(),
                                   [](const auto& fault) { return !fault.place.empty(); });
  const auto& fault = placed == crawl.faults.end() ? crawl.faults.front() : *placed;
  return " (" + (fault.place.empty() ? "" : fault.place + ": ") + fault.text + ")";
}

template <typename Numbers>
auto median(Numbers numbers) {
  const auto middle = numbers.begin() + static_cast<std::ptrdiff_t>(numbers.size() / 2);
  std::nth_element(numbers.begin(), middle, numbers.end());
  return *middle;
}

template <typename Number>
Number median_of(const Baseline& baseline_runs, Number BaselineRun::*member) {
  std::vector<Number> numbers;
  for (const auto& run : baseline_runs) numbers.push_back(run.*member);
  return median(std::move(numbers));
}

/** So many times as much, and by more than a little. */
template <typename Number>
bool is_beyond(Number more, Number less, double ratio, Number little) {
  return static_cast<double>(more / Number{1}) > ratio * static_cast<double>(less / Number{1}) &&
         more - less > little;
}

/** "0 rows, at least 1 is wanted (min_rows)" */
std::string too_few(std::int64_t found, const std::string& what, std::int64_t least) {
  return counted(found, what) + ", at least " + std::to_string(least) +
         (least == 1 ? " is wanted (min_" : " are wanted (min_") + what + "s)";
}

/** "of the last 20 good runs" */
std::string of_the_last(const Baseline& baseline_runs) {
  const bool all_good = std::all_of(baseline_runs.begin(), baseline_runs.end(),
                                    [](const auto& run) { return run.good; });
  const auto runs = static_cast<std::int64_t>(baseline_runs.size());
  return "of the last " +
         (all_good ? counted(runs, "good run") : counted(runs, "run") + " that worked");
}

/** "the pipeline shop.Store was disabled: SHOP_DB is not set" */
std::string describe(const SwitchedOff& part) {
  if (part.what == "feed") {
    const auto why = part.why.empty() ? "" : ": " + part.why;
    return counted(part.count, "feed") + " could not be stored (" + part.name + why + ")";
  }
  return "the " + part.what + " " + part.name + " was disabled" +
         (part.why.empty() ? "" : ": " + part.why);
}

/** Whether items went nowhere for it; what a setting switches off was meant so. */
bool loses_items(const SwitchedOff& part, const CrawlReport& crawl) {
  const bool keeps_items = part.what == "feed" || part.what == "pipeline";
  return keeps_items && !part.wished && crawl.progress.items > 0;
}

/** What is no fault of a crawl, and may explain one. */
void explain(const CrawlReport& crawl, Reasons& reasons) {
  if (reasons.empty()) return;
  if (crawl.forbidden > 0) {
    reasons.push_back(std::to_string(crawl.forbidden) + " forbidden by robots.txt");
  }
  if (crawl.seen_before > 0) {
    reasons.push_back(counted(crawl.seen_before, "request") + " filtered as seen before (JOBDIR " +
                      crawl.job_directory + ")");
  }
}

/** That a page never came is judged with the pages. */
std::int64_t errors_of(const CrawlReport& crawl) {
  return std::max<std::int64_t>(0, crawl.progress.errors - crawl.page_errors);
}

/** Why pages never came, where nothing else was logged. */
std::string why_lost(const CrawlReport& crawl) {
  return crawl.page_errors > 0 && errors_of(crawl) == 0 ? first_fault(crawl) : "";
}

Reasons no_statistics(const CrawlReport& crawl) {
  const std::string what =
      crawl.source == CrawlSource::probe
          ? "it ended without final statistics"
          : "there are no final statistics, neither from inside the crawl nor in its log";
  Reasons reasons{what + first_fault(crawl)};
  if (!crawl.log_file.empty()) reasons.push_back(where_it_logs(crawl));
  return reasons;
}

/** Why the attempt failed, the cause before its consequences. */
class Failures {
 public:
  Failures(const CrawlReport& crawl, const Criteria& criteria)
      : crawl_(crawl), criteria_(criteria) {}

  [[nodiscard]] Reasons all() {
    if (!crawl_.ended) return no_statistics(crawl_);
    switched_off();
    closing();
    finish();
    items();
    errors();
    if (!all_forbidden()) explain(crawl_, reasons_);
    return std::move(reasons_);
  }

 private:
  void switched_off() {
    for (const auto& part : crawl_.switched_off) {
      if (!loses_items(part, crawl_)) continue;
      add(describe(part) + (part.what == "feed" ? "" : "; its items are lost"));
    }
  }

  void closing() {
    if (crawl_.lost_feeds > 0) {
      add(counted(crawl_.lost_feeds, "feed") + " could not be stored" + first_fault(crawl_));
    } else if (crawl_.closing_errors > 0) {
      add(counted(crawl_.closing_errors, "error") + " while the crawl closed" +
          first_fault(crawl_) + "; its items may be lost");
    }
  }

  void finish() {
    const auto& allowed = criteria_.finish_reasons;
    if (crawl_.finish_reason.empty()) {
      add("the crawl did not start: it has no finish reason" + first_fault(crawl_));
    } else if (std::find(allowed.begin(), allowed.end(), crawl_.finish_reason) == allowed.end()) {
      add("its finish reason is " + quoted(crawl_.finish_reason) + first_fault(crawl_));
    }
  }

  void items() {
    const auto found = crawl_.progress.items;
    if (found == 0 && all_forbidden()) {
      add("robots.txt forbids every page");
    } else if (found == 0 && all_refused()) {
      add("every page was refused or dead (" + counted(crawl_.refused, "refused page") + ", " +
          counted(crawl_.dead, "dead page") + ")" + why_lost(crawl_));
    }
    if (found < criteria_.min_items) add(too_few(found, "item", criteria_.min_items));
  }

  /** What was answered counts as a page, robots.txt too. */
  [[nodiscard]] std::int64_t good_pages() const {
    return crawl_.progress.pages - crawl_.robots - crawl_.refused;
  }

  [[nodiscard]] bool all_refused() const {
    return crawl_.refused + crawl_.dead > 0 && good_pages() <= 0;
  }

  [[nodiscard]] bool all_forbidden() const {
    return crawl_.forbidden > 0 && crawl_.refused + crawl_.dead == 0 && good_pages() <= 0;
  }

  /** What monitors, mail and others log while a crawl closes is no failure of the crawl. */
  void errors() {
    const auto errors = std::max<std::int64_t>(0, errors_of(crawl_) - crawl_.late_errors);
    if (criteria_.max_errors && errors > *criteria_.max_errors) {
      add(counted(errors, "error") + ", at most " + std::to_string(*criteria_.max_errors) +
          " are allowed" + first_fault(crawl_));
    } else if (crawl_.progress.items == 0 && (errors > 0 || crawl_.exceptions > 0)) {
      add(counted(std::max(errors, crawl_.exceptions), "error") + " and no items" +
          first_fault(crawl_));
    }
  }

  void add(std::string reason) { reasons_.push_back(std::move(reason)); }

  const CrawlReport& crawl_;
  const Criteria& criteria_;
  Reasons reasons_;
};

/** What is wrong with an attempt that worked. */
class Defects {
 public:
  Defects(const ChildReport& child, const CrawlReport& crawl, const Criteria& criteria,
          const Baseline& baseline_runs)
      : child_(child), crawl_(crawl), criteria_(criteria), baseline_(baseline_runs) {}

  /** Of the process and of what was asked of it. */
  [[nodiscard]] Reasons around() {
    if (!child_.left.empty()) add(to_text(child_.left));
    if (child_.stopped == StopCause::stayed) {
      add("its process stayed after the crawl had ended, and was stopped");
    }
    for (const auto& what : crawl_.unusable) add("ignore_errors: " + what);
    return std::move(reasons_);
  }

  /** Of the crawl by itself. */
  [[nodiscard]] Reasons inside() {
    switched_off();
    errors();
    pages();
    dropped();
    return std::move(reasons_);
  }

  /** Of the crawl beside what is usual. */
  [[nodiscard]] Reasons against_baseline() {
    if (baseline_.size() < runs_for_baseline) return {};
    fewer_items();
    empty_fields();
    unusual_time();
    unusual_pages();
    return std::move(reasons_);
  }

 private:
  void switched_off() {
    for (const auto& part : crawl_.switched_off) add(describe(part));
  }

  void errors() {
    const auto errors = std::max(errors_of(crawl_), crawl_.exceptions);
    if (errors == 0) return;
    add(counted(errors, "error") + " beside " + counted(crawl_.progress.items, "item") +
        first_fault(crawl_));
  }

  /** A tenth, where no key says more: a broken link or two is how the web is. */
  [[nodiscard]] bool too_many(std::int64_t bad, std::int64_t all) const {
    return criteria_.max_dead_pages ? bad > *criteria_.max_dead_pages : bad > 0 && bad * 10 >= all;
  }

  void pages() {
    const auto bad = crawl_.refused + crawl_.dead;
    const auto all = crawl_.progress.pages + crawl_.dead;
    if (!too_many(bad, all)) return;
    add(counted(bad, "page") + " of " + std::to_string(all) + " refused or dead (" +
        std::to_string(crawl_.refused) + " refused, " + std::to_string(crawl_.dead) +
        " given up after retries)" + why_lost(crawl_));
  }

  void dropped() {
    if (crawl_.dropped == 0 || crawl_.dropped < crawl_.progress.items) return;
    add(counted(crawl_.dropped, "item") + " dropped, " + std::to_string(crawl_.progress.items) +
        " kept");
  }

  [[nodiscard]] std::string of_the_last() const { return spider_check::of_the_last(baseline_); }

  void fewer_items() {
    const auto baseline = median_of(baseline_, &BaselineRun::items);
    const auto found = crawl_.progress.items;
    if (static_cast<double>(found) >= static_cast<double>(baseline) * criteria_.min_items_ratio)
      return;
    add(counted(found, "item") + ", median " + of_the_last() + " is " + std::to_string(baseline));
  }

  [[nodiscard]] bool is_optional(const std::string& field) const {
    const auto& optional = criteria_.optional_fields;
    return std::find(optional.begin(), optional.end(), field) != optional.end();
  }

  /** Filled in half the items of each of those runs, and now in none. */
  void empty_fields() {
    for (const auto& [field, filled] : baseline_.front().fields) {
      if (is_optional(field)) continue;
      const auto baseline = [&name = field](const BaselineRun& run) {
        const auto found = run.fields.find(name);
        return found != run.fields.end() && run.items > 0 && found->second * 2 >= run.items;
      };
      const auto now = crawl_.fields.find(field);
      if (now != crawl_.fields.end() && now->second > 0) continue;
      // Without any counts nothing was counted: the statistics in a log have none.
      if (crawl_.fields.empty()) return;
      if (std::all_of(baseline_.begin(), baseline_.end(), baseline)) {
        add("field " + quoted(field) + " is empty in every item, and was filled in each " +
            of_the_last());
      }
    }
  }

  /** So many times as long or as short, and not by seconds. */
  void unusual_time() {
    const auto ratio = criteria_.max_time_ratio;
    if (ratio == 0) return;
    const auto baseline = median_of(baseline_, &BaselineRun::took);
    const auto took = child_.took;
    if (is_beyond<Duration>(took, baseline, ratio, 1min)) {
      add("it took " + to_words(took) + ", median " + of_the_last() + " is " + to_words(baseline));
    } else if (is_beyond<Duration>(baseline, took, ratio, 1min)) {
      add("it took only " + to_words(took) + ", median " + of_the_last() + " is " +
          to_words(baseline));
    }
  }

  /** So many times more or fewer, and not by a handful. */
  void unusual_pages() {
    const auto ratio = criteria_.max_pages_ratio;
    const auto baseline = median_of(baseline_, &BaselineRun::pages);
    const auto pages = crawl_.progress.pages;
    if (ratio == 0 || baseline == 0) return;
    if (is_beyond<std::int64_t>(pages, baseline, ratio, 10) ||
        is_beyond<std::int64_t>(baseline, pages, ratio, 10)) {
      add(counted(pages, "page") + ", median " + of_the_last() + " is " + std::to_string(baseline));
    }
  }

  void add(std::string reason) { reasons_.push_back(std::move(reason)); }

  const ChildReport& child_;
  const CrawlReport& crawl_;
  const Criteria& criteria_;
  const Baseline& baseline_;
  Reasons reasons_;
};

constexpr std::size_t max_reasons = 20;

/** What these rules say of a crawl, or of each of several, which are named. */
template <typename Rules>
Reasons of_each(const CrawlReport& crawl, Rules&& rules) {
  if (crawl.parts.empty()) return rules(crawl);
  Reasons all;
  for (const auto& part : crawl.parts) {
    for (const auto& reason : rules(part)) all.push_back(part.spider + ": " + reason);
  }
  if (all.size() > max_reasons) {
    const auto more = all.size() - max_reasons;
    all.resize(max_reasons);
    all.push_back(std::to_string(more) + " more");
  }
  return all;
}

Reasons defects(const ChildReport& child, const CrawlReport& crawl, const Criteria& criteria,
                const Baseline& baseline_runs) {
  auto reasons = Defects(child, crawl, criteria, baseline_runs).around();
  const auto add = [&](const Reasons& more) {
    reasons.insert(reasons.end(), more.begin(), more.end());
  };
  add(of_each(crawl, [&](const CrawlReport& part) {
    return Defects(child, part, criteria, baseline_runs).inside();
  }));
  add(Defects(child, crawl, criteria, baseline_runs).against_baseline());
  explain(crawl, reasons);
  return reasons;
}

/** "12 rows, median of the last 20 good runs is 240"; empty where that is not far fewer. */
std::string fewer_rows(std::int64_t found, double min_ratio, Baseline baseline_runs) {
  std::erase_if(baseline_runs, [](const BaselineRun& run) { return !run.rows; });
  if (baseline_runs.size() < runs_for_baseline) return {};
  std::vector<std::int64_t> rows;
  for (const auto& run : baseline_runs) rows.push_back(*run.rows);
  const auto baseline = median(std::move(rows));
  if (static_cast<double>(found) >= static_cast<double>(baseline) * min_ratio) return {};
  return counted(found, "row") + ", median " + of_the_last(baseline_runs) + " is " +
         std::to_string(baseline);
}

/** Of a crawl whose process ended well, or as well as it could. */
Judgement judge_by_numbers(const ChildReport& child, const CrawlReport& crawl,
                           const Criteria& criteria, const Baseline& baseline_runs) {
  auto reasons =
      of_each(crawl, [&](const CrawlReport& part) { return Failures(part, criteria).all(); });
  if (!reasons.empty()) return {Verdict::failed, std::move(reasons)};
  reasons = defects(child, crawl, criteria, baseline_runs);
  if (!reasons.empty()) return {Verdict::degraded, std::move(reasons)};
  return {Verdict::ok, {}};
}

}  // namespace

bool was_stopped(const Judgement& judgement) {
  if (judgement.verdict != Verdict::failed || judgement.reasons.empty()) return false;
  const auto& why = judgement.reasons.front();
  return why.starts_with(run_was_stopped) || why.starts_with(start_of_interruption);
}

std::string_view word_of(const Judgement& judgement) {
  return was_stopped(judgement) ? "stopped" : to_text(judgement.verdict);
}

Judgement judge(const ChildReport& child) {
  auto how = to_text(child.termination);
  // An unknown end says that already.
  if (!child.left.empty() && !std::holds_alternative<Unknown>(child.termination)) {
    how += "; " + to_text(child.left);
  }
  if (child.stopped != StopCause::none)
    return {Verdict::failed, {why_stopped(child.stopped) + ": " + how}};
  if (child.termination != Termination{Exited{0}}) return {Verdict::failed, {how}};
  if (!child.left.empty()) return {Verdict::degraded, {to_text(child.left)}};
  return {Verdict::ok, {}};
}

}  // namespace spider_check

// The rules by which a crawl is judged. Scrapy exits with 0 when every page was refused, when every
// callback raised and when nothing was scraped: so its exit status is only the first of them.

namespace spider_check {

using namespace std::chrono_literals;

Judgement judge(const ChildReport& child, const CrawlReport& crawl, const Criteria& criteria,
                const Baseline& baseline_runs) {
  // A crawl that had reported all is judged by that, however its process had to be ended.
  const bool stayed = child.stopped == StopCause::stayed;
  auto judgement = stayed ? Judgement{Verdict::ok, {}} : judge(child);
  // A process that went wrong is explained by what it said last, not by what it did not get to do.
  if (judgement.verdict == Verdict::failed) {
    const bool for_its_own_sake =
        child.stopped != StopCause::run_stopped && child.stopped != StopCause::run_timeout;
    if (for_its_own_sake) judgement.reasons.back() += first_fault(crawl);
    return judgement;
  }
  judgement = judge_by_numbers(child, crawl, criteria, baseline_runs);
  if (judgement.verdict != Verdict::ok && !crawl.only_read.empty()) {
    judgement.reasons.push_back("only " + crawl.only_read + " were read");
  }
  return judgement;
}

void judge_rows(Judgement& judgement, const RowCount& count, const Criteria& criteria,
                const Baseline& baseline_runs) {
  auto& [verdict, reasons] = judgement;
  if (count.rows && *count.rows < criteria.min_rows) {
    verdict = Verdict::failed;
    // What failed it stands before what only degrades it.
    reasons.insert(reasons.begin(), too_few(*count.rows, "row", criteria.min_rows));
    return;
  }
  auto reason =
      count.rows ? fewer_rows(*count.rows, criteria.min_items_ratio, baseline_runs) : count.fault;
  if (reason.empty()) return;
  verdict = Verdict::degraded;
  reasons.push_back(std::move(reason));
}

}  // namespace spider_check
