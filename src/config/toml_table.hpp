#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <toml++/toml.h>

#include "config/config.hpp"

namespace spider_check {

/**
 * One table of the file, read key by key. Throws UsageError with file, line and key for a value of
 * the wrong kind. Unknown keys are errors: finish() refuses those that were not read.
 */
class TomlTable {
 public:
  /** `file` and `table` outlive this. `name` is the table's, for messages; empty for the top. */
  TomlTable(const std::string& file, std::string name, const toml::table& table)
      : file_(&file), name_(std::move(name)), table_(&table) {}

  /** Whether the key is there; then `to` has its value. */
  template <typename Value>
  bool read(const Option& option, Value& to) {
    const auto* node = find(option.key);
    if (node != nullptr) take(*node, option, to);
    return node != nullptr;
  }

  /**
   * Reads each key of a section of options.toml into `to`, and its place into `places`. Throws
   * UsageError where one that is needed is missing.
   */
  template <typename Section, typename To>
  void read_all(const Section& visit_section, To& to, Places& places, const std::string& prefix) {
    visit_section([&](const Option& option, auto reference, auto...) {
      std::remove_reference_t<decltype(reference(to))> value{};
      if (read(option, value)) {
        reference(to) = std::move(value);
        places[prefix + option.key] = place(option.key);
      } else if (option.needed != nullptr) {
        refuse_without(option);
      }
    });
  }

  /** The same of a table without others in it. */
  template <typename Section>
  void read_whole(const Section& visit_section, Config& config, const std::string& prefix) {
    read_all(visit_section, config, config.places, prefix);
    finish();
  }

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
  [[noreturn]] void refuse(const toml::node& node, const Option& option,
                           const std::string& why) const;
  /** Refuses what is of another kind than is wanted. */
  [[noreturn]] void expect(const toml::node& node, const char* key,
                           const std::string& wanted) const;
  [[noreturn]] void refuse_without(const Option& option) const;
  [[nodiscard]] std::string text(const toml::node& node, const Option& option) const;
  [[nodiscard]] std::int64_t whole(const toml::node& node, const Option& option,
                                   const std::string& wanted) const;
  [[nodiscard]] std::size_t choice(const toml::node& node, const Option& option) const;

  void take(const toml::node& node, const Option& option, bool& to) const;
  void take(const toml::node& node, const Option& option, int& to) const;
  void take(const toml::node& node, const Option& option, std::int64_t& to) const;
  void take(const toml::node& node, const Option& option, double& to) const;
  void take(const toml::node& node, const Option& option, Duration& to) const;
  void take(const toml::node& node, const Option& option, std::string& to) const;
  void take(const toml::node& node, const Option& option, fs::path& to) const;
  void take(const toml::node& node, const Option& option, Words& to) const;
  void take(const toml::node& node, const Option& option, std::vector<int>& to) const;
  void take(const toml::node& node, const Option& option, Pairs& to) const;
  void take(const toml::node& node, const Option& option,
            std::map<std::string, std::string>& to) const;

  template <typename Value>
  void take(const toml::node& node, const Option& option, std::optional<Value>& to) const {
    take(node, option, to.emplace());
  }

  template <typename Choice>
  requires std::is_enum_v<Choice>

  void take(const toml::node& node, const Option& option, Choice& to) const {
    to = static_cast<Choice>(choice(node, option));
  }

  const std::string* file_;
  std::string name_;
  const toml::table* table_;
  std::vector<std::string_view> known_;  ///< literals, and keys of the table itself
};

}  // namespace spider_check
