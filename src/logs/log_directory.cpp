#include "logs/log_directory.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "logs/log_name.hpp"

namespace spider_check {

namespace {

/** The spider's directory, and the run and attempt: the same for a log and its report. */
using Key = std::pair<std::string, LogName>;

std::string directory_of(const std::filesystem::path& path) {
  return path.parent_path().filename().string();
}

LogName name_of(const LogFile& file) {
  return parse_log_name(file.path).value_or(LogName{});
}

/**
 * Which names are too old. The ids of an earlier series are of another database; all of it is older
 * than the newest series.
 */
class TooOld {
 public:
  TooOld(const std::vector<LogFile>& files, RunId run) : run_(run) {
    for (const auto& file : files) series_ = std::max(series_, name_of(file).series);
    earlier_series_ = std::any_of(files.begin(), files.end(), [this](const auto& file) {
      return name_of(file).series == series_ && is_up_to_run(name_of(file));
    });
  }

  [[nodiscard]] bool operator()(const LogName& name) const {
    return name.series == series_ ? is_up_to_run(name) : earlier_series_;
  }

 private:
  /** A run that began without the database may be much younger than the one it is named after. */
  [[nodiscard]] bool is_up_to_run(const LogName& name) const {
    return name.run < run_ || (name.run == run_ && name.after == 0);
  }

  RunId run_;
  int series_ = 0;
  bool earlier_series_ = false;
};

std::set<Key> keys_to_keep(const std::vector<LogFile>& files,
                           const std::vector<std::filesystem::path>& wanted) {
  std::set<Key> keys;
  for (const auto& path : wanted) {
    const auto normal = path.lexically_normal();
    if (const auto name = parse_log_name(normal)) keys.emplace(directory_of(normal), *name);
  }
  std::map<std::string, LogName> newest;
  for (const auto& file : files) {
    if (file.path.extension() != ".log") continue;
    auto& name = newest[directory_of(file.path)];
    name = std::max(name, name_of(file));
  }
  keys.insert(newest.begin(), newest.end());
  return keys;
}

}  // namespace

std::vector<LogFile> logs_to_delete(std::vector<LogFile> files,
                                    const std::vector<std::filesystem::path>& wanted,
                                    const LogLimits& limits) {
  for (auto& file : files) file.path = file.path.lexically_normal();
  const auto keys = keys_to_keep(files, wanted);
  const TooOld is_too_old(files, limits.too_old);
  std::int64_t kept = 0;
  std::int64_t rest = 0;
  std::erase_if(files, [&](const auto& file) {
    const auto name = parse_log_name(file.path);
    const bool stays = !name || keys.contains({directory_of(file.path), *name});
    (stays ? kept : rest) += file.size;
    return stays;
  });
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) {
    return std::pair(name_of(a), a.path) < std::pair(name_of(b), b.path);
  });
  // One spider that floods its newest log takes at most half of the room from all the others.
  const auto room = std::max(limits.total_size - kept, limits.total_size / 2);
  std::vector<LogFile> out;
  for (auto& file : files) {
    if (!is_too_old(name_of(file)) && rest <= room) break;
    rest -= file.size;
    out.push_back(std::move(file));
  }
  return out;
}

}  // namespace spider_check
