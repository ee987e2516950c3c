-- The table that says when spiders ran. Where an earlier installation made one, it is adopted with
-- its rows; where there is none, it is created with the same columns, types and defaults.
CREATE TABLE IF NOT EXISTS scheduler_state (
    id            SERIAL PRIMARY KEY,
    last_run_at   TIMESTAMPTZ NOT NULL,
    spider_count  INTEGER NOT NULL DEFAULT 0,
    status        VARCHAR(50) NOT NULL DEFAULT 'completed',
    created_at    TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at    TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP
);

-- A table of the same name with other columns is somebody else's: better refused than half used.
DO $$
DECLARE
    wanted RECORD;
    found  TEXT;
BEGIN
    FOR wanted IN
        SELECT * FROM (VALUES
            ('id', 'integer'), ('last_run_at', 'timestamp with time zone'),
            ('spider_count', 'integer'), ('status', 'character varying(50)'),
            ('created_at', 'timestamp with time zone'), ('updated_at', 'timestamp with time zone')
        ) AS columns(name, type)
    LOOP
        SELECT format_type(atttypid, atttypmod) INTO found FROM pg_attribute
        WHERE attrelid = 'scheduler_state'::regclass AND attname = wanted.name AND NOT attisdropped;
        IF found IS DISTINCT FROM wanted.type THEN
            RAISE EXCEPTION 'the existing table scheduler_state cannot be adopted: its column % is %, not %',
                wanted.name, coalesce(found, 'missing'), wanted.type;
        END IF;
    END LOOP;
END
$$;

DO $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM pg_index i
        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
        WHERE i.indrelid = 'scheduler_state'::regclass AND a.attname = 'last_run_at'
          AND i.indpred IS NULL
    ) THEN
        CREATE INDEX scheduler_state_last_run_at ON scheduler_state (last_run_at DESC);
    END IF;
END
$$;
