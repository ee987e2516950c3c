#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace spider_check {

/** How many directories below the first one a project is looked for. */
inline constexpr int max_project_depth = 4;

/**
 * The directories with a scrapy.cfg: `top` itself, or else those below it, sorted. Hidden
 * directories, virtual environments and those that hold no source of anybody's are passed over, and
 * so are those that this user may not read.
 */
[[nodiscard]] std::vector<std::filesystem::path> find_projects(const std::filesystem::path& top);

/** The `scrapy` that runs a project. */
struct FoundScrapy {
  std::filesystem::path path;  ///< the whole path; empty: there is none
  std::string sign{};          ///< the file by which a tool's project is known, which has this one
  std::string hint{};          ///< what to do so that there is one, or another one; or empty
};

/**
 * Looks for it in the environment that a tool (uv, poetry, pipenv, conda, pyenv) keeps for the
 * project, in a virtual environment in the project, beside it or in `top`, in which it was found,
 * in the environment that is active in this shell, and in PATH. May ask the tool, which takes
 * seconds.
 */
[[nodiscard]] FoundScrapy find_scrapy(const std::filesystem::path& project,
                                      const std::filesystem::path& top);

}  // namespace spider_check
