#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "core/run.hpp"

namespace spider_check {

/**
 * A file name for any text: letters, digits, '_', '-' and inner dots stay, every other byte becomes
 * %XX, so that two texts never share a name; a long text is cut and closed with its hash. Never
 * empty, ".", ".." or longer than 120 bytes.
 */
[[nodiscard]] std::string to_file_name(std::string_view text);

/** DIRECTORY/SCHEDULE/SPIDER/run-ID-attempt-N.log */
[[nodiscard]] std::filesystem::path log_path(const std::filesystem::path& directory,
                                             std::string_view schedule, std::string_view spider,
                                             RunId run, int attempt);

}  // namespace spider_check
