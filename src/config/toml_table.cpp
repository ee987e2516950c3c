#include "config/toml_table.hpp"

#include <algorithm>
#include <cmath>

#include "config/apply.hpp"
#include "util/errors.hpp"
#include "util/text.hpp"
#include "util/time.hpp"

namespace spider_check {

namespace {

constexpr const char* nul_found = ": holds a NUL character; take it out";
constexpr std::size_t max_keys = 48;  // no table has more

std::string_view kind(const toml::node& node) {
  return node.is_table()     ? "a table"
         : node.is_array()   ? "a list"
         : node.is_string()  ? "a text"
         : node.is_number()  ? "a number"
         : node.is_boolean() ? "true or false"
                             : "a date or time";
}

std::string in_quotes(std::string_view text) {
  return "\"" + std::string(text) + "\"";
}

std::string suggestion(std::string_view key, const std::vector<std::string_view>& known) {
  const auto meant = nearest(key, known);
  return meant.empty() ? "known here: " + join(known, ", ")
                       : "did you mean " + in_quotes(meant) + "?";
}

/** TOML may hold a NUL, which no argument, file name or PostgreSQL text can. */
bool has_nul(std::string_view text) {
  return text.find('\0') != std::string_view::npos;
}

/** The shortest text that reads back as the same number, and as one that need not be whole. */
std::string shortest(double number) {
  auto text = fmt::format("{}", number);
  return text.find_first_not_of("-0123456789") == std::string::npos ? text + ".0" : text;
}

std::string range(const Option& option) {
  return fmt::format("a whole number from {} to {}", option.min, option.max);
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

void TomlTable::refuse(const toml::node& node, const Option& option, const std::string& why) const {
  throw UsageError(at(node, option.key) + why);
}

void TomlTable::expect(const toml::node& node, const char* key, const std::string& wanted) const {
  throw UsageError(at(node, key) + ": expected " + wanted + ", found " + std::string(kind(node)));
}

void TomlTable::refuse_without(const Option& option) const {
  const auto* name = table_->get("name");
  const auto who = name == nullptr ? "" : in_quotes(name->value_or("")) + " ";
  throw UsageError(place() + ": " + who + "has no " + option.key + "; " + option.needed);
}

std::string TomlTable::text(const toml::node& node, const Option& option) const {
  if (!node.is_string()) expect(node, option.key, "a text in quotes");
  auto text = node.value<std::string>().value_or("");
  if (text.empty()) refuse(node, option, ": is empty; leave it out or give a value");
  if (has_nul(text)) refuse(node, option, nul_found);
  return text;
}

std::int64_t TomlTable::whole(const toml::node& node, const Option& option,
                              const std::string& wanted) const {
  if (!node.is_integer()) expect(node, option.key, wanted);
  const auto number = node.value<std::int64_t>().value_or(0);
  if (number >= option.min && number <= option.max) return number;
  refuse(node, option, ": expected " + wanted + ", found " + std::to_string(number));
}

std::size_t TomlTable::choice(const toml::node& node, const Option& option) const {
  const auto word = text(node, option);
  const auto& words = option.choices;
  const auto found = std::ranges::find(words, word);
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  refuse(node, option,
         ": expected " + join(words, " or ", in_quotes) + ", found " + in_quotes(word));
}

void TomlTable::take(const toml::node& node, const Option& option, bool& to) const {
  if (!node.is_boolean()) expect(node, option.key, "true or false");
  to = node.value_or(false);
}

void TomlTable::take(const toml::node& node, const Option& option, int& to) const {
  to = static_cast<int>(whole(node, option, range(option)));
}

void TomlTable::take(const toml::node& node, const Option& option, std::int64_t& to) const {
  if (option.type == OptionType::count) {
    to = whole(node, option, range(option));
    return;
  }
  const std::string examples(size_examples);
  if (!node.is_string()) expect(node, option.key, "a size like " + examples);
  const auto text = node.value<std::string>().value_or("");
  const auto bytes = parse_size(text);
  if (!bytes) {
    refuse(node, option,
           ": " + in_quotes(text) + " is not a valid size; write it like " + examples);
  }
  to = *bytes;
}

void TomlTable::take(const toml::node& node, const Option& option, double& to) const {
  const bool ratio = option.type == OptionType::ratio;
  const std::string wanted =
      ratio ? "a number from 0 to 1, like 0.5" : "a number from 1 on, like 3 or 1.5, or 0 for none";
  if (!node.is_number()) expect(node, option.key, wanted);
  to = node.value<double>().value_or(-1);
  const bool right = ratio ? to >= 0 && to <= 1 : to == 0 || (to >= 1 && std::isfinite(to));
  if (!right) refuse(node, option, ": expected " + wanted);
}

void TomlTable::take(const toml::node& node, const Option& option, Duration& to) const {
  const std::string examples(duration_examples);
  if (!node.is_string()) expect(node, option.key, "a duration like " + examples);
  const auto text = node.value<std::string>().value_or("");
  const auto start = ": " + in_quotes(text);
  const auto duration = parse_duration(text);
  if (!duration)
    refuse(node, option, start + " is not a valid duration; write it like " + examples);
  to = *duration;
  if (const Duration least(option.min); to < least) {
    refuse(node, option, start + " is too short; at least " + to_text(least));
  }
  if (const Duration most(option.max); option.max > 0 && to > most) {
    refuse(node, option, start + " is too long; at most " + to_text(most));
  }
}

void TomlTable::take(const toml::node& node, const Option& option, std::string& to) const {
  if (option.type == OptionType::port) {
    to = std::to_string(whole(node, option, range(option)));
  } else {
    to = text(node, option);
    if (option.type == OptionType::zone) check_zone(to, at(node, option.key));
  }
}

void TomlTable::take(const toml::node& node, const Option& option, fs::path& to) const {
  to = absolute(fs::path(*file_).parent_path(), text(node, option));
}

void TomlTable::take(const toml::node& node, const Option& option, Words& to) const {
  const std::string wanted = R"(a list of texts like ["a", "b"])";
  const auto* array = node.as_array();
  if (array == nullptr) expect(node, option.key, wanted);
  for (const auto& element : *array) {
    const auto text = element.value<std::string>();
    if (!element.is_string() || !text) expect(element, option.key, wanted);
    if (has_nul(*text)) refuse(element, option, nul_found);
    to.push_back(*text);
  }
  if (option.type != OptionType::command || (to.empty() && option.min == 0)) return;
  if (to.empty() || to.front().empty()) {
    refuse(node, option, std::string(": names no program; write it like ") + option.example);
  }
  // A word with a slash in it is a path; any other is looked up in PATH.
  if (to.front().find('/') == std::string::npos) return;
  to.front() = absolute(fs::path(*file_).parent_path(), to.front()).string();
}

void TomlTable::take(const toml::node& node, const Option& option, std::vector<int>& to) const {
  const auto wanted =
      fmt::format("a list of whole numbers from {0} to {1}, like [{0}]", option.min, option.max);
  const auto* array = node.as_array();
  if (array == nullptr) expect(node, option.key, wanted);
  for (const auto& element : *array) {
    to.push_back(static_cast<int>(whole(element, option, wanted)));
  }
}

void TomlTable::take(const toml::node& node, const Option& option, Pairs& to) const {
  const auto* table = node.as_table();
  const std::string wanted = R"(texts, numbers or booleans like { LOG_LEVEL = "INFO" })";
  if (table == nullptr) expect(node, option.key, wanted);
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
      expect(value, option.key, wanted);
    }
    if (has_nul(text) || has_nul(name.str())) refuse(value, option, nul_found);
    to.emplace_back(std::string(name.str()), std::move(text));
  }
  if (option.type != OptionType::variables) return;
  for (const auto& [name, value] : to) {
    // What execve(2) can hold.
    if (!name.empty() && name.find('=') == std::string::npos) continue;
    refuse(node, option,
           ": " + in_quotes(name) + " is not a valid name of a variable; write it like " +
               option.key + " = " + option.example);
  }
}

void TomlTable::take(const toml::node& node, const Option& option,
                     std::map<std::string, std::string>& to) const {
  to = parse_url(text(node, option), at(node, option.key));
}

std::optional<TomlTable> TomlTable::table(const char* key) {
  const auto* node = find(key);
  if (node == nullptr) return std::nullopt;
  if (!node->is_table()) expect(*node, key, "a table [" + full(key) + "]");
  return TomlTable(*file_, full(key), *node->as_table());
}

std::vector<TomlTable> TomlTable::tables(const char* key) {
  const auto* node = find(key);
  if (node == nullptr) return {};
  const auto* array = node->as_array();
  const auto wanted = "tables [[" + full(key) + "]]";
  if (array == nullptr) expect(*node, key, wanted);
  std::vector<TomlTable> tables;
  for (const auto& element : *array) {
    if (!element.is_table()) expect(element, key, wanted);
    tables.emplace_back(*file_, full(key), *element.as_table());
  }
  return tables;
}

std::vector<std::pair<std::string, TomlTable>> TomlTable::other_tables() {
  std::vector<std::pair<std::string, TomlTable>> tables;
  for (const auto& [key, node] : *table_) {
    const auto name = std::string(key.str());
    if (!node.is_table() || std::ranges::find(known_, name) != known_.end()) continue;
    known_.push_back(key.str());
    tables.emplace_back(name, TomlTable(*file_, full("\"" + name + "\""), *node.as_table()));
  }
  // TOML's tables have no order of their own.
  std::ranges::sort(tables, [](const auto& a, const auto& b) {
    return a.second.table_->source().begin.line < b.second.table_->source().begin.line;
  });
  return tables;
}

void TomlTable::finish() const {
  for (const auto& [key, node] : *table_) {
    if (std::ranges::find(known_, key.str()) != known_.end()) continue;
    const auto where = name_.empty() ? "" : " in [" + name_ + "]";
    throw UsageError(*file_ + ":" + std::to_string(key.source().begin.line) + ": unknown key " +
                     in_quotes(key.str()) + where + "; " + suggestion(key.str(), known_));
  }
}

}  // namespace spider_check
