#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <toml++/toml.h>

#include "core/time.hpp"

namespace spider_check::config {

/**
 * One table of the file, read key by key. Every reader gives nothing for a key that is not there
 * and throws UsageError with file, line and key for a value of the wrong kind. finish() then
 * refuses what nobody has asked for: a key that is misspelt is no key that is ignored.
 */
class TomlTable {
 public:
  /** `file` and `table` outlive this. `name` is the table's, for messages; empty for the top. */
  TomlTable(const std::string& file, std::string name, const toml::table& table)
      : file_(&file), name_(std::move(name)), table_(&table) {}

  [[nodiscard]] std::optional<bool> boolean(const char* key);
  [[nodiscard]] std::optional<int> number(const char* key, int least, int most);
  [[nodiscard]] std::optional<std::vector<int>> numbers(const char* key, int least, int most);
  [[nodiscard]] std::optional<std::string> text(const char* key);
  [[nodiscard]] std::optional<Duration> duration(const char* key, Duration least);
  [[nodiscard]] std::optional<std::vector<std::string>> texts(const char* key);

  /** A number from 0 to 1. */
  [[nodiscard]] std::optional<double> ratio(const char* key);

  /** A number from 1 on, or 0. */
  [[nodiscard]] std::optional<double> multiple(const char* key);

  /** A size in bytes, written like "1GB". */
  [[nodiscard]] std::optional<std::int64_t> size(const char* key);

  /** Keys with texts, numbers or booleans as values, all given as text. */
  [[nodiscard]] std::optional<std::vector<std::pair<std::string, std::string>>> pairs(
      const char* key);
  [[nodiscard]] std::optional<TomlTable> table(const char* key);
  [[nodiscard]] std::vector<TomlTable> tables(const char* key);

  /** Every table that was not asked for by its key, with its key, in the order of the file. */
  [[nodiscard]] std::vector<std::pair<std::string, TomlTable>> other_tables();

  [[nodiscard]] bool has(const char* key) const { return table_->contains(key); }

  /** "FILE:LINE: KEY", for messages about a key that is there. */
  [[nodiscard]] std::string place(const char* key) const;

  /** "FILE:LINE" of the table itself. */
  [[nodiscard]] std::string place() const;

  /** Throws UsageError for the first key that was never read. */
  void finish() const;

 private:
  const toml::node* find(const char* key);
  [[nodiscard]] std::string full(std::string_view key) const;
  [[nodiscard]] std::string at(const toml::node& node, std::string_view key) const;
  [[noreturn]] void refuse(const toml::node& node, const char* key,
                           const std::string& wanted) const;

  const std::string* file_;
  std::string name_;
  const toml::table* table_;
  std::vector<std::string_view> known_;  ///< literals, and keys of the table itself
};

}  // namespace spider_check::config
