#include "app/publish.hpp"

#include <exception>

#include "app/memory.hpp"
#include "render/zone.hpp"

namespace spider_check::app {

void publish(Schedule& schedule, LogLevel of_faults) {
  bool is_whole = true;
  for (const auto& publication : schedule.publications) {
    try {
      publication.file->replace(publication.text(schedule));
      schedule.log.debug("Wrote {} to {}", publication.what,
                         render::printable(publication.file->place()));
    } catch (const std::exception& error) {
      schedule.log.at(of_faults, "Could not write {}, so {} stays as it was: {}", publication.what,
                      render::printable(publication.file->place()),
                      render::printable(error.what()));
      is_whole = false;
    }
  }
  if (is_whole) note_published(schedule);
}

void publish_whether_enabled(Schedule& schedule, LogLevel of_faults) {
  if (schedule.journal == nullptr) return;
  if (schedule.journal->known().published_disabled == schedule.policy.enabled) {
    publish(schedule, of_faults);
  }
}

}  // namespace spider_check::app
