#include "app/log_places.hpp"

#include <algorithm>
#include <set>
#include <system_error>

#include "render/sentences.hpp"

namespace spider_check::app {

namespace {

/** The same log below another directory. */
std::filesystem::path below(const std::filesystem::path& directory, const Schedule& schedule,
                            const std::filesystem::path& log) {
  return directory / log.lexically_relative(schedule.log_dir);
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
  DirectoryFault first;
};

Faulty find_faulty(LogPlaces& places, std::vector<SpiderJob>& jobs) {
  Faulty faulty;
  for (auto& job : jobs) {
    auto fault = places.fault_of(job.log.parent_path());
    if (!fault) continue;
    if (faulty.jobs.empty()) faulty.first = std::move(*fault);
    faulty.jobs.push_back(&job);
    faulty.names.push_back(job.name);
  }
  return faulty;
}

/** Does it; says where they are, or why not. */
std::string moved(const Schedule& schedule, const Faulty& faulty, const std::string& whose) {
  try {
    const auto& spare = schedule.log_places->spare();
    for (auto* job : faulty.jobs) job->log = below(spare, schedule, job->log);
    return whose + " are in " + spare.string();
  } catch (const std::system_error& error) {
    // A place without room is still better than none.
    if (faulty.first.scarce) return std::string(error.what()) + "; " + whose + " may be cut";
    for (auto* job : faulty.jobs) throw_output_away(*job);
    return std::string(error.what()) + "; " + whose + " are lost";
  }
}

std::set<LogName> names_of_logs(const Schedule& schedule) {
  try {
    if (schedule.logs != nullptr) return schedule.logs->names();
  } catch (const std::system_error&) {
    // Whatever is wrong with the directory is told when a log is written there.
  }
  return {};
}

}  // namespace

std::filesystem::path log_directory(const Schedule& schedule) {
  if (schedule.logs == nullptr) return schedule.log_dir / to_file_name(schedule.name);
  const auto path = schedule.logs->path();
  try {
    // Nothing is written down in somebody else's directory.
    const bool is_faulty =
        schedule.log_places != nullptr && schedule.log_places->fault_of(path).has_value();
    return is_faulty ? path : schedule.logs->make();
  } catch (const std::system_error&) {
    // Whatever is wrong with it is told when a log is to be written there.
    return path;
  }
}

LogName free_log_name(const Schedule& schedule, LogName name,
                      const std::function<RunId()>& newest_run) {
  const auto names = names_of_logs(schedule);
  if (names.empty()) return name;
  const auto& newest = *names.rbegin();
  name.series = std::max(name.series, newest.series);
  if (newest < name) return name;
  // Other runs of this database may have begun meanwhile, and have logs already.
  const auto last = names.contains(name) ? 0 : newest_run();
  if (names.contains(name) || (last > 0 && newest.run > last)) ++name.series;
  return name;
}

std::optional<std::string> move_logs(const Schedule& schedule, std::vector<SpiderJob>& jobs) {
  if (schedule.log_places == nullptr) return std::nullopt;
  const auto faulty = find_faulty(*schedule.log_places, jobs);
  if (faulty.jobs.empty()) return std::nullopt;
  const auto whose = faulty.jobs.size() == jobs.size() ? std::string("this run's")
                                                       : "those of " + render::list(faulty.names);
  auto fault = "logs cannot be written in " + faulty.first.directory.string() + ": " +
               faulty.first.why + "; " + moved(schedule, faulty, whose);
  schedule.log.warn("{}", render::printable(fault));
  return fault;
}

}  // namespace spider_check::app
