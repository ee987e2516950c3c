#include "db/notification_store.hpp"

#include "db/report_store.hpp"
#include "db/run_rows.hpp"
#include "db/values.hpp"

namespace spider_check::db {

namespace {

std::optional<TimePoint> optional_time(long long microseconds, soci::indicator indicator) {
  if (indicator == soci::i_null) return std::nullopt;
  return from_microseconds(microseconds);
}

std::optional<TimePoint> read_newest_success(soci::session& sql, const std::string& schedule) {
  long long at = 0;
  sql << "SELECT " << to_microseconds("last_run_at") << " FROM (" << newest_success("last_run_at")
      << ") AS newest",
      soci::use(schedule, "schedule"), soci::into(at);
  if (!sql.got_data()) return std::nullopt;
  return from_microseconds(at);
}

/** What came after the newest success. */
void read_tries(soci::session& sql, const std::string& schedule, ScheduleSummary& summary) {
  long long after =
      summary.newest_success ? summary.newest_success->time_since_epoch().count() : std::int64_t{0};
  long long now = 0;
  long long first = 0;
  soci::indicator has_first = soci::i_null;
  // Nobody counts further than a thousand.
  sql << "WITH tries AS (SELECT last_run_at, status FROM scheduler_state "
         "WHERE schedule = :schedule AND NOT partial AND last_run_at <= now() AND last_run_at > "
         "to_timestamp(0) + :after * interval '1 microsecond' "
         "AND NOT (status = 'completed' AND spider_count = 0) ORDER BY last_run_at LIMIT 1000) "
         "SELECT "
      << to_microseconds("now()") << ", " << to_microseconds("min(last_run_at)")
      << ", (count(*) FILTER (WHERE status = 'failed'))::int FROM tries",
      soci::use(schedule), soci::use(after), soci::into(now), soci::into(first, has_first),
      soci::into(summary.failed_runs);
  summary.now = from_microseconds(now);
  summary.first_try = optional_time(first, has_first);
}

}  // namespace

NotificationState PgNotificationStore::told() {
  return session_.run([&](soci::session& sql) {
    NotificationState told;
    int failing = 0;
    int stale = 0;
    std::string degraded;
    long long success = 0;
    soci::indicator has_success = soci::i_null;
    sql << "SELECT version, failing::int, stale::int, array_to_string(degraded, E'\\n'), "
        << to_microseconds("success") << " FROM spider_check_told WHERE schedule = :schedule",
        soci::use(schedule_), soci::into(told.version), soci::into(failing), soci::into(stale),
        soci::into(degraded), soci::into(success, has_success);
    if (!sql.got_data()) return NotificationState{};
    told.failing = failing != 0;
    told.stale = stale != 0;
    told.degraded = lines_of(degraded);
    told.success = optional_time(success, has_success);
    return told;
  });
}

ScheduleSummary PgNotificationStore::summary() {
  return session_.run([&](soci::session& sql) {
    ScheduleSummary summary;
    summary.newest_success = read_newest_success(sql, schedule_);
    read_tries(sql, schedule_, summary);
    summary.last = newest_whole_run(sql, schedule_);
    if (summary.last) summary.outcomes = newest_outcomes(sql, summary.last->id);
    return summary;
  });
}

void PgNotificationStore::insert(soci::session& sql,
                                 const std::vector<NewNotification>& notifications) {
  for (const auto& notification : notifications) {
    const auto event = std::string(to_text(notification.event));
    sql << "INSERT INTO spider_check_notification "
           "(schedule, channel, event, key, facts, created_at, next_try_at) "
           "VALUES (:schedule, :channel, :event, :key, :facts::jsonb, now(), now()) "
           "ON CONFLICT (schedule, key, channel) DO NOTHING",
        soci::use(schedule_), soci::use(notification.channel), soci::use(event),
        soci::use(notification.key), soci::use(notification.facts);
  }
}

bool PgNotificationStore::tell(const NotificationState& told,
                               const std::vector<NewNotification>& notifications) {
  return session_.run([&](soci::session& sql) {
    const int failing = told.failing ? 1 : 0;
    const int stale = told.stale ? 1 : 0;
    const auto degraded = to_array_literal(told.degraded);
    long long success = told.success ? told.success->time_since_epoch().count() : std::int64_t{0};
    soci::indicator has_success = told.success ? soci::i_ok : soci::i_null;
    int version = 0;
    soci::transaction transaction(sql);
    sql << "INSERT INTO spider_check_told AS told "
           "(schedule, version, failing, stale, degraded, success, updated_at) "
           "VALUES (:schedule, 1, :failing::int::boolean, :stale::int::boolean, "
           ":degraded::text[], to_timestamp(0) + :success * interval '1 microsecond', now()) "
           "ON CONFLICT (schedule) DO UPDATE SET version = told.version + 1, "
           "failing = excluded.failing, stale = excluded.stale, degraded = excluded.degraded, "
           "success = excluded.success, updated_at = excluded.updated_at "
           "WHERE told.version = :seen RETURNING version",
        soci::use(schedule_), soci::use(failing), soci::use(stale), soci::use(degraded),
        soci::use(success, has_success), soci::use(told.version), soci::into(version);
    if (!sql.got_data()) return false;
    insert(sql, notifications);
    transaction.commit();
    return true;
  });
}

void PgNotificationStore::add(const std::vector<NewNotification>& notifications) {
  session_.run([&](soci::session& sql) { insert(sql, notifications); });
}

std::vector<DueNotification> PgNotificationStore::take_due(const std::vector<std::string>& channels,
                                                           Duration lease) {
  return session_.run([&](soci::session& sql) {
    const auto names = to_array_literal(channels);
    const auto microseconds = static_cast<long long>(lease.count());
    // One after the other in each channel: nobody wants to hear of the end before the beginning.
    const soci::rowset<soci::row> rows =
        (sql.prepare
             << "WITH due AS (SELECT id FROM spider_check_notification n "
                "WHERE schedule = :schedule AND channel = ANY (:channels::text[]) "
                "AND next_try_at <= now() AND NOT EXISTS (SELECT FROM spider_check_notification o "
                "WHERE o.schedule = n.schedule AND o.channel = n.channel "
                "AND o.next_try_at IS NOT NULL AND o.id < n.id) "
                "ORDER BY id FOR UPDATE SKIP LOCKED), "
                "taken AS (UPDATE spider_check_notification n SET tries = n.tries + 1, "
                "next_try_at = now() + :lease * interval '1 microsecond' FROM due "
                "WHERE n.id = due.id RETURNING n.id, n.channel, n.event, n.facts, n.tries) "
                "SELECT id, channel, event, facts::text, tries FROM taken ORDER BY id",
         soci::use(schedule_), soci::use(names), soci::use(microseconds));
    std::vector<DueNotification> due;
    for (const auto& row : rows) {
      due.push_back({row.get<long long>(0), row.get<std::string>(1),
                     parse_event_kind(row.get<std::string>(2)).value_or(EventKind::test),
                     row.get<std::string>(3), row.get<int>(4)});
    }
    return due;
  });
}

void PgNotificationStore::sent(std::int64_t id) {
  session_.run([&](soci::session& sql) {
    const auto number = static_cast<long long>(id);
    sql << "UPDATE spider_check_notification SET sent_at = now(), next_try_at = NULL, "
           "last_error = NULL WHERE id = :id",
        soci::use(number);
  });
}

void PgNotificationStore::not_sent(std::int64_t id, const std::string& why, Duration pause) {
  session_.run([&](soci::session& sql) {
    const auto number = static_cast<long long>(id);
    const auto microseconds = static_cast<long long>(pause.count());
    const auto worth = static_cast<long long>(max_notification_age.count());
    sql << "UPDATE spider_check_notification SET last_error = :why, next_try_at = CASE WHEN "
           "created_at >= now() - :worth * interval '1 microsecond' "
           "THEN now() + :pause * interval '1 microsecond' END WHERE id = :id",
        soci::use(why), soci::use(worth), soci::use(microseconds), soci::use(number);
  });
}

void PgNotificationStore::give_up(const std::vector<std::string>& channels) {
  session_.run([&](soci::session& sql) {
    const auto names = to_array_literal(channels);
    const auto worth = static_cast<long long>(max_notification_age.count());
    sql << "UPDATE spider_check_notification SET next_try_at = NULL, last_error = "
           "CASE WHEN channel = ANY (:channels::text[]) THEN 'given up: it is too old to be news' "
           "ELSE 'given up: the channel is not configured any more' END "
           "|| coalesce('; ' || last_error, '') WHERE schedule = :schedule "
           "AND next_try_at IS NOT NULL AND (channel <> ALL (:channels::text[]) "
           "OR created_at < now() - :worth * interval '1 microsecond')",
        soci::use(names, "channels"), soci::use(schedule_, "schedule"), soci::use(worth, "worth");
  });
}

void PgNotificationStore::forget_settled(Duration age) {
  session_.run([&](soci::session& sql) {
    const auto microseconds = static_cast<long long>(age.count());
    sql << "DELETE FROM spider_check_notification WHERE id IN ("
           "SELECT id FROM spider_check_notification WHERE schedule = :schedule "
           "AND next_try_at IS NULL AND created_at < now() - :age * interval '1 microsecond' "
           "ORDER BY id LIMIT 1000 FOR UPDATE SKIP LOCKED)",
        soci::use(schedule_), soci::use(microseconds);
  });
}

}  // namespace spider_check::db
