#include "scrapy/probe_directory.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include "os/tail.hpp"

namespace spider_check::scrapy {

namespace {

namespace fs = std::filesystem;

constexpr const char* module_name = "spidercheck_probe/__init__.py";

/** Only root and this very user may write there. */
bool is_trusted(const fs::path& path) {
  struct stat status {};

  if (::stat(path.c_str(), &status) != 0) return false;
  const bool known = status.st_uid == 0 || status.st_uid == ::geteuid();
  return known && (status.st_mode & S_IWOTH) == 0;
}

bool is_all_trusted(const fs::path& directory) {
  std::error_code error;
  if (!is_trusted(directory)) return false;
  fs::recursive_directory_iterator entry(directory, error);
  for (; !error && entry != fs::end(entry); entry.increment(error)) {
    if (!is_trusted(entry->path())) return false;
  }
  return !error;
}

}  // namespace

ProbeDirectory find_probe() {
  const auto here = os::program_directory();
  const fs::path places[] = {here / "scrapy/probe", here / "../share/spider-check/probe",
                             SPIDER_CHECK_PROBE_DIR};
  for (const auto& place : places) {
    std::error_code ignored;
    if (!fs::is_regular_file(place / module_name, ignored)) continue;
    auto path = fs::weakly_canonical(place, ignored);
    if (is_all_trusted(path)) return {std::move(path), {}};
    return {{}, "others than root and this user may change " + path.string()};
  }
  return {{}, "there is none in " + std::string(SPIDER_CHECK_PROBE_DIR)};
}

}  // namespace spider_check::scrapy
