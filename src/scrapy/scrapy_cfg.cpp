#include "scrapy/scrapy_cfg.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <fstream>
#include <map>
#include <optional>

namespace spider_check::scrapy {

namespace {

namespace fs = std::filesystem;

constexpr const char* spaces = " \t\r\f\v";

std::string trimmed(std::string text) {
  text.erase(text.find_last_not_of(spaces) + 1);
  text.erase(0, std::min(text.find_first_not_of(spaces), text.size()));
  return text;
}

std::string lower(std::string text) {
  for (auto& letter : text) {
    letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  }
  return text;
}

/** The keys of each section of several files, as Python's configparser reads them. */
class Keys {
 public:
  void read(const fs::path& file) {
    std::ifstream stream(file);
    section_ = nullptr;
    for (std::string line; std::getline(stream, line);) read_line(line);
  }

  /** Those of a section that is there and, as in each, of the one for all. */
  [[nodiscard]] std::vector<std::string> of(const std::string& section) {
    if (!sections_.contains(section)) return {};
    auto keys = sections_[section];
    for (const auto& key : sections_["DEFAULT"]) add(key, keys);
    return keys;
  }

 private:
  void read_line(const std::string& line) {
    const auto indent = line.find_first_not_of(spaces);
    if (indent == std::string::npos || line[indent] == '#' || line[indent] == ';') return;
    if (line[indent] == '[') {
      section_ = &sections_[line.substr(indent + 1, line.rfind(']') - indent - 1)];
      key_indent_.reset();
    } else if (section_ != nullptr && (!key_indent_ || indent <= *key_indent_)) {
      key_indent_ = indent;
      add(lower(trimmed(line.substr(0, line.find_first_of("=:")))), *section_);
    }  // else it goes on with the value of the line before
  }

  static void add(const std::string& key, std::vector<std::string>& keys) {
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
  }

  std::map<std::string, std::vector<std::string>> sections_;
  std::vector<std::string>* section_ = nullptr;
  std::optional<std::size_t> key_indent_;  ///< of the newest key in the section
};

/** What Scrapy reads, the weakest first. */
std::vector<fs::path> sources(const fs::path& directory) {
  const char* home = std::getenv("HOME");
  const char* config = std::getenv("XDG_CONFIG_HOME");
  const bool is_set = config != nullptr && *config != '\0';
  const fs::path user = home == nullptr ? "/" : home;
  return {"/etc/scrapy.cfg", (is_set ? fs::path(config) : user / ".config") / "scrapy.cfg",
          user / ".scrapy.cfg", directory / "scrapy.cfg"};
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

}  // namespace

std::string why_no_settings(const fs::path& directory,
                            const std::vector<std::pair<std::string, std::string>>& environment) {
  const auto variable = [&](const std::string& name) -> std::optional<std::string> {
    for (const auto& [other, value] : environment) {
      if (other == name) return value;
    }
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
  if (variable("SCRAPY_SETTINGS_MODULE")) return {};
  Keys keys;
  for (const auto& file : sources(directory)) keys.read(file);
  const auto settings = keys.of("settings");
  const auto project = variable("SCRAPY_PROJECT");
  const auto name = project.value_or("default");
  if (std::find(settings.begin(), settings.end(), lower(name)) != settings.end()) return {};
  const auto what = (directory / "scrapy.cfg").string() + " has no [settings] " + name;
  if (settings.empty()) return what + ": add " + name + " = MODULE there";
  return what + " (" + joined(settings) + ")" +
         (project ? ", which SCRAPY_PROJECT names: set that in env to one of them"
                  : ": set SCRAPY_PROJECT in env");
}

}  // namespace spider_check::scrapy
