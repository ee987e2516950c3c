#include <sstream>

#include "scrapy/project.hpp"

namespace spider_check::scrapy {

namespace {

/** `  File "/x/y.py", line 3, in f` -> "/x/y.py:3"; empty for any other line. */
std::string place(const std::string& line) {
  static constexpr std::string_view start = "File \"";
  static constexpr std::string_view middle = "\", line ";
  const auto from = line.find(start);
  if (from == std::string::npos || line.find_first_not_of(' ') != from) return {};
  const auto name = from + start.size();
  const auto end = line.find(middle, name);
  if (end == std::string::npos) return {};
  const auto number = end + middle.size();
  const auto number_end = line.find_first_not_of("0123456789", number);
  return line.substr(name, end - name) + ":" + line.substr(number, number_end - number);
}

/** "SyntaxError: invalid syntax": a line at the margin that names what was raised. */
bool is_exception(const std::string& line) {
  if (line.empty() || line.front() == ' ') return false;
  const auto name_end = line.find_first_of(": ");
  const auto name = line.substr(0, name_end);
  return !name.empty() && name != "Traceback" && name != "During" && name != "The" &&
         name.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.") ==
             std::string::npos;
}

}  // namespace

std::string explain_traceback(const std::string& output, const std::filesystem::path& folder) {
  std::istringstream lines(output);
  std::string in_project;
  std::string anywhere;
  std::string exception;
  bool in_traceback = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("Traceback (most recent call last)", 0) == 0) in_traceback = true;
    if (!in_traceback) continue;
    if (auto found = place(line); !found.empty()) {
      if (found.rfind(folder.string() + "/", 0) == 0) in_project = found;
      anywhere = std::move(found);
    } else if (is_exception(line)) {
      exception = line;
    }
  }
  if (exception.empty()) return {};
  const auto& where = in_project.empty() ? anywhere : in_project;
  return where.empty() ? exception : where + ": " + exception;
}

}  // namespace spider_check::scrapy
