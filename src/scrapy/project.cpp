#include "scrapy/project.hpp"

#include <algorithm>
#include <chrono>
#include <sstream>
#include <system_error>

#include <fnmatch.h>

#include "core/duration.hpp"
#include "core/errors.hpp"
#include "os/capture.hpp"

namespace spider_check::scrapy {

namespace {

// Measured: 0.6 to 1 s on a slow machine. What takes a hundred times as long is stuck.
constexpr auto list_timeout = std::chrono::minutes(2);

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

std::string why_it_failed(const os::Captured& listing, const std::filesystem::path& folder) {
  if (auto cause = explain_traceback(listing.errors, folder); !cause.empty()) return cause;
  const auto lines = non_empty_lines(listing.errors);
  return to_text(listing.termination) + (lines.empty() ? "" : ": " + lines.back());
}

}  // namespace

bool Project::is_wanted(const std::string& spider) const {
  return matches_any(options_.include, spider) && !matches_any(options_.exclude, spider);
}

SpiderJob Project::job(const std::string& spider) const {
  auto command = options_.command;
  command.emplace_back("crawl");
  for (const auto& [name, value] : options_.settings) {
    command.emplace_back("-s");
    command.push_back(name + "=" + value);
  }
  if (spider.front() == '-') command.emplace_back("--");
  command.push_back(spider);
  return {spider, std::move(command), options_.folder, {}};
}

std::vector<SpiderJob> Project::list() {
  auto command = options_.command;
  command.emplace_back("list");
  const auto what = "cannot list the spiders of " + options_.folder.string() + ": ";
  os::Captured listing;
  try {
    listing = os::capture(command, options_.folder, list_timeout);
  } catch (const std::system_error& error) {
    throw ListingError(what + error.what());
  }
  if (listing.timed_out) {
    throw ListingError(what + "`scrapy list` took longer than " + to_words(list_timeout));
  }
  if (listing.termination != Termination{Exited{0}}) {
    throw ListingError(what + why_it_failed(listing, options_.folder));
  }
  const auto names = non_empty_lines(listing.output);
  if (names.empty()) throw ListingError(what + "`scrapy list` prints no spider");
  std::vector<SpiderJob> jobs;
  for (const auto& name : names) {
    if (is_wanted(name)) jobs.push_back(job(name));
  }
  if (jobs.empty()) {
    throw ListingError(what + "include and exclude leave none of its " +
                       std::to_string(names.size()) + " spiders");
  }
  return jobs;
}

}  // namespace spider_check::scrapy
