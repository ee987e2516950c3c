#include "scrapy/report_reader.hpp"

#include <algorithm>
#include <array>

#include <fcntl.h>

#include "scrapy/crawl_numbers.hpp"
#include "util/json.hpp"
#include "util/time.hpp"

namespace spider_check {

namespace {

constexpr std::size_t max_line = std::size_t{2} << 20U;  // the probe writes half of it at most
constexpr std::int64_t max_at_once = std::int64_t{4} << 20U;
constexpr std::int64_t max_at_the_end = 16'000'000;
constexpr int max_json_depth = 16;  // the probe goes four levels deep
constexpr std::size_t max_faults = 20;
constexpr std::size_t max_switched_off = 50;
constexpr std::size_t max_crawls = 1000;

/** Drops what is nested deeper, because others process it recursively. */
Json parse(std::string_view line) {
  const auto keep = [](int depth, Json::parse_event_t, const Json&) {
    return depth <= max_json_depth;
  };
  return Json::parse(line, keep, false);
}

Json object(const Json& record, const char* key) {
  const auto found = record.find(key);
  return found != record.end() && found->is_object() ? *found : Json::object();
}

bool flag(const Json& record, const char* key) {
  const auto found = record.find(key);
  return found != record.end() && found->is_boolean() && found->get<bool>();
}

Json list(const Json& record, const char* key) {
  const auto found = record.find(key);
  return found != record.end() && found->is_array() ? *found : Json::array();
}

std::vector<std::string> texts(const Json& record, const char* key) {
  std::vector<std::string> all;
  for (const auto& each : list(record, key)) {
    if (each.is_string()) all.push_back(each.get<std::string>());
  }
  return all;
}

std::vector<SwitchedOff> switched_off(const Json& record) {
  std::vector<SwitchedOff> all;
  for (const auto& part : list(record, "switched_off")) {
    if (!part.is_object() || all.size() >= max_switched_off) continue;
    all.push_back({text_in(part, "what"), text_in(part, "name"), text_in(part, "why"),
                   std::max<std::int64_t>(1, count_in(part, "count")), flag(part, "wished")});
  }
  return all;
}

/** A known fault was reported when it happened, and comes again at the end with its count. */
void add(Fault fault, std::vector<Fault>& faults) {
  for (auto& other : faults) {
    if (other.place != fault.place || other.text != fault.text) continue;
    other.count = std::max(other.count, fault.count);
    return;
  }
  if (faults.size() < max_faults) faults.push_back(std::move(fault));
}

void take_end(const Json& record, CrawlReport& crawl) {
  apply_statistics(object(record, "stats"), crawl);
  apply_own_counts(object(record, "own"), crawl);
  crawl.switched_off = switched_off(record);
  crawl.fields.clear();
  const auto fields = object(record, "fields");
  for (const auto& [name, count] : fields.items()) {
    if (count.is_number_integer()) crawl.fields[name] = to_count(count);
  }
  if (!record.contains("errors") || !record["errors"].is_array()) return;
  crawl.faults.clear();
  for (const auto& error : record["errors"]) {
    if (!error.is_object()) continue;
    add({text_in(error, "place"), text_in(error, "text"),
         std::max<std::int64_t>(1, count_in(error, "count"))},
        crawl.faults);
  }
}

}  // namespace

ReportReader::ReportReader(const fs::path& file, std::string token)
    : file_(Adopt{}, ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)),
      token_(std::move(token)) {}

void ReportReader::read_on() {
  std::array<char, 65536> buffer;
  for (std::int64_t all = 0; file_ && all < max_at_once;) {
    const auto got = ::pread(file_.get(), buffer.data(), buffer.size(), offset_);
    if (got <= 0) return;
    all += got;
    offset_ += got;
    take({buffer.data(), static_cast<std::size_t>(got)});
  }
}

void ReportReader::finish() {
  FileStatus status{};
  if (!file_ || ::fstat(file_.get(), &status) != 0) return;
  if (status.st_size - offset_ > max_at_the_end) {
    offset_ = status.st_size - max_at_the_end;
    only_read_ = "the last " + size_words(max_at_the_end) + " of its report";
    line_.clear();
    skipping_ = true;
  }
  while (offset_ < status.st_size) {
    const auto before = offset_;
    read_on();
    if (offset_ == before) return;
  }
}

void ReportReader::take(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto end = bytes.find('\n');
    const auto part = bytes.substr(0, end);
    if (!skipping_) line_.append(part);
    if (line_.size() > max_line) {
      line_.clear();
      skipping_ = true;
    }
    if (end == std::string_view::npos) return;
    if (!skipping_) take_line(line_);
    line_.clear();
    skipping_ = false;
    bytes.remove_prefix(end + 1);
  }
}

void ReportReader::take_line(std::string_view line) {
  const auto record = parse(line);
  if (record.is_object() && text_in(record, "token") == token_) take_record(record);
}

void ReportReader::take_record(const Json& record) {
  const auto kind = text_in(record, "kind");
  has_probe_ = true;
  if (kind == "start") {
    version_ = text_in(record, "scrapy");
    unusable_ = texts(record, "unusable");
  } else if (kind == "spiders") {
    take_spiders(record);
  } else if (kind == "error" || kind == "crash") {
    take_fault(record);
  } else if (kind == "crawl" || kind == "progress" || kind == "closing" || kind == "closed" ||
             kind == "end") {
    const std::pair key{count_in(record, "process"), count_in(record, "crawl")};
    if (crawls_.size() < max_crawls || crawls_.contains(key)) take_crawl(record, crawls_[key]);
  }
}

void ReportReader::take_crawl(const Json& record, Crawl& crawl) {
  const auto kind = text_in(record, "kind");
  auto& report = crawl.report;
  report.source = CrawlSource::probe;
  if (kind == "crawl") {
    report.spider = text_in(record, "name");
    report.log_file = text_in(record, "log_file");
  } else if (kind == "progress") {
    if (report.ended) return;  // its thread was late
    report.progress = {count_in(record, "items"), count_in(record, "pages"),
                       count_in(record, "errors")};
  } else if (kind == "closing") {
    crawl.closing = true;
  } else if (kind == "closed") {
    crawl.closing = true;
    report.finish_reason = text_in(record, "reason");
  } else {
    take_end(record, report);
  }
}

void ReportReader::take_fault(const Json& record) {
  Fault fault{text_in(record, "place"), text_in(record, "text"), 1};
  if (text_in(record, "kind") == "crash") return add(std::move(fault), crashes_);
  const auto crawl = crawls_.find({count_in(record, "process"), count_in(record, "crawl")});
  const bool known = record.contains("crawl") && crawl != crawls_.end();
  add(std::move(fault), known ? crawl->second.report.faults : faults_);
}

void ReportReader::take_spiders(const Json& record) {
  if (!record.contains("names") || !record["names"].is_array()) return;
  has_spiders_ = true;
  for (auto& name : texts(record, "names")) spiders_.push_back(std::move(name));
}

Progress ReportReader::progress() const {
  Progress sum;
  for (const auto& [key, crawl] : crawls_) sum = sum + crawl.report.progress;
  return sum;
}

CrawlPhase ReportReader::phase() const {
  auto phase = crawls_.empty() ? CrawlPhase::crawling : CrawlPhase::over;
  for (const auto& [key, crawl] : crawls_) {
    if (crawl.report.ended) continue;
    if (!crawl.closing) return CrawlPhase::crawling;
    phase = CrawlPhase::closing;
  }
  return phase;
}

CrawlReport ReportReader::crawl() const {
  std::vector<CrawlReport> crawls;
  for (const auto& [key, crawl] : crawls_) crawls.push_back(crawl.report);
  auto all = sum_of(std::move(crawls));
  if (has_probe_) all.source = CrawlSource::probe;
  all.unusable = unusable_;
  all.only_read = only_read_;
  // First what ended a process, because it explains more than earlier errors.
  auto faults = crashes_;
  for (const auto& fault : faults_) add(fault, faults);
  for (auto& fault : all.faults) add(std::move(fault), faults);
  all.faults = std::move(faults);
  return all;
}

}  // namespace spider_check
