#include "report/monitoring.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "report/health.hpp"
#include "util/text.hpp"
#include "util/time.hpp"
#include "util/zone.hpp"

namespace spider_check {

namespace {

// A plugin's line is shown in tables and sent in messages; some agents cut at a kilobyte, which
// must leave the performance data whole.
constexpr std::size_t max_text = 600;

/** On one line, without what separates the performance data. */
std::string plain(const std::string& text) {
  auto line = printable(text);
  std::replace(line.begin(), line.end(), '|', '/');
  if (line.size() <= max_text) return line;
  std::size_t end = 0;
  while (true) {
    const auto length = first_character(std::string_view(line).substr(end)).length;
    if (end + length > max_text) break;
    end += length;
  }
  return line.substr(0, end) + "…";
}

std::string line_of(HealthLevel level, const std::string& text, const std::string& performance) {
  return "SPIDER-CHECK " + std::string(to_text(level)) + " - " + plain(text) +
         (performance.empty() ? "" : " | " + performance) + "\n";
}

std::string whole_seconds(Duration duration) {
  return std::to_string(std::chrono::floor<std::chrono::seconds>(duration).count());
}

std::string fine(const StatusReport& report) {
  const auto count = std::ssize(report.spiders);
  const auto age = report.state.now - report.state.newest_success.value_or(report.state.now);
  return "the data is " + to_words(age) + " old, " + counted(count, "spider") + " ok";
}

std::ptrdiff_t count(const StatusReport& report, Verdict verdict) {
  return std::count_if(report.spiders.begin(), report.spiders.end(), [&](const auto& spider) {
    const auto& judgement = spider.last.outcome.judgement;
    return judgement.verdict == verdict && !was_stopped(judgement);
  });
}

/** label=value[UOM];warn;crit;min, separated by blanks; U is a value that is not known. */
std::string performance(const StatusReport& report, const Health& health) {
  const auto& state = report.state;
  const auto age =
      state.newest_success ? whole_seconds(state.now - *state.newest_success) + "s" : "U";
  return "age=" + age + ";;" + whole_seconds(health.max_age) + ";0" +
         " failed_runs=" + std::to_string(report.failed_runs) + ";0;1;0" +
         " spiders=" + std::to_string(report.spiders.size()) + ";;;0" +
         " degraded=" + std::to_string(count(report, Verdict::degraded)) + ";0;;0" +
         " failed=" + std::to_string(count(report, Verdict::failed)) + ";0;;0";
}

using Labels = std::vector<std::pair<std::string_view, std::string_view>>;

/** Seconds as a decimal number, whatever the locale is. */
std::string number(Duration duration) {
  const auto micros = duration.count();
  const auto whole = std::to_string(micros / 1'000'000);
  std::array<char, 8> buffer{};
  const auto rest = static_cast<int>(micros < 0 ? -(micros % 1'000'000) : micros % 1'000'000);
  std::snprintf(buffer.data(), buffer.size(), "%06d", rest);
  std::string fraction = buffer.data();
  while (!fraction.empty() && fraction.back() == '0') fraction.pop_back();
  const bool loses_sign = micros < 0 && micros > -1'000'000;
  return (loses_sign ? "-" : "") + whole + (fraction.empty() ? "" : "." + fraction);
}

std::string number(TimePoint time) {
  return number(time.time_since_epoch());
}

std::string number(std::int64_t value) {
  return std::to_string(value);
}

std::string number(bool value) {
  return value ? "1" : "0";
}

/** A label's value may be any UTF-8, with three characters escaped; what is none is shown as \xNN.
 */
std::string escaped(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const auto character = first_character(text);
    std::array<char, 8> buffer{};
    if (!character.valid) {
      std::snprintf(buffer.data(), buffer.size(), "\\\\x%02x",
                    static_cast<unsigned>(character.code));
      result += buffer.data();
    } else if (character.code == '\n') {
      result += "\\n";
    } else {
      if (character.code == '"' || character.code == '\\') result += '\\';
      result += text.substr(0, character.length);
    }
    text.remove_prefix(character.length);
  }
  return result;
}

/** One metric with its samples; it is only there when it has some. */
class Metric {
 public:
  Metric(std::string_view name, std::string_view help)
      : name_("spider_check_" + std::string(name)), help_(help) {}

  void add(const Labels& labels, const std::string& value) {
    samples_ += name_ + "{";
    bool first = true;
    for (const auto& [label, text] : labels) {
      samples_ += (first ? "" : ",") + std::string(label) + "=\"" + escaped(text) + "\"";
      first = false;
    }
    samples_ += "} " + value + "\n";
  }

  template <typename T>
  void add_known(const Labels& labels, const std::optional<T>& value) {
    if (value) add(labels, number(*value));
  }

  [[nodiscard]] std::string text() const {
    if (samples_.empty()) return {};
    return "# HELP " + name_ + " " + help_ + "\n# TYPE " + name_ + " gauge\n" + samples_;
  }

 private:
  std::string name_;
  std::string help_;
  std::string samples_;
};

/** Writes the metrics one after the other. */
class Writer {
 public:
  explicit Writer(const StatusReport& report) : report_(report), state_(report.state) {}

  std::string write(std::string_view version) {
    // With its schedule, too: two files of one directory must not hold the same sample.
    Metric build("build_info", "The version of spider-check, as a label.");
    build.add({{"schedule", report_.schedule}, {"version", version}}, "1");
    text_ += build.text();
    write_schedule();
    write_last_run();
    write_running();
    write_spiders();
    return text_;
  }

 private:
  template <typename T>
  void one(std::string_view name, std::string_view help, const std::optional<T>& value) {
    Metric metric(name, help);
    metric.add_known({{"schedule", report_.schedule}}, value);
    text_ += metric.text();
  }

  /** One sample for each word, 1 for that which holds. */
  template <typename Enum>
  void add_states(Metric& metric, Labels labels, std::string_view label,
                  std::initializer_list<Enum> states, Enum holds) {
    labels.emplace_back(label, "");
    for (const auto state : states) {
      labels.back().second = to_text(state);
      metric.add(labels, number(state == holds));
    }
  }

  void write_schedule() {
    one("collected_timestamp_seconds", "When this was read, by the database's clock.",
        std::optional(state_.now));
    one("enabled", "Whether the schedule runs at all.", std::optional(report_.policy.enabled));
    one("interval_seconds", "How old the data may become until a run is due.",
        std::optional(report_.policy.interval));
    one("max_age_seconds", "The age from which on the data counts as stale.",
        std::optional(default_max_age(report_.policy)));
    one("last_success_timestamp_seconds", "The start of the newest whole run that completed.",
        state_.newest_success);
    one("next_due_timestamp_seconds", "When the next run, or the next attempt, is due.",
        next_due(report_));
    one("failed_runs", "Whole runs that failed since the newest success.",
        std::optional<std::int64_t>(report_.failed_runs));
    one("future_runs", "Runs that start in the future of the database's clock.",
        std::optional<std::int64_t>(state_.future_runs));
  }

  void write_last_run() {
    if (!state_.last) return;
    const auto& run = *state_.last;
    one("last_run_timestamp_seconds", "The start of the newest whole run.",
        std::optional(run.started));
    one("last_run_finished_timestamp_seconds", "The end of the newest whole run.", run.finished);
    one("last_run_attempt", "The attempts at the newest whole run so far.",
        std::optional<std::int64_t>(run.attempt));
    one("last_run_spiders", "The spiders of the newest whole run.",
        std::optional<std::int64_t>(run.spider_count));
    Metric status("last_run_status", "The status of the newest whole run: 1 for that which holds.");
    add_states(status, {{"schedule", report_.schedule}}, "status",
               {RunStatus::running, RunStatus::completed, RunStatus::failed}, run.status);
    text_ += status.text();
  }

  [[nodiscard]] const Run* running() const {
    for (const auto* run : {&state_.last, &state_.partial}) {
      if (*run && (*run)->status == RunStatus::running && (*run)->lock_held) return &**run;
    }
    return nullptr;
  }

  void write_running() {
    const auto* run = running();
    one("running", "Whether a run goes on.", std::optional(run != nullptr));
    if (run == nullptr) return;
    one("running_since_timestamp_seconds", "The start of the run that goes on.",
        std::optional(run->started));
    one("running_heartbeat_timestamp_seconds", "When the run that goes on last said that it lives.",
        std::optional(run->heartbeat));
  }

  /** A metric of each spider; `value` gives what may be empty. */
  template <typename Value>
  void each(std::string_view name, std::string_view help, Value&& value) {
    Metric metric("spider_" + std::string(name), help);
    for (const auto& spider : report_.spiders) {
      metric.add_known({{"schedule", report_.schedule}, {"spider", spider.name}}, value(spider));
    }
    text_ += metric.text();
  }

  void each_amount(std::string_view name, std::string_view help, std::int64_t Progress::*amount) {
    each(name, help, [&](const SpiderSummary& spider) -> std::optional<std::int64_t> {
      const auto& crawl = spider.last.outcome.crawl;
      return crawl ? std::optional(crawl->progress.*amount) : std::nullopt;
    });
  }

  /** What is measured of a process. Each has some memory: without, its end was not seen. */
  template <typename T>
  void each_measure(std::string_view name, std::string_view help, T ChildReport::*measure) {
    each(name, help, [&](const SpiderSummary& spider) -> std::optional<T> {
      const auto& child = spider.last.outcome.child;
      return child.peak_memory > 0 ? std::optional(child.*measure) : std::nullopt;
    });
  }

  void write_spiders() {
    each("last_success_timestamp_seconds", "The start of the newest attempt that did not fail.",
         [](const SpiderSummary& spider) { return spider.last_success; });
    each("last_attempt_timestamp_seconds", "The start of the newest attempt.",
         [](const SpiderSummary& spider) { return std::optional(spider.last_started); });
    Metric verdict("spider_verdict", "What the newest attempt was worth: 1 for that which holds.");
    for (const auto& spider : report_.spiders) {
      add_states(verdict, {{"schedule", report_.schedule}, {"spider", spider.name}}, "verdict",
                 {Verdict::ok, Verdict::degraded, Verdict::failed},
                 spider.last.outcome.judgement.verdict);
    }
    text_ += verdict.text();
    each_amount("items", "The items of the newest attempt.", &Progress::items);
    each_amount("pages", "The pages of the newest attempt.", &Progress::pages);
    each_amount("errors", "The errors of the newest attempt.", &Progress::errors);
    each("median_items", "The median of the items of the last good runs.",
         [](const SpiderSummary& spider) { return spider.median_items; });
    each("rows", "What check_sql counted after the newest attempt.",
         [](const SpiderSummary& spider) { return spider.last.outcome.rows; });
    each("median_rows", "The median of the rows of the last good runs.",
         [](const SpiderSummary& spider) { return spider.median_rows; });
    each("duration_seconds", "How long the newest attempt took.",
         [](const SpiderSummary& spider) -> std::optional<Duration> {
           const auto& child = spider.last.outcome.child;
           if (std::holds_alternative<NotStarted>(child.termination)) return std::nullopt;
           return child.took;
         });
    each_measure("cpu_seconds", "The CPU time of the newest attempt.", &ChildReport::cpu_time);
    each_measure("peak_memory_bytes", "The peak memory of the newest attempt.",
                 &ChildReport::peak_memory);
  }

  const StatusReport& report_;
  const State& state_;
  std::string text_;
};

}  // namespace

std::string health_line(const StatusReport& report, const Health& health) {
  const auto text = health.reasons.empty() ? fine(report) : join(health.reasons, "; ");
  return line_of(health.level, report.schedule + ": " + text, performance(report, health));
}

std::string unknown_health_line(const std::string& why) {
  return line_of(HealthLevel::unknown, why, "");
}

std::string metrics_text(const StatusReport& report, std::string_view version) {
  return Writer(report).write(version);
}

}  // namespace spider_check
