#include "os/folder.hpp"

#include <system_error>

#include <unistd.h>

namespace spider_check::os {

namespace {

namespace fs = std::filesystem;

std::string why_not_writable(const fs::path& folder) {
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored)) return folder.string() + " is no folder";
  if (::eaccess(folder.c_str(), W_OK | X_OK) == 0) return {};
  return "this user may not write in " + folder.string();
}

}  // namespace

FolderState look_at_folder(const fs::path& folder) {
  std::error_code ignored;
  auto nearest = folder;
  while (!fs::exists(fs::symlink_status(nearest, ignored)) && nearest != nearest.parent_path()) {
    nearest = nearest.parent_path();
  }
  return {nearest == folder, why_not_writable(nearest)};
}

std::string why_not_enter(const fs::path& folder) {
  std::error_code ignored;
  const auto status = fs::status(folder, ignored);
  if (!fs::exists(status)) return "there is no folder " + folder.string();
  if (!fs::is_directory(status)) return folder.string() + " is no folder";
  if (::eaccess(folder.c_str(), X_OK) != 0) return "this user may not enter " + folder.string();
  return {};
}

}  // namespace spider_check::os
