#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/ports.hpp"
#include "scrapy/probe_folder.hpp"

namespace spider_check::scrapy {

/** Adds to the environment what puts the probe in front of a Scrapy process. */
void add_probe(std::vector<std::pair<std::string, std::string>>& environment,
               const ProbeFolder& probe, const std::filesystem::path& report,
               const std::string& token);

/**
 * Watches crawls from inside by the probe, and where that does not report, from outside by their
 * logs.
 */
class Witnesses final : public CrawlWitnesses {
 public:
  void prepare(SpiderJob& job) override;

  [[nodiscard]] std::unique_ptr<CrawlWitness> watch(const SpiderJob& job) override;

 private:
  const ProbeFolder& probe();

  std::unique_ptr<ProbeFolder> probe_;  ///< looked for once, when the first crawl wants it
};

}  // namespace spider_check::scrapy
