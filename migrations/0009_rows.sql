-- What check_sql counted after the spider.
ALTER TABLE spider_run ADD COLUMN rows BIGINT;

COMMENT ON COLUMN spider_run.rows IS 'The number that check_sql gave after it; NULL: it gave none, or was not asked';
