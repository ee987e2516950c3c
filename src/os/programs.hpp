#pragma once

#include <chrono>
#include <filesystem>
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
  std::filesystem::path working_directory;
  std::vector<std::pair<std::string, std::string>> environment{};  ///< beside this program's own
  Duration timeout = std::chrono::minutes(2);
};

/** What a short program said. */
struct Captured {
  Termination termination;
  bool timed_out = false;         ///< it was killed because it took too long
  bool stopped = false;           ///< it was killed because this program was told to stop
  std::vector<LeftProcess> left;  ///< what even that did not end
  std::string output;
  std::string errors;
  bool cut = false;  ///< the output went on beyond what is kept
};

/**
 * Runs a program to its end and keeps what it prints, at most the first megabyte of each stream.
 * It is killed with all that it started after the timeout, and when SIGTERM, SIGINT or SIGHUP comes
 * to this program, which is left for the caller's own StopSignals, and acts as usual where there is
 * none. What does not end then is not waited for. Throws std::system_error when it cannot be
 * started.
 */
[[nodiscard]] Captured capture(const Capture& program);

/**
 * Runs a program that says whether the world is ready for a run: whether there is a network, say.
 * command: argv, not empty. It is killed after the limit. Exit status 0 means go on: empty; any
 * other end is an objection, one printable line that names the program.
 */
[[nodiscard]] std::optional<std::string> ask_precheck(const std::vector<std::string>& command,
                                                      Duration limit = std::chrono::seconds(30));

}  // namespace spider_check
