#include "config/toml_table.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "core/errors.hpp"
#include "core/text.hpp"
#include "core/time.hpp"

namespace spider_check::config {

namespace {

constexpr std::size_t max_keys = 48;  // no table has more

std::string_view kind(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "a list";
    case toml::node_type::string:
      return "a text";
    case toml::node_type::integer:
    case toml::node_type::floating_point:
      return "a number";
    case toml::node_type::boolean:
      return "true or false";
    default:
      return "a date or time";
  }
}

std::string in_quotes(std::string_view text) {
  return "\"" + std::string(text) + "\"";
}

std::string suggestion(std::string_view key, const std::vector<std::string_view>& known) {
  const auto nearest = std::min_element(
      known.begin(), known.end(),
      [&](const auto& a, const auto& b) { return edit_distance(key, a) < edit_distance(key, b); });
  if (nearest != known.end() && edit_distance(key, *nearest) <= 2) {
    return "did you mean " + in_quotes(*nearest) + "?";
  }
  std::string list = "known here:";
  for (const auto name : known) list.append(name == known.front() ? " " : ", ").append(name);
  return list;
}

/** TOML may hold a NUL, which no argument, file name or PostgreSQL text can. */
bool has_nul(std::string_view text) {
  return text.find('\0') != std::string_view::npos;
}

/** The shortest text that reads back as the same number, and as one that need not be whole. */
std::string shortest(double number) {
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr;
  std::string text(buffer.data(), end);
  return text.find_first_not_of("-0123456789") == std::string::npos ? text + ".0" : text;
}

}  // namespace

std::string TomlTable::full(std::string_view key) const {
  return name_.empty() ? std::string(key) : name_ + "." + std::string(key);
}

std::string TomlTable::at(const toml::node& node, std::string_view key) const {
  return *file_ + ":" + std::to_string(node.source().begin.line) + ": " + full(key);
}

std::string TomlTable::place(const char* key) const {
  const auto* node = table_->get(key);
  return node != nullptr ? at(*node, key) : *file_ + ": " + full(key);
}

std::string TomlTable::place() const {
  return *file_ + ":" + std::to_string(table_->source().begin.line) + ": " + name_;
}

const toml::node* TomlTable::find(const char* key) {
  if (known_.empty()) known_.reserve(max_keys);
  known_.emplace_back(key);
  return table_->get(key);
}

void TomlTable::refuse(const toml::node& node, const char* key, const std::string& wanted) const {
  throw UsageError(at(node, key) + ": expected " + wanted + ", found " + std::string(kind(node)));
}

std::optional<bool> TomlTable::boolean(const char* key) {
  const auto* node = find(key);
  if (node == nullptr) return std::nullopt;
  if (!node->is_boolean()) refuse(*node, key, "true or false");
  return node->value<bool>();
}

std::optional<int> TomlTable::number(const char* key, int least, int most) {
  const auto* node = find(key);
  if (node == nullptr) return std::nullopt;
  const auto range = "a whole number from " + std::to_string(least) + " to " + std::to_string(most);
  if (!node->is_integer()) refuse(*node, key, range);
  const auto number = node->value<std::int64_t>().value_or(0);
  if (number < least || number > most) {
    throw UsageError(at(*node, key) + ": expected " + range + ", found " + std::to_string(number));
  }
  return static_cast<int>(number);
}

std::optional<std::vector<int>> TomlTable::numbers(const char* key, int least, int most) {
  const auto* node = find(key);
  if (node == nullptr) return std::nullopt;
  const auto wanted = "a list of whole numbers from " + std::to_string(least) + " to " +
                      std::to_string(most) + ", like [" + std::to_string(least) + "]";
  const auto* array = node->as_array();
  if (array == nullptr) refuse(*node, key, wanted);
  std::vector<int> numbers;
  for (const auto& element : *array) {
    if (!element.is_integer()) refuse(element, key, wanted);
    const auto number = element.value<std::int64_t>().value_or(0);
    if (number < least || number > most) {
      throw UsageError(at(element, key) + ": expected " + wanted + ", found " +
                       std::to_string(number));
    }
    numbers.push_back(static_cast<int>(number));
  }
  return numbers;
}

std::optional<std::string> TomlTable::text(const char* key) {
  const auto* node = find(key);
  if (node == nullptr) return std::nullopt;
  if (!node->is_string()) refuse(*node, key, "a text in quotes");
  auto text = node->value<std::string>().value_or("");
  if (text.empty()) throw UsageError(at(*node, key) + ": is empty; leave it out or give a value");
  if (has_nul(text)) throw UsageError(at(*node, key) + ": holds a NUL character; take it out");
  return text;
}

std::optional<Duration> TomlTable::duration(const char* key, Duration least) {
  const auto* node = find(key);
  if (node == nullptr) return std::nullopt;
  const auto examples = "a duration like " + std::string(duration_examples);
  if (!node->is_string()) refuse(*node, key, examples);
  const auto text = node->value<std::string>().value_or("");
  const auto duration = parse_duration(text);
  if (!duration) {
    throw UsageError(at(*node, key) + ": " + in_quotes(text) +
                     " is not a valid duration; write it like " + std::string(duration_examples));
  }
  if (*duration < least) {
    throw UsageError(at(*node, key) + ": " + in_quotes(text) + " is too short; at least " +
                     to_text(least));
  }
  return duration;
}

std::optional<double> TomlTable::ratio(const char* key) {
  const auto* node = find(key);
  if (node == nullptr) return std::nullopt;
  const std::string wanted = "a number from 0 to 1, like 0.5";
  if (!node->is_number()) refuse(*node, key, wanted);
  const auto number = node->value<double>().value_or(-1);
  if (number >= 0 && number <= 1) return number;
  throw UsageError(at(*node, key) + ": expected " + wanted);
}

std::optional<double> TomlTable::multiple(const char* key) {
  const auto* node = find(key);
  if (node == nullptr) return std::nullopt;
  const std::string wanted = "a number from 1 on, like 3 or 1.5, or 0 for none";
  if (!node->is_number()) refuse(*node, key, wanted);
  const auto number = node->value<double>().value_or(-1);
  if (number == 0 || (number >= 1 && std::isfinite(number))) return number;
  throw UsageError(at(*node, key) + ": expected " + wanted);
}

std::optional<std::int64_t> TomlTable::size(const char* key) {
  const auto* node = find(key);
  if (node == nullptr) return std::nullopt;
  const auto examples = "a size like " + std::string(size_examples);
  if (!node->is_string()) refuse(*node, key, examples);
  const auto text = node->value<std::string>().value_or("");
  if (const auto bytes = parse_size(text)) return bytes;
  throw UsageError(at(*node, key) + ": " + in_quotes(text) +
                   " is not a valid size; write it like " + std::string(size_examples));
}

std::optional<std::vector<std::string>> TomlTable::texts(const char* key) {
  const auto* node = find(key);
  if (node == nullptr) return std::nullopt;
  const std::string wanted = R"(a list of texts like ["a", "b"])";
  const auto* array = node->as_array();
  if (array == nullptr) refuse(*node, key, wanted);
  std::vector<std::string> texts;
  for (const auto& element : *array) {
    const auto text = element.value<std::string>();
    if (!element.is_string() || !text) refuse(element, key, wanted);
    if (has_nul(*text)) throw UsageError(at(element, key) + ": holds a NUL character; take it out");
    texts.push_back(*text);
  }
  return texts;
}

std::optional<std::vector<std::pair<std::string, std::string>>> TomlTable::pairs(const char* key) {
  const auto* node = find(key);
  if (node == nullptr) return std::nullopt;
  const auto* table = node->as_table();
  const std::string wanted = R"(texts, numbers or booleans like { LOG_LEVEL = "INFO" })";
  if (table == nullptr) refuse(*node, key, wanted);
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const auto& [name, value] : *table) {
    std::string text;
    if (value.is_string()) {
      text = value.value<std::string>().value_or("");
    } else if (value.is_boolean()) {
      text = value.value<bool>().value_or(false) ? "True" : "False";  // as Scrapy reads it
    } else if (value.is_integer()) {
      text = std::to_string(value.value<std::int64_t>().value_or(0));
    } else if (value.is_floating_point()) {
      text = shortest(value.value<double>().value_or(0));
    } else {
      refuse(value, key, wanted);
    }
    if (has_nul(text) || has_nul(name.str())) {
      throw UsageError(at(value, key) + ": holds a NUL character; take it out");
    }
    pairs.emplace_back(std::string(name.str()), std::move(text));
  }
  return pairs;
}

std::optional<TomlTable> TomlTable::table(const char* key) {
  const auto* node = find(key);
  if (node == nullptr) return std::nullopt;
  if (!node->is_table()) refuse(*node, key, "a table [" + full(key) + "]");
  return TomlTable(*file_, full(key), *node->as_table());
}

std::vector<TomlTable> TomlTable::tables(const char* key) {
  const auto* node = find(key);
  if (node == nullptr) return {};
  const auto* array = node->as_array();
  const auto wanted = "tables [[" + full(key) + "]]";
  if (array == nullptr) refuse(*node, key, wanted);
  std::vector<TomlTable> tables;
  for (const auto& element : *array) {
    if (!element.is_table()) refuse(element, key, wanted);
    tables.emplace_back(*file_, full(key), *element.as_table());
  }
  return tables;
}

std::vector<std::pair<std::string, TomlTable>> TomlTable::other_tables() {
  std::vector<std::pair<std::string, TomlTable>> tables;
  for (const auto& [key, node] : *table_) {
    const auto name = std::string(key.str());
    if (!node.is_table() || std::find(known_.begin(), known_.end(), name) != known_.end()) continue;
    known_.push_back(key.str());
    tables.emplace_back(name, TomlTable(*file_, full("\"" + name + "\""), *node.as_table()));
  }
  // TOML's tables have no order of their own.
  std::sort(tables.begin(), tables.end(), [](const auto& a, const auto& b) {
    return a.second.table_->source().begin.line < b.second.table_->source().begin.line;
  });
  return tables;
}

void TomlTable::finish() const {
  for (const auto& [key, node] : *table_) {
    if (std::find(known_.begin(), known_.end(), key.str()) != known_.end()) continue;
    const auto where = name_.empty() ? "" : " in [" + name_ + "]";
    throw UsageError(*file_ + ":" + std::to_string(key.source().begin.line) + ": unknown key " +
                     in_quotes(key.str()) + where + "; " + suggestion(key.str(), known_));
  }
}

}  // namespace spider_check::config
