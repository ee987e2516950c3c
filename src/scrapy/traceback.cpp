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

bool starts_with(const std::string& text, std::string_view start) {
  return text.compare(0, start.size(), start) == 0;
}

/** Also below a project, which may hold a virtual environment. */
bool is_in_library(const std::string& place) {
  return place.find("/site-packages/") != std::string::npos ||
         place.find("/dist-packages/") != std::string::npos;
}

/** Reads tracebacks line by line; what is printed between them does not matter. */
class Reader {
 public:
  explicit Reader(const std::filesystem::path& directory) : directory_((directory / "").string()) {}

  void read(const std::string& line) {
    if (starts_with(line, "Traceback (most recent call last)")) {
      inside_ = true;
    } else if (inside_) {
      read_inside(line);
    }
  }

  /** Of several, chained or not, the last exception is what ended the program. */
  [[nodiscard]] std::string explanation() const {
    const auto& where = in_project_.empty() ? anywhere_ : in_project_;
    return where.empty() || exception_.empty() ? exception_ : where + ": " + exception_;
  }

 private:
  void read_inside(const std::string& line) {
    if (auto found = place(line); !found.empty()) {
      if (starts_with(found, directory_) && !is_in_library(found)) in_project_ = found;
      anywhere_ = std::move(found);
    } else if (!line.empty() && line.front() != ' ') {
      // The first line at the margin is the exception, and the end of its traceback.
      exception_ = line;
      inside_ = false;
    }
  }

  std::string directory_;
  std::string in_project_;
  std::string anywhere_;
  std::string exception_;
  bool inside_ = false;
};

}  // namespace

std::string explain_traceback(const std::string& output, const std::filesystem::path& directory) {
  Reader reader(directory);
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);) reader.read(line);
  return reader.explanation();
}

}  // namespace spider_check::scrapy
