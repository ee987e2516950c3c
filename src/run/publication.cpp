#include "run/publication.hpp"

#include "outbox/host_state.hpp"
#include "schedule/instance.hpp"
#include "util/zone.hpp"

namespace spider_check {

void publish(Instance& instance, LogLevel of_faults) {
  bool is_whole = true;
  for (const auto& publication : instance.publications) {
    try {
      publication.replace(publication.file, publication.text(instance));
      instance.log.debug("Wrote {} to {}", publication.what, printable(publication.file.string()));
    } catch (const std::exception& error) {
      instance.log.at(of_faults, "Could not write {}, so {} stays as it was: {}", publication.what,
                      printable(publication.file.string()), printable(error.what()));
      is_whole = false;
    }
  }
  if (is_whole) note_published(instance);
}

void publish_whether_enabled(Instance& instance, LogLevel of_faults) {
  if (instance.journal.host_state().published_disabled == instance.policy.enabled) {
    publish(instance, of_faults);
  }
}

}  // namespace spider_check
