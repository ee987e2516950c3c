#pragma once

#include <filesystem>
#include <string>

namespace spider_check::scrapy {

/** Where the probe is, or why it is not used. */
struct ProbeDirectory {
  std::filesystem::path path;  ///< empty: no probe
  std::string why_not;
};

/**
 * Finds the probe beside this program: in its installation, or in its build directory. One that
 * others could change is not used, since it runs inside every crawl.
 */
[[nodiscard]] ProbeDirectory find_probe();

}  // namespace spider_check::scrapy
