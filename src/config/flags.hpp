#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/command_line.hpp"

namespace spider_check::config {

/** A command line's words, sorted by what they belong to and not judged yet; empty: not said. */
struct Flags {
  using Text = std::optional<std::string>;

  std::string command;  ///< its name; empty: a tick
  Text config_file;
  bool quiet = false;
  bool verbose = false;
  bool force = false;
  bool dry_run = false;
  std::vector<std::string> spiders;  ///< of a tick
  bool json = false;
  Text wait;
  Text since;
  Text of_spider;
  Text status;
  Text max_age;
  Text spider;
  Text run;
  Text attempt;
  bool follow = false;
  Text directory;
  Text output;
  bool to_stdout = false;
  bool cron = false;
  bool test = false;
};

/** What they ask for. Throws UsageError: one line that names the flag and what would be right. */
[[nodiscard]] CommandLine to_command_line(const Flags& flags);

}  // namespace spider_check::config
