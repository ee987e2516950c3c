// What our probe reports from inside a crawl, and what others write into its file.
#include <string>

#include <nlohmann/json.hpp>

#include "crawl.hpp"
#include "directory.hpp"
#include "fuzz.hpp"
#include "scrapy/report_reader.hpp"

namespace spider_check::fuzz {

namespace {

std::string facts(const CrawlReport& crawl) {
  const auto& progress = crawl.progress;
  nlohmann::json json = {static_cast<int>(crawl.source),
                         crawl.ended,
                         crawl.finish_reason,
                         progress.items,
                         progress.pages,
                         progress.errors,
                         crawl.fields,
                         crawl.stats};
  for (const auto& part : crawl.switched_off) {
    json.push_back({part.what, part.name, part.why, part.count, part.wished});
  }
  json.push_back({crawl.page_errors, crawl.seen_before, crawl.job_directory, crawl.log_file,
                  crawl.unusable, crawl.parts.size()});
  for (const auto& fault : crawl.faults) json.push_back({fault.place, fault.text, fault.count});
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

void try_input(std::string_view bytes) {
  static const Directory directory;
  const auto at = bytes.empty() ? 0 : bytes.size() * static_cast<unsigned char>(bytes.back()) / 256;
  const auto file = directory.write("report", bytes.substr(0, at));
  ReportReader while_it_grows(file, "t");
  while_it_grows.read_on();
  directory.append("report", bytes.substr(at));
  while_it_grows.read_on();
  while_it_grows.finish();
  ReportReader at_once(file, "t");
  at_once.finish();
  expect(facts(at_once.crawl()) == facts(while_it_grows.crawl()),
         "the pieces in which a report comes do not matter");
  expect(at_once.phase() == while_it_grows.phase(), "nor for where the crawls stand");
  expect(at_once.spiders() == while_it_grows.spiders(), "nor for the names of spiders");
  expect(at_once.crawl().source != CrawlSource::log, "a report is no log");
  check_crawl(at_once.crawl());
}

}  // namespace spider_check::fuzz
