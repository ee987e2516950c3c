#pragma once

#include <filesystem>
#include <string>

namespace spider_check::os {

/**
 * Writes a file that does not exist yet, private to this user: it is there whole or not at all, and
 * nothing that exists is ever overwritten. Throws std::system_error that names it,
 * std::errc::file_exists when there is something of that name.
 */
void write_new_file(const std::filesystem::path& path, const std::string& text);

}  // namespace spider_check::os
