#include "app/log_fallback.hpp"

#include <algorithm>
#include <set>
#include <system_error>

#include "render/sentences.hpp"

namespace spider_check::app {

namespace {

/** The same log below another directory. */
std::filesystem::path below(const std::filesystem::path& directory, const Instance& instance,
                            const std::filesystem::path& log) {
  return directory / log.lexically_relative(instance.log_dir);
}

void throw_output_away(SpiderJob& job) {
  if (job.crawl) return;
  job.log = "/dev/null";
  // It is seen in a log's size whether a program goes on.
  job.limits.stall_timeout = Duration{0};
}

struct Faulty {
  std::vector<SpiderJob*> jobs;
  std::vector<std::string> names;
  DirectoryError first;
};

Faulty find_faulty(LogFallback& places, std::vector<SpiderJob>& jobs) {
  Faulty faulty;
  for (auto& job : jobs) {
    auto fault = places.check_writable(job.log.parent_path());
    if (!fault) continue;
    if (faulty.jobs.empty()) faulty.first = std::move(*fault);
    faulty.jobs.push_back(&job);
    faulty.names.push_back(job.name);
  }
  return faulty;
}

/** Does it; says where they are, or why not. */
std::string moved(const Instance& instance, const Faulty& faulty, const std::string& whose) {
  try {
    const auto& spare = instance.log_fallback->fallback_directory();
    for (auto* job : faulty.jobs) job->log = below(spare, instance, job->log);
    return whose + " are in " + spare.string();
  } catch (const std::system_error& error) {
    // A place without room is still better than none.
    if (faulty.first.scarce) return std::string(error.what()) + "; " + whose + " may be cut";
    for (auto* job : faulty.jobs) throw_output_away(*job);
    return std::string(error.what()) + "; " + whose + " are lost";
  }
}

std::set<LogName> names_of_logs(const Instance& instance) {
  try {
    if (instance.logs != nullptr) return instance.logs->names();
  } catch (const std::system_error&) {
    // Whatever is wrong with the directory is told when a log is written there.
  }
  return {};
}

}  // namespace

std::filesystem::path log_directory(const Instance& instance) {
  if (instance.logs == nullptr) return instance.log_dir / to_file_name(instance.name);
  const auto path = instance.logs->path();
  try {
    // Nothing is written down in somebody else's directory.
    const bool is_faulty =
        instance.log_fallback != nullptr && instance.log_fallback->check_writable(path).has_value();
    return is_faulty ? path : instance.logs->make();
  } catch (const std::system_error&) {
    // Whatever is wrong with it is told when a log is to be written there.
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
  if (instance.log_fallback == nullptr) return std::nullopt;
  const auto faulty = find_faulty(*instance.log_fallback, jobs);
  if (faulty.jobs.empty()) return std::nullopt;
  const auto whose = faulty.jobs.size() == jobs.size() ? std::string("this run's")
                                                       : "those of " + render::list(faulty.names);
  auto fault = "logs cannot be written in " + faulty.first.directory.string() + ": " +
               faulty.first.why + "; " + moved(instance, faulty, whose);
  instance.log.warn("{}", render::printable(fault));
  return fault;
}

}  // namespace spider_check::app
