#pragma once

#include <string>
#include <vector>

#include "util/option.hpp"

namespace spider_check {

/** How many directories below the first one a project is looked for. */
inline constexpr int max_project_depth = 4;

/**
 * The directories with a scrapy.cfg: `top`, or those below it, sorted, but for hidden ones, virtual
 * environments and those that this user may not read.
 */
[[nodiscard]] std::vector<fs::path> find_projects(const fs::path& top);

/** The `scrapy` that runs a project. */
struct FoundScrapy {
  fs::path path;       ///< the whole path; empty: there is none
  std::string sign{};  ///< the file by which a tool's project is known, which has this one
  std::string hint{};  ///< what to do so that there is one, or another one; or empty
};

/**
 * Looks in the environment that uv, poetry, pipenv, conda or pyenv keeps for it, in virtual
 * environments in the project, above it and in `top`, in the active one, and in PATH. May ask a
 * tool, which takes seconds.
 */
[[nodiscard]] FoundScrapy find_scrapy(const fs::path& project, const fs::path& top);

}  // namespace spider_check
