#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "os/file_descriptor.hpp"

namespace spider_check::os {

/** The last bytes of an open file, at most `most`; nothing when it cannot be read. */
[[nodiscard]] std::string read_tail(const FileDescriptor& file, std::int64_t most);

/** The same of a regular file by its path; nothing, too, when that is a symbolic link. */
[[nodiscard]] std::string read_tail(const std::filesystem::path& file, std::int64_t most);

/** 32 hexadecimal digits that nobody can guess. Throws std::system_error. */
[[nodiscard]] std::string random_token();

/** The directory of this program's own file. Throws std::filesystem::filesystem_error. */
[[nodiscard]] std::filesystem::path program_directory();

}  // namespace spider_check::os
