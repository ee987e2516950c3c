#include "scrapy/python_literal.hpp"

#include <cctype>
#include <charconv>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

namespace spider_check::scrapy {

namespace {

using Json = nlohmann::json;

constexpr int max_depth = 8;

/** A log need not be UTF-8. */
std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/** A recursive descent; nothing is what cannot be read. */
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  std::optional<Json> dict(int depth) {
    if (!take('{') || depth > max_depth) return std::nullopt;
    auto object = Json::object();
    while (!take('}')) {
      auto key = value(depth + 1);
      if (!key || !take(':')) return std::nullopt;
      auto inner = value(depth + 1);
      if (!inner) return std::nullopt;
      object[key->is_string() ? key->get<std::string>() : dump(*key)] = std::move(*inner);
      if (!take(',') && peek() != '}') return std::nullopt;
    }
    return object;
  }

 private:
  char peek() {
    while (!text_.empty() && std::isspace(static_cast<unsigned char>(text_.front())) != 0) {
      text_.remove_prefix(1);
    }
    return text_.empty() ? '\0' : text_.front();
  }

  bool take(char wanted) {
    if (peek() != wanted || text_.empty()) return false;
    text_.remove_prefix(1);
    return true;
  }

  std::optional<Json> value(int depth) {
    if (depth > max_depth) return std::nullopt;
    switch (peek()) {
      case '{':
        return dict(depth);
      case '[':
        return list('[', ']', depth);
      case '(':
        return list('(', ')', depth);
      case '\'':
      case '"':
        return text();
      default:
        return word();
    }
  }

  std::optional<Json> list(char open, char close, int depth) {
    if (!take(open)) return std::nullopt;
    auto array = Json::array();
    while (!take(close)) {
      auto inner = value(depth + 1);
      if (!inner) return std::nullopt;
      array.push_back(std::move(*inner));
      if (!take(',') && peek() != close) return std::nullopt;
    }
    return array;
  }

  /** pprint breaks a long one into several, one below the other, which are one. */
  std::optional<Json> text() {
    std::string read;
    while (peek() == '\'' || peek() == '"') {
      const auto part = quoted();
      if (!part) return std::nullopt;
      read += *part;
    }
    return read;
  }

  std::optional<std::string> quoted() {
    const char quote = text_.front();
    std::string read;
    for (std::size_t i = 1; i < text_.size(); ++i) {
      if (text_[i] == quote) {
        text_.remove_prefix(i + 1);
        return read;
      }
      // Of an escape the letter is enough: keys and reasons have none.
      if (text_[i] == '\\' && i + 1 < text_.size()) ++i;
      read += text_[i];
    }
    return std::nullopt;
  }

  /** A number, a name, or a call with its parentheses. */
  std::optional<Json> word() {
    std::size_t end = 0;
    int open = 0;
    while (end < text_.size()) {
      const char c = text_[end];
      if (open == 0 && (c == ',' || c == '}' || c == ']' || c == ')' || c == ':' || c == '\n'))
        break;
      if (c == '(') ++open;
      if (c == ')') --open;
      ++end;
    }
    if (end == 0 || end == text_.size()) return std::nullopt;
    const auto read = text_.substr(0, end);
    text_.remove_prefix(end);
    if (read == "None") return Json(nullptr);
    if (read == "True") return Json(true);
    if (read == "False") return Json(false);
    return number(read);
  }

  static Json number(std::string_view read) {
    const auto* last = read.data() + read.size();
    std::int64_t whole = 0;
    if (const auto [at, error] = std::from_chars(read.data(), last, whole);
        error == std::errc{} && at == last) {
      return whole;
    }
    double real = 0;
    if (const auto [at, error] = std::from_chars(read.data(), last, real);
        error == std::errc{} && at == last && real - real == 0) {
      return real;
    }
    return std::string(read);
  }

  std::string_view text_;
};

}  // namespace

Json parse_python_dict(std::string_view text) {
  return Parser(text).dict(0).value_or(Json(nullptr));
}

}  // namespace spider_check::scrapy
