#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace spider_check::os {

/** Whether a name may be a symbolic link to what is read. */
enum class Links { followed, refused };

/** The last bytes of a file, at most `most`; nothing when it cannot be read. */
[[nodiscard]] std::string read_tail(const std::filesystem::path& file, std::int64_t most,
                                    Links links = Links::followed);

/** 32 hexadecimal digits that nobody can guess. Throws std::system_error. */
[[nodiscard]] std::string random_token();

/** The folder of this program's own file. Throws std::filesystem::filesystem_error. */
[[nodiscard]] std::filesystem::path program_folder();

}  // namespace spider_check::os
