#pragma once

#include <filesystem>

#include "os/file_descriptor.hpp"

namespace spider_check::os {

/**
 * Makes a file to append to, private to this user, and the folders above it, private too. It never
 * opens what is there already, but for /dev/null. Throws std::system_error that names the path.
 */
[[nodiscard]] FileDescriptor open_log(const std::filesystem::path& path);

}  // namespace spider_check::os
