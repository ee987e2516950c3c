#include "logs/run_logs.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <system_error>
#include <utility>
#include <vector>

#include "logs/log_name.hpp"
#include "schedule/sentences.hpp"
#include "util/errors.hpp"
#include "util/log.hpp"
#include "util/text.hpp"
#include "util/zone.hpp"

namespace spider_check {

namespace {

void throw_output_away(SpiderJob& job) {
  if (job.crawl) return;
  job.log = "/dev/null";
  // The progress of a program is the size of its log.
  job.limits.stall_timeout = Duration{0};
}

struct Faulty {
  std::vector<SpiderJob*> jobs;
  std::vector<std::string> names;
  DirectoryError first;
};

Faulty find_faulty(const LogDirectory& logs, std::vector<SpiderJob>& jobs) {
  Faulty faulty;
  for (auto& job : jobs) {
    auto fault = logs.check_writable(job.log.parent_path());
    if (!fault) continue;
    if (faulty.jobs.empty()) faulty.first = std::move(*fault);
    faulty.jobs.push_back(&job);
    faulty.names.push_back(job.name);
  }
  return faulty;
}

/** Moves the logs. Returns where they are, or why they are lost. */
std::string moved(const Instance& instance, const Faulty& faulty, const std::string& whose) {
  try {
    const auto& fallback = instance.logs.fallback_directory();
    for (auto* job : faulty.jobs) {
      job->log = fallback / job->log.lexically_relative(instance.logs.root());
    }
    return whose + " are in " + fallback.string();
  } catch (const std::system_error& error) {
    // A directory with little room is better than none.
    if (faulty.first.scarce) return std::string(error.what()) + "; " + whose + " may be cut";
    for (auto* job : faulty.jobs) throw_output_away(*job);
    return std::string(error.what()) + "; " + whose + " are lost";
  }
}

std::set<LogName> names_of_logs(const Instance& instance) {
  try {
    return instance.logs.names();
  } catch (const std::system_error&) {
    return {};  // what is wrong with the directory is an error when a log is written there
  }
}

}  // namespace

std::filesystem::path log_directory(const Instance& instance) {
  const auto path = instance.logs.path();
  try {
    // Nothing is written in another user's directory.
    const bool is_faulty = instance.logs.check_writable(path).has_value();
    return is_faulty ? path : instance.logs.make();
  } catch (const std::system_error&) {
    // What is wrong with it is an error when a log is written there.
    return path;
  }
}

LogName free_log_name(const Instance& instance, LogName name,
                      const std::function<RunId()>& newest_run) {
  const auto names = names_of_logs(instance);
  if (names.empty()) return name;
  const auto& newest = *names.rbegin();
  name.series = std::max(name.series, newest.series);
  if (newest < name) return name;
  // Other runs of this database may have begun meanwhile, and have logs already.
  const auto last = names.contains(name) ? 0 : newest_run();
  if (names.contains(name) || (last > 0 && newest.run > last)) ++name.series;
  return name;
}

std::optional<std::string> move_logs(const Instance& instance, std::vector<SpiderJob>& jobs) {
  const auto faulty = find_faulty(instance.logs, jobs);
  if (faulty.jobs.empty()) return std::nullopt;
  const auto whose = faulty.jobs.size() == jobs.size() ? std::string("this run's")
                                                       : "those of " + name_list(faulty.names);
  auto fault = "logs cannot be written in " + faulty.first.directory.string() + ": " +
               faulty.first.why + "; " + moved(instance, faulty, whose);
  instance.log.warn("{}", printable(fault));
  return fault;
}

namespace {

using Logs = std::map<LogName, std::filesystem::path>;

/** By the names of the spiders' directories. */
std::map<std::string, Logs> by_spider(const std::vector<LogFile>& files) {
  std::map<std::string, Logs> spiders;
  for (const auto& file : files) {
    const auto name = parse_log_name(file.path);
    if (!name || file.path.extension() != ".log") continue;
    spiders[file.path.parent_path().filename().string()][*name] = file.path;
  }
  return spiders;
}

std::string quoted(const std::string& name) {
  return "'" + printable(name) + "'";
}

/** The most similar name; empty if none is similar. */
std::string nearest(const std::vector<std::string>& names, const std::string& wanted) {
  std::string best;
  // In short names even two wrong letters make another name.
  auto least = std::min<std::size_t>(2, wanted.size() / 2) + 1;
  if (wanted.size() > 120) return best;
  for (const auto& name : names) {
    const auto apart = edit_distance(wanted, name);
    if (apart < least) {
      least = apart;
      best = name;
    }
  }
  return best;
}

[[noreturn]] void refuse_spider(const std::map<std::string, Logs>& spiders,
                                const std::string& wanted, const std::filesystem::path& directory) {
  if (spiders.empty()) {
    throw UsageError("logs: there are no logs in " + directory.string() +
                     "; a spider has one as soon as it has been run");
  }
  std::vector<std::string> names;
  names.reserve(spiders.size());
  for (const auto& [name, logs] : spiders) names.push_back(from_file_name(name));
  const auto meant = nearest(names, wanted);
  const auto instead = meant.empty() ? "; there" : "; did you mean " + quoted(meant) + "? There";
  throw UsageError("logs: there is no log of a spider " + quoted(wanted) + " in " +
                   directory.string() + instead + " are logs of: " + name_list(names));
}

const Logs& logs_of(const std::map<std::string, Logs>& spiders, const std::string& wanted,
                    const std::filesystem::path& directory) {
  if (const auto found = spiders.find(to_file_name(wanted)); found != spiders.end()) {
    return found->second;
  }
  // A long name may be given as it is shown: cut, like its directory's.
  if (const auto found = spiders.find(wanted);
      found != spiders.end() && from_file_name(wanted) == wanted) {
    return found->second;
  }
  refuse_spider(spiders, wanted, directory);
}

/** The numbers, newest first, as far as name_list() shows them. */
template <typename Number>
std::string numbers(const std::set<Number>& numbers) {
  using std::to_string;
  std::vector<std::string> words;
  for (auto number = numbers.rbegin(); number != numbers.rend(); ++number) {
    words.push_back(to_string(*number));
  }
  return name_list(words);
}

bool is_wanted(const LogRun& run, const LogRun& wanted) {
  return run.run == wanted.run && run.after == wanted.after &&
         (wanted.series == 0 || run.series == wanted.series);
}

LogRun choose_run(const Logs& logs, const LogRequest& request) {
  if (!request.run) return run_of(logs.rbegin()->first);
  std::set<LogRun> runs;
  for (const auto& [name, path] : logs) runs.insert(run_of(name));
  const auto found = std::find_if(runs.rbegin(), runs.rend(),
                                  [&](const auto& run) { return is_wanted(run, *request.run); });
  if (found != runs.rend()) return *found;
  throw UsageError("logs: there is no log of run " + to_string(*request.run) + " of " +
                   quoted(request.spider) + "; there are logs of run: " + numbers(runs));
}

}  // namespace

std::filesystem::path choose_log(const LogDirectory& directory, const LogRequest& request) {
  const auto spiders = by_spider(directory.list());
  const auto& logs = logs_of(spiders, request.spider, directory.path());
  const auto run = choose_run(logs, request);
  std::set<std::int64_t> attempts;
  for (const auto& [name, path] : logs) {
    if (run_of(name) == run) attempts.insert(name.attempt);
  }
  const auto attempt = request.attempt.value_or(static_cast<int>(*attempts.rbegin()));
  if (attempts.contains(attempt)) return logs.at({run.run, attempt, run.after, run.series});
  throw UsageError("logs: there is no log of attempt " + std::to_string(attempt) + " at run " +
                   to_string(run) + " of " + quoted(request.spider) +
                   "; there are logs of attempt: " + numbers(attempts));
}

std::string spiders_with_logs(const LogDirectory& directory) {
  std::string lines;
  for (const auto& [name, logs] : by_spider(directory.list())) {
    lines += printable(from_file_name(name)) + "\n";
  }
  return lines;
}

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
