#pragma once

#include "core/status.hpp"
#include "render/report_json.hpp"

namespace spider_check::render {

/** Whether a spider's newest success is younger than the interval. */
[[nodiscard]] bool is_fresh(const SpiderSummary& spider, const StatusReport& status);

/**
 * The sentences at the head of the page: "fresh", "word" and "sentence", which goes on with
 * "stale_since" where that is not null; "notes"; and what is "due": words or an instant, and why.
 */
[[nodiscard]] Json page_headline(const StatusReport& status, const Zone& zone);

}  // namespace spider_check::render
