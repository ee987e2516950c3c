#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "os/descriptors.hpp"
#include "schedule/crawl.hpp"

namespace spider_check {

/**
 * Reads the probe's report while it grows: whole lines with the token only, and a bounded part of
 * them. Never throws.
 */
class ReportReader {
 public:
  ReportReader(const fs::path& file, std::string token);

  /** Reads what is new. */
  void read_on();

  /** Reads the rest; only the end of a file that is far too long. */
  void finish();

  /** Whether a process with the probe reported anything. */
  [[nodiscard]] bool has_probe() const noexcept { return has_probe_; }

  /** Whether a crawl began. */
  [[nodiscard]] bool has_crawl() const noexcept { return !crawls_.empty(); }

  /** The sum of all crawls. */
  [[nodiscard]] Progress progress() const;

  /** The phase of the crawl that has come least far. */
  [[nodiscard]] CrawlPhase phase() const;

  /** One crawl, or the sum of several. */
  [[nodiscard]] CrawlReport crawl() const;

  /** The names that `scrapy list` found; see has_spiders(). */
  [[nodiscard]] const std::vector<std::string>& spiders() const noexcept { return spiders_; }

  [[nodiscard]] bool has_spiders() const noexcept { return has_spiders_; }

  /** The patterns of ignore_errors that Python cannot compile: "PATTERN: why". */
  [[nodiscard]] const std::vector<std::string>& unusable() const noexcept { return unusable_; }

  /** Scrapy's version; empty: not reported. */
  [[nodiscard]] const std::string& scrapy_version() const noexcept { return version_; }

 private:
  struct Crawl {
    CrawlReport report;
    bool closing = false;
  };

  void take(std::string_view bytes);
  void take_line(std::string_view line);
  void take_record(const nlohmann::json& record);
  void take_crawl(const nlohmann::json& record, Crawl& crawl);
  void take_fault(const nlohmann::json& record);
  void take_spiders(const nlohmann::json& record);

  FileDescriptor file_;
  std::string token_;
  std::int64_t offset_ = 0;
  std::string line_;       ///< the start of an unfinished line
  bool skipping_ = false;  ///< the line is too long for any record
  bool has_probe_ = false;
  /** By process and number: a wrapper may start several processes, and each several crawls. */
  std::map<std::pair<std::int64_t, std::int64_t>, Crawl> crawls_;
  std::vector<Fault> crashes_;  ///< what ended a process
  std::vector<Fault> faults_;   ///< of no known crawl
  std::vector<std::string> unusable_;
  std::string only_read_;  ///< "the last … of its report", if it is far too long
  std::vector<std::string> spiders_;
  bool has_spiders_ = false;
  std::string version_;
};

}  // namespace spider_check
