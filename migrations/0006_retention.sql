-- What is too old is removed by schedule and start: whole runs have an index for that, and so have
-- partial ones now, which are few.
CREATE INDEX scheduler_state_by_hand ON scheduler_state (schedule, last_run_at DESC, id DESC)
    WHERE partial;
