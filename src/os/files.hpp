#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "os/descriptors.hpp"

namespace spider_check {

/**
 * Writes a file that does not exist yet, private to this user: it is there whole or not at all, and
 * nothing that exists is ever overwritten. Throws std::system_error that names it,
 * std::errc::file_exists when there is something of that name.
 */
void write_new_file(const std::filesystem::path& path, std::string_view text);

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
void replace_file(const std::filesystem::path& path, std::string_view text);

/** Replaces a file_to_replace for all to read, without waiting for the disk. */
void publish_file(const std::filesystem::path& path, std::string_view text);

/** Replaces a file_to_replace for its owner only, or with the permissions of the one before. */
void publish_privately(const std::filesystem::path& path, std::string_view text);

/** The last bytes of an open file, at most `most`; nothing when it cannot be read. */
[[nodiscard]] std::string read_tail(const FileDescriptor& file, std::int64_t most);

/** The same of a regular file by its path; nothing, too, when that is a symbolic link. */
[[nodiscard]] std::string read_tail(const std::filesystem::path& file, std::int64_t most);

/** 32 random hexadecimal digits. Throws std::system_error. */
[[nodiscard]] std::string random_token();

/** The directory of this program's own file. Throws std::filesystem::filesystem_error. */
[[nodiscard]] std::filesystem::path program_directory();

/** Makes a directory and those above it, for this user only. Throws std::system_error. */
void make_private_directory(const std::filesystem::path& directory);

/**
 * Makes one directory, for this user only, or where root makes it in another user's, for that one.
 * False: errno says why.
 */
[[nodiscard]] bool make_one_directory(const std::filesystem::path& directory) noexcept;

}  // namespace spider_check
