#pragma once

#include <filesystem>
#include <string>

namespace spider_check::os {

/** Whether files can be written in a folder. */
struct FolderState {
  bool exists = false;
  std::string why_not;  ///< empty: they can, or the folder can be made
};

/** Looks at a folder to write to, or at the one in which it would be made. Changes nothing. */
[[nodiscard]] FolderState look_at_folder(const std::filesystem::path& folder);

/**
 * Why no file can be made and locked in a directory, or in the one in which it would be made; empty
 * when one can. Leaves nothing there.
 */
[[nodiscard]] std::string why_not_lock(const std::filesystem::path& directory);

/** Why a program cannot work in a folder; empty when it can. */
[[nodiscard]] std::string why_not_enter(const std::filesystem::path& folder);

}  // namespace spider_check::os
