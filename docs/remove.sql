-- Removes everything that `spider-check migrate` added to a database: the outcomes of spiders, the
-- state of notifications, and the columns of scheduler_state that an earlier scheduler does not know.
-- The table scheduler_state stays, with a row for each complete run. After an error nothing is removed.
-- docs/migrate.md says when to use it. Stop every tick first:
--
--     psql -v ON_ERROR_STOP=1 -f remove.sql DATABASE
--
-- `spider-check migrate` can be used again afterwards.
BEGIN;

-- Without the column `schedule` the runs of all schedules would look like those of one.
DO $$
DECLARE
    schedules TEXT;
BEGIN
    SELECT string_agg(name, ', ' ORDER BY name) INTO schedules
    FROM (SELECT DISTINCT schedule FROM scheduler_state) AS found(name);
    IF schedules LIKE '%, %' THEN
        RAISE EXCEPTION 'scheduler_state has runs of several schedules: %', schedules
            USING HINT = 'Delete the rows of those that an earlier scheduler must not take for its own.';
    END IF;
END
$$;

-- An earlier scheduler would take a run of `--spider` for a run of all spiders …
DELETE FROM scheduler_state WHERE partial;
-- … and an abandoned run for a run in progress.
UPDATE scheduler_state SET status = 'failed' WHERE status = 'running' AND owner_token IS NOT NULL;

DROP TABLE spider_run, spider_check_told, spider_check_notification, spider_check_database,
    spider_check_migration;

ALTER TABLE scheduler_state
    DROP CONSTRAINT scheduler_state_status,
    DROP COLUMN schedule, DROP COLUMN run_uuid, DROP COLUMN trigger, DROP COLUMN partial,
    DROP COLUMN attempt, DROP COLUMN next_attempt_at, DROP COLUMN finished_at, DROP COLUMN failure,
    DROP COLUMN lateness, DROP COLUMN missed_intervals, DROP COLUMN host, DROP COLUMN boot_id,
    DROP COLUMN pid_namespace, DROP COLUMN pid, DROP COLUMN process_start, DROP COLUMN slot,
    DROP COLUMN owner_token, DROP COLUMN faults, DROP COLUMN machine_id, DROP COLUMN hindrances,
    DROP COLUMN spiders_outlive;

COMMENT ON COLUMN scheduler_state.last_run_at IS NULL;
COMMENT ON COLUMN scheduler_state.updated_at IS NULL;

COMMIT;
