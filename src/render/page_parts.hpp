#pragma once

#include <string>

#include "core/report.hpp"
#include "render/page_times.hpp"
#include "render/zone.hpp"

namespace spider_check::render {

// The parts of the page, each a pure function to HTML. Nothing of others reaches it but through
// html_text() and html_log().

/** Is the data fresh, and if not, why: with what runs now, and what is due next. */
[[nodiscard]] std::string page_headline(const PageReport& report, const PageTimes& times,
                                        const Zone& zone);

/** A card for each spider, what is wrong first. */
[[nodiscard]] std::string page_spiders(const StatusReport& status, const PageTimes& times);

/** A row for each day, with its runs and the times in which nothing ran. */
[[nodiscard]] std::string page_timeline(const HistoryReport& history, const PageTimes& times);

/** Items and duration of each spider, with the median and quartiles of its last good runs. */
[[nodiscard]] std::string page_charts(const PageReport& report, const PageTimes& times);

/** The last failures, with their reasons and the ends of their logs. */
[[nodiscard]] std::string page_failures(const PageReport& report, const PageTimes& times);

/** The table of runs: the newest as HTML; the rest is in the data. */
[[nodiscard]] std::string page_runs(const HistoryReport& history, const PageTimes& times);

/** Everything that the table of runs can show, as JSON that is safe within <script>. */
[[nodiscard]] std::string page_data(const PageReport& report, const PageTimes& times);

/** How many rows of the table are HTML. */
inline constexpr std::size_t rows_as_html = 200;

/** Why a run failed, or what was wrong with it that is no spider's, in words; may be empty. */
[[nodiscard]] std::string run_note(const RunRecord& record);

}  // namespace spider_check::render
