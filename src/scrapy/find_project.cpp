#include "scrapy/find_project.hpp"

#include <algorithm>
#include <system_error>

#include "os/program_file.hpp"

namespace spider_check::scrapy {

namespace {

namespace fs = std::filesystem;

bool has(const fs::path& folder, const char* name) {
  std::error_code ignored;
  return fs::is_regular_file(folder / name, ignored);
}

bool is_worth_a_look(const fs::directory_entry& entry) {
  std::error_code ignored;
  const auto name = entry.path().filename().string();
  return entry.symlink_status(ignored).type() == fs::file_type::directory && name.front() != '.' &&
         name != "node_modules" && name != "__pycache__" && !has(entry.path(), "pyvenv.cfg");
}

void collect(const fs::path& folder, int depth, std::vector<fs::path>& projects) {
  if (has(folder, "scrapy.cfg")) {
    projects.push_back(folder);
    return;
  }
  if (depth == deepest_project) return;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (is_worth_a_look(*entry)) collect(entry->path(), depth + 1, projects);
  }
}

}  // namespace

std::vector<fs::path> find_projects(const fs::path& top) {
  std::vector<fs::path> projects;
  collect(top, 0, projects);
  std::sort(projects.begin(), projects.end());
  return projects;
}

fs::path find_scrapy(const fs::path& project, const fs::path& top) {
  for (const auto& folder : {project, project.parent_path(), top}) {
    for (const auto* environment : {".venv", "venv", "env"}) {
      const auto found = os::find_program((folder / environment / "bin/scrapy").string());
      if (found.why_not.empty()) return found.path;
    }
  }
  const auto found = os::find_program("scrapy");
  return found.why_not.empty() ? fs::absolute(found.path) : fs::path{};
}

}  // namespace spider_check::scrapy
