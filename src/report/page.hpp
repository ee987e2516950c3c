#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "report/health.hpp"
#include "report/history.hpp"
#include "report/report.hpp"
#include "util/zone.hpp"

namespace spider_check {

/** Escapes what HTML would take for its own, in text and in quoted attributes. */
[[nodiscard]] std::string escape_html(std::string_view text);

/** A foreign name or message on one line, as printable() shows it, of at most so many columns. */
[[nodiscard]] std::string shown_text(std::string_view foreign, std::size_t max_width = 300);

/** JSON for a <script>: nothing in it can end the script, or begin a comment of HTML. */
[[nodiscard]] std::string escape_json(std::string_view json);

/**
 * The page for a browser: one HTML file that needs nothing else, no network and no server. Without
 * JavaScript it has the headline and the state of each spider.
 */
[[nodiscard]] std::string page(PageReport report, const Zone& zone);

/** Whether a spider's newest success is younger than the interval. */
[[nodiscard]] bool is_fresh(const SpiderSummary& spider, const StatusReport& status);

/**
 * The sentences at the head of the page: "fresh", "word" and "sentence", which goes on with
 * "stale_since" where that is not null; "notes"; and what is "due": words or an instant, and why.
 */
[[nodiscard]] OrderedJson page_headline(const StatusReport& status, const Zone& zone);

/** src/report/page/page.html with its style and script, cut where the program fills something in.
 */
struct PageDocument {
  std::string_view before_title;
  std::string_view before_fragment;
  std::string_view before_data;
  std::string_view end;
};

[[nodiscard]] PageDocument page_document() noexcept;

}  // namespace spider_check
