#pragma once

#include <set>
#include <string>
#include <vector>

#include "logs/log_directory.hpp"
#include "schedule/spider.hpp"

namespace spider_check::test {

/** Logs that are only listed; what is removed is off the list. */
class FakeLogDirectory final : public LogDirectory {
 public:
  std::vector<LogFile> files;

  /** SPIDER/run-ID-attempt-N.log */
  void add(const std::string& name, std::int64_t size = 10) {
    files.push_back({path_ / name, size});
  }

  [[nodiscard]] const std::filesystem::path& path() const noexcept override { return path_; }

  const std::filesystem::path& make() override { return path_; }

  [[nodiscard]] std::vector<LogFile> list() override { return files; }

  [[nodiscard]] std::set<LogName> names() override {
    std::set<LogName> names;
    for (const auto& file : files) {
      if (const auto name = parse_log_name(file.path)) names.insert(*name);
    }
    return names;
  }

  [[nodiscard]] std::string remove(const std::filesystem::path& file) override {
    std::erase_if(files, [&](const auto& other) { return other.path == file; });
    return {};
  }

  [[nodiscard]] std::string end_of(const std::filesystem::path& /*log*/,
                                   std::int64_t /*most*/) const noexcept override {
    return {};
  }

 private:
  std::filesystem::path path_ = "/logs/default";
};

}  // namespace spider_check::test
