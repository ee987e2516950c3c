#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/crawl.hpp"
#include "core/termination.hpp"

namespace spider_check {

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

/**
 * Judges one attempt of a program that is no crawl, by how its process went: anything but exit
 * status 0 is a failure, and so is a spider that was stopped, whose work is half done whatever it
 * exits with.
 */
[[nodiscard]] Judgement judge(const ChildReport& child);

/** Judges one attempt of a crawl, by its process and by what it did. */
[[nodiscard]] Judgement judge(const ChildReport& child, const CrawlReport& crawl,
                              const Criteria& criteria, const Baseline& history);

/**
 * Judges what was counted after an attempt that did not fail by itself; beside its own reasons
 * stands what the count says.
 */
void judge_rows(Judgement& judgement, const RowCount& count, const Criteria& criteria,
                const Baseline& history);

/** What a person needs who finds nothing in the log of a crawl that has a log_file. */
[[nodiscard]] std::string where_it_logs(const CrawlReport& crawl);

}  // namespace spider_check
