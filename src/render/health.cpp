#include "render/health.hpp"

#include <algorithm>
#include <string_view>

#include "core/duration.hpp"
#include "core/utf8.hpp"
#include "render/zone.hpp"

namespace spider_check::render {

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
  const auto count = report.spiders.size();
  const auto age = report.state.now - report.state.newest_success.value_or(report.state.now);
  return "the data is " + to_words(age) + " old, " + std::to_string(count) +
         (count == 1 ? " spider" : " spiders") + " ok";
}

std::string reasons(const Health& health) {
  std::string text;
  for (const auto& reason : health.reasons) text += (text.empty() ? "" : "; ") + reason;
  return text;
}

std::ptrdiff_t count(const StatusReport& report, Verdict verdict) {
  return std::count_if(report.spiders.begin(), report.spiders.end(), [&](const auto& spider) {
    return spider.last.outcome.judgement.verdict == verdict;
  });
}

/** label=value[UOM];warn;crit;min, separated by blanks; U is a value that nobody knows. */
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

}  // namespace

std::string health_line(const StatusReport& report, const Health& health) {
  const auto text = health.reasons.empty() ? fine(report) : reasons(health);
  return line_of(health.level, report.schedule + ": " + text, performance(report, health));
}

std::string unknown_health_line(const std::string& why) {
  return line_of(HealthLevel::unknown, why, "");
}

}  // namespace spider_check::render
