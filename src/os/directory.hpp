#pragma once

#include <filesystem>
#include <string>

namespace spider_check::os {

/** Whether files can be written in a directory. */
struct DirectoryState {
  bool exists = false;
  std::string why_not;  ///< empty: they can, or the directory can be made
};

/** Looks at a directory to write to, or at the one in which it would be made. Changes nothing. */
[[nodiscard]] DirectoryState inspect_directory(const std::filesystem::path& directory);

/**
 * Why no file can be made and locked in a directory, or in the one in which it would be made; empty
 * when one can. Leaves nothing there.
 */
[[nodiscard]] std::string why_not_lock(const std::filesystem::path& directory);

/** Why a program cannot work in a directory; empty when it can. */
[[nodiscard]] std::string why_not_enter(const std::filesystem::path& directory);

}  // namespace spider_check::os
