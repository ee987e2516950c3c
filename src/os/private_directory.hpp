#pragma once

#include <filesystem>

namespace spider_check::os {

/** Makes a directory and those above it that are missing, for this user only. Throws
 * std::system_error. */
void make_private_directory(const std::filesystem::path& directory);

/**
 * Makes one directory, for this user only, or where root makes it in another user's, for that one.
 * False: errno says why.
 */
[[nodiscard]] bool make_one_directory(const std::filesystem::path& directory) noexcept;

}  // namespace spider_check::os
