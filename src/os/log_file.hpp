#pragma once

#include <filesystem>

#include "os/file_descriptor.hpp"

namespace spider_check::os {

/**
 * Opens a file to append to, private to this user, and makes the folders above it, private too.
 * Throws std::system_error that names the path.
 */
[[nodiscard]] FileDescriptor open_log(const std::filesystem::path& path);

}  // namespace spider_check::os
