#pragma once

#include <string>

#include "core/report.hpp"

namespace spider_check::render {

/** How a run or an attempt is drawn: each has a shape, a colour and a word of its own. */
enum class Look { ok, degraded, failed, running };

[[nodiscard]] Look look_of(const RunRecord& record);
[[nodiscard]] Look look_of(Verdict verdict);

/** "ok", …: the end of the names of symbols and classes. */
[[nodiscard]] std::string look_class(Look look);

/** "completed", "degraded", "failed", "running": of a whole run. */
[[nodiscard]] std::string run_word(Look look);

/** "off", "suspended", …: the end of the names of patterns and classes. */
[[nodiscard]] std::string gap_class(DelayCause cause);

/** The shape with its word. Both are this program's own. */
[[nodiscard]] std::string badge(Look look, const std::string& word);

/** What each shape and pattern of the timeline means. */
[[nodiscard]] std::string legend();

}  // namespace spider_check::render
