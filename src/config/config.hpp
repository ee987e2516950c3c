#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "notify/rules.hpp"
#include "util/interface.hpp"
#include "util/options.hpp"

namespace spider_check {

/** Where the file says something: by the key's name, "FILE:LINE: KEY". */
using Places = std::map<std::string, std::string>;

struct CrawlConfig : CrawlKeys {
  std::string place;  ///< of the spider's name, "FILE:LINE: KEY"
};

struct ProgramConfig : ProgramKeys {
  std::string place;  ///< of the command, "FILE:LINE: KEY"
};

struct SpiderRules : RuleKeys {
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
};

/** Everything that is configured, checked whole. */
struct Config : ScheduleKeys {
  /** By what the configuration is known: its file, as it was named, and where that really is; where
   * there is none, the working directory. */
  std::vector<fs::path> identity;
  Policy policy;
  ConnectionOptions database;
  std::optional<ScrapyKeys> scrapy;
  std::vector<CrawlConfig> crawls;
  std::vector<ProgramConfig> programs;
  NotifyConfig notify;
  SpiderRules spiders;                    ///< for every spider
  std::vector<SpiderOverride> overrides;  ///< in the order of the file
  Places places;                          ///< of other keys than those of spiders
  std::vector<std::string> warnings;      ///< what is wrong and keeps nothing from working
};

}  // namespace spider_check
