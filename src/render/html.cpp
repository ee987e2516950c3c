#include "render/html.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "core/shown_text.hpp"
#include "render/text_width.hpp"
#include "render/zone.hpp"

namespace spider_check::render {

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
  return escape_html(shown_end(log));
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
