#include "scrapy/crawl_monitor.hpp"

#include <cstdlib>
#include <system_error>

#include <nlohmann/json.hpp>

#include "core/size.hpp"
#include "core/verdict.hpp"
#include "os/log_file.hpp"
#include "os/tail.hpp"
#include "scrapy/log_report.hpp"
#include "scrapy/report_reader.hpp"

namespace spider_check::scrapy {

namespace {

constexpr std::int64_t log_end = 256'000;                       // statistics are some kilobytes
constexpr std::int64_t newest_lines = std::int64_t{16} << 10U;  // to see how far it has come

class Monitor final : public CrawlMonitor {
 public:
  explicit Monitor(const SpiderJob& job) : job_(job), reader_(job.report, job.report_token) {}

  Monitor(const Monitor&) = delete;
  Monitor& operator=(const Monitor&) = delete;
  Monitor(Monitor&&) = delete;
  Monitor& operator=(Monitor&&) = delete;

  ~Monitor() override {
    std::error_code ignored;
    if (!job_.report.empty()) std::filesystem::remove(job_.report, ignored);
  }

  [[nodiscard]] std::optional<Progress> progress() override {
    reader_.read_on();
    phase_ = reader_.phase();
    if (reader_.has_crawl() || (job_.crawl && reader_.has_probe())) return reader_.progress();
    if (!job_.crawl) return std::nullopt;
    const auto lines = os::read_tail(job_.log, newest_lines);
    phase_ = read_log_phase(lines);
    return read_log_progress(lines);
  }

  [[nodiscard]] CrawlPhase phase() const override { return phase_; }

  [[nodiscard]] CrawlReport report() override {
    reader_.finish();
    if (!job_.crawl && !reader_.has_crawl()) return {};
    auto crawl = reader_.crawl();
    // Whoever reads this log looks for what is in the other.
    if (!crawl.log_file.empty()) os::add_to_log(job_.log, "spider-check: " + where_it_logs(crawl));
    if (crawl.ended) return crawl;
    auto from_log = read_log();
    if (crawl.faults.empty()) crawl.faults = from_log.faults;
    if (crawl.only_read.empty()) crawl.only_read = from_log.only_read;
    // A report may have been lost on the way: a disk that was full, say.
    if (!from_log.ended) return crawl;
    from_log.faults = crawl.faults;
    return from_log;
  }

 private:
  [[nodiscard]] CrawlReport read_log() const {
    auto crawl =
        read_log_report(os::read_tail(job_.log, log_end), job_.working_directory, job_.criteria);
    std::error_code error;
    const auto size = std::filesystem::file_size(job_.log, error);
    if (!error && size > static_cast<std::uintmax_t>(log_end)) {
      crawl.only_read = "the last " + size_words(log_end) + " of its log";
    }
    return crawl;
  }

  const SpiderJob& job_;
  ReportReader reader_;
  CrawlPhase phase_ = CrawlPhase::crawling;
};

}  // namespace

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
  if (criteria.ignored_errors.empty() && criteria.ignored_statuses.empty()) return;
  const nlohmann::json json = {{"errors", criteria.ignored_errors},
                               {"statuses", criteria.ignored_statuses}};
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

const ProbeDirectory& Monitors::probe() {
  if (!probe_) probe_ = std::make_unique<ProbeDirectory>(find_probe());
  return *probe_;
}

void Monitors::prepare(SpiderJob& job) {
  // A program whose output is thrown away has no place for a report either.
  if (probe().path.empty() || job.log == "/dev/null") return;
  job.report = std::filesystem::path(job.log).replace_extension(".report");
  job.report_token = os::random_token();
  auto path = probe().path.string();
  if (!job.crawl) path = (probe().path / "script").string() + ":" + path;
  add_probe(job.environment, path, job.report, job.report_token);
  add_ignored(job.environment, job.criteria);
}

std::unique_ptr<CrawlMonitor> Monitors::watch(const SpiderJob& job) {
  try {
    // The probe writes into a file that is there, and makes none.
    if (!job.report.empty()) (void)os::open_log(job.report);
  } catch (const std::system_error&) {
    // The log, which is beside it, must do; that this cannot be written is told when it starts.
  }
  return std::make_unique<Monitor>(job);
}

}  // namespace spider_check::scrapy
