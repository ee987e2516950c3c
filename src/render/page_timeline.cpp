#include <algorithm>
#include <array>
#include <cstdint>
#include <map>

#include "core/duration.hpp"
#include "render/html.hpp"
#include "render/page_marks.hpp"
#include "render/page_parts.hpp"

namespace spider_check::render {

namespace {

constexpr std::int64_t day_length = 86'400;
constexpr std::int64_t max_days = 31;

// A mark is as wide as a quarter of an hour on a wide screen: what starts within one is one mark,
// however many runs there are.
constexpr std::int64_t slot_length = 900;
// Of the gaps that begin within one hour the longest is drawn; the table has the others.
constexpr std::int64_t gap_slot_length = 3600;

/** The runs that started within one slot. */
struct Slot {
  std::array<int, 4> runs{};  ///< by Look
  const RunRecord* first = nullptr;
};

/** The part of a gap that is within one day, in seconds from its beginning. */
struct Piece {
  std::int64_t from = 0;
  std::int64_t to = 0;
  const Gap* gap = nullptr;
};

struct Day {
  std::map<std::int64_t, Slot> slots;
  std::map<std::int64_t, Piece> pieces;  ///< by the hour in which they begin
};

using Days = std::map<std::int64_t, Day>;

std::int64_t floor_days(std::int64_t local) {
  return (local >= 0 ? local : local - day_length + 1) / day_length;
}

double share(std::int64_t seconds) {
  return static_cast<double>(seconds) / static_cast<double>(day_length);
}

/** The worst that happened is what is drawn. */
Look worst(const Slot& slot) {
  for (const auto look : {Look::failed, Look::running, Look::degraded}) {
    if (slot.runs.at(static_cast<std::size_t>(look)) > 0) return look;
  }
  return Look::ok;
}

int count(const Slot& slot) {
  int sum = 0;
  for (const int runs : slot.runs) sum += runs;
  return sum;
}

void add_runs(const HistoryReport& history, const PageTimes& times, Days& days) {
  for (const auto& record : history.runs) {
    const auto local = times.local(record.run.started);
    const auto day = days.find(floor_days(local));
    if (day == days.end()) continue;
    auto& slot = day->second.slots[(local - day->first * day_length) / slot_length];
    ++slot.runs.at(static_cast<std::size_t>(look_of(record)));
    slot.first = &record;
  }
}

void add_gap(const Gap& gap, const PageTimes& times, Days& days) {
  const auto from = times.local(gap.from);
  const auto to = times.local(gap.to);
  for (auto& [number, day] : days) {
    const auto start = number * day_length;
    const Piece piece{std::max(from, start) - start, std::min(to, start + day_length) - start,
                      &gap};
    if (piece.to <= piece.from) continue;
    auto& kept = day.pieces[piece.from / gap_slot_length];
    if (piece.to - piece.from > kept.to - kept.from) kept = piece;
  }
}

std::string gap_words(const Gap& gap, const PageTimes& times) {
  auto text = std::string(to_text(gap.cause)) + " for " + to_words(gap.to - gap.from) + ", " +
              times.at(gap.from) + (gap.open ? " until now" : " to " + times.at(gap.to));
  if (!gap.detail.empty()) text += ": " + html_text(gap.detail, 160);
  return text;
}

std::string draw(const Piece& piece, const PageTimes& times) {
  return "<rect class=\"gap g-" + gap_class(piece.gap->cause) + "\" x=\"" +
         percent(share(piece.from)) + "\" y=\"3\" width=\"" +
         percent(share(piece.to - piece.from)) + "\" height=\"14\"><title>" +
         gap_words(*piece.gap, times) + "</title></rect>";
}

std::string slot_words(const Slot& slot, const PageTimes& times) {
  if (count(slot) == 1) {
    return times.clock(slot.first->run.started) + " run " + std::to_string(slot.first->run.id) +
           " " + run_word(worst(slot)) + (slot.first->run.partial ? " (partial)" : "");
  }
  auto text = times.clock(slot.first->run.started) + " and after: " + counted(count(slot), "run");
  for (const auto look : {Look::failed, Look::running, Look::degraded, Look::ok}) {
    const auto runs = slot.runs.at(static_cast<std::size_t>(look));
    if (runs > 0) text += ", " + std::to_string(runs) + " " + run_word(look);
  }
  return text;
}

std::string draw(std::int64_t number, const Slot& slot, const PageTimes& times) {
  // In the middle of its slot where it stands for many, else where it was.
  const auto seconds = count(slot) > 1 ? number * slot_length + slot_length / 2
                                       : times.local(slot.first->run.started) % day_length;
  return "<use href=\"#m-" + look_class(worst(slot)) + "\" x=\"" + percent(share(seconds)) +
         "\" y=\"10\"><title>" + slot_words(slot, times) + "</title></use>";
}

/** The day in words, for whoever does not see it. */
std::string summary(const Day& day) {
  std::array<int, 4> runs{};
  for (const auto& [number, slot] : day.slots) {
    for (std::size_t i = 0; i < runs.size(); ++i) runs.at(i) += slot.runs.at(i);
  }
  std::string text;
  for (const auto look : {Look::ok, Look::degraded, Look::failed, Look::running}) {
    const auto some = runs.at(static_cast<std::size_t>(look));
    if (some > 0) text += (text.empty() ? "" : ", ") + grouped(some) + " " + run_word(look);
  }
  std::map<DelayCause, std::int64_t> gaps;
  for (const auto& [slot, piece] : day.pieces) gaps[piece.gap->cause] += piece.to - piece.from;
  for (const auto& [cause, seconds] : gaps) {
    text += (text.empty() ? "" : ", ") + std::string(to_text(cause)) + " for " +
            to_words(std::chrono::seconds(seconds));
  }
  return text.empty() ? "no run" : text;
}

std::string row(std::int64_t number, const Day& day, const PageTimes& times) {
  const auto until = std::min(times.local(times.now()) - number * day_length, day_length);
  auto html = "<li><span>" + PageTimes::day(number) +
              "</span><svg width=\"100%\" height=\"20\" role=\"img\" aria-label=\"" +
              PageTimes::day(number) + ": " + summary(day) +
              "\"><rect class=\"track\" y=\"2\" width=\"" + percent(share(until)) +
              "\" height=\"16\"/>";
  for (const auto& [slot, piece] : day.pieces) html += draw(piece, times);
  for (const auto& [slot, runs] : day.slots) html += draw(slot, runs, times);
  return html + "</svg></li>\n";
}

std::string hours() {
  std::string html =
      "<li class=\"hours\" aria-hidden=\"true\"><span></span>"
      "<svg width=\"100%\" height=\"16\">";
  for (const int hour : {0, 6, 12, 18, 24}) {
    const auto* anchor = hour == 0 ? "start" : hour == 24 ? "end" : "middle";
    html += "<text y=\"12\" x=\"" + percent(hour / 24.0) + "\" text-anchor=\"" + anchor + "\">" +
            (hour < 10 ? "0" : "") + std::to_string(hour) + ":00</text>";
  }
  return html + "</svg></li>\n";
}

Days days_of(const HistoryReport& history, const PageTimes& times) {
  const auto last = floor_days(times.local(times.now()));
  const auto first = std::max(floor_days(times.local(history.since)), last - max_days + 1);
  Days days;
  for (auto day = first; day <= last; ++day) days[day];
  return days;
}

std::string gap_row(const Gap& gap, const PageTimes& times) {
  return "<tr><td class=\"gapname g-" + gap_class(gap.cause) +
         "\"><svg class=\"key\" width=\"26\" "
         "height=\"14\" aria-hidden=\"true\"><rect class=\"gap g-" +
         gap_class(gap.cause) + "\" x=\"1\" y=\"1\" width=\"24\" height=\"12\"/></svg>" +
         std::string(to_text(gap.cause)) + "</td><td>" + times.at(gap.from) + "</td><td>" +
         (gap.open ? "now" : times.at(gap.to)) + "</td><td>" + to_words(gap.to - gap.from) +
         "</td><td>" + html_text(gap.detail) + "</td></tr>\n";
}

/** The same in words: a drawing is not for everybody. */
std::string gap_table(const std::vector<Gap>& gaps, const PageTimes& times) {
  constexpr std::size_t most = 100;
  if (gaps.empty()) return {};
  auto html = "<details><summary>When nothing ran: " +
              counted(static_cast<std::int64_t>(gaps.size()), "time") +
              "</summary>\n<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"When "
              "nothing ran\"><table>\n"
              "<caption>Times in which the data was stale and nothing ran, the newest first";
  if (gaps.size() > most) html += "; the newest " + std::to_string(most);
  html +=
      "</caption>\n<thead><tr><th scope=\"col\">Why</th><th scope=\"col\">From</th>"
      "<th scope=\"col\">To</th><th scope=\"col\">For</th><th "
      "scope=\"col\">More</th></tr></thead>\n<tbody>\n";
  for (std::size_t i = 0; i < std::min(most, gaps.size()); ++i) html += gap_row(gaps[i], times);
  return html + "</tbody></table></div></details>\n";
}

}  // namespace

std::string page_timeline(const HistoryReport& history, const PageTimes& times) {
  auto days = days_of(history, times);
  add_runs(history, times, days);
  for (const auto& gap : history.gaps) add_gap(gap, times, days);
  const auto count = static_cast<std::int64_t>(std::min<std::size_t>(days.size(), 30));
  auto html = "<section aria-labelledby=\"timeline\"><h2 id=\"timeline\">The last " +
              counted(count, "day") + "</h2>\n" + legend() + "<ol class=\"days\" reversed>\n" +
              hours();
  for (auto day = days.rbegin(); day != days.rend(); ++day) {
    html += row(day->first, day->second, times);
  }
  return html + "</ol>\n" + gap_table(history.gaps, times) + "</section>\n";
}

}  // namespace spider_check::render
