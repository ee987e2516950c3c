#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace spider_check::scrapy {

/**
 * Why Scrapy finds no settings in a project's directory: its scrapy.cfg, with those of the user and
 * the host that Scrapy reads before, has no [settings] of the name in SCRAPY_PROJECT, else
 * "default". Empty: they have. `environment` goes before this program's own.
 */
[[nodiscard]] std::string why_no_settings(
    const std::filesystem::path& directory,
    const std::vector<std::pair<std::string, std::string>>& environment);

}  // namespace spider_check::scrapy
