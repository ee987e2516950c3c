#pragma once

#include <string>

#include "core/report.hpp"
#include "render/zone.hpp"

namespace spider_check::render {

/** "the machine was off": why nothing ran, in words. */
[[nodiscard]] std::string explain(DelayCause cause);

/** Runs and the gaps between them for a person, the newest first: a line for each. */
[[nodiscard]] std::string history_text(const HistoryReport& report, const Zone& zone);

/** The same for programs; docs/reports.schema.json describes it. */
[[nodiscard]] std::string history_json(const HistoryReport& report);

/** One run for a person, attempt by attempt. */
[[nodiscard]] std::string run_text(const RunReport& report, const Zone& zone);

/** The same for programs; docs/reports.schema.json describes it. */
[[nodiscard]] std::string run_json(const RunReport& report);

}  // namespace spider_check::render
