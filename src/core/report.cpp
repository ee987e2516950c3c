#include "core/report.hpp"

namespace spider_check {

std::string_view to_text(GapCause cause) {
  switch (cause) {
    case GapCause::unknown:
      return "unknown";
    case GapCause::off:
      return "off";
    case GapCause::suspended:
      return "suspended";
    case GapCause::disabled:
      return "disabled";
    case GapCause::database_away:
      return "database away";
    case GapCause::deferred:
      return "deferred";
    case GapCause::failing:
      return "failing";
  }
  return "unknown";
}

}  // namespace spider_check
