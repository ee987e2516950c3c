#include "app/retention.hpp"

#include <exception>
#include <string>

#include "core/log_retention.hpp"
#include "core/size.hpp"
#include "render/zone.hpp"

namespace spider_check::app {

namespace {

void remove_all(Schedule& schedule, const std::vector<LogFile>& files) {
  std::size_t removed = 0;
  std::int64_t bytes = 0;
  std::string failure;
  for (const auto& file : files) {
    const auto why = schedule.logs->remove(file.path);
    if (!why.empty()) {
      if (failure.empty()) failure = why;
      continue;
    }
    ++removed;
    bytes += file.size;
  }
  if (removed > 0) {
    schedule.log.debug("Removed {} old log file(s), {}", removed, size_words(bytes));
  }
  if (failure.empty()) return;
  schedule.log.warn("{} old log file(s) could not be removed: {}", files.size() - removed,
                    render::printable(failure));
}

}  // namespace

void tidy_logs(Schedule& schedule) {
  if (schedule.logs == nullptr) return;
  try {
    // First what is there: a log that is written from now on is not among it.
    auto files = schedule.logs->list();
    if (files.empty()) return;
    const auto failed = schedule.store.newest_failed_logs();
    const auto too_old = schedule.store.newest_run_before(schedule.keep);
    remove_all(schedule, superfluous(std::move(files), failed, {too_old, schedule.log_size}));
  } catch (const std::exception& error) {
    schedule.log.warn("Old logs were not removed: {}", render::printable(error.what()));
  }
}

}  // namespace spider_check::app
