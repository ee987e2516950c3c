-- Queries for the database of spider-check, to paste into psql one by one. All times are the database's.
-- Rows older than `keep` have been removed, except for the last successes and failures.

-- Freshness: is the data of each schedule fresh, or since when is it stale? The interval is only in the
-- configuration: replace 4 hours by yours.
SELECT s.schedule, ok.last_run_at AS last_success, now() - ok.last_run_at AS age,
       coalesce(now() - ok.last_run_at >= interval '4 hours', true) AS stale,
       ok.last_run_at + interval '4 hours' AS due
FROM (SELECT DISTINCT schedule FROM scheduler_state) AS s
LEFT JOIN LATERAL (
    SELECT last_run_at FROM scheduler_state AS r
    WHERE r.schedule = s.schedule AND status = 'completed' AND NOT partial AND spider_count > 0
      AND last_run_at <= now()
    ORDER BY last_run_at DESC LIMIT 1
) AS ok ON true
ORDER BY age DESC NULLS FIRST;

-- Last success: when did each spider last succeed, how long ago, and how did its newest attempt end?
SELECT s.schedule, r.spider,
       max(r.started_at) FILTER (WHERE r.verdict <> 'failed') AS last_success,
       now() - max(r.started_at) FILTER (WHERE r.verdict <> 'failed') AS age,
       (array_agg(r.verdict ORDER BY r.started_at DESC))[1] AS newest_verdict
FROM spider_run AS r JOIN scheduler_state AS s ON s.id = r.run_id
GROUP BY s.schedule, r.spider
ORDER BY age DESC NULLS FIRST, s.schedule, r.spider;

-- Items: how many items did the newest attempt of each crawl yield, against the median of the last 20
-- good attempts before it?
WITH newest AS (
    SELECT DISTINCT ON (s.schedule, r.spider)
           s.schedule, r.spider, r.started_at, r.items, r.verdict
    FROM spider_run AS r JOIN scheduler_state AS s ON s.id = r.run_id
    WHERE r.items IS NOT NULL
    ORDER BY s.schedule, r.spider, r.started_at DESC
)
SELECT n.schedule, n.spider, n.started_at, n.items, good.median, good.runs,
       (100 * n.items / nullif(good.median, 0))::integer AS percent, n.verdict
FROM newest AS n
CROSS JOIN LATERAL (
    SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY items) AS median, count(*) AS runs
    FROM (
        SELECT r.items FROM spider_run AS r JOIN scheduler_state AS s ON s.id = r.run_id
        WHERE r.spider = n.spider AND s.schedule = n.schedule AND r.verdict = 'ok'
          AND r.items IS NOT NULL AND r.started_at < n.started_at
        ORDER BY r.started_at DESC LIMIT 20
    ) AS last_good
) AS good
ORDER BY percent NULLS LAST, n.schedule, n.spider;

-- Failed runs: which runs of the last 7 days failed in all attempts, and why?
SELECT s.id, s.schedule, s.last_run_at, s.attempt AS attempts, s.failure, s.faults,
       array_agg(r.spider || ': ' || array_to_string(r.reasons, '; ') ORDER BY r.spider)
           FILTER (WHERE r.verdict = 'failed') AS spiders
FROM scheduler_state AS s LEFT JOIN spider_run AS r ON r.run_id = s.id AND r.attempt = s.attempt
WHERE s.status = 'failed' AND s.last_run_at > now() - interval '7 days'
GROUP BY s.id
ORDER BY s.last_run_at DESC;

-- Failed attempts: which spiders failed in the last 7 days, even if a retry succeeded, and where are
-- their logs?
SELECT s.schedule, r.spider, r.started_at, r.run_id, r.attempt, r.reasons, s.status AS run_ended,
       r.log_path
FROM spider_run AS r JOIN scheduler_state AS s ON s.id = r.run_id
WHERE r.verdict = 'failed' AND r.started_at > now() - interval '7 days'
ORDER BY r.started_at DESC;

-- Success rate: what percentage of each spider's attempts succeeded, by day, in the last 30 days?
SELECT s.schedule, r.spider, r.started_at::date AS day, count(*) AS attempts,
       count(*) FILTER (WHERE r.verdict = 'ok') AS ok,
       count(*) FILTER (WHERE r.verdict = 'degraded') AS degraded,
       count(*) FILTER (WHERE r.verdict = 'failed') AS failed,
       round(100.0 * count(*) FILTER (WHERE r.verdict <> 'failed') / count(*), 1) AS percent
FROM spider_run AS r JOIN scheduler_state AS s ON s.id = r.run_id
WHERE r.started_at > now() - interval '30 days'
GROUP BY s.schedule, r.spider, day
ORDER BY day DESC, percent, s.schedule, r.spider;

-- Slowest spiders: how much time, CPU time and memory did spiders take in the last 7 days?
SELECT s.schedule, r.spider, count(*) AS attempts,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY r.finished_at - r.started_at) AS median,
       max(r.finished_at - r.started_at) AS longest,
       avg(r.cpu_time) AS cpu_time, pg_size_pretty(max(r.peak_memory)) AS peak_memory
FROM spider_run AS r JOIN scheduler_state AS s ON s.id = r.run_id
WHERE r.started_at > now() - interval '7 days'
GROUP BY s.schedule, r.spider
ORDER BY median DESC
LIMIT 20;

-- In progress: what is running, where, for how long, how many spiders are done, and how old is its last
-- heartbeat? A heartbeat comes every 30 seconds.
SELECT s.id, s.schedule, s.host, s.pid, s.attempt, s.partial, now() - s.last_run_at AS running_for,
       (SELECT count(DISTINCT r.spider) FROM spider_run AS r
        WHERE r.run_id = s.id AND (r.verdict <> 'failed' OR r.attempt = s.attempt)) AS done,
       s.spider_count AS spiders, now() - s.updated_at AS heartbeat_age
FROM scheduler_state AS s
WHERE s.status = 'running' AND s.owner_token IS NOT NULL
ORDER BY s.last_run_at;

-- Lateness: which runs of the last 30 days started late, how late, and how many intervals were
-- missed?
SELECT id, schedule, last_run_at, last_run_at - lateness AS was_due, lateness, missed_intervals
FROM scheduler_state
WHERE lateness > interval '10 minutes' AND last_run_at > now() - interval '30 days'
ORDER BY lateness DESC
LIMIT 20;

-- Errors: which errors were most frequent in crawls of the last 7 days, and where?
SELECT s.schedule, r.spider, fault ->> 'place' AS place, fault ->> 'text' AS text,
       sum((fault ->> 'count')::bigint) AS times, max(r.started_at) AS last_seen
FROM spider_run AS r JOIN scheduler_state AS s ON s.id = r.run_id
CROSS JOIN LATERAL jsonb_array_elements(r.faults) AS fault
WHERE r.started_at > now() - interval '7 days'
GROUP BY s.schedule, r.spider, place, text
ORDER BY times DESC
LIMIT 20;

-- Answers: how did the sites answer in the last 7 days, by HTTP status?
SELECT s.schedule, r.spider, substring(stat.key FROM '[0-9]+$') AS http_status,
       sum(stat.value::bigint) AS times
FROM spider_run AS r JOIN scheduler_state AS s ON s.id = r.run_id
CROSS JOIN LATERAL jsonb_each_text(r.stats) AS stat
WHERE r.started_at > now() - interval '7 days'
  AND stat.key LIKE 'downloader/response\_status\_count/%'
GROUP BY s.schedule, r.spider, http_status
ORDER BY s.schedule, r.spider, times DESC;

-- Fields: in what percentage of the items is each field filled, in each crawl's newest attempt?
SELECT n.schedule, n.spider, field.key AS field, field.value::bigint AS filled, n.items,
       round(100.0 * field.value::bigint / nullif(n.items, 0), 1) AS percent
FROM (
    SELECT DISTINCT ON (s.schedule, r.spider) s.schedule, r.spider, r.items, r.field_counts
    FROM spider_run AS r JOIN scheduler_state AS s ON s.id = r.run_id
    WHERE r.field_counts IS NOT NULL
    ORDER BY s.schedule, r.spider, r.started_at DESC
) AS n
CROSS JOIN LATERAL jsonb_each_text(n.field_counts) AS field
ORDER BY percent, n.schedule, n.spider, field;

-- Storage: how much space do the tables and their indexes take?
SELECT relname AS table_name, reltuples::bigint AS about_rows,
       pg_size_pretty(pg_total_relation_size(oid)) AS total,
       pg_size_pretty(pg_indexes_size(oid)) AS indexes
FROM pg_class
WHERE oid IN ('scheduler_state'::regclass, 'spider_run'::regclass)
ORDER BY pg_total_relation_size(oid) DESC;

-- History: how many runs and attempts of each schedule are there, and how old is the oldest?
SELECT s.schedule, count(*) AS runs, sum(r.attempts)::bigint AS attempts,
       min(s.last_run_at) AS oldest, max(s.last_run_at) AS newest
FROM scheduler_state AS s
CROSS JOIN LATERAL (SELECT count(*) AS attempts FROM spider_run WHERE run_id = s.id) AS r
GROUP BY s.schedule
ORDER BY runs DESC;
