#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "app/log.hpp"

namespace spider_check::app {

struct Instance;

/** What is written anew after each run, for others to read. */
struct Publication {
  std::string what;            ///< "the page", for messages
  std::filesystem::path file;  ///< where
  /**
   * Puts the text in place of what is there: a reader sees the old one or the new one whole. Throws
   * std::system_error that names the file; then the old one stays.
   */
  std::function<void(const std::filesystem::path& file, std::string_view text)> replace;
  std::function<std::string(const Instance&)> text;  ///< made from the database; may throw DbError
};

/**
 * Writes every publication of the schedule anew, as the database has it now. Never throws: what
 * cannot be written is one line of that level, and stays as it was.
 */
void publish(Instance& instance, LogLevel of_faults = LogLevel::warning);

/**
 * The same, where what is published says that the schedule is enabled and it is not, or the other
 * way round: no run says so for a long time.
 */
void publish_whether_enabled(Instance& instance, LogLevel of_faults);

}  // namespace spider_check::app
