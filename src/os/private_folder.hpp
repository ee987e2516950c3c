#pragma once

#include <filesystem>

namespace spider_check::os {

/** Makes a folder and those above it that are missing, for this user only. Throws
 * std::system_error. */
void make_private_folder(const std::filesystem::path& folder);

/**
 * Makes one folder, for this user only, or where root makes it in another user's, for that one.
 * False: errno says why.
 */
[[nodiscard]] bool make_one_folder(const std::filesystem::path& folder) noexcept;

}  // namespace spider_check::os
