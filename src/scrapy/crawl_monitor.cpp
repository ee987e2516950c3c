#include "scrapy/crawl_monitor.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <system_error>

#include <nlohmann/json.hpp>

#include "logs/log_files.hpp"
#include "os/files.hpp"
#include "schedule/crawl.hpp"
#include "scrapy/crawl_numbers.hpp"
#include "scrapy/project.hpp"
#include "util/time.hpp"

namespace spider_check {

namespace {

// The same words from Scrapy 1.8 to 2.19.
constexpr std::string_view statistics = "Dumping Scrapy stats:";
constexpr std::string_view opened = "[scrapy.core.engine] INFO: Spider opened";
constexpr std::string_view closing = "[scrapy.core.engine] INFO: Closing spider (";
constexpr std::string_view closed = "[scrapy.core.engine] INFO: Spider closed (";
constexpr std::string_view unopened_feed = "bound method FeedExporter.open_spider";
constexpr std::string_view disabled_feeds = "[scrapy.extensions.feedexport] ERROR: ";
constexpr std::string_view gave_up_line = "] ERROR: Gave up retrying <";
constexpr std::string_view not_downloaded = "] ERROR: Error downloading <";
constexpr std::string_view crawled = "Crawled ";
constexpr std::string_view scraped = ", scraped ";

std::int64_t count(std::string_view text, std::string_view what) {
  std::int64_t found = 0;
  for (auto at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1))
    ++found;
  return found;
}

std::optional<std::int64_t> leading_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || number < 0) return std::nullopt;
  return number;
}

/** What was logged from the start of the closing to the statistics. */
std::string_view closing_part(std::string_view log, std::size_t end) {
  const auto begin = log.rfind(closing, end);
  return begin == std::string_view::npos ? std::string_view() : log.substr(begin, end - begin);
}

/** Errors of pages come from the scraper's logger; those of monitors, mail and so on do not. */
void count_closing(std::string_view part, CrawlReport& crawl) {
  crawl.closing_errors = count(part, "[scrapy.core.engine] ERROR: Scraper close failure") +
                         count(part, "[scrapy.utils.signal] ERROR: ");
  crawl.late_errors = count(part, "] ERROR: ") - crawl.closing_errors -
                      count(part, "[scrapy.core.scraper] ERROR: ");
}

/** Subtracts the errors of these loggers that this part of the log shows. */
void ignore_errors(std::string_view log, const std::vector<std::string>& loggers,
                   CrawlReport& crawl) {
  for (const auto& name : loggers) {
    crawl.progress.errors -= count(log, "[" + name + "] ERROR: ");
  }
  crawl.progress.errors = std::max<std::int64_t>(0, crawl.progress.errors);
}

/** The last position of the words; -1: none. */
std::int64_t last(std::string_view log, std::string_view words) {
  const auto at = log.rfind(words);
  return at == std::string_view::npos ? -1 : static_cast<std::int64_t>(at);
}

}  // namespace

CrawlReport read_log_report(const std::string& log_end, const std::filesystem::path& directory,
                            const Criteria& criteria) {
  CrawlReport crawl;
  if (auto cause = explain_traceback(log_end, directory); !cause.empty()) {
    crawl.faults.push_back({{}, std::move(cause), 1});
  }
  const auto at = log_end.rfind(statistics);
  if (at == std::string::npos) return crawl;
  const auto dict = log_end.find('{', at);
  if (dict == std::string::npos) return crawl;
  const auto stats = parse_python_dict(std::string_view(log_end).substr(dict));
  if (!stats.is_object()) return crawl;
  apply_statistics(stats, crawl, criteria.ignore_status);
  ignore_errors(log_end, criteria.ignore_errors, crawl);
  crawl.page_errors = count(log_end, gave_up_line) + count(log_end, not_downloaded);
  crawl.source = CrawlSource::log;
  count_closing(closing_part(log_end, at), crawl);
  crawl.lost_feeds = std::max(crawl.lost_feeds, count(log_end, unopened_feed));
  if (crawl.lost_feeds == 0) crawl.lost_feeds = count(log_end, disabled_feeds);
  return crawl;
}

CrawlPhase read_log_phase(const std::string& log_end) {
  const auto began = last(log_end, opened);
  if (last(log_end, closed) > began) return CrawlPhase::over;
  return last(log_end, closing) > began ? CrawlPhase::closing : CrawlPhase::crawling;
}

std::optional<Progress> read_log_progress(const std::string& log_end) {
  // From the end, because a spider may log such words, too.
  for (auto at = log_end.rfind(crawled); at != std::string::npos && at > 0;
       at = log_end.rfind(crawled, at - 1)) {
    const auto line = std::string_view(log_end).substr(at, log_end.find('\n', at) - at);
    const auto pages = leading_number(line.substr(crawled.size()));
    const auto items = line.find(scraped);
    if (!pages || items == std::string_view::npos) continue;
    if (const auto found = leading_number(line.substr(items + scraped.size()))) {
      return Progress{*found, *pages, 0};
    }
  }
  return std::nullopt;
}

namespace {

constexpr std::int64_t log_end = 256'000;                       // statistics are some kilobytes
constexpr std::int64_t newest_lines = std::int64_t{16} << 10U;  // to see how far it has come

/** The probe writes into a file that is there, and makes none. */
const std::filesystem::path& make_report(const SpiderJob& job) {
  try {
    if (!job.report.empty()) (void)open_log(job.report);
  } catch (const std::system_error&) {
    // The log must do; that nothing can be written beside it is an error when the job starts.
  }
  return job.report;
}

}  // namespace

CrawlMonitor::CrawlMonitor(const SpiderJob& job)
    : job_(job), reader_(make_report(job), job.report_token) {}

CrawlMonitor::~CrawlMonitor() {
  std::error_code ignored;
  if (!job_.report.empty()) std::filesystem::remove(job_.report, ignored);
}

std::optional<Progress> CrawlMonitor::progress() {
  reader_.read_on();
  phase_ = reader_.phase();
  if (reader_.has_crawl() || (job_.crawl && reader_.has_probe())) return reader_.progress();
  if (!job_.crawl) return std::nullopt;
  const auto lines = read_tail(job_.log, newest_lines);
  phase_ = read_log_phase(lines);
  return read_log_progress(lines);
}

CrawlReport CrawlMonitor::report() {
  reader_.finish();
  if (!job_.crawl && !reader_.has_crawl()) return {};
  auto crawl = reader_.crawl();
  // A person who reads this log looks for what is in the other.
  if (!crawl.log_file.empty()) add_to_log(job_.log, "spider-check: " + where_it_logs(crawl));
  if (crawl.ended) return crawl;
  auto from_log = read_log();
  if (crawl.faults.empty()) crawl.faults = from_log.faults;
  if (crawl.only_read.empty()) crawl.only_read = from_log.only_read;
  // A report may be cut, for instance by a full disk.
  if (!from_log.ended) return crawl;
  from_log.faults = crawl.faults;
  return from_log;
}

CrawlReport CrawlMonitor::read_log() const {
  auto crawl = read_log_report(read_tail(job_.log, log_end), job_.working_directory, job_.criteria);
  std::error_code error;
  const auto size = std::filesystem::file_size(job_.log, error);
  if (!error && size > static_cast<std::uintmax_t>(log_end)) {
    crawl.only_read = "the last " + size_words(log_end) + " of its log";
  }
  return crawl;
}

void add_probe(std::vector<std::pair<std::string, std::string>>& environment,
               const std::string& python_path, const std::filesystem::path& report,
               const std::string& token) {
  const char* inherited = std::getenv("PYTHONPATH");
  std::string path = inherited != nullptr ? inherited : "";
  for (const auto& [name, value] : environment) {
    if (name == "PYTHONPATH") path = value;
  }
  std::erase_if(environment, [](const auto& pair) { return pair.first == "PYTHONPATH"; });
  environment.emplace_back("PYTHONPATH", python_path + (path.empty() ? "" : ":" + path));
  environment.emplace_back("SPIDERCHECK_REPORT", report.string());
  environment.emplace_back("SPIDERCHECK_TOKEN", token);
}

void add_ignored(std::vector<std::pair<std::string, std::string>>& environment,
                 const Criteria& criteria) {
  if (criteria.ignore_errors.empty() && criteria.ignore_status.empty()) return;
  const nlohmann::json json = {{"errors", criteria.ignore_errors},
                               {"statuses", criteria.ignore_status}};
  environment.emplace_back("SPIDERCHECK_IGNORE",
                           json.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace));
}

bool is_crawl(const std::vector<std::string>& command) {
  for (std::size_t i = 0; i + 1 < command.size(); ++i) {
    const auto& next = command[i + 1];
    if (next != "crawl" && next != "runspider") continue;
    if (command[i] == "scrapy" || command[i].ends_with("/scrapy")) return true;
  }
  return false;
}

void add_report(SpiderJob& job, const std::filesystem::path& probe) {
  // A program whose output is thrown away has no place for a report either.
  if (probe.empty() || job.log == "/dev/null") return;
  job.report = std::filesystem::path(job.log).replace_extension(".report");
  job.report_token = random_token();
  auto path = probe.string();
  if (!job.crawl) path = (probe / "script").string() + ":" + path;
  add_probe(job.environment, path, job.report, job.report_token);
  add_ignored(job.environment, job.criteria);
}

}  // namespace spider_check
