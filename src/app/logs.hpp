#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "core/file_name.hpp"
#include "core/ports.hpp"

namespace spider_check::app {

/** Which log somebody wants to see: what is not said is the newest there is. */
struct LogRequest {
  std::string spider;
  std::optional<LogRun> run;
  std::optional<int> attempt;
};

/**
 * The log that is wanted. Throws UsageError, which names what there is instead, and
 * std::system_error when the directory cannot be read.
 */
[[nodiscard]] std::filesystem::path choose_log(LogDirectory& directory, const LogRequest& request);

/** The names of the spiders that have logs, a line each. Throws as choose_log() does. */
[[nodiscard]] std::string spiders_with_logs(LogDirectory& directory);

}  // namespace spider_check::app
