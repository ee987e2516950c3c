-- Runs that begin while the database is away are recorded later, exactly once, by the number that
-- their host gave them; each attempt at a run by the token of its owner.
CREATE UNIQUE INDEX scheduler_state_run_uuid ON scheduler_state (run_uuid);

ALTER TABLE scheduler_state ADD COLUMN machine_id TEXT;
ALTER TABLE spider_run ADD COLUMN owner_token UUID;

COMMENT ON COLUMN scheduler_state.machine_id IS 'The owner''s /etc/machine-id: two hosts may share a name';
COMMENT ON COLUMN spider_run.owner_token IS 'Which owner''s attempt it was';
