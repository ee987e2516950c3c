-- What this database is, whatever it is called and wherever it lies: a host keeps for it, and for
-- no other, what it could not record. A copy or a restore keeps it.
CREATE TABLE spider_check_database (
    id     UUID NOT NULL DEFAULT gen_random_uuid(),
    alone  BOOLEAN PRIMARY KEY DEFAULT true CHECK (alone)
);
INSERT INTO spider_check_database DEFAULT VALUES;

-- Nobody takes a run over while its spiders may still live.
ALTER TABLE scheduler_state ADD COLUMN spiders_outlive INTERVAL;

COMMENT ON COLUMN spider_check_database.alone IS 'Always true: there is one row';
COMMENT ON COLUMN scheduler_state.spiders_outlive IS
    'How long after updated_at its spiders may still live where their host dies or loses the database';
