#pragma once

#include <optional>
#include <string>

#include "report/report.hpp"
#include "util/json.hpp"
#include "util/text_width.hpp"
#include "util/zone.hpp"

namespace spider_check {

// What the commands' --json have in common. Times are ISO 8601 in UTC, lengths are seconds, and
// what is not known is null.

[[nodiscard]] double seconds(Duration duration);
[[nodiscard]] OrderedJson optional_seconds(const std::optional<Duration>& duration);
[[nodiscard]] OrderedJson optional_time(const std::optional<TimePoint>& time);
[[nodiscard]] OrderedJson optional_text(const std::string& text);

/** One attempt of a spider. */
[[nodiscard]] OrderedJson json_of(const RecordedOutcome& recorded);

[[nodiscard]] OrderedJson json_of(const RunRecord& record);
[[nodiscard]] OrderedJson json_of(const Gap& gap);
[[nodiscard]] OrderedJson json_of(const SpiderSummary& spider);
[[nodiscard]] OrderedJson json_of(const HistoryReport& report);
[[nodiscard]] OrderedJson json_of(const StatusReport& report, const Zone& zone);

/** The faults that its failure does not tell. */
[[nodiscard]] std::vector<std::string> own_faults(const RunRecord& record);

/** The text of a whole report; what a log or a name holds need not be UTF-8, and JSON must be. */
[[nodiscard]] std::string document(const OrderedJson& json);

/** A fact for a person: its name in a column, or "", and its value. */
[[nodiscard]] std::string fact_line(const std::string& name, const std::string& value);

/** "the machine was off": why nothing ran, in words. */
[[nodiscard]] std::string explain(DelayCause cause);

/** Runs and the gaps between them for a person, the newest first: a line for each. */
[[nodiscard]] std::string history_text(const HistoryReport& report, const Zone& zone,
                                       const Output& output = {});

/** The same for programs; docs/reports.schema.json describes it. */
[[nodiscard]] std::string history_json(const HistoryReport& report);

/** One run for a person, attempt by attempt. */
[[nodiscard]] std::string run_text(const RunReport& report, const Zone& zone,
                                   const Output& output = {});

/** The same for programs; docs/reports.schema.json describes it. */
[[nodiscard]] std::string run_json(const RunReport& report);

}  // namespace spider_check
