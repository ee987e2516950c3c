#include "db/attempt_rows.hpp"

#include <algorithm>
#include <optional>

#include "db/pg_run_store.hpp"
#include "db/values.hpp"
#include "outbox/record_json.hpp"

namespace spider_check {

std::string to_json(const std::vector<SpiderOutcome>& outcomes) {
  auto list = Json::array();
  for (const auto& outcome : outcomes) {
    auto json = to_json(outcome);
    json["ended"] = outcome.ago.count();
    json["started"] = (outcome.ago + outcome.child.took).count();
    list.push_back(std::move(json));
  }
  return text(list);
}

std::map<std::string, std::int64_t> parse_field_counts(const std::string& json) {
  std::map<std::string, std::int64_t> counts;
  const auto parsed = Json::parse(json, nullptr, false);
  if (!parsed.is_object()) return counts;
  for (const auto& [name, count] : parsed.items()) {
    if (count.is_number_integer()) counts[name] = count.get<std::int64_t>();
  }
  return counts;
}

namespace {

/** The row of the attempt's run, as it is now. */
struct Row {
  RunId id = 0;
  int attempt = 0;
  std::string status;
  std::string token;
};

std::optional<Row> find(soci::session& sql, const std::string& uuid) {
  Row row;
  sql << R"sql(SELECT id::bigint, attempt, status::text, coalesce(owner_token::text, '')
      FROM scheduler_state
      WHERE run_uuid = :uuid::uuid
      FOR UPDATE)sql",
      soci::use(uuid), soci::into(row.id), soci::into(row.attempt), soci::into(row.status),
      soci::into(row.token);
  if (!sql.got_data()) return std::nullopt;
  return row;
}

/** What an attempt says of its run's row, in types that SOCI knows and reads late. */
struct Values {
  Values(soci::session& sql, const AttemptRecord& record, const HostTime& now, bool running) {
    const auto end = end_of(record, now);
    const auto& owner = record.owner;
    uuid = record.claim.uuid;
    token = record.claim.token;
    host = owner.host;
    boot = owner.boot_id;
    machine = owner.machine;
    pid_namespace = owner.pid_namespace;
    pid = owner.pid;
    process_start = owner.process_start;
    slot = record.slot;
    spiders = record.spider_count;
    outlive = record.spiders_outlive.count();
    started_ago = least_age(record.run_started, now).count();
    status = to_text(running ? RunStatus::running : end.end.status);
    if (running) return;
    failure = to_kept(sql, end.end.failure);
    faults = to_kept_quoted(sql, to_array_literal(end.end.faults));
    ended_ago = least_age(end.at, now).count();
    ended = soci::i_ok;
    if (!end.end.retry_after) return;
    // Counted from the end, like the end from now on backwards.
    next_ago = ended_ago - end.end.retry_after->count();
    next = soci::i_ok;
  }

  std::string uuid, token, host, boot, machine, status, failure, faults = "{}";
  std::int64_t pid_namespace = 0, process_start = 0, outlive = 0, started_ago = 0, ended_ago = 0,
               next_ago = 0;
  int pid = 0, slot = 0, spiders = 0;
  soci::indicator ended = soci::i_null, next = soci::i_null;
};

RunId insert(soci::session& sql, const std::string& schedule, const AttemptRecord& record,
             Values values) {
  const auto trigger = std::string(to_text(record.run.trigger));
  const int partial = record.run.partial ? 1 : 0;
  const int attempt = record.claim.attempt;
  const auto late = record.run.late.value_or(Duration{0}).count();
  const int missed = record.run.missed_intervals.value_or(0);
  auto has_late = record.run.late ? soci::i_ok : soci::i_null;
  auto has_missed = record.run.missed_intervals ? soci::i_ok : soci::i_null;
  const auto delays = to_kept_quoted(sql, delays_or_none(record.run.delays));
  RunId id = 0;
  sql << R"sql(INSERT INTO scheduler_state (last_run_at, spider_count, status, created_at,
        updated_at, schedule, trigger, partial, attempt, lateness, missed_intervals, host, boot_id,
        pid_namespace, pid, process_start, machine_id, slot, run_uuid, owner_token, failure,
        faults, finished_at, next_attempt_at, hindrances, spiders_outlive)
      VALUES (now() - :started * interval '1 microsecond', :spiders, :status, now(), now(),
        :schedule, :trigger, :partial::int::boolean, :attempt, :late * interval '1 microsecond',
        :missed::int, :host, :boot, :namespace, :pid, :start, :machine, :slot, :uuid::uuid,
        :token::uuid, nullif(:failure, ''), nullif(:faults::text[], '{}'),
        now() - :ended * interval '1 microsecond', now() - :next * interval '1 microsecond',
        nullif(:hindrances, '')::jsonb, :outlive * interval '1 microsecond')
      RETURNING id)sql",
      soci::use(values.started_ago), soci::use(values.spiders), soci::use(values.status),
      soci::use(schedule), soci::use(trigger), soci::use(partial), soci::use(attempt),
      soci::use(late, has_late), soci::use(missed, has_missed), soci::use(values.host),
      soci::use(values.boot), soci::use(values.pid_namespace), soci::use(values.pid),
      soci::use(values.process_start), soci::use(values.machine), soci::use(values.slot),
      soci::use(values.uuid), soci::use(values.token), soci::use(values.failure),
      soci::use(values.faults), soci::use(values.ended_ago, values.ended),
      soci::use(values.next_ago, values.next), soci::use(delays), soci::use(values.outlive),
      soci::into(id);
  return id;
}

void update(soci::session& sql, RunId id, int attempt, Values values) {
  sql << R"sql(UPDATE scheduler_state
      SET status = :status, attempt = :attempt, updated_at = now(), host = :host, boot_id = :boot,
        pid_namespace = :namespace, pid = :pid, process_start = :start, machine_id = :machine,
        slot = :slot, owner_token = :token::uuid,
        spider_count = CASE WHEN :spiders > 0 THEN :spiders ELSE spider_count END,
        spiders_outlive = :outlive * interval '1 microsecond',
        failure = nullif(:failure, ''), faults = nullif(:faults::text[], '{}'),
        finished_at = now() - :ended * interval '1 microsecond',
        next_attempt_at = now() - :next * interval '1 microsecond'
      WHERE id = :id)sql",
      soci::use(values.status, "status"), soci::use(attempt, "attempt"),
      soci::use(values.host, "host"), soci::use(values.boot, "boot"),
      soci::use(values.pid_namespace, "namespace"), soci::use(values.pid, "pid"),
      soci::use(values.process_start, "start"), soci::use(values.machine, "machine"),
      soci::use(values.slot, "slot"), soci::use(values.token, "token"),
      soci::use(values.spiders, "spiders"), soci::use(values.outlive, "outlive"),
      soci::use(values.failure, "failure"), soci::use(values.faults, "faults"),
      soci::use(values.ended_ago, values.ended, "ended"),
      soci::use(values.next_ago, values.next, "next"), soci::use(id, "id");
}

/**
 * Under which number the outcomes stand: the attempt's own, or the next free one where another
 * owner made an attempt of that number meanwhile (both hosts retried, one without the database).
 */
int number_of(soci::session& sql, const Row& row, const AttemptRecord& record) {
  const auto& token = record.claim.token;
  const int own = record.claim.attempt;
  int recorded = 0;
  int taken = 0;
  int highest = 0;
  sql << R"sql(SELECT coalesce(max(attempt) FILTER (WHERE owner_token = :token::uuid), 0),
        (count(*) FILTER (WHERE attempt = :own
                            AND owner_token IS DISTINCT FROM :token::uuid))::int,
        coalesce(max(attempt), 0)
      FROM spider_run
      WHERE run_id = :id)sql",
      soci::use(token, "token"), soci::use(own, "own"), soci::use(row.id, "id"),
      soci::into(recorded), soci::into(taken), soci::into(highest);
  if (recorded > 0) return recorded;
  const bool others = row.attempt == own && !row.token.empty() && row.token != token;
  return taken > 0 || others ? std::max(row.attempt, highest) + 1 : own;
}

void insert_outcomes(soci::session& sql, RunId run, int attempt, const AttemptRecord& record,
                     const HostTime& now) {
  std::vector<SpiderOutcome> outcomes;
  for (auto& each : outcomes_of(record)) {
    outcomes.push_back(each.outcome);
    outcomes.back().ago = least_age(each.ended, now);
  }
  if (outcomes.empty()) return;
  const auto json = to_kept_quoted(sql, to_json(outcomes));
  sql << R"sql(INSERT INTO spider_run (run_id, spider, attempt, started_at, finished_at, status,
        verdict, reasons, exit_code, signal, log_path, cpu_time, peak_memory, finish_reason, items,
        pages, errors, stats, field_counts, faults, rows, owner_token)
      SELECT :run, o.spider, :attempt, now() - o.started * interval '1 microsecond',
        now() - o.ended * interval '1 microsecond', o.status, o.verdict, o.reasons, o.exit_code,
        o.signal, o.log_path, o.cpu * interval '1 microsecond', o.memory, o.finish_reason,
        o.items, o.pages, o.errors, o.stats, o.field_counts, o.faults, o.rows, :token::uuid
      FROM jsonb_to_recordset(:outcomes::jsonb) AS o (spider text, started bigint, ended bigint,
        status text, verdict text, reasons text[], exit_code int, signal int, log_path text,
        cpu bigint, memory bigint, finish_reason text, items bigint, pages bigint, errors bigint,
        stats jsonb, field_counts jsonb, faults jsonb, rows bigint)
      ON CONFLICT (run_id, spider, attempt) DO NOTHING)sql",
      soci::use(run, "run"), soci::use(attempt, "attempt"), soci::use(json, "outcomes"),
      soci::use(record.claim.token, "token");
}

/** The attempt goes on, or went on, from where the row stands. */
bool follows(const Row& row, const AttemptRecord& record) {
  if (row.token == record.claim.token) return true;
  return row.status == "failed" && row.attempt < record.claim.attempt;
}

void bump_attempt(soci::session& sql, RunId id, int attempt) {
  sql << R"sql(UPDATE scheduler_state
      SET attempt = :attempt
      WHERE id = :id AND attempt < :attempt)sql",
      soci::use(attempt, "attempt"), soci::use(id, "id");
}

}  // namespace

RunId adopt(soci::session& sql, const std::string& schedule, const AttemptRecord& attempt,
            const HostTime& now) {
  const Values values(sql, attempt, now, true);
  const auto row = find(sql, attempt.claim.uuid);
  if (!row) return insert(sql, schedule, attempt, values);
  if (!follows(*row, attempt)) lost_run(row->id);
  update(sql, row->id, attempt.claim.attempt, values);
  return row->id;
}

RunId record(soci::session& sql, const std::string& schedule, const AttemptRecord& attempt,
             const HostTime& now) {
  const Values values(sql, attempt, now, false);
  const auto row = find(sql, attempt.claim.uuid);
  if (!row) {
    const auto id = insert(sql, schedule, attempt, values);
    insert_outcomes(sql, id, attempt.claim.attempt, attempt, now);
    return id;
  }
  const int number = number_of(sql, *row, attempt);
  const bool own = row->token == attempt.claim.token && row->attempt == attempt.claim.attempt;
  const bool failed = row->status == "failed";
  // What is over stays as it was recorded, by whomever; a mark that it was interrupted, which has
  // no owner, is only what others took it for.
  const bool is_marked = failed && row->token.empty() && number == row->attempt;
  const bool ends = (own && row->status == "running") || (is_marked && attempt.end);
  const bool goes_on = !own && failed && number > row->attempt;
  if (ends || goes_on) update(sql, row->id, number, values);
  bump_attempt(sql, row->id, number);
  insert_outcomes(sql, row->id, number, attempt, now);
  return row->id;
}

}  // namespace spider_check
