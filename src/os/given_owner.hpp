#pragma once

#include <filesystem>
#include <string>

#include "os/file_descriptor.hpp"

namespace spider_check::os {

/**
 * Gives what root has just made in another user's directory to that user, who could neither read
 * nor write it otherwise. Does nothing for others than root; what cannot be given stays root's.
 * made: open, and made by this process for certain, so that nobody is given what was there.
 */
void give_to_owner(const FileDescriptor& made, const std::filesystem::path& path) noexcept;

/**
 * What keeps this user from a file, errno being `error`: "PATH: Permission denied", and where it is
 * another user's, whose, and the command with which root gives it to this one.
 */
[[nodiscard]] std::string why_no_access(const std::filesystem::path& path, int error);

}  // namespace spider_check::os
