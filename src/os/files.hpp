#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "os/descriptors.hpp"
#include "util/option.hpp"

namespace spider_check {

/**
 * Writes a new file, for this user only, whole or not at all. Throws std::system_error,
 * std::errc::file_exists where something has the name.
 */
void write_new_file(const fs::path& path, std::string_view text);

/**
 * The regular file that a name stands for, or will, also behind symbolic links that are this user's
 * or root's. Throws std::system_error for anything else.
 */
[[nodiscard]] fs::path file_to_replace(const fs::path& path);

/**
 * Replaces a file, for this user only: a reader sees the old one or the new one, also after a power
 * cut. Throws std::system_error.
 */
void replace_file(const fs::path& path, std::string_view text);

/** Replaces a file_to_replace for all to read, without waiting for the disk. */
void publish_file(const fs::path& path, std::string_view text);

/** Replaces a file_to_replace for its owner only, or with the permissions of the one before. */
void publish_privately(const fs::path& path, std::string_view text);

/** The last bytes of an open file, at most `most`; nothing when it cannot be read. */
[[nodiscard]] std::string read_tail(const FileDescriptor& file, std::int64_t most);

/** The same of a regular file by its path; nothing, too, when that is a symbolic link. */
[[nodiscard]] std::string read_tail(const fs::path& file, std::int64_t most);

/** 32 random hexadecimal digits. Throws std::system_error. */
[[nodiscard]] std::string random_token();

/** The directory of this program's own file. Throws fs::filesystem_error. */
[[nodiscard]] fs::path program_directory();

/** Makes a directory and those above it, for this user only. Throws std::system_error. */
void make_private_directory(const fs::path& directory);

/**
 * Makes a directory, for this user only; root's in another user's is given to that one. False:
 * errno.
 */
[[nodiscard]] bool make_one_directory(const fs::path& directory) noexcept;

}  // namespace spider_check
