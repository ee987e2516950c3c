#include "logs/log_name.hpp"

#include <algorithm>
#include <charconv>

#include "util/text.hpp"

namespace spider_check {

namespace {

/** Removes a number above zero, as std::to_string writes it, from the front of the text. */
template <typename Number>
bool take_number(std::string_view& text, Number& number) {
  const auto* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || number <= 0 || text.front() == '0') return false;
  text.remove_prefix(static_cast<std::size_t>(rest - text.data()));
  return true;
}

bool take_word(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  return true;
}

/** Removes a run from the front of the text. */
bool take_run(std::string_view& text, LogRun& run) {
  // A run before the first one that has an id.
  const bool before_any = take_word(text, "0+");
  if (!before_any && !take_number(text, run.run)) return false;
  return !(before_any || take_word(text, "+")) || take_number(text, run.after);
}

/** Removes a series, if there is one, from the front of the text. */
bool take_series(std::string_view& text, int& series) {
  if (!text.starts_with('.') || text.find_first_of("0123456789") != 1) return true;
  text.remove_prefix(1);
  return take_number(text, series);
}

/** Empty for the first series, whose names have no suffix. */
std::string series_suffix(int series) {
  return series > 1 ? "." + std::to_string(series) : "";
}

}  // namespace

std::optional<LogName> parse_log_name(const std::filesystem::path& file) {
  const auto name = file.filename().string();
  std::string_view rest = name;
  LogRun run;
  int attempt = 0;
  if (!take_word(rest, "run-") || !take_run(rest, run)) return std::nullopt;
  if (!take_word(rest, "-attempt-") || !take_number(rest, attempt)) return std::nullopt;
  if (!take_series(rest, run.series) || run.series == 1) return std::nullopt;
  if (rest != ".log" && rest != ".report") return std::nullopt;
  return LogName{run.run, attempt, run.after, std::max(run.series, 1)};
}

std::string to_string(const LogRun& run) {
  const auto id = std::to_string(run.run);
  return (run.after == 0 ? id : id + "+" + std::to_string(run.after)) + series_suffix(run.series);
}

std::optional<LogRun> parse_log_run(std::string_view text) {
  LogRun run;
  if (!take_run(text, run) || !take_series(text, run.series) || !text.empty()) return std::nullopt;
  return run;
}

std::string to_string(const LogName& name) {
  return "run-" + to_string(LogRun{name.run, name.after}) + "-attempt-" +
         std::to_string(name.attempt) + series_suffix(name.series) + ".log";
}

std::filesystem::path log_path(const std::filesystem::path& directory, std::string_view spider,
                               const LogName& name) {
  return directory / to_file_name(spider) / to_string(name);
}

}  // namespace spider_check
