#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace spider_check::os {

/**
 * Writes a file that does not exist yet, private to this user: it is there whole or not at all, and
 * nothing that exists is ever overwritten. Throws std::system_error that names it,
 * std::errc::file_exists when there is something of that name.
 */
void write_new_file(const std::filesystem::path& path, const std::string& text);

/**
 * Writes a file, private to this user, in place of one that may exist: a reader sees the old one or
 * the new one, also after a power cut. Throws std::system_error that names it.
 */
void replace_file(const std::filesystem::path& path, const std::string& text);

/**
 * Likewise, but for everybody to read, and without waiting for the disk: it is made anew before
 * long anyway.
 */
void publish_file(const std::filesystem::path& path, std::string_view text);

}  // namespace spider_check::os
