-- What a crawl did: its statistics, and what its verdict was made from.
ALTER TABLE spider_run
    ADD COLUMN finish_reason  TEXT,
    ADD COLUMN items          BIGINT,
    ADD COLUMN pages          BIGINT,
    ADD COLUMN errors         BIGINT,
    ADD COLUMN stats          JSONB,
    ADD COLUMN field_counts   JSONB,
    ADD COLUMN faults         JSONB;

-- What was wrong with a run that is no single spider's: a project that cannot be listed, a spider
-- that is gone.
ALTER TABLE scheduler_state ADD COLUMN faults TEXT[];

-- A spider's last good runs, and its newest failed one.
CREATE INDEX spider_run_good ON spider_run (spider, started_at DESC) WHERE verdict = 'ok';
CREATE INDEX spider_run_failed ON spider_run (spider, started_at DESC) WHERE verdict = 'failed';

COMMENT ON COLUMN spider_run.items IS 'NULL for a program that is no crawl';
COMMENT ON COLUMN spider_run.stats IS 'The whole statistics of the crawl';
COMMENT ON COLUMN spider_run.field_counts IS 'How often each item field was filled';
COMMENT ON COLUMN spider_run.faults IS 'The first kinds of errors: place, text, count';
