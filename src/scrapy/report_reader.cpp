#include "scrapy/report_reader.hpp"

#include <algorithm>
#include <array>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "scrapy/crawl_numbers.hpp"

namespace spider_check::scrapy {

namespace {

using Json = nlohmann::json;

constexpr std::size_t longest_line = std::size_t{2} << 20U;  // the probe writes half of it at most
constexpr std::int64_t most_at_once = std::int64_t{4} << 20U;
constexpr std::int64_t most_at_the_end = std::int64_t{16} << 20U;
constexpr int deepest = 16;  // the probe goes four levels deep
constexpr std::size_t most_faults = 20;
constexpr std::size_t most_switched_off = 50;
constexpr std::size_t most_spiders = 10'000;

/** Without what is nested deeper: whoever writes or records it again does so by recursion. */
Json parse(std::string_view line) {
  const auto keep = [](int depth, Json::parse_event_t, const Json&) { return depth <= deepest; };
  return Json::parse(line, keep, false);
}

std::string text(const Json& record, const char* key) {
  const auto found = record.find(key);
  return found != record.end() && found->is_string() ? found->get<std::string>() : "";
}

std::int64_t number(const Json& record, const char* key) {
  const auto found = record.find(key);
  return found == record.end() ? 0 : to_count(*found);
}

Json object(const Json& record, const char* key) {
  const auto found = record.find(key);
  return found != record.end() && found->is_object() ? *found : Json::object();
}

bool flag(const Json& record, const char* key) {
  const auto found = record.find(key);
  return found != record.end() && found->is_boolean() && found->get<bool>();
}

std::vector<SwitchedOff> switched_off(const Json& record) {
  std::vector<SwitchedOff> all;
  const auto found = record.find("switched_off");
  if (found == record.end() || !found->is_array()) return all;
  for (const auto& part : *found) {
    if (!part.is_object() || all.size() >= most_switched_off) continue;
    all.push_back({text(part, "what"), text(part, "name"), text(part, "why"),
                   std::max<std::int64_t>(1, number(part, "count")), flag(part, "wished")});
  }
  return all;
}

}  // namespace

ReportReader::ReportReader(const std::filesystem::path& file, std::string token)
    : file_(os::Adopt{}, ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)),
      token_(std::move(token)) {}

void ReportReader::read_on() {
  std::array<char, 65536> buffer;
  for (std::int64_t all = 0; file_ && all < most_at_once;) {
    const auto got = ::pread(file_.get(), buffer.data(), buffer.size(), offset_);
    if (got <= 0) return;
    all += got;
    offset_ += got;
    take({buffer.data(), static_cast<std::size_t>(got)});
  }
}

void ReportReader::finish() {
  struct stat status {};

  if (!file_ || ::fstat(file_.get(), &status) != 0) return;
  if (status.st_size - offset_ > most_at_the_end) {
    offset_ = status.st_size - most_at_the_end;
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
    if (line_.size() > longest_line) {
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
  if (record.is_object() && text(record, "token") == token_) take_record(record);
}

void ReportReader::take_record(const Json& record) {
  const auto kind = text(record, "kind");
  crawl_.source = CrawlSource::probe;
  if (kind == "start") {
    version_ = text(record, "scrapy");
  } else if (kind == "progress") {
    crawl_.progress = {number(record, "items"), number(record, "pages"), number(record, "errors")};
  } else if (kind == "error" || kind == "crash") {
    take_fault(record, kind == "crash");
  } else if (kind == "closed") {
    crawl_.finish_reason = text(record, "reason");
  } else if (kind == "end") {
    take_end(record);
  } else if (kind == "spiders" && record.contains("names") && record["names"].is_array()) {
    has_spiders_ = true;
    for (const auto& name : record["names"]) {
      if (name.is_string() && spiders_.size() < most_spiders) {
        spiders_.push_back(name.get<std::string>());
      }
    }
  }
}

void ReportReader::take_fault(const Json& record, bool first) {
  if (crawl_.faults.size() >= most_faults) return;
  Fault fault{text(record, "place"), text(record, "text"), 1};
  // What ended the process explains more than what came before.
  crawl_.faults.insert(first ? crawl_.faults.begin() : crawl_.faults.end(), std::move(fault));
}

void ReportReader::take_end(const Json& record) {
  apply_statistics(object(record, "stats"), crawl_);
  apply_own_counts(object(record, "own"), crawl_);
  crawl_.switched_off = switched_off(record);
  crawl_.fields.clear();
  const auto fields = object(record, "fields");
  for (const auto& [name, count] : fields.items()) {
    if (count.is_number_integer()) crawl_.fields[name] = to_count(count);
  }
  // How often each came is known only now.
  if (!record.contains("errors") || !record["errors"].is_array()) return;
  crawl_.faults.clear();
  for (const auto& error : record["errors"]) {
    if (!error.is_object()) continue;
    take_fault(error, false);
    if (!crawl_.faults.empty()) {
      crawl_.faults.back().count = std::max<std::int64_t>(1, number(error, "count"));
    }
  }
}

}  // namespace spider_check::scrapy
