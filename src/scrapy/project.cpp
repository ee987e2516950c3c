#include "scrapy/project.hpp"

#include <algorithm>
#include <chrono>
#include <sstream>
#include <system_error>

#include <fnmatch.h>

#include "core/duration.hpp"
#include "core/errors.hpp"
#include "os/capture.hpp"
#include "os/log_file.hpp"
#include "os/signals.hpp"
#include "os/tail.hpp"
#include "scrapy/crawl_monitor.hpp"
#include "scrapy/report_reader.hpp"
#include "scrapy/scrapy_cfg.hpp"

namespace spider_check::scrapy {

namespace {

std::vector<std::string> non_empty_lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

bool matches_any(const std::vector<std::string>& globs, const std::string& name) {
  return std::any_of(globs.begin(), globs.end(), [&](const auto& glob) {
    return ::fnmatch(glob.c_str(), name.c_str(), 0) == 0;
  });
}

std::string why_it_failed(const os::Captured& listing, const std::filesystem::path& directory) {
  if (auto cause = explain_traceback(listing.errors, directory); !cause.empty()) return cause;
  const auto lines = non_empty_lines(listing.errors);
  return to_text(listing.termination) + (lines.empty() ? "" : ": " + lines.back());
}

/** Why a list without a failure is empty. */
std::string why_none(const ProjectOptions& options) {
  const auto why = why_no_settings(options.directory, options.environment);
  return why.empty() ? "`scrapy list` prints no spider" : why;
}

/** The file to which the probe reports while the project is listed; gone when this is. */
class ListReport {
 public:
  ListReport(os::Capture& program, const Criteria& criteria) {
    const auto probe = find_probe();
    std::error_code none;
    const auto directory = std::filesystem::temp_directory_path(none);
    if (probe.path.empty() || none) return;
    token_ = os::random_token();
    file_ = directory / ("spider-check-list-" + token_);
    try {
      (void)os::open_log(file_);
    } catch (const std::system_error&) {
      return;  // then its lines must do
    }
    add_probe(program.environment, probe.path.string(), file_, token_);
    add_ignored(program.environment, criteria);
  }

  ListReport(const ListReport&) = delete;
  ListReport& operator=(const ListReport&) = delete;
  ListReport(ListReport&&) = delete;
  ListReport& operator=(ListReport&&) = delete;

  ~ListReport() {
    std::error_code ignored;
    if (!file_.empty()) std::filesystem::remove(file_, ignored);
  }

  [[nodiscard]] ReportReader read() const {
    ReportReader reader(file_, token_);
    reader.finish();
    return reader;
  }

 private:
  std::filesystem::path file_;
  std::string token_;
};

}  // namespace

bool Project::is_wanted(const std::string& spider) const {
  return matches_any(options_.include, spider) && !matches_any(options_.exclude, spider);
}

void Project::add_settings(std::vector<std::string>& command) const {
  for (const auto& [name, value] : options_.settings) {
    command.emplace_back("-s");
    command.push_back(name + "=" + value);
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
  std::vector<std::string> words;
  for (const auto& [name, value] : crawl.arguments) {
    words.emplace_back("-a");
    words.push_back(name + "=" + value);
  }
  const auto at = made.command.begin() + static_cast<std::ptrdiff_t>(made.arguments_at);
  made.command.insert(at, words.begin(), words.end());
  made.arguments_at += words.size();
  return made;
}

void Project::add_crawls(const std::vector<std::string>& spiders, Listing& listing) const {
  for (const auto& crawl : options_.crawls) {
    if (std::find(spiders.begin(), spiders.end(), crawl.spider) != spiders.end()) {
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
  os::Capture program{options_.command, options_.directory, options_.environment,
                      options_.list_timeout};
  program.command.emplace_back("list");
  add_settings(program.command);
  os::Captured listing;
  // Outlives the report, so that no signal ends the program before its file is removed.
  const os::StopSignals signals;
  Criteria criteria;
  criteria.ignored_errors = options_.ignored_errors;
  const ListReport report(program, criteria);
  try {
    listing = os::capture(program);
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
  if (names.empty()) throw ListingError(what + why_none(options_));
  return names;
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

}  // namespace spider_check::scrapy
