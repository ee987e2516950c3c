#include <algorithm>
#include <sstream>
#include <string_view>

#include "config/environment.hpp"
#include "core/errors.hpp"

namespace spider_check::config {

namespace {

constexpr std::string_view blanks = " \t\r";
// Some editors begin every file with it.
constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

std::string_view trimmed(std::string_view text) {
  const auto start = text.find_first_not_of(blanks);
  if (start == std::string_view::npos) return {};
  return text.substr(start, text.find_last_not_of(blanks) - start + 1);
}

bool is_name(std::string_view text) {
  return !text.empty() && text.find_first_not_of(
                              "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                              "abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos;
}

char unescaped(char c) {
  switch (c) {
    case 'n':
      return '\n';
    case 't':
      return '\t';
    default:
      return c;
  }
}

std::string quoted_value(std::string_view text, const std::string& place) {
  const char quote = text.front();
  std::string value;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == quote) return value;
    // As in a shell: a backslash means something between double quotes only.
    const bool escape = quote == '"' && text[i] == '\\' && i + 1 < text.size();
    value += escape ? unescaped(text[++i]) : text[i];
  }
  throw UsageError(place + ": the quote is not closed; end the value with " + quote);
}

/** Up to a comment, which needs a blank before it: "a#b" is a value. */
std::string plain_value(std::string_view text) {
  const auto comment = std::min(text.find(" #"), text.find("\t#"));
  return std::string(trimmed(text.substr(0, comment)));
}

}  // namespace

Settings read_dotenv(const std::filesystem::path& file) {
  Settings settings;
  std::istringstream lines(read_text(file));
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    if (++number == 1 && line.rfind(byte_order_mark, 0) == 0) line.erase(0, byte_order_mark.size());
    auto text = trimmed(line);
    if (text.rfind("export ", 0) == 0) text = trimmed(text.substr(7));
    const auto equals = text.find('=');
    if (text.empty() || text.front() == '#' || equals == std::string_view::npos) continue;
    const auto name = std::string(trimmed(text.substr(0, equals)));
    if (!is_name(name)) continue;
    const auto place = file.string() + ":" + std::to_string(number) + ": " + name;
    const auto rest = text.substr(equals + 1);
    const auto value = trimmed(rest);
    const bool quoted = !value.empty() && (value.front() == '"' || value.front() == '\'');
    if (rest.find('\0') != std::string_view::npos) {
      throw UsageError(place + ": holds a NUL character; take it out");
    }
    settings[name] = {place, quoted ? quoted_value(value, place) : plain_value(rest)};
  }
  return settings;
}

}  // namespace spider_check::config
