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

/** Why a program cannot work in a folder; empty when it can. */
[[nodiscard]] std::string why_not_enter(const std::filesystem::path& folder);

}  // namespace spider_check::os
