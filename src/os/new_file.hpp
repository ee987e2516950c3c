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
 * The file that a name stands for, which may be replaced: a regular one that is there or not, also
 * behind symbolic links, where these are this user's or root's and the file is this user's. Throws
 * std::system_error that names it where it is anything else, like a device or a pipe.
 */
[[nodiscard]] std::filesystem::path file_to_replace(const std::filesystem::path& path);

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
