#include "support/memory_notification_store.hpp"

#include <algorithm>
#include <set>

#include "util/errors.hpp"

namespace spider_check::test {

void MemoryNotificationStore::require_up() const {
  if (database_.down) throw DbError(DbError::Kind::connection, "the database is down");
}

NotificationState MemoryNotificationStore::told() {
  require_up();
  return database_.told;
}

ScheduleSummary MemoryNotificationStore::summary() {
  require_up();
  MemoryRunStore store(database_, 1, {});
  const auto state = store.state();
  ScheduleSummary summary;
  summary.now = state.now;
  summary.newest_success = state.newest_success;
  summary.last = state.last;
  for (const auto& row : database_.runs) {
    const auto& run = row.run;
    if (run.partial || run.started > database_.now) continue;
    if (summary.newest_success && run.started <= *summary.newest_success) continue;
    summary.failed_runs += run.status == RunStatus::failed ? 1 : 0;
    summary.first_try = std::min(summary.first_try.value_or(run.started), run.started);
  }
  if (summary.last) summary.outcomes = store.outcomes(summary.last->id);
  return summary;
}

bool MemoryNotificationStore::tell(const NotificationState& told,
                                   const std::vector<NewNotification>& news) {
  require_up();
  if (told.version != database_.told.version) return false;
  database_.told = told;
  ++database_.told.version;
  add(news);
  return true;
}

void MemoryNotificationStore::add(const std::vector<NewNotification>& news) {
  require_up();
  for (const auto& one : news) {
    const bool known = std::any_of(
        database_.notifications.begin(), database_.notifications.end(), [&](const auto& other) {
          return other.what.key == one.key && other.what.channel == one.channel;
        });
    if (!known)
      database_.notifications.push_back({one, database_.now, 0, database_.now, false, {}});
  }
}

std::vector<DueNotification> MemoryNotificationStore::take_due(
    const std::vector<std::string>& channels, Duration lease) {
  require_up();
  std::vector<DueNotification> due;
  std::set<std::string> seen;
  for (std::size_t i = 0; i < database_.notifications.size(); ++i) {
    auto& one = database_.notifications[i];
    const auto& channel = one.what.channel;
    if (!one.next_try || !seen.insert(channel).second || *one.next_try > database_.now) continue;
    if (std::find(channels.begin(), channels.end(), channel) == channels.end()) continue;
    one.next_try = database_.now + lease;
    ++one.tries;
    due.push_back(
        {static_cast<std::int64_t>(i) + 1, channel, one.what.event, one.what.facts, one.tries});
  }
  return due;
}

void MemoryNotificationStore::sent(std::int64_t id) {
  require_up();
  auto& one = database_.notifications.at(static_cast<std::size_t>(id - 1));
  one.sent = true;
  one.next_try.reset();
}

void MemoryNotificationStore::not_sent(std::int64_t id, const std::string& why, Duration pause) {
  require_up();
  auto& one = database_.notifications.at(static_cast<std::size_t>(id - 1));
  one.last_error = why;
  one.next_try.reset();
  if (database_.now - one.created <= max_notification_age) one.next_try = database_.now + pause;
}

void MemoryNotificationStore::give_up(const std::vector<std::string>& channels) {
  require_up();
  for (auto& one : database_.notifications) {
    const bool gone =
        std::find(channels.begin(), channels.end(), one.what.channel) == channels.end();
    if (!one.next_try || (!gone && database_.now - one.created <= max_notification_age)) continue;
    const std::string why = gone ? "given up: the channel is not configured any more"
                                 : "given up: it is too old to be news";
    one.last_error = why + (one.last_error.empty() ? "" : "; " + one.last_error);
    one.next_try.reset();
  }
}

void MemoryNotificationStore::forget_settled(Duration age) {
  require_up();
  for (auto& one : database_.notifications) {
    // The others keep their places, which are their ids.
    if (!one.next_try && one.created < database_.now - age) one.what.key.clear();
  }
}

}  // namespace spider_check::test
