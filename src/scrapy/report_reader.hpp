#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/crawl.hpp"
#include "os/file_descriptor.hpp"

namespace spider_check::scrapy {

/**
 * Reads the report of our probe while it grows: whole lines only, and only records with the token,
 * so that nothing that happens to look like one is taken for it. Whatever the file holds, it reads
 * a bounded part of it and never throws.
 */
class ReportReader {
 public:
  ReportReader(const std::filesystem::path& file, std::string token);

  /** Reads what is new. */
  void read_on();

  /** Reads what is left, of a file that is far too long only its end. */
  void finish();

  [[nodiscard]] const CrawlReport& crawl() const noexcept { return crawl_; }

  /** The names that `scrapy list` found; empty where no such record came. */
  [[nodiscard]] const std::vector<std::string>& spiders() const noexcept { return spiders_; }

  [[nodiscard]] bool has_spiders() const noexcept { return has_spiders_; }

  /** Scrapy's version; empty where it was not told. */
  [[nodiscard]] const std::string& scrapy_version() const noexcept { return version_; }

 private:
  void take(std::string_view bytes);
  void take_line(std::string_view line);
  void take_record(const nlohmann::json& record);
  void take_fault(const nlohmann::json& record, bool first);
  void take_end(const nlohmann::json& record);

  os::FileDescriptor file_;
  std::string token_;
  std::int64_t offset_ = 0;
  std::string line_;       ///< the beginning of a line whose end is still to come
  bool skipping_ = false;  ///< the line is too long for any record
  CrawlReport crawl_;
  std::vector<std::string> spiders_;
  bool has_spiders_ = false;
  std::string version_;
};

}  // namespace spider_check::scrapy
