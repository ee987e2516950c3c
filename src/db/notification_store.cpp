#include "db/notification_store.hpp"

#include "db/report_store.hpp"
#include "db/run_rows.hpp"
#include "db/values.hpp"

namespace spider_check {

NotificationState NotificationStore::told() {
  return session_.run([&](soci::session& sql) {
    NotificationState told;
    soci::row row;
    sql << R"sql(SELECT version, failing::int, stale::int, array_to_string(degraded, E'\n'),
          extract(epoch FROM success)::text
        FROM spider_check_told
        WHERE schedule = :schedule)sql",
        soci::use(schedule_), soci::into(row);
    if (!sql.got_data()) return told;
    told.version = row.get<int>(0);
    told.failing = row.get<int>(1) != 0;
    told.stale = row.get<int>(2) != 0;
    told.degraded = lines_of(row.get<std::string>(3));
    told.success = optional_time(row, 4);
    return told;
  });
}

ScheduleSummary NotificationStore::summary() {
  return session_.run([&](soci::session& sql) {
    auto summary = read_tries(sql, schedule_);
    State state;
    read_newest_runs(sql, schedule_, state);
    summary.last = state.last;
    if (summary.last) summary.outcomes = newest_outcomes(sql, summary.last->id);
    return summary;
  });
}

void NotificationStore::insert(soci::session& sql,
                               const std::vector<NewNotification>& notifications) {
  for (const auto& notification : notifications) {
    sql << R"sql(INSERT INTO spider_check_notification
          (schedule, channel, event, key, facts, created_at, next_try_at)
        VALUES (:schedule, :channel, :event, :key, :facts::jsonb, now(), now())
        ON CONFLICT (schedule, key, channel) DO NOTHING)sql",
        soci::use(schedule_), soci::use(notification.channel), soci::use(notification.event),
        soci::use(notification.key), soci::use(notification.facts);
  }
}

bool NotificationStore::tell(const NotificationState& told,
                             const std::vector<NewNotification>& notifications) {
  return session_.run([&](soci::session& sql) {
    const int failing = told.failing ? 1 : 0;
    const int stale = told.stale ? 1 : 0;
    const auto degraded = to_array_literal(told.degraded);
    const auto success = told.success ? told.success->time_since_epoch().count() : 0;
    soci::indicator has_success = told.success ? soci::i_ok : soci::i_null;
    int version = 0;
    soci::transaction transaction(sql);
    sql << R"sql(INSERT INTO spider_check_told AS told
          (schedule, version, failing, stale, degraded, success, updated_at)
        VALUES (:schedule, 1, :failing::int::boolean, :stale::int::boolean, :degraded::text[],
          to_timestamp(0) + :success * interval '1 microsecond', now())
        ON CONFLICT (schedule) DO UPDATE SET version = told.version + 1,
          failing = excluded.failing, stale = excluded.stale, degraded = excluded.degraded,
          success = excluded.success, updated_at = excluded.updated_at
        WHERE told.version = :seen
        RETURNING version)sql",
        soci::use(schedule_), soci::use(failing), soci::use(stale), soci::use(degraded),
        soci::use(success, has_success), soci::use(told.version), soci::into(version);
    if (!sql.got_data()) return false;
    insert(sql, notifications);
    transaction.commit();
    return true;
  });
}

void NotificationStore::add(const std::vector<NewNotification>& notifications) {
  session_.run([&](soci::session& sql) { insert(sql, notifications); });
}

std::vector<DueNotification> NotificationStore::take_due(const std::vector<std::string>& channels,
                                                         Duration lease) {
  return session_.run([&](soci::session& sql) {
    const auto names = to_array_literal(channels);
    const auto microseconds = lease.count();
    // One after the other in each channel: the failure before the recovery.
    const soci::rowset<soci::row> rows =
        (sql.prepare << R"sql(WITH due AS (
            SELECT id
            FROM spider_check_notification n
            WHERE schedule = :schedule AND channel = ANY (:channels::text[])
              AND next_try_at <= now()
              AND NOT EXISTS (SELECT FROM spider_check_notification o
                              WHERE o.schedule = n.schedule AND o.channel = n.channel
                                AND o.next_try_at IS NOT NULL AND o.id < n.id)
            ORDER BY id
            FOR UPDATE SKIP LOCKED
          ), taken AS (
            UPDATE spider_check_notification n
            SET tries = n.tries + 1, next_try_at = now() + :lease * interval '1 microsecond'
            FROM due
            WHERE n.id = due.id
            RETURNING n.id, n.channel, n.event, n.facts, n.tries
          )
          SELECT id, channel, event, facts::text, tries FROM taken ORDER BY id)sql",
         soci::use(schedule_), soci::use(names), soci::use(microseconds));
    std::vector<DueNotification> due;
    for (const auto& row : rows) {
      due.push_back({row.get<long long>(0), row.get<std::string>(1), row.get<std::string>(2),
                     row.get<std::string>(3), row.get<int>(4)});
    }
    return due;
  });
}

void NotificationStore::sent(std::int64_t id) {
  session_.run([&](soci::session& sql) {
    sql << R"sql(UPDATE spider_check_notification
        SET sent_at = now(), next_try_at = NULL, last_error = NULL
        WHERE id = :id)sql",
        soci::use(id);
  });
}

void NotificationStore::not_sent(std::int64_t id, const std::string& why, Duration pause) {
  session_.run([&](soci::session& sql) {
    const auto microseconds = pause.count();
    const auto worth = max_notification_age.count();
    sql << R"sql(UPDATE spider_check_notification
        SET last_error = :why, next_try_at = CASE
          WHEN created_at >= now() - :worth * interval '1 microsecond'
          THEN now() + :pause * interval '1 microsecond' END
        WHERE id = :id)sql",
        soci::use(why), soci::use(worth), soci::use(microseconds), soci::use(id);
  });
}

void NotificationStore::give_up(const std::vector<std::string>& channels) {
  session_.run([&](soci::session& sql) {
    const auto names = to_array_literal(channels);
    const auto worth = max_notification_age.count();
    sql << R"sql(UPDATE spider_check_notification
        SET next_try_at = NULL, last_error = CASE
            WHEN channel = ANY (:channels::text[]) THEN 'given up: it is too old to be news'
            ELSE 'given up: the channel is not configured any more' END
          || coalesce('; ' || last_error, '')
        WHERE schedule = :schedule AND next_try_at IS NOT NULL
          AND (channel <> ALL (:channels::text[])
               OR created_at < now() - :worth * interval '1 microsecond'))sql",
        soci::use(names, "channels"), soci::use(schedule_, "schedule"), soci::use(worth, "worth");
  });
}

void NotificationStore::forget_settled(Duration age) {
  session_.run([&](soci::session& sql) {
    const auto microseconds = age.count();
    sql << R"sql(DELETE FROM spider_check_notification
        WHERE id = ANY (ARRAY(
          SELECT id
          FROM spider_check_notification
          WHERE schedule = :schedule AND next_try_at IS NULL
            AND created_at < now() - :age * interval '1 microsecond'
          ORDER BY id LIMIT 1000
          FOR UPDATE SKIP LOCKED)))sql",
        soci::use(schedule_), soci::use(microseconds);
  });
}

}  // namespace spider_check
