#pragma once

#include <filesystem>

namespace spider_check::os {

/** Makes a folder and those above it that are missing, for this user only. Throws
 * std::system_error. */
void make_private_folder(const std::filesystem::path& folder);

}  // namespace spider_check::os
