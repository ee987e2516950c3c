#include "render/html.hpp"

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

std::string shown_text(std::string_view foreign, std::size_t max_width) {
  // A character takes at most four bytes, and those behind the cut need not be looked at.
  return cut_to(printable(std::string(foreign.substr(0, 4 * max_width))), max_width);
}

std::string escape_json(std::string_view json) {
  std::string text;
  text.reserve(json.size());
  for (const char c : json) {
    if (c == '<') {
      text += "\\u003c";
    } else {
      text += c;
    }
  }
  return text;
}

}  // namespace spider_check::render
