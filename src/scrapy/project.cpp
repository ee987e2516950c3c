#include "scrapy/project.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <optional>
#include <system_error>

#include <fnmatch.h>

#include "logs/log_files.hpp"
#include "os/files.hpp"
#include "os/programs.hpp"
#include "os/signals.hpp"
#include "scrapy/crawl_monitor.hpp"
#include "scrapy/report_reader.hpp"
#include "util/errors.hpp"
#include "util/interface.hpp"
#include "util/text.hpp"

namespace spider_check {

namespace {

constexpr const char* module_name = "spidercheck_probe/__init__.py";

/** Only root and this very user may write there. */
bool is_trusted(const fs::path& path) {
  FileStatus status{};
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

constexpr const char* spaces = " \t\r\f\v";

std::string trimmed(std::string text) {
  text.erase(text.find_last_not_of(spaces) + 1);
  text.erase(0, std::min(text.find_first_not_of(spaces), text.size()));
  return text;
}

/** The keys of each section of several files, as Python's configparser reads them. */
class Keys {
 public:
  void read(const fs::path& file) {
    std::ifstream stream(file);
    section_ = nullptr;
    for (std::string line; std::getline(stream, line);) read_line(line);
  }

  /** Those of a section that is there and, as in each, of the one for all. */
  [[nodiscard]] std::vector<std::string> of(const std::string& section) {
    if (!sections_.contains(section)) return {};
    auto keys = sections_[section];
    for (const auto& key : sections_["DEFAULT"]) add(key, keys);
    return keys;
  }

 private:
  void read_line(const std::string& line) {
    const auto indent = line.find_first_not_of(spaces);
    if (indent == std::string::npos || line[indent] == '#' || line[indent] == ';') return;
    if (line[indent] == '[') {
      section_ = &sections_[line.substr(indent + 1, line.rfind(']') - indent - 1)];
      key_indent_.reset();
    } else if (section_ != nullptr && (!key_indent_ || indent <= *key_indent_)) {
      key_indent_ = indent;
      add(lower(trimmed(line.substr(0, line.find_first_of("=:")))), *section_);
    }  // else it goes on with the value of the line before
  }

  static void add(const std::string& key, std::vector<std::string>& keys) {
    if (std::ranges::find(keys, key) == keys.end()) keys.push_back(key);
  }

  std::map<std::string, std::vector<std::string>> sections_;
  std::vector<std::string>* section_ = nullptr;
  std::optional<std::size_t> key_indent_;  ///< of the newest key in the section
};

/** What Scrapy reads, the weakest first. */
std::vector<fs::path> sources(const fs::path& directory) {
  const char* home = std::getenv("HOME");
  const char* config = std::getenv("XDG_CONFIG_HOME");
  const bool is_set = config != nullptr && *config != '\0';
  const fs::path user = home == nullptr ? "/" : home;
  return {"/etc/scrapy.cfg", (is_set ? fs::path(config) : user / ".config") / "scrapy.cfg",
          user / ".scrapy.cfg", directory / "scrapy.cfg"};
}

/** `  File "/x/y.py", line 3, in f` -> "/x/y.py:3"; empty for any other line. */
std::string place(const std::string& line) {
  static constexpr std::string_view start = "File \"";
  static constexpr std::string_view middle = "\", line ";
  const auto from = line.find(start);
  if (from == std::string::npos || line.find_first_not_of(' ') != from) return {};
  const auto name = from + start.size();
  const auto end = line.find(middle, name);
  if (end == std::string::npos) return {};
  const auto number = end + middle.size();
  const auto number_end = line.find_first_not_of("0123456789", number);
  return line.substr(name, end - name) + ":" + line.substr(number, number_end - number);
}

/** Also below a project, which may hold a virtual environment. */
bool is_in_library(const std::string& place) {
  return place.find("/site-packages/") != std::string::npos ||
         place.find("/dist-packages/") != std::string::npos;
}

std::vector<std::string> non_empty_lines(const std::string& text) {
  auto lines = lines_of(text);
  for (auto& line : lines) {
    if (line.ends_with('\r')) line.pop_back();
  }
  std::erase_if(lines, [](const auto& line) { return line.empty(); });
  return lines;
}

bool matches_any(const std::vector<std::string>& globs, const std::string& name) {
  return std::ranges::any_of(
      globs, [&](const auto& glob) { return ::fnmatch(glob.c_str(), name.c_str(), 0) == 0; });
}

std::string why_it_failed(const Captured& listing, const fs::path& directory) {
  if (auto cause = explain_traceback(listing.errors, directory); !cause.empty()) return cause;
  const auto lines = non_empty_lines(listing.errors);
  return to_text(listing.termination) + (lines.empty() ? "" : ": " + lines.back());
}

/** The file to which the probe reports while the project is listed; gone when this is. */
class ListReport : NonCopyable {
 public:
  ListReport(Capture& program, const Criteria& criteria) {
    const auto probe = find_probe();
    std::error_code none;
    const auto directory = fs::temp_directory_path(none);
    if (probe.path.empty() || none) return;
    token_ = random_token();
    file_ = directory / ("spider-check-list-" + token_);
    try {
      (void)open_log(file_);
    } catch (const std::system_error&) {
      return;  // then its lines must do
    }
    add_probe(program.environment, probe.path.string(), file_, token_);
    add_ignored(program.environment, criteria);
  }

  ~ListReport() {
    std::error_code ignored;
    if (!file_.empty()) fs::remove(file_, ignored);
  }

  [[nodiscard]] ReportReader read() const {
    ReportReader reader(file_, token_);
    reader.finish();
    return reader;
  }

 private:
  fs::path file_;
  std::string token_;
};

/** Why Scrapy finds no settings there, by the files that it reads and SCRAPY_PROJECT; or empty. */
std::string why_no_settings(const fs::path& directory,
                            const std::vector<std::pair<std::string, std::string>>& environment) {
  const auto variable = [&](const std::string& name) -> std::optional<std::string> {
    for (const auto& [other, value] : environment) {
      if (other == name) return value;
    }
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
  if (variable("SCRAPY_SETTINGS_MODULE")) return {};
  Keys keys;
  for (const auto& file : sources(directory)) keys.read(file);
  const auto settings = keys.of("settings");
  const auto project = variable("SCRAPY_PROJECT");
  const auto name = project.value_or("default");
  if (std::ranges::find(settings, lower(name)) != settings.end()) return {};
  const auto what = (directory / "scrapy.cfg").string() + " has no [settings] " + name;
  if (settings.empty()) return what + ": add " + name + " = MODULE there";
  return what + " (" + join(settings, ", ") + ")" +
         (project ? ", which SCRAPY_PROJECT names: set that in env to one of them"
                  : ": set SCRAPY_PROJECT in env");
}

}  // namespace

ProbeDirectory find_probe() {
  const auto here = program_directory();
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

std::string explain_traceback(const std::string& output, const fs::path& directory) {
  const auto project = (directory / "").string();
  std::string in_project;
  std::string anywhere;
  std::string exception;  // of several, chained or not, the last one ended the program
  bool inside = false;
  for (const auto& line : lines_of(output)) {
    if (line.starts_with("Traceback (most recent call last)")) {
      inside = true;
    } else if (const auto found = inside ? place(line) : ""; !found.empty()) {
      anywhere = found;
      if (found.starts_with(project) && !is_in_library(found)) in_project = found;
    } else if (inside && !line.empty() && line.front() != ' ') {
      // The first line at the margin is the exception, and the end of its traceback.
      exception = line;
      inside = false;
    }
  }
  const auto& where = in_project.empty() ? anywhere : in_project;
  return where.empty() || exception.empty() ? exception : where + ": " + exception;
}

bool Project::is_wanted(const std::string& spider) const {
  return matches_any(options_.include, spider) && !matches_any(options_.exclude, spider);
}

void Project::add_settings(std::vector<std::string>& command) const {
  for (const auto& [name, value] : options_.settings) {
    command.insert(command.end(), {"-s", name + "=" + value});
  }
}

SpiderJob Project::job(const std::string& spider) const {
  SpiderJob job;
  job.name = spider;
  job.command = options_.command;
  job.command.emplace_back("crawl");
  add_settings(job.command);
  job.arguments_at = job.command.size();
  // A name that looks like an option comes behind the end of options.
  if (spider.front() == '-') job.command.emplace_back("--");
  job.command.push_back(spider);
  job.working_directory = options_.directory;
  job.crawl = true;
  return job;
}

SpiderJob Project::job(const NamedCrawl& crawl) const {
  auto made = job(crawl.spider);
  made.name = crawl.name;
  for (const auto& [name, value] : crawl.arguments) {
    const auto at = made.command.begin() + static_cast<std::ptrdiff_t>(made.arguments_at);
    made.command.insert(at, {"-a", name + "=" + value});
    made.arguments_at += 2;
  }
  return made;
}

void Project::add_crawls(const std::vector<std::string>& spiders, Listing& listing) const {
  for (const auto& crawl : options_.crawls) {
    if (std::ranges::find(spiders, crawl.spider) != spiders.end()) {
      listing.jobs.push_back(job(crawl));
    } else {
      listing.left_out.push_back(crawl.place + ": " + options_.directory.string() +
                                 " has no spider \"" + crawl.spider + "\", so the crawl \"" +
                                 crawl.name + "\" is not run; name one that `scrapy list` prints");
    }
  }
}

std::vector<std::string> Project::names() {
  const auto what = "cannot list the spiders of " + options_.directory.string() + ": ";
  Capture program{options_.command, options_.directory, options_.environment,
                  options_.list_timeout};
  program.command.emplace_back("list");
  add_settings(program.command);
  Captured listing;
  // Outlives the report, so that no signal ends the program before its file is removed.
  const StopSignals signals;
  Criteria criteria;
  criteria.ignore_errors = options_.ignore_errors;
  const ListReport report(program, criteria);
  try {
    listing = capture(program);
  } catch (const std::system_error& error) {
    throw ListingError(what + error.what());
  }
  const auto left = listing.left.empty() ? "" : "; " + to_text(listing.left);
  if (listing.stopped) throw ListingStopped(what + "`scrapy list` was stopped" + left);
  if (listing.timed_out) {
    throw ListingError(what + "`scrapy list` took longer than " + to_words(options_.list_timeout) +
                       left);
  }
  if (listing.termination != Termination{Exited{0}}) {
    throw ListingError(what + why_it_failed(listing, options_.directory));
  }
  auto reader = report.read();
  version_ = reader.scrapy_version();
  unusable_ = reader.unusable();
  if (listing.cut && !reader.has_spiders()) {
    throw ListingError(what +
                       "`scrapy list` prints more than a megabyte, and not all is read; let "
                       "the command keep its environment, so that the probe can tell the names");
  }
  auto names = reader.has_spiders() ? reader.spiders() : non_empty_lines(listing.output);
  if (!names.empty()) return names;
  const auto why = why_no_settings(options_.directory, options_.environment);
  throw ListingError(what + (why.empty() ? "`scrapy list` prints no spider" : why));
}

Listing Project::list() {
  Listing listing;
  const auto all = names();
  for (const auto& name : all) {
    if (name.empty() || name.find('\0') != std::string::npos) {
      listing.left_out.push_back("a spider of " + options_.directory.string() +
                                 " has a name that no command line can hold: \"" +
                                 name.substr(0, name.find('\0')) + "\"; rename it");
    } else if (is_wanted(name)) {
      listing.jobs.push_back(job(name));
    }
  }
  add_crawls(all, listing);
  if (listing.jobs.empty()) {
    throw ListingError("cannot list the spiders of " + options_.directory.string() +
                       ": include and exclude leave none of its " + std::to_string(all.size()) +
                       " spiders");
  }
  return listing;
}

}  // namespace spider_check
