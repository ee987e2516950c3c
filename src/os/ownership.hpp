#pragma once

#include <filesystem>
#include <string>

namespace spider_check::os {

/** Whether a directory's own name may be a symbolic link to it. */
enum class LinkToDirectory { followed, refused };

/**
 * Why a directory is no place for what only this user may write, like state and logs, with what to
 * type: a symbolic link, the directory of a user who is neither this one nor root, or one that
 * others may write in. Empty: none of these, or it is not there.
 */
[[nodiscard]] std::string why_not_ours(const std::filesystem::path& directory,
                                       LinkToDirectory link);

}  // namespace spider_check::os
