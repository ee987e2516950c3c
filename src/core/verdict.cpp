#include "core/verdict.hpp"

namespace spider_check {

std::string_view to_text(Verdict verdict) {
  return verdict == Verdict::ok ? "ok" : "failed";
}

Judgement judge(const ChildReport& child) {
  if (child.stopped)
    return {Verdict::failed, {"stopped before its end: " + to_text(child.termination)}};
  if (child.termination == Termination{Exited{0}}) return {Verdict::ok, {}};
  return {Verdict::failed, {to_text(child.termination)}};
}

}  // namespace spider_check
