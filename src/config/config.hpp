#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/decision.hpp"
#include "core/interface.hpp"
#include "core/notification.hpp"
#include "core/run.hpp"
#include "core/time.hpp"

namespace spider_check::config {

/** Where the file says something: by the key's name, "FILE:LINE: KEY". */
using Places = std::map<std::string, std::string>;

/** [scrapy]: a Scrapy project. */
struct ScrapyConfig {
  std::filesystem::path project;
  std::vector<std::string> command{"scrapy"};
  std::vector<std::string> include{"*"};
  std::vector<std::string> exclude;
  std::vector<std::pair<std::string, std::string>> settings;
  Duration list_timeout = std::chrono::minutes(2);
  Places places{};  ///< of its keys
};

/** [[crawl]]: a spider of the project once more, with arguments of its own. */
struct CrawlConfig {
  std::string name;
  std::string spider;
  std::vector<std::pair<std::string, std::string>> arguments;
  std::string place{};  ///< of the spider's name, "FILE:LINE: KEY"
};

/** [[spider]]: any other program. */
struct ProgramConfig {
  std::string name;
  std::vector<std::string> command;
  std::string place{};  ///< of the command, "FILE:LINE: KEY"
};

/** What [spiders] or a table in it says; what it does not say is empty. */
struct SpiderRules {
  std::optional<Duration> timeout;
  std::optional<Duration> stall_timeout;
  std::optional<Duration> grace;
  std::optional<int> nice;
  std::optional<std::int64_t> min_items;
  std::optional<std::int64_t> max_errors;
  std::optional<double> min_items_ratio;
  std::optional<double> max_time_ratio;
  std::optional<std::vector<std::string>> optional_fields;
  std::optional<std::vector<std::string>> finish_reasons;
  std::optional<std::vector<int>> ignore_status;
  std::optional<std::int64_t> max_dead_pages;
  std::optional<std::vector<std::string>> ignore_errors;
  std::optional<std::string> check_sql;
  std::optional<std::map<std::string, std::string>> check_url;  ///< libpq's keywords and values
  std::optional<std::int64_t> min_rows;
  std::optional<std::filesystem::path> working_directory;
  std::optional<std::vector<std::string>> arguments;
  std::vector<std::pair<std::string, std::string>> environment;
  Places places;  ///< of what is said here

  /** What the other one says wins. */
  void override_with(const SpiderRules& other);
};

/** [spiders."PATTERN"] */
struct SpiderOverride {
  std::string pattern;  ///< a spider's name, or a glob
  SpiderRules rules;
  std::string place;  ///< "FILE:LINE: TABLE"
};

/** [notify]: who is told what. */
struct NotifyConfig {
  NotifyPolicy policy;
  ChannelOptions channels;
  std::string program_place{};  ///< of the program's command, "FILE:LINE: KEY"
};

/** Everything that is configured, checked whole. */
struct Config {
  std::string name = "default";
  /** By what the configuration is known: its file, as it was named, and where that really is; where
   * there is none, the working directory. */
  std::vector<std::filesystem::path> identity;
  Policy policy;
  std::string timezone;  ///< an IANA name; empty: the host's
  int max_instances = 1;
  int concurrency = 2;
  Duration run_timeout{0};                              ///< 0: none
  Duration keep = std::chrono::hours(24 * 90);          ///< how long runs and logs are kept
  std::int64_t log_size = std::int64_t{1'000'000'000};  ///< of all logs together, in bytes
  Duration takeover_after = std::chrono::minutes(2);
  OnDatabaseError on_database_error = OnDatabaseError::run;
  Duration wake_wait = std::chrono::seconds(30);  ///< for the database, after a boot or a resume
  std::vector<std::string> precheck;              ///< argv; empty: none
  Duration precheck_max_age = std::chrono::hours(24);  ///< older data is not deferred by it
  std::filesystem::path state_dir;
  std::filesystem::path log_dir;
  std::filesystem::path report_path;  ///< the page that every run writes; empty: none
  std::filesystem::path metrics;      ///< where metrics are written after each run; empty: nowhere
  ConnectionOptions database;
  std::optional<ScrapyConfig> scrapy;
  std::vector<CrawlConfig> crawls;
  std::vector<ProgramConfig> programs;
  NotifyConfig notify;
  SpiderRules spiders;                    ///< for every spider
  std::vector<SpiderOverride> overrides;  ///< in the order of the file
  Places places;                          ///< of other keys than those of spiders
  std::vector<std::string> warnings;      ///< what is wrong and keeps nothing from working
};

}  // namespace spider_check::config
