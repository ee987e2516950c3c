#include "report/page_data.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <set>

#include "os/termination.hpp"
#include "report/history.hpp"
#include "report/page.hpp"
#include "schedule/sentences.hpp"
#include "util/text.hpp"
#include "util/zone.hpp"

namespace spider_check {

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

constexpr std::size_t max_text_bytes = 900'000;  // of all rows
constexpr std::size_t max_text_width = 160;      // in a row
constexpr std::size_t max_failures = 20;
constexpr std::size_t max_series = 300;
constexpr std::size_t max_points = 12'000;  // of all series

constexpr std::array<DelayCause, 8> all_causes{
    DelayCause::off,      DelayCause::suspended, DelayCause::disabled, DelayCause::database_away,
    DelayCause::deferred, DelayCause::failing,   DelayCause::stopped,  DelayCause::unknown};

/** Each text of the rows once. */
class Texts {
 public:
  /** The number of a text, 0 for null; of a list its numbers. */
  OrderedJson number(const OrderedJson& text) {
    if (text.is_null()) return 0;
    if (text.is_string()) return number(text.get_ref<const std::string&>());
    auto numbers = OrderedJson::array();
    for (const auto& each : text) numbers.push_back(number(each));
    return numbers;
  }

  [[nodiscard]] const OrderedJson& json() const { return texts_; }

 private:
  std::size_t number(const std::string& foreign) {
    const auto [found, added] = numbers_.try_emplace(foreign, 0);
    if (!added) return found->second;
    auto text = shown_text(foreign, max_text_width);
    const auto size = escape_json(text).size();
    // The rest is left to `history` and `show`.
    if (bytes_ + size > max_text_bytes) return found->second = numbers_.at("…");
    bytes_ += size;
    texts_.push_back(std::move(text));
    return found->second = texts_.size() - 1;
  }

  std::map<std::string, std::size_t> numbers_{{"", 0}, {"…", 1}};
  OrderedJson texts_ = OrderedJson::array({"", "…"});
  std::size_t bytes_ = 0;
};

/** Objects as rows. */
class Table {
 public:
  using Names = std::vector<std::string>;

  Table(Texts& all, Names values, Names texts)
      : all_(all), values_(std::move(values)), texts_(std::move(texts)) {}

  void add(const OrderedJson& object) {
    auto row = OrderedJson::array();
    for (const auto& name : values_) row.push_back(object.at(name));
    for (const auto& name : texts_) row.push_back(all_.number(object.at(name)));
    rows_.push_back(std::move(row));
  }

  [[nodiscard]] OrderedJson json() {
    return {{"values", values_}, {"texts", texts_}, {"rows", std::move(rows_)}};
  }

 private:
  Texts& all_;
  Names values_;
  Names texts_;
  OrderedJson rows_ = OrderedJson::array();
};

std::int64_t milliseconds(TimePoint time) {
  return std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch().count();
}

/** Makes every text in it printable. */
void show_texts(OrderedJson& json) {
  if (json.is_string()) {
    json = shown_text(json.get_ref<const std::string&>());
  } else if (json.is_structured()) {
    for (auto& each : json) show_texts(each);
  }
}

void cut_reasons(OrderedJson& outcome, std::size_t most) {
  auto& reasons = outcome["reasons"];
  if (reasons.size() <= most) return;
  const auto more = reasons.size() - most;
  reasons.erase(reasons.begin() + static_cast<std::ptrdiff_t>(most), reasons.end());
  reasons.push_back("and " + std::to_string(more) + " more");
}

OrderedJson spider_of(const SpiderSummary& spider, const StatusReport& status, Texts& texts) {
  constexpr std::size_t max_reasons = 5;
  auto json = json_of(spider);
  json["fresh"] = is_fresh(spider, status);
  cut_reasons(json["last"], max_reasons);
  json["last"]["verdict"] = word_of(spider.last.outcome.judgement);
  Table recent(texts, {"seconds", "items"}, {"verdict"});
  for (auto& point : json["recent"]) {
    if (point.contains("stopped")) point["verdict"] = "stopped";
    recent.add(point);
  }
  json["recent"] = recent.json();
  return json;
}

OrderedJson status_of(StatusReport status, const Zone& zone, Texts& texts) {
  const auto spiders = std::move(status.spiders);
  status.spiders.clear();
  auto json = json_of(status, zone);
  if (auto& running = json["running"]; !running.is_null()) {
    const auto& host = running["host"];
    running["on"] = name_owner(host.is_null() ? "" : host.get<std::string>(), running["pid"]);
  }
  const auto shown = std::min(max_page_spiders, spiders.size());
  for (std::size_t i = 0; i < shown; ++i) {
    json["spiders"].push_back(spider_of(spiders[i], status, texts));
  }
  json["more_spiders"] = spiders.size() - shown;
  show_texts(json);
  return json;
}

OrderedJson runs_of(const std::vector<RunRecord>& records, Texts& texts) {
  Table table(texts,
              {"id", "started_at", "finished_at", "attempt", "partial", "late_seconds", "ok",
               "degraded", "failed", "stopped", "items"},
              {"status", "host", "failure", "faults"});
  for (const auto& record : records) {
    auto run = json_of(record);
    run["status"] = word_of(record.run);
    run["faults"] = own_faults(record);
    run["failed"] = record.failed - record.stopped;
    run["stopped"] = record.stopped;
    run["started_at"] = milliseconds(record.run.started);
    if (record.run.finished) run["finished_at"] = milliseconds(*record.run.finished);
    table.add(run);
  }
  return table.json();
}

OrderedJson gaps_of(const std::vector<Gap>& gaps, Texts& texts) {
  Table table(texts, {"from", "to", "open"}, {"cause", "detail"});
  for (const auto& gap : gaps) {
    auto json = json_of(gap);
    json["from"] = milliseconds(gap.from);
    json["to"] = milliseconds(gap.to);
    table.add(json);
  }
  return table.json();
}

OrderedJson history_of(HistoryReport history, Texts& texts) {
  auto runs = runs_of(history.runs, texts);
  auto gaps = gaps_of(history.gaps, texts);
  history.runs.clear();
  history.gaps.clear();
  auto json = json_of(history);
  show_texts(json);
  json["runs"] = std::move(runs);
  json["gaps"] = std::move(gaps);
  return json;
}

/** "at" is seconds since the first point of the series. */
OrderedJson chart_of(const std::vector<SeriesPoint>& points, std::size_t most, Texts& texts) {
  Table drawn(texts, {"at", "value"}, {"verdict"});
  double greatest = 0;
  for (const auto& point : points) greatest = std::max(greatest, point.value);
  for (const auto& point : thin_out(points, most)) {
    drawn.add({{"at", point.at},
               {"value", point.value},
               {"verdict", point.stopped ? "stopped" : to_text(point.verdict)}});
  }
  Table bands(texts, {"at", "low", "median", "high"}, {});
  for (const auto& band : thin_out(baseline_bands(points), most / 3)) {
    bands.add({{"at", band.at}, {"low", band.low}, {"median", band.median}, {"high", band.high}});
  }
  return {{"attempts", points.size()},
          {"greatest", greatest},
          {"points", drawn.json()},
          {"bands", bands.json()}};
}

OrderedJson series_of(const SpiderSeries& series, std::size_t most, Texts& texts) {
  std::vector<SeriesPoint> items;
  std::vector<SeriesPoint> took;
  const auto since = series.points.front().started;
  for (const auto& point : series.points) {
    const auto at = static_cast<double>(
        std::chrono::floor<std::chrono::seconds>(point.started - since).count());
    took.push_back({at, seconds(point.took), point.verdict, point.stopped});
    if (point.items) {
      items.push_back({at, static_cast<double>(*point.items), point.verdict, point.stopped});
    }
  }
  return {{"spider", shown_text(series.spider)},
          {"since", iso_utc(since)},
          {"items", items.empty() ? OrderedJson(nullptr) : chart_of(items, most, texts)},
          {"duration", chart_of(took, most, texts)}};
}

/** Adds "series" and how many there are beyond them. */
void add_series(OrderedJson& json, const std::vector<SpiderSeries>& all, Texts& texts) {
  const auto is_empty = [](const SpiderSeries& series) { return series.points.empty(); };
  const auto count =
      all.size() - static_cast<std::size_t>(std::count_if(all.begin(), all.end(), is_empty));
  const auto shown = std::min(max_series, count);
  const auto most = std::clamp<std::size_t>(max_points / std::max<std::size_t>(shown, 1), 40, 240);
  json["series"] = OrderedJson::array();
  for (const auto& series : all) {
    if (json["series"].size() == shown) break;
    if (!is_empty(series)) json["series"].push_back(series_of(series, most, texts));
  }
  json["more_series"] = count - shown;
}

OrderedJson failure_of(const Failure& failure) {
  constexpr std::size_t max_reasons = 10;
  auto json = json_of(failure.recorded);
  json["run"] = failure.run;
  json["ended"] = to_text(failure.recorded.outcome.child.termination);
  cut_reasons(json, max_reasons);
  show_texts(json);
  json["log_end"] = shown_end(failure.log_end);
  return json;
}

OrderedJson failures_of(const std::vector<Failure>& failures) {
  auto list = OrderedJson::array();
  for (std::size_t i = 0; i < std::min(max_failures, failures.size()); ++i) {
    list.push_back(failure_of(failures[i]));
  }
  return list;
}

OrderedJson causes() {
  auto list = OrderedJson::object();
  for (const auto cause : all_causes) list[std::string(to_text(cause))] = explain(cause);
  return list;
}

/** The oldest instant that the page shows. */
TimePoint oldest(const PageReport& report) {
  auto time = std::min(report.history.since, report.status.state.now);
  const auto add = [&](TimePoint other) { time = std::min(time, other); };
  add(report.status.state.newest_success.value_or(time));
  for (const auto& record : report.history.runs) add(record.run.started);
  for (const auto& gap : report.history.gaps) add(gap.from);
  for (const auto& spider : report.status.spiders) {
    add(spider.last_started);
    add(spider.last_success.value_or(time));
  }
  for (const auto& failure : report.failures) add(failure.recorded.finished);
  return time;
}

OrderedJson offsets_of(const PageReport& report, const Zone& zone) {
  const auto now = report.status.state.now;
  const auto newest = std::max(now, next_due(report.status).value_or(now));
  auto list = OrderedJson::array();
  for (const auto& [from, ahead, name] : zone_offsets(zone, oldest(report), newest)) {
    list.push_back(OrderedJson::array({from, ahead, name}));
  }
  return list;
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

std::string page_data(PageReport report, OrderedJson headline, const Zone& zone) {
  show_texts(headline);
  Texts texts;
  OrderedJson json = {{"headline", std::move(headline)},
                      {"causes", causes()},
                      {"zone", offsets_of(report, zone)},
                      {"failures", failures_of(report.failures)}};
  add_series(json, report.series, texts);
  json["status"] = status_of(std::move(report.status), zone, texts);
  json["history"] = history_of(std::move(report.history), texts);
  json["texts"] = texts.json();
  return dump(json);
}

}  // namespace spider_check
