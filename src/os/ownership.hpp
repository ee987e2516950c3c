#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include <sys/types.h>

namespace spider_check::os {

/** Whether a directory's own name may be a symbolic link to it. */
enum class LinkToDirectory { followed, refused };

/**
 * Why a directory is no place for what only this user may write, like state and logs, with what to
 * type: a symbolic link, the directory of a user who is neither this one nor root, or one that
 * others may write in. Empty: none of these, or it is not there.
 *
 * host: a user whose directory it may be, too, because this one is root and works for that user.
 */
[[nodiscard]] std::string why_not_ours(const std::filesystem::path& directory, LinkToDirectory link,
                                       std::optional<uid_t> host = {});

/** Whom root works for where it is told to use this directory: its owner. Empty: nobody. */
[[nodiscard]] std::optional<uid_t> host_of(const std::filesystem::path& directory);

}  // namespace spider_check::os
