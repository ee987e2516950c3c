#include "scrapy/find_project.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <set>
#include <string_view>
#include <system_error>

#include "os/child.hpp"
#include "os/programs.hpp"
#include "util/text.hpp"

namespace spider_check {

namespace {

// poetry needs a second or two for it, and more on a machine that is busy.
constexpr auto time_to_answer = std::chrono::seconds(30);

bool has(const fs::path& directory, std::string_view name) {
  std::error_code ignored;
  return fs::is_regular_file(directory / name, ignored);
}

bool is_worth_a_look(const fs::directory_entry& entry) {
  std::error_code ignored;
  const auto name = entry.path().filename().string();
  return entry.symlink_status(ignored).type() == fs::file_type::directory && name.front() != '.' &&
         name != "node_modules" && name != "__pycache__" && !has(entry.path(), "pyvenv.cfg");
}

void collect(const fs::path& directory, int depth, std::vector<fs::path>& projects) {
  if (has(directory, "scrapy.cfg")) {
    projects.push_back(directory);
    return;
  }
  if (depth == max_project_depth) return;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    if (is_worth_a_look(*entry)) collect(entry->path(), depth + 1, projects);
  }
}

std::string variable(const char* name, const std::string& otherwise = {}) {
  const char* value = std::getenv(name);
  return value == nullptr || *value == '\0' ? otherwise : value;
}

fs::path home() {
  return variable("HOME", "/");
}

/** What follows `start` in the first line that begins so, without quotes; empty: none does. */
std::string value_in(const fs::path& file, const std::string& start) {
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);) {
    if (!line.starts_with(start)) continue;
    line.erase(0, start.size());
    std::erase_if(line, [](char c) { return c == '"' || c == '\'' || c == ' ' || c == '\r'; });
    return line;
  }
  return {};
}

std::vector<fs::path> directories_in(const fs::path& directory) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    found.push_back(entry->path());
  }
  return found;
}

std::vector<fs::path> uv_places(const fs::path& directory) {
  return {directory / variable("UV_PROJECT_ENVIRONMENT", ".venv")};
}

/** NAME-HASH-pyX.Y, of which only poetry knows the hash: with two of a name, they are not known. */
std::vector<fs::path> poetry_places(const fs::path& directory) {
  const auto cache = variable("XDG_CACHE_HOME", home() / ".cache") + "/pypoetry/virtualenvs";
  const auto name = lower(value_in(directory / "pyproject.toml", "name = ")) + "-";
  constexpr std::size_t hash = 8;
  std::vector<fs::path> places;
  for (const auto& place : directories_in(variable("POETRY_VIRTUALENVS_PATH", cache))) {
    const auto file = place.filename().string();
    if (file.starts_with(name) && file.find("-py", name.size()) == name.size() + hash) {
      places.push_back(place);
    }
  }
  const auto is_another = [&](const fs::path& place) {
    return place.filename().string().substr(0, name.size() + hash) !=
           places.front().filename().string().substr(0, name.size() + hash);
  };
  if (std::ranges::any_of(places, is_another)) return {};
  return places;
}

/** pipenv writes into each which project it is for. */
std::vector<fs::path> pipenv_places(const fs::path& directory) {
  const auto data = variable("XDG_DATA_HOME", home() / ".local/share") + "/virtualenvs";
  auto places = directories_in(variable("WORKON_HOME", data));
  std::erase_if(
      places, [&](const fs::path& place) { return value_in(place / ".project", "") != directory; });
  return places;
}

/** conda lists all that it made in a file. */
std::vector<fs::path> conda_places(const fs::path& directory) {
  const auto file =
      directory / (has(directory, "environment.yml") ? "environment.yml" : "environment.yaml");
  const auto name = value_in(file, "name:");
  std::vector<fs::path> places{value_in(file, "prefix:"), variable("CONDA_PREFIX")};
  std::ifstream listed(home() / ".conda/environments.txt");
  for (std::string line; std::getline(listed, line);) places.emplace_back(line);
  for (const auto* root : {"miniconda3", "anaconda3", "miniforge3", "mambaforge", "micromamba"}) {
    places.push_back(home() / root / "envs" / name);
  }
  std::erase_if(places, [&](const fs::path& place) { return place.filename() != name; });
  return places;
}

std::vector<fs::path> pyenv_places(const fs::path& directory) {
  return {variable("PYENV_ROOT", home() / ".pyenv") / fs::path("versions") /
          value_in(directory / ".python-version", "")};
}

/** At most three; what is not there is empty. */
using Words = std::array<std::string_view, 3>;

/** What keeps a project's packages in an environment, in a place of its own choice. */
struct Tool {
  const char* name;
  Words signs;        ///< files, any of which makes a project one of its
  const char* table;  ///< of pyproject.toml, which makes it one, too; or empty
  Words question;     ///< its arguments that print where it is; none: it has none
  std::vector<fs::path> (*places)(const fs::path& project);  ///< where it usually is
  const char* remedy;  ///< makes it; empty: there need not be one
};

constexpr Tool tools[] = {
    {"uv", {"uv.lock"}, "[tool.uv", {}, uv_places, "uv sync"},
    {"poetry",
     {"poetry.lock"},
     "[tool.poetry",
     {"env", "info", "-p"},
     poetry_places,
     "poetry install"},
    {"pipenv", {"Pipfile", "Pipfile.lock"}, "", {"--venv"}, pipenv_places, "pipenv install"},
    {"conda", {"environment.yml", "environment.yaml"}, "", {}, conda_places, "conda env create"},
    {"pyenv", {".python-version"}, "", {}, pyenv_places, ""},
};

/** By what a directory is known as a project of a tool; empty: it is none. */
std::string sign_of(const Tool& tool, const fs::path& directory) {
  for (const auto sign : tool.signs) {
    if (!sign.empty() && has(directory, sign)) return std::string(sign);
  }
  const bool in_project =
      *tool.table != '\0' && !value_in(directory / "pyproject.toml", tool.table).empty();
  return in_project ? "pyproject.toml" : "";
}

/** Empty where it is not installed, or does not know. */
fs::path answer_of(const Tool& tool, const fs::path& directory) {
  auto program = find_program(tool.name);
  if (!program.why_not.empty()) program = find_program(home() / ".local/bin" / tool.name);
  if (tool.question.front().empty() || !program.why_not.empty()) return {};
  std::vector<std::string> command{fs::absolute(program.path)};
  for (const auto word : tool.question) {
    if (!word.empty()) command.emplace_back(word);
  }
  try {
    auto said = capture({command, directory, {}, time_to_answer}).output;
    said.erase(said.find_last_not_of(" \r\n") + 1);
    return said.substr(said.rfind('\n') + 1);
  } catch (const std::system_error&) {
    return {};
  }
}

/** The absolute path of the one in an environment; empty: there is none. */
fs::path scrapy_in(const fs::path& environment) {
  if (!environment.is_absolute()) return {};
  const auto found = find_program(environment / "bin/scrapy");
  return found.why_not.empty() ? found.path : fs::path{};
}

FoundScrapy find_by(const Tool& tool, const fs::path& directory, const std::string& file) {
  // Where there need not be an environment, another one is no matter.
  const bool is_optional = *tool.remedy == '\0';
  const auto sign = is_optional ? "" : file;
  const auto in_project = scrapy_in(directory / ".venv");
  if (!in_project.empty()) return {in_project, sign};
  auto places = tool.places(directory);
  places.insert(places.begin(), answer_of(tool, directory));
  for (const auto& place : places) {
    if (const auto found = scrapy_in(place); !found.empty()) return {found, sign};
  }
  if (is_optional) return {};
  std::error_code ignored;
  const bool is_made = std::ranges::any_of(places, [&](const auto& place) {
    return place.is_absolute() && fs::is_directory(place, ignored);
  });
  return {{},
          sign,
          sign + " is here, and no " + (is_made ? "Scrapy in its " : "") + "environment: run `" +
              tool.remedy + "`"};
}

/** The environment that a directory has, by whatever it was made. */
FoundScrapy find_in(const fs::path& directory) {
  FoundScrapy by_tool;
  for (const auto& tool : tools) {
    const auto sign = sign_of(tool, directory);
    if (sign.empty()) continue;
    auto found = find_by(tool, directory, sign);
    if (!found.path.empty()) return found;
    if (by_tool.hint.empty()) by_tool = std::move(found);
  }
  for (const auto* environment : {".venv", "venv", "env"}) {
    if (auto found = scrapy_in(directory / environment); !found.empty()) return {found};
  }
  return by_tool;
}

}  // namespace

std::vector<fs::path> find_projects(const fs::path& top) {
  std::vector<fs::path> projects;
  collect(top, 0, projects);
  std::ranges::sort(projects);
  return projects;
}

FoundScrapy find_scrapy(const fs::path& project, const fs::path& top) {
  FoundScrapy best;
  std::set<fs::path> seen;
  for (const auto& directory : {project, project.parent_path(), top}) {
    if (!seen.insert(directory).second) continue;
    auto found = find_in(directory);
    if (!found.path.empty()) return found;
    if (best.hint.empty()) best = std::move(found);
  }
  for (const auto* active : {"VIRTUAL_ENV", "CONDA_PREFIX"}) {
    if (best.path.empty()) best.path = scrapy_in(variable(active));
  }
  const auto in_path = find_program("scrapy");
  if (best.path.empty() && in_path.why_not.empty()) best.path = fs::absolute(in_path.path);
  return best;
}

}  // namespace spider_check
