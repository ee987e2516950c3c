#pragma once

#include <optional>
#include <string>

#include <sys/types.h>

#include "os/descriptors.hpp"
#include "util/option.hpp"

namespace spider_check {

/** Whether a directory's own name may be a symbolic link to it. */
enum class LinkToDirectory { followed, refused };

/**
 * Why a directory is no place for what only this user may write, like state and logs, with what to
 * type: a symbolic link, the directory of a user who is neither this one nor root, or one that
 * others may write in. Empty: none of these, or it is not there.
 *
 * host: a user whose directory it may be, too, because this one is root and works for that user.
 */
[[nodiscard]] std::string why_not_ours(const fs::path& directory, LinkToDirectory link,
                                       std::optional<uid_t> host = {});

/** The owner of this directory, for whom root works in it. Empty: root itself. */
[[nodiscard]] std::optional<uid_t> user_of(const fs::path& directory);

/**
 * Gives what root has just made in another user's directory to that user, as far as it can. made:
 * open, and made by this process.
 */
void give_to_owner(const FileDescriptor& made, const fs::path& path) noexcept;

/**
 * "PATH: Permission denied", for this error, and the command with which root gives it to this user.
 */
[[nodiscard]] std::string why_no_access(const fs::path& path, int error);

/** Whether files can be written in a directory. */
struct DirectoryState {
  bool exists = false;
  std::string why_not;  ///< empty: they can, or the directory can be made
};

/** Looks at a directory to write to, or at the one in which it would be made. Changes nothing. */
[[nodiscard]] DirectoryState inspect_directory(const fs::path& directory);

/**
 * Why no file can be made and locked in a directory, or the nearest above it. Leaves nothing there.
 */
[[nodiscard]] std::string why_not_lock(const fs::path& directory);

/** Why a program cannot work in a directory; empty when it can. */
[[nodiscard]] std::string why_not_enter(const fs::path& directory);

}  // namespace spider_check
