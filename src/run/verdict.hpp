#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "os/termination.hpp"
#include "schedule/crawl.hpp"

namespace spider_check {

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

}  // namespace spider_check
