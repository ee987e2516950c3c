#pragma once

#include <string>
#include <utility>
#include <vector>

#include "schedule/spider.hpp"

namespace spider_check {

/** Where the probe is, or why it is not used. */
struct ProbeDirectory {
  fs::path path;  ///< empty: no probe
  std::string why_not;
};

/**
 * Finds the probe of this installation or build. It runs in every crawl: others must not change it.
 */
[[nodiscard]] ProbeDirectory find_probe();

/** A spider of the project once more, under a name and with arguments of its own. */
struct NamedCrawl {
  std::string name;
  std::string spider;
  std::vector<std::pair<std::string, std::string>> arguments;  ///< passed on as -a NAME=VALUE
  std::string place;  ///< where it is configured, for messages
};

/** How a Scrapy project's spiders are found and started. */
struct ProjectOptions {
  fs::path directory;                                            ///< where scrapy.cfg is
  std::vector<std::string> command{"scrapy"};                    ///< argv of Scrapy itself
  std::vector<std::string> include{"*"};                         ///< globs on spider names
  std::vector<std::string> exclude;                              ///< globs; they win over include
  std::vector<NamedCrawl> crawls{};                              ///< whatever is excluded
  std::vector<std::pair<std::string, std::string>> settings;     ///< passed on as -s NAME=VALUE
  std::vector<std::pair<std::string, std::string>> environment;  ///< while it is listed
  // Measured: 0.6 to 1 s on a slow machine. What takes a hundred times as long is stuck.
  Duration list_timeout = std::chrono::minutes(2);
  std::vector<std::string> ignore_errors{};  ///< to be tried while it is listed
};

/**
 * The spiders that `scrapy list` finds in a project, and the crawls made of them. The probe tells
 * their names; without it each line is one.
 */
class Project final : public SpiderSource {
 public:
  explicit Project(ProjectOptions options) : options_(std::move(options)) {}

  [[nodiscard]] Listing list() override;

  /** Scrapy's version, known once it was listed; empty where the probe does not report. */
  [[nodiscard]] const std::string& version() const noexcept { return version_; }

  /** Of ignore_errors, those that cannot be used: "PATTERN: why". */
  [[nodiscard]] const std::vector<std::string>& unusable() const noexcept { return unusable_; }

 private:
  [[nodiscard]] std::vector<std::string> names();
  [[nodiscard]] bool is_wanted(const std::string& spider) const;
  void add_settings(std::vector<std::string>& command) const;
  [[nodiscard]] SpiderJob job(const std::string& spider) const;
  [[nodiscard]] SpiderJob job(const NamedCrawl& crawl) const;
  void add_crawls(const std::vector<std::string>& spiders, Listing& listing) const;

  ProjectOptions options_;
  std::string version_;
  std::vector<std::string> unusable_;
};

/**
 * The exception of the last Python traceback, with the nearest line below `directory`, or the last
 * of any. Empty where there is no traceback.
 */
[[nodiscard]] std::string explain_traceback(const std::string& output, const fs::path& directory);

}  // namespace spider_check
