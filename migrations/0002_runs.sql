-- What a run is beyond its start: its schedule, its attempts, its owner, and each spider's outcome.
-- Every new column has a default or may be NULL, so that an earlier program's INSERT goes on working.
ALTER TABLE scheduler_state
    ADD COLUMN schedule          TEXT NOT NULL DEFAULT 'default',
    ADD COLUMN run_uuid          UUID NOT NULL DEFAULT gen_random_uuid(),
    ADD COLUMN trigger           TEXT CHECK (trigger IN ('tick', 'force')),
    ADD COLUMN partial           BOOLEAN NOT NULL DEFAULT false,
    ADD COLUMN attempt           INTEGER NOT NULL DEFAULT 1 CHECK (attempt >= 1),
    ADD COLUMN next_attempt_at   TIMESTAMPTZ,
    ADD COLUMN finished_at       TIMESTAMPTZ,
    ADD COLUMN failure           TEXT,
    ADD COLUMN lateness          INTERVAL,
    ADD COLUMN missed_intervals  INTEGER,
    -- The owner: who runs it, and the token without which nobody may write to the run.
    ADD COLUMN host              TEXT,
    ADD COLUMN boot_id           TEXT,
    ADD COLUMN pid_namespace     BIGINT,
    ADD COLUMN pid               INTEGER,
    ADD COLUMN process_start     BIGINT,
    ADD COLUMN slot              INTEGER NOT NULL DEFAULT 0,
    ADD COLUMN owner_token       UUID;

-- Not checked against the rows of an earlier program: whatever they say, they are history.
ALTER TABLE scheduler_state
    ADD CONSTRAINT scheduler_state_status
    CHECK (status IN ('running', 'completed', 'failed')) NOT VALID;

-- The newest success: one index probe, however many rows there are and however many of the newest
-- are failures. A completed row without spiders is the marker of an installation, no success.
CREATE INDEX scheduler_state_success ON scheduler_state (schedule, last_run_at)
    WHERE status = 'completed' AND NOT partial AND spider_count > 0;

-- The newest whole run, and partial runs in progress.
CREATE INDEX scheduler_state_whole ON scheduler_state (schedule, last_run_at DESC, id DESC)
    WHERE NOT partial;
CREATE INDEX scheduler_state_partial ON scheduler_state (schedule, last_run_at DESC, id DESC)
    WHERE partial AND status = 'running';

-- One row for each spider and attempt.
CREATE TABLE spider_run (
    run_id       INTEGER NOT NULL REFERENCES scheduler_state (id) ON DELETE CASCADE,
    spider       TEXT NOT NULL,
    attempt      INTEGER NOT NULL CHECK (attempt >= 1),
    started_at   TIMESTAMPTZ NOT NULL,
    finished_at  TIMESTAMPTZ NOT NULL,
    status       VARCHAR(50) NOT NULL CHECK (status IN ('completed', 'failed')),
    verdict      TEXT NOT NULL CHECK (verdict IN ('ok', 'degraded', 'failed')),
    reasons      TEXT[] NOT NULL DEFAULT '{}',
    exit_code    INTEGER,
    signal       INTEGER,
    log_path     TEXT,
    cpu_time     INTERVAL,
    peak_memory  BIGINT,
    PRIMARY KEY (run_id, spider, attempt)
);
CREATE INDEX spider_run_spider ON spider_run (spider, started_at DESC);

COMMENT ON COLUMN scheduler_state.last_run_at IS 'Start of the first attempt; the interval counts from here';
COMMENT ON COLUMN scheduler_state.updated_at IS 'While running: the heartbeat, every 30 s';
COMMENT ON COLUMN scheduler_state.partial IS 'Only some spiders (--spider): never moves the schedule';
COMMENT ON COLUMN scheduler_state.lateness IS 'How long after it was due the run started';
COMMENT ON COLUMN spider_run.peak_memory IS 'Bytes';
