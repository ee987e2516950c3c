#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace spider_check::scrapy {

/** How many folders below the first one a project is looked for. */
inline constexpr int deepest_project = 4;

/**
 * The folders with a scrapy.cfg: `top` itself, or else those below it, sorted. Hidden folders,
 * virtual environments and those that hold no source of anybody's are passed over, and so are
 * those that this user may not read.
 */
[[nodiscard]] std::vector<std::filesystem::path> find_projects(const std::filesystem::path& top);

/**
 * The `scrapy` that runs a project, with its whole path: of a virtual environment in it, beside it
 * or in `top`, in which it was found, else the one in PATH. Empty when there is none.
 */
[[nodiscard]] std::filesystem::path find_scrapy(const std::filesystem::path& project,
                                                const std::filesystem::path& top);

}  // namespace spider_check::scrapy
