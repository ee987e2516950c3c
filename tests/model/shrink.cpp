#include "shrink.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace spider_check::test {

using namespace std::chrono_literals;

namespace {

class Shrinking {
 public:
  Shrinking(Steps history, const std::function<bool(const Steps&)>& fails)
      : history_(std::move(history)), fails_(fails) {}

  Steps run() {
    while (leave_out() || make_smaller()) {
    }
    return history_;
  }

 private:
  bool take(Steps candidate) {
    if (!fails_(candidate)) return false;
    history_ = std::move(candidate);
    return true;
  }

  /** Halves first, single steps last. What stays happens when it did. */
  bool leave_out() {
    bool some = false;
    for (auto size = std::max<std::size_t>(1, history_.size() / 2); size > 0; size /= 2) {
      for (std::size_t at = 0; at + size <= history_.size();) {
        const bool shorter = take(without(at, size, false)) || take(without(at, size, true));
        some = some || shorter;
        if (!shorter) ++at;
      }
    }
    return some;
  }

  [[nodiscard]] Steps without(std::size_t at, std::size_t size, bool keep_times) const {
    Steps rest = history_;
    const auto first = rest.begin() + static_cast<std::ptrdiff_t>(at);
    const auto last = first + static_cast<std::ptrdiff_t>(size);
    Duration gap{0};
    for (auto step = first; step != last; ++step) gap += step->after;
    if (keep_times && last != rest.end()) last->after += gap;
    rest.erase(first, last);
    return rest;
  }

  /** Rounder times, smaller numbers. */
  bool make_smaller() {
    bool some = false;
    for (std::size_t i = 0; i < history_.size(); ++i) {
      some = round(i, &Step::after) || some;
      if (history_[i].what != What::interval) some = round(i, &Step::by) || some;
      some = lower(i) || some;
      some = blank(i) || some;
    }
    return some;
  }

  /** Of a step that matters only because time goes on until then, nothing else is told. */
  bool blank(std::size_t i) {
    if (history_[i].what == What::nothing) return false;
    auto candidate = history_;
    candidate[i] = {history_[i].after};
    return take(std::move(candidate));
  }

  bool lower(std::size_t i) {
    const auto what = history_[i].what;
    const bool by_name = what == What::fails || what == What::works || what == What::by_hand;
    if (!by_name || history_[i].number == 0) return false;
    auto candidate = history_;
    --candidate[i].number;
    return take(std::move(candidate));
  }

  bool round(std::size_t i, Duration Step::*time) {
    auto shorter = history_;
    shorter[i].*time /= 2;
    if (history_[i].*time > 10s && take(std::move(shorter))) return true;
    for (const Duration unit : {Duration(1h), Duration(10min), Duration(1min), Duration(10s)}) {
      const auto now = history_[i].*time;
      if (now == 0s || now % unit == 0s) break;
      auto candidate = history_;
      candidate[i].*time = now / unit * unit;
      if (take(std::move(candidate))) return true;
    }
    return false;
  }

  Steps history_;
  const std::function<bool(const Steps&)>& fails_;
};

}  // namespace

Steps shrink(Steps history, const std::function<bool(const Steps&)>& fails) {
  return Shrinking(std::move(history), fails).run();
}

}  // namespace spider_check::test
