#include <algorithm>
#include <cstdint>
#include <functional>

#include "core/duration.hpp"
#include "render/html.hpp"
#include "render/page_marks.hpp"
#include "render/page_parts.hpp"
#include "render/page_series.hpp"

namespace spider_check::render {

namespace {

constexpr std::size_t max_charts = 300;
constexpr std::size_t open_charts = 8;
// Of all spiders together, so that the page stays small however many there are.
constexpr std::size_t max_points = 12'000;

// The drawing is a thousand units wide, whatever the screen is, and as many pixels high as units.
constexpr double width = 1000;
constexpr std::int64_t top = 8;
constexpr std::int64_t bottom = 92;

using Words = std::function<std::string(double)>;

/** What one chart shows. */
struct Chart {
  std::string name;  ///< "Items"
  std::vector<SeriesPoint> points;
  Words words;
  std::size_t most = 0;  ///< points to be drawn
};

std::int64_t x_of(double at) {
  return to_nearest(std::clamp(at, 0.0, 1.0) * width);
}

/** Where a value is drawn; the scale begins at nothing. */
class Scale {
 public:
  explicit Scale(double most) : max_(std::max(most, 1.0)) {}

  [[nodiscard]] std::int64_t y(double value) const {
    return bottom - to_nearest(value / max_ * static_cast<double>(bottom - top));
  }

 private:
  double max_;
};

std::string at(std::int64_t x, std::int64_t y) {
  return std::to_string(x) + " " + std::to_string(y) + " ";
}

template <typename Points, typename Value>
std::string line(const Points& points, const Scale& scale, const Value& value) {
  std::string path;
  for (const auto& point : points) {
    path += (path.empty() ? "M" : "") + at(x_of(point.at), scale.y(value(point)));
  }
  return path;
}

std::string band_path(const std::vector<BaselineBand>& bands, const Scale& scale) {
  auto path = line(bands, scale, [](const BaselineBand& band) { return band.high; });
  for (auto band = bands.rbegin(); band != bands.rend(); ++band) {
    path += at(x_of(band->at), scale.y(band->low));
  }
  return path + "z";
}

std::string element(const std::string& css, const std::string& path) {
  return "<path class=\"" + css + "\" d=\"" + path + "\"/>";
}

/** What was not ok has its shape; where there are few, each good one a dot. */
std::string marks(const std::vector<SeriesPoint>& points, const Scale& scale) {
  constexpr std::size_t few = 60;
  std::string html;
  for (const auto& point : points) {
    const bool good = point.verdict == Verdict::ok;
    if (good && points.size() > few) continue;
    html += "<use href=\"#" + (good ? "d-ok" : "m-" + look_class(look_of(point.verdict))) +
            "\" x=\"" + percent(point.at) + "\" y=\"" + std::to_string(scale.y(point.value)) +
            "\"/>";
  }
  return html;
}

double greatest(const std::vector<SeriesPoint>& points) {
  double most = 0;
  for (const auto& point : points) most = std::max(most, point.value);
  return most;
}

std::string draw(const Chart& chart) {
  const auto most = greatest(chart.points);
  const Scale scale(most);
  const auto bands = thin_out(baseline_bands(chart.points), chart.most / 3);
  const auto points = thin_out(chart.points, chart.most);
  auto usual = bands.empty() ? std::string{} : ", median " + chart.words(bands.back().median);
  const auto words = chart.name + " of " +
                     counted(static_cast<std::int64_t>(chart.points.size()), "attempt") +
                     ", at most " + chart.words(most) + usual;
  auto html = "<figure><figcaption><b>" + chart.name + "</b> at most " + chart.words(most) + usual +
              "</figcaption>\n<svg class=\"chart\" width=\"100%\" height=\"96\" role=\"img\" "
              "aria-label=\"" +
              words +
              "\"><svg width=\"100%\" height=\"96\" viewBox=\"0 0 1000 96\" "
              "preserveAspectRatio=\"none\"><path class=\"axis\" d=\"M0 " +
              std::to_string(bottom) + "H1000M0 " + std::to_string(top) + "H1000\"/>";
  if (!bands.empty()) {
    html += element("band", band_path(bands, scale));
    html +=
        element("median", line(bands, scale, [](const BaselineBand& band) { return band.median; }));
  }
  html +=
      element("line", line(points, scale, [](const SeriesPoint& point) { return point.value; }));
  return html + "</svg>" + marks(points, scale) + "</svg></figure>\n";
}

/** Places the points of a series between two instants. */
class Span {
 public:
  Span(TimePoint from, TimePoint to) : from_(from), length_(std::max(to - from, Duration{1})) {}

  [[nodiscard]] double operator()(TimePoint time) const {
    return static_cast<double>((time - from_).count()) / static_cast<double>(length_.count());
  }

 private:
  TimePoint from_;
  Duration length_;
};

std::string charts_of(const SpiderSeries& series, TimePoint now, std::size_t most) {
  // What runs every few minutes has its newest attempts here, which are hours and not thirty days.
  const Span span(series.points.front().started, now);
  Chart items{"Items", {}, [](double value) { return grouped(to_nearest(value)); }, most};
  Chart took{
      "Duration", {}, [](double value) { return to_words(Duration(to_nearest(value))); }, most};
  for (const auto& point : series.points) {
    const auto place = span(point.started);
    took.points.push_back({place, static_cast<double>(point.took.count()), point.verdict});
    if (!point.items) continue;
    items.points.push_back({place, static_cast<double>(*point.items), point.verdict});
  }
  return "<div class=\"pair\">" + (items.points.empty() ? "" : draw(items)) + draw(took) + "</div>";
}

std::string block(const SpiderSeries& series, const PageTimes& times, std::size_t most, bool open) {
  const auto since = series.points.front().started;
  return std::string("<details class=\"charts\"") + (open ? " open" : "") + "><summary><h3>" +
         html_text(series.spider, 120) + "</h3><small>" +
         counted(static_cast<std::int64_t>(series.points.size()), "attempt") + " since " +
         times.at(since).substr(0, 16) + "</small></summary>\n" +
         charts_of(series, times.now(), most) + "</details>\n";
}

std::string key() {
  return "<p class=\"hint\"><svg class=\"key\" width=\"26\" height=\"14\" aria-hidden=\"true\">"
         "<rect class=\"band\" width=\"26\" height=\"14\"/><path class=\"median\" d=\"M0 "
         "7H26\"/></svg>"
         "median and middle half of the last 20 good attempts</p>\n";
}

}  // namespace

std::string page_charts(const PageReport& report, const PageTimes& times) {
  std::vector<const SpiderSeries*> series;
  for (const auto& one : report.series) {
    if (!one.points.empty()) series.push_back(&one);
  }
  if (series.empty()) return {};
  const auto some = std::min(max_charts, series.size());
  const auto most = std::clamp<std::size_t>(max_points / some, 40, 240);
  auto html =
      "<section aria-labelledby=\"charts\"><h2 id=\"charts\">Items and duration</h2>\n" + key();
  for (std::size_t i = 0; i < some; ++i) {
    html += block(*series[i], times, most, i < open_charts);
  }
  if (some < series.size()) {
    html += "<p class=\"empty\">and " + std::to_string(series.size() - some) + " more</p>\n";
  }
  return html + "</section>\n";
}

}  // namespace spider_check::render
