#include "app/publish.hpp"

#include <exception>

#include "render/zone.hpp"

namespace spider_check::app {

void publish(Schedule& schedule) {
  for (const auto& publication : schedule.publications) {
    try {
      publication.file->replace(publication.text(schedule));
      schedule.log.debug("Wrote {} to {}", publication.what,
                         render::printable(publication.file->place()));
    } catch (const std::exception& error) {
      schedule.log.warn("Could not write {}, so {} stays as it was: {}", publication.what,
                        render::printable(publication.file->place()),
                        render::printable(error.what()));
    }
  }
}

}  // namespace spider_check::app
