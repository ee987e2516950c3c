-- Why a run started late: what its host noticed between the moment when it was due and its start.
-- An array of {"cause", "from_seconds", "to_seconds", "detail"}, the seconds counted back from
-- last_run_at, so that no clock but one's own has to be right.
ALTER TABLE scheduler_state ADD COLUMN hindrances JSONB;

-- Each spider's newest success, however many failures came after it.
CREATE INDEX spider_run_success ON spider_run (spider, started_at DESC) WHERE verdict <> 'failed';

COMMENT ON COLUMN scheduler_state.hindrances IS 'What kept the run from starting when it was due';
