#pragma once

#include <optional>
#include <string>
#include <vector>

#include "util/option.hpp"

namespace spider_check {

/**
 * The directory ROOT/NAME of one configuration file. Where that belongs to another configuration
 * file, ours is ROOT/NAME-HHHHHHHH, so that two files of one name never share a directory.
 *
 * The file `.configuration` in a directory says whose it is; where there is none, it belongs to the
 * configuration that writes there first. A configuration that was moved keeps its directory, unless
 * it has one under its new name.
 */
class OwnDirectory {
 public:
  /**
   * configuration: absolute paths, each of which identifies it; the first lasts as long as it does.
   * None: ROOT/NAME is ours in any case.
   */
  OwnDirectory(fs::path root, const std::string& name, std::vector<fs::path> configuration);

  /** Where it is, or would be made. Looks at the first call, and writes nothing. */
  [[nodiscard]] const fs::path& path() const;

  /**
   * Makes the directory and marks it as ours. Gives its path: another one where another
   * configuration was faster. Throws std::system_error, also for why_not_ours().
   */
  const fs::path& make();

 private:
  [[nodiscard]] fs::path find() const;
  [[nodiscard]] fs::path new_path() const;
  [[nodiscard]] bool is_ours(const std::string& mark) const;
  [[nodiscard]] bool knows_us(const std::string& mark) const;
  [[nodiscard]] std::string new_mark(const std::string& old) const;
  [[nodiscard]] bool try_mark(const fs::path& directory) const;

  fs::path plain_;
  std::vector<fs::path> configuration_;
  mutable std::optional<fs::path> path_;
};

}  // namespace spider_check
