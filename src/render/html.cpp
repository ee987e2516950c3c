#include "render/html.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "core/terminal_text.hpp"
#include "render/text_width.hpp"
#include "render/zone.hpp"

namespace spider_check::render {

namespace {

constexpr std::size_t most_log_bytes = 8192;
constexpr int most_log_lines = 40;

/** Where the last lines of a log begin. */
std::size_t beginning_of_end(std::string_view log) {
  auto from = log.size() - std::min(log.size(), most_log_bytes);
  if (from > 0) {
    const auto line = log.find('\n', from);
    // One line may be longer than all that is shown.
    if (line != log.npos && line + 1 < log.size()) from = line + 1;
  }
  while (from < log.size() && from > 0 && (static_cast<unsigned char>(log[from]) & 0xc0U) == 0x80) {
    ++from;
  }
  auto end = log.size();
  if (end > from && log[end - 1] == '\n') --end;
  for (int lines = 0; end > from && lines < most_log_lines; ++lines) {
    const auto before = log.rfind('\n', end - 1);
    if (before == log.npos || before < from) return from;
    end = before;
  }
  return end > from ? end + 1 : from;
}

}  // namespace

std::string escape_html(std::string_view text) {
  std::string html;
  html.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        html += "&amp;";
        break;
      case '<':
        html += "&lt;";
        break;
      case '>':
        html += "&gt;";
        break;
      case '"':
        html += "&quot;";
        break;
      case '\'':
        html += "&#39;";
        break;
      default:
        html += c;
    }
  }
  return html;
}

std::string html_text(const std::string& foreign, std::size_t most) {
  // A character takes at most four bytes, and those behind the cut need not be looked at.
  const auto some = foreign.size() > 4 * most ? foreign.substr(0, 4 * most) : foreign;
  return escape_html(cut_to(printable(some), most));
}

std::string html_log(std::string_view log) {
  const auto from = beginning_of_end(log);
  TerminalText shown;
  auto text = shown.add(log.substr(from));
  text += shown.finish();
  return (from > 0 ? "…\n" : "") + escape_html(text);
}

std::string escape_json(std::string_view json) {
  std::string text;
  text.reserve(json.size());
  for (std::size_t i = 0; i < json.size(); ++i) {
    const auto rest = json.substr(i, 3);
    if (rest == "\u2028" || rest == "\u2029") {
      text += rest == "\u2028" ? "\\u2028" : "\\u2029";
      i += 2;
    } else if (json[i] == '<') {
      text += "\\u003c";
    } else if (json[i] == '>') {
      text += "\\u003e";
    } else if (json[i] == '&') {
      text += "\\u0026";
    } else {
      text += json[i];
    }
  }
  return text;
}

std::string grouped(std::int64_t number) {
  auto text = std::to_string(number);
  const std::size_t sign = number < 0 ? 1 : 0;
  for (auto at = text.size(); at > sign + 3; at -= 3) text.insert(at - 3, ",");
  return text;
}

std::string counted(std::int64_t number, const std::string& what) {
  return grouped(number) + " " + what + (number == 1 ? "" : "s");
}

std::int64_t to_nearest(double value) {
  constexpr double most = 9e18;
  const auto held = std::clamp(value, -most, most);
  return static_cast<std::int64_t>(held < 0 ? held - 0.5 : held + 0.5);
}

std::string percent(double share) {
  std::array<char, 32> buffer{};
  const auto held = std::isfinite(share) ? std::clamp(share, 0.0, 1.0) : 0.0;
  std::snprintf(buffer.data(), buffer.size(), "%.5g%%",
                static_cast<double>(to_nearest(held * 10'000)) / 100);
  return buffer.data();
}

}  // namespace spider_check::render
