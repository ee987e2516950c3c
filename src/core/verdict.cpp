#include "core/verdict.hpp"

namespace spider_check {

std::string_view to_text(Verdict verdict) {
  switch (verdict) {
    case Verdict::ok:
      return "ok";
    case Verdict::degraded:
      return "degraded";
    case Verdict::failed:
      return "failed";
  }
  return "failed";
}

std::optional<Verdict> parse_verdict(std::string_view text) {
  for (const auto verdict : {Verdict::ok, Verdict::degraded, Verdict::failed}) {
    if (text == to_text(verdict)) return verdict;
  }
  return std::nullopt;
}

namespace {

std::string why_stopped(StopCause cause) {
  switch (cause) {
    case StopCause::none:
      return {};
    case StopCause::run_stopped:
      return "stopped before its end";
    case StopCause::run_timeout:
      return "stopped because the whole run took too long";
    case StopCause::timeout:
      return "stopped because it took too long (timeout)";
    case StopCause::stall:
      return "stopped because it made no progress (stall_timeout)";
    case StopCause::stayed:
      return "stopped because its process stayed after the crawl had ended";
  }
  return {};
}

}  // namespace

Judgement judge(const ChildReport& child) {
  auto how = to_text(child.termination);
  // How it ended when nobody knows says that already.
  if (!child.left.empty() && !std::holds_alternative<Unknown>(child.termination)) {
    how += "; " + to_text(child.left);
  }
  if (child.stopped != StopCause::none)
    return {Verdict::failed, {why_stopped(child.stopped) + ": " + how}};
  if (child.termination != Termination{Exited{0}}) return {Verdict::failed, {how}};
  if (!child.left.empty()) return {Verdict::degraded, {to_text(child.left)}};
  return {Verdict::ok, {}};
}

}  // namespace spider_check
