// Names of schedules and spiders, which become names of directories, and names found in such
// directories.
#include <algorithm>

#include "fuzz.hpp"
#include "logs/log_name.hpp"
#include "util/text.hpp"

namespace spider_check::fuzz {

namespace {

void check_name(std::string_view text) {
  const auto name = to_file_name(text);
  expect(!name.empty() && name.size() <= 120, "a file name has 1 to 120 bytes");
  expect(name != "." && name != "..", "a file name is neither . nor ..");
  const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > ' ' && byte < 0x7f && byte != '/' && byte != '\\';
  });
  expect(plain, "a file name holds no slash, blank or control character");
  // Only a name that was cut has a tilde.
  const bool cut = name.find('~') != std::string::npos;
  expect(cut || from_file_name(name) == text, "a file name reads back as its text");
}

void check_any_name(std::string_view name) {
  const auto text = from_file_name(name);
  expect(text == name || to_file_name(text) == name, "a text that is shown for a name made it");
}

void check_log(std::string_view text) {
  const auto log = parse_log_name(text);
  if (!log) return;
  expect(log->run > 0 && log->attempt > 0, "runs and attempts count from 1");
  const auto path = log_path("/logs", text, *log);
  expect(parse_log_name(path) == log, "a log's name reads back");
  expect(path.lexically_normal() == path, "a log is below the directory of logs");
  const auto given = std::filesystem::path(text).filename();
  expect(given.stem() == path.stem(), "there is one way to write a log's name");
}

}  // namespace

void try_input(std::string_view bytes) {
  check_name(bytes);
  check_any_name(bytes);
  check_log(bytes);
}

}  // namespace spider_check::fuzz
