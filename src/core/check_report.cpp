#include "core/check_report.hpp"

#include <algorithm>

namespace spider_check {

ExitCode exit_code(const CheckReport& report) {
  using Kind = CheckFinding::Kind;
  const auto has = [&](Kind kind) {
    return std::any_of(report.findings.begin(), report.findings.end(),
                       [&](const auto& finding) { return finding.kind == kind; });
  };
  if (has(Kind::problem)) return ExitCode::usage;
  return has(Kind::database) ? ExitCode::database_unusable : ExitCode::success;
}

}  // namespace spider_check
