#include "schedule/delay.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "schedule/run.hpp"

namespace spider_check {

namespace {

constexpr std::array<std::pair<DelayCause, std::string_view>, 8> words{{
    {DelayCause::unknown, "unknown"},
    {DelayCause::off, "off"},
    {DelayCause::suspended, "suspended"},
    {DelayCause::disabled, "disabled"},
    {DelayCause::database_away, "database away"},
    {DelayCause::deferred, "deferred"},
    {DelayCause::failing, "failing"},
    {DelayCause::stopped, "stopped"},
}};

/** Collects what lies between the moment when the run was due and its start. */
class Window {
 public:
  explicit Window(Duration late) : late_(late) {}

  void add(DelayCause cause, Duration from, Duration to, const std::string& detail) {
    from = std::min(from, late_);
    if (from - to < min_delay) return;
    found_.push_back({cause, from, to, detail});
  }

  [[nodiscard]] std::vector<Delay> take() { return std::move(found_); }

 private:
  Duration late_;
  std::vector<Delay> found_;
};

/** How long the host slept lately; its ticks come soon after it wakes, so that was just now. */
Duration slept(const HostTime& now, const HostTime& last_seen) {
  return last_seen.boot_id == now.boot_id ? now.asleep - last_seen.asleep : now.asleep;
}

}  // namespace

std::string_view to_text(DelayCause cause) {
  const auto* found = std::find_if(words.begin(), words.end(),
                                   [&](const auto& word) { return word.first == cause; });
  return found == words.end() ? words.front().second : found->second;
}

std::optional<DelayCause> parse_delay_cause(std::string_view text) {
  const auto* found = std::find_if(words.begin(), words.end(),
                                   [&](const auto& word) { return word.second == text; });
  if (found == words.end()) return std::nullopt;
  return found->first;
}

DelayCause cause_of(std::string_view failure) {
  if (failure.starts_with(start_of_stop)) return DelayCause::stopped;
  return failure.ends_with(end_of_power_cut) ? DelayCause::off : DelayCause::failing;
}

std::vector<Delay> delays(Duration late, const HostTime& now, const HostTime& last_seen,
                          const std::vector<NotedDelay>& noted) {
  Window window(late);
  const auto add_noted = [&](bool disabled) {
    for (const auto& each : noted) {
      if ((each.cause == DelayCause::disabled) != disabled) continue;
      window.add(each.cause, least_age(each.since, now), Duration{0}, each.detail);
    }
  };
  add_noted(true);
  // Of another host it is not known whether it was off, too; this one could not have run it.
  window.add(DelayCause::off, late, now.since_boot, "");
  window.add(DelayCause::suspended, std::min(slept(now, last_seen), now.since_boot), Duration{0},
             "");
  add_noted(false);
  return window.take();
}

}  // namespace spider_check
