#include "render/page_series.hpp"

#include <algorithm>
#include <deque>
#include <set>

namespace spider_check::render {

namespace {

double quantile(const std::vector<double>& sorted, double part) {
  const auto place = part * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const auto above = std::min(below + 1, sorted.size() - 1);
  const auto rest = place - static_cast<double>(below);
  return sorted[below] + (sorted[above] - sorted[below]) * rest;
}

bool is_worse(const SeriesPoint& one, const SeriesPoint& other) {
  return static_cast<int>(one.verdict) > static_cast<int>(other.verdict);
}

/** The values of those of a spider's last successes that say what is usual. */
std::vector<double> baseline_values(const std::deque<SeriesPoint>& successes) {
  const auto is_good = [](const SeriesPoint& point) { return point.verdict == Verdict::ok; };
  const auto good = std::count_if(successes.begin(), successes.end(), is_good);
  const bool changed = static_cast<std::size_t>(good) < runs_for_baseline;
  std::vector<double> values;
  for (auto point = successes.rbegin(); point != successes.rend(); ++point) {
    if (values.size() < max_runs_for_baseline && (changed || is_good(*point))) {
      values.push_back(point->value);
    }
  }
  return values;
}

}  // namespace

std::vector<BaselineBand> baseline_bands(const std::vector<SeriesPoint>& points) {
  std::vector<BaselineBand> bands;
  std::deque<SeriesPoint> successes;
  for (const auto& point : points) {
    if (point.verdict == Verdict::failed) continue;
    successes.push_back(point);
    if (successes.size() > successes_for_baseline) successes.pop_front();
    auto sorted = baseline_values(successes);
    if (sorted.size() < runs_for_baseline) continue;
    std::sort(sorted.begin(), sorted.end());
    bands.push_back(
        {point.at, quantile(sorted, 0.25), quantile(sorted, 0.5), quantile(sorted, 0.75)});
  }
  return bands;
}

std::vector<SeriesPoint> thin_out(const std::vector<SeriesPoint>& points, std::size_t most) {
  if (points.size() <= most || most < 3) return points;
  const auto stretches = most / 3;
  std::vector<SeriesPoint> kept;
  for (std::size_t i = 0; i < stretches; ++i) {
    const auto from = points.begin() + static_cast<std::ptrdiff_t>(points.size() * i / stretches);
    const auto to =
        points.begin() + static_cast<std::ptrdiff_t>(points.size() * (i + 1) / stretches);
    const auto [least, greatest] = std::minmax_element(
        from, to, [](const auto& one, const auto& other) { return one.value < other.value; });
    // Of equals the newest.
    const auto worst = std::max_element(
        from, to, [](const auto& one, const auto& other) { return is_worse(other, one); });
    for (const auto& point : std::set{least, greatest, worst}) kept.push_back(*point);
  }
  return kept;
}

std::vector<BaselineBand> thin_out(const std::vector<BaselineBand>& bands, std::size_t most) {
  if (bands.size() <= most || most < 2) return bands;
  std::vector<BaselineBand> kept;
  for (std::size_t i = 0; i < most; ++i) kept.push_back(bands[i * (bands.size() - 1) / (most - 1)]);
  return kept;
}

}  // namespace spider_check::render
