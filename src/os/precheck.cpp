#include "os/precheck.hpp"

#include <system_error>
#include <variant>

#include "core/duration.hpp"
#include "core/terminal_text.hpp"
#include "core/utf8.hpp"
#include "os/capture.hpp"

namespace spider_check::os {

namespace {

constexpr std::size_t max_characters = 200;

/** Without what could steer a terminal or end the line, and not too long. */
std::string shown(std::string_view text) {
  std::string line;
  for (std::size_t count = 0; !text.empty(); ++count) {
    if (count == max_characters) return line + "…";
    TerminalText one;
    const auto length = first_character(text).length;
    const auto piece = text.substr(0, length);
    line += piece == "\n" || piece == "\t" ? " " : one.add(piece) + one.finish();
    text.remove_prefix(length);
  }
  return line;
}

/** The first line that is not blank. */
std::string_view first_printed_line(std::string_view text) {
  const auto start = text.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos) return {};
  text.remove_prefix(start);
  text = text.substr(0, text.find('\n'));
  return text.substr(0, text.find_last_not_of(" \t\r") + 1);
}

std::string words_of(const std::vector<std::string>& command) {
  std::string words;
  for (const auto& word : command) words += (words.empty() ? "" : " ") + word;
  return shown(words);
}

std::string end_of(const Captured& said, Duration limit) {
  const auto left = said.left.empty() ? "" : "; " + to_text(said.left);
  if (said.timed_out) return "was killed after " + to_text(limit) + left;
  if (said.stopped) return "was killed because the run is being stopped" + left;
  if (const auto* signaled = std::get_if<Signaled>(&said.termination)) {
    return "was killed by " + signal_name(signaled->signal);
  }
  if (const auto* exited = std::get_if<Exited>(&said.termination)) {
    return "exited with " + std::to_string(exited->code);
  }
  return to_text(said.termination);
}

}  // namespace

std::optional<std::string> Precheck::objection() {
  const auto name = "precheck `" + words_of(command_) + "` ";
  try {
    const auto said = capture({command_, {}, {}, limit_});
    if (!said.timed_out && said.termination == Termination{Exited{0}}) return std::nullopt;
    auto line = first_printed_line(said.errors);
    if (line.empty()) line = first_printed_line(said.output);
    return name + end_of(said, limit_) + (line.empty() ? "" : ": " + shown(line));
  } catch (const std::system_error& error) {
    return name + "was not started: " + shown(error.what());
  }
}

}  // namespace spider_check::os
