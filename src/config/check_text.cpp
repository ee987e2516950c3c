#include <algorithm>
#include <array>

#include "config/check.hpp"
#include "util/text.hpp"
#include "util/text_width.hpp"
#include "util/time.hpp"
#include "util/zone.hpp"

namespace spider_check {

ExitCode exit_code(const CheckReport& report) {
  using Kind = CheckFinding::Kind;
  const auto has = [&](Kind kind) {
    return std::ranges::any_of(report.findings,
                               [&](const auto& finding) { return finding.kind == kind; });
  };
  if (has(Kind::problem)) return ExitCode::usage;
  return has(Kind::database) ? ExitCode::database_unusable : ExitCode::success;
}

namespace {

constexpr std::size_t table_columns = 8;
using Row = std::array<std::string, table_columns>;

std::string fact_lines(const std::vector<CheckFact>& facts) {
  std::string text;
  for (const auto& fact : facts) text += pad_to(fact.name, 12) + printable(fact.text) + "\n";
  return text;
}

std::string limit(Duration duration) {
  return duration == Duration{0} ? "none" : to_text(duration);
}

Row row_of(const CheckedSpider& spider) {
  const auto& criteria = spider.criteria;
  const auto errors = criteria.max_errors ? std::to_string(*criteria.max_errors) : "any";
  return {printable(spider.name),
          spider.crawl ? "crawl" : "program",
          limit(spider.limits.timeout),
          limit(spider.limits.stall_timeout),
          to_text(spider.limits.grace),
          std::to_string(spider.limits.nice),
          spider.crawl ? std::to_string(criteria.min_items) : "-",
          spider.crawl ? errors : "-"};
}

std::string joined(const std::vector<std::string>& words, const char* separator) {
  return join(words, separator, printable);
}

/** A word of a command line, so that its end can be seen. */
std::string word(const std::string& text) {
  const bool plain = !text.empty() && text.find_first_of(" \t'\"\\") == std::string::npos;
  return plain ? text : "'" + text + "'";
}

template <typename Value>
std::string value_text(const Value& value) {
  if constexpr (requires { value.has_value(); }) {
    return value_text(*value);
  } else if constexpr (std::is_same_v<Value, Duration>) {
    return limit(value);
  } else if constexpr (std::is_same_v<Value, Words>) {
    return joined(value, ", ");
  } else if constexpr (std::is_same_v<Value, std::vector<int>>) {
    return join(value, ", ", [](int number) { return std::to_string(number); });
  } else {
    return fmt::format("{}", value);
  }
}

/** What has no column, because it is hardly ever set. */
std::string further_lines(const CheckedSpider& spider) {
  const CheckedSpider usual;
  std::string text;
  const auto add = [&](const std::string& name, const std::string& value) {
    text += "      " + pad_to(name, 18) + value + "\n";
  };
  const auto add_some = [&](const char* name, const std::string& value) {
    if (!value.empty()) add(name, value);
  };
  add_some("spider", printable(spider.spider));
  add_some("check_sql", printable(spider.check_sql));
  add_some("check_url", printable(spider.check_place));
  visit_spiders([&](const Option& option, auto, auto... criterion) {
    const bool judges =
        (option.of_crawls && spider.crawl) || (option.of_rows && !spider.check_sql.empty());
    if (!judges || option.column) return;
    [[maybe_unused]] const auto show = [&](const auto& value, const auto& default_value) {
      if (value != default_value) add(option.key, value_text(value));
    };
    (show(criterion(spider), criterion(usual)), ...);
  });
  add_some("arguments", join(spider.arguments, " ",
                             [](const auto& argument) { return printable(word(argument)); }));
  add_some("env", joined(spider.variables, ", "));
  add_some("working_directory", printable(spider.working_directory.string()));
  return text;
}

std::string spider_table(const std::vector<CheckedSpider>& spiders) {
  if (spiders.empty()) return {};
  std::vector<Row> rows{
      {"Spider", "kind", "timeout", "stall", "grace", "nice", "min_items", "max_errors"}};
  for (const auto& spider : spiders) rows.push_back(row_of(spider));
  std::array<std::size_t, table_columns> widths{};
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < table_columns; ++i)
      widths[i] = std::max(widths[i], width_of(row[i]));
  }
  // A long name pushes the rest of its own line aside, not of every line.
  widths[0] = std::min<std::size_t>(widths[0], 30);
  std::string text = "\n";
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::string line = i == 0 ? "" : "  ";
    for (std::size_t column = 0; column < table_columns; ++column) {
      const auto indent = i == 0 && column == 0 ? 2U : 0U;
      line += pad_to(rows[i][column], widths[column] + 2 + indent);
    }
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
    if (i > 0) text += further_lines(spiders[i - 1]);
  }
  return text;
}

std::string finding_lines(const CheckReport& report) {
  std::string problems;
  std::string warnings;
  int number = 0;
  for (const auto& finding : report.findings) {
    const auto line = printable(finding.text);
    if (finding.kind == CheckFinding::Kind::warning) {
      warnings += "  - " + line + "\n";
    } else {
      problems += fmt::format("  {}. {}\n", ++number, line);
    }
  }
  std::string text;
  if (!problems.empty()) text += "\nProblems, in the order in which to fix them\n" + problems;
  if (!warnings.empty()) text += "\nWarnings\n" + warnings;
  return text;
}

}  // namespace

std::string check_text(const CheckReport& report) {
  auto text = fact_lines(report.facts) + spider_table(report.spiders) + finding_lines(report);
  if (exit_code(report) == ExitCode::success) {
    const auto* verdict = report.findings.empty() ? "Everything is fine: " : "It works: ";
    text += "\n" + std::string(verdict) + printable(report.next) + "\n";
  }
  return text;
}

}  // namespace spider_check
