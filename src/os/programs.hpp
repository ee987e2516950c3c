#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "os/termination.hpp"
#include "util/time.hpp"

namespace spider_check {

/** A short program to be run. */
struct Capture {
  std::vector<std::string> command;
  fs::path working_directory;
  std::vector<std::pair<std::string, std::string>> environment{};  ///< beside this program's own
  Duration timeout = std::chrono::minutes(2);
};

/** What a short program said. */
struct Captured {
  Termination termination;
  bool timed_out = false;         ///< it was killed because it took too long
  bool stopped = false;           ///< it was killed because this program is to stop
  std::vector<LeftProcess> left;  ///< what even that did not end
  std::string output;
  std::string errors;
  bool cut = false;  ///< the output went on beyond what is kept
};

/**
 * Runs a program to its end and keeps a megabyte of each stream. Kills it with all that it started
 * after the timeout, and on SIGTERM, SIGINT or SIGHUP, which the caller's StopSignals still get.
 * Throws std::system_error.
 */
[[nodiscard]] Captured capture(const Capture& program);

/**
 * Asks a program whether a run can start now. command: argv. Killed after the limit. Empty: exit
 * status 0; else one printable line that says why not.
 */
[[nodiscard]] std::optional<std::string> ask_precheck(const std::vector<std::string>& command,
                                                      Duration limit = std::chrono::seconds(30));

}  // namespace spider_check
