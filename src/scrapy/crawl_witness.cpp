#include "scrapy/crawl_witness.hpp"

#include <cstdlib>
#include <system_error>

#include "os/log_file.hpp"
#include "os/tail.hpp"
#include "scrapy/log_report.hpp"
#include "scrapy/report_reader.hpp"

namespace spider_check::scrapy {

namespace {

constexpr std::int64_t log_end = std::int64_t{256} << 10U;      // statistics are some kilobytes
constexpr std::int64_t newest_lines = std::int64_t{16} << 10U;  // to see how far it has come

class Witness final : public CrawlWitness {
 public:
  explicit Witness(const SpiderJob& job)
      : log_(job.log),
        folder_(job.working_directory),
        report_file_(job.report),
        reader_(job.report, job.report_token) {}

  Witness(const Witness&) = delete;
  Witness& operator=(const Witness&) = delete;
  Witness(Witness&&) = delete;
  Witness& operator=(Witness&&) = delete;

  ~Witness() override {
    std::error_code ignored;
    if (!report_file_.empty()) std::filesystem::remove(report_file_, ignored);
  }

  [[nodiscard]] std::optional<Progress> progress() override {
    reader_.read_on();
    if (reader_.crawl().source == CrawlSource::probe) return reader_.crawl().progress;
    return read_log_progress(os::read_tail(log_, newest_lines));
  }

  [[nodiscard]] CrawlReport report() override {
    reader_.finish();
    auto crawl = reader_.crawl();
    if (crawl.ended) return crawl;
    auto from_log = read_log_report(os::read_tail(log_, log_end), folder_);
    if (crawl.faults.empty()) crawl.faults = from_log.faults;
    // A report may have been lost on the way: a disk that was full, say.
    if (!from_log.ended) return crawl;
    from_log.faults = crawl.faults;
    return from_log;
  }

 private:
  std::filesystem::path log_;
  std::filesystem::path folder_;
  std::filesystem::path report_file_;
  ReportReader reader_;
};

}  // namespace

void add_probe(std::vector<std::pair<std::string, std::string>>& environment,
               const ProbeFolder& probe, const std::filesystem::path& report,
               const std::string& token) {
  const char* inherited = std::getenv("PYTHONPATH");
  std::string path = inherited != nullptr ? inherited : "";
  for (const auto& [name, value] : environment) {
    if (name == "PYTHONPATH") path = value;
  }
  std::erase_if(environment, [](const auto& pair) { return pair.first == "PYTHONPATH"; });
  environment.emplace_back("PYTHONPATH", probe.path.string() + (path.empty() ? "" : ":" + path));
  environment.emplace_back("SPIDERCHECK_REPORT", report.string());
  environment.emplace_back("SPIDERCHECK_TOKEN", token);
}

const ProbeFolder& Witnesses::probe() {
  if (!probe_) probe_ = std::make_unique<ProbeFolder>(find_probe());
  return *probe_;
}

void Witnesses::prepare(SpiderJob& job) {
  if (!job.crawl || probe().path.empty()) return;
  job.report = std::filesystem::path(job.log).replace_extension(".report");
  job.report_token = os::random_token();
  add_probe(job.environment, probe(), job.report, job.report_token);
}

std::unique_ptr<CrawlWitness> Witnesses::watch(const SpiderJob& job) {
  try {
    // The probe writes into a file that is there, and makes none.
    if (!job.report.empty()) (void)os::open_log(job.report);
  } catch (const std::system_error&) {
    // The log, which is beside it, must do; that this cannot be written is told when it starts.
  }
  return std::make_unique<Witness>(job);
}

}  // namespace spider_check::scrapy
