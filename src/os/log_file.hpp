#pragma once

#include <filesystem>
#include <string>

#include "os/file_descriptor.hpp"

namespace spider_check::os {

/**
 * Makes a file to append to, private to this user, and the directories above it, private too. It
 * never opens what is there already, but for /dev/null. Throws std::system_error that names the
 * path.
 */
[[nodiscard]] FileDescriptor open_log(const std::filesystem::path& path);

/** Adds a line to a log that is there, as far as that can be. */
void add_to_log(const std::filesystem::path& path, const std::string& line) noexcept;

}  // namespace spider_check::os
