#pragma once

#include <filesystem>
#include <string>

namespace spider_check::os {

/** Where a program is, or why it cannot be executed. */
struct ProgramFile {
  std::filesystem::path path;  ///< the file; empty: none was found
  std::string why_not;         ///< empty: it can be executed
  bool other_user = false;     ///< it runs as whoever owns it: setuid
};

/**
 * Looks for a program as execvpe(3) does: a word with a slash is a file, any other is looked up in
 * PATH. A script's interpreter must be there, too: it is not when a virtual environment was moved.
 */
[[nodiscard]] ProgramFile find_program(const std::string& name);

}  // namespace spider_check::os
