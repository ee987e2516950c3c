// A .env file, which other programs read and write, too.
#include <algorithm>
#include <string>

#include "config/environment.hpp"
#include "config/load.hpp"
#include "connection.hpp"
#include "directory.hpp"
#include "fuzz.hpp"
#include "util/errors.hpp"

namespace spider_check::fuzz {

namespace {

bool begins_with(const std::string& text, const std::string& start) {
  return text.rfind(start, 0) == 0;
}

void check_setting(const std::string& name, const Setting& setting, const std::string& file) {
  expect(!name.empty() && name.find_first_of("= \t\n#") == std::string::npos, "a name is a name");
  expect(begins_with(setting.place, file + ":"), "a setting knows its file");
  expect(setting.value.find('\0') == std::string::npos, "no value holds a NUL");
}

std::string quoted(const std::string& value) {
  std::string text = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') text += '\\';
    text += c == '\n' ? std::string("\\n") : std::string(1, c);
  }
  return text + "\"";
}

void check_reads_back(const Directory& directory, const Settings& settings) {
  std::string text;
  for (const auto& [name, setting] : settings) text += name + "=" + quoted(setting.value) + "\n";
  const auto again = read_dotenv(directory.write("again", text));
  const bool same = std::equal(settings.begin(), settings.end(), again.begin(), again.end(),
                               [](const auto& a, const auto& b) {
                                 return a.first == b.first && a.second.value == b.second.value;
                               });
  expect(same, "values in quotes read back the same");
}

}  // namespace

void try_input(std::string_view bytes) {
  static const Directory directory;
  static const auto empty = directory.write("x.toml", "");
  const auto file = directory.write(".env", bytes).string();
  try {
    const auto settings = read_dotenv(file);
    for (const auto& [name, setting] : settings) check_setting(name, setting, file);
    check_reads_back(directory, settings);
    check_connection(load(empty, {{}, directory.path(), directory.path()}).config.database);
  } catch (const UsageError& error) {
    expect(begins_with(error.what(), file + ":"), "an error begins with its place");
  }
}

}  // namespace spider_check::fuzz
