-- What people were told about each schedule, and the messages that are still to be sent: any host may
-- send them, and none does what another one does.
CREATE TABLE spider_check_told (
    schedule    TEXT PRIMARY KEY,
    version     INTEGER NOT NULL,
    failing     BOOLEAN NOT NULL,
    stale       BOOLEAN NOT NULL,
    degraded    TEXT[] NOT NULL,
    success     TIMESTAMPTZ,
    updated_at  TIMESTAMPTZ NOT NULL
);

CREATE TABLE spider_check_notification (
    id           BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    schedule     TEXT NOT NULL,
    channel      TEXT NOT NULL,
    event        TEXT NOT NULL,
    key          TEXT NOT NULL,
    facts        JSONB NOT NULL,
    created_at   TIMESTAMPTZ NOT NULL,
    tries        INTEGER NOT NULL DEFAULT 0,
    next_try_at  TIMESTAMPTZ,
    sent_at      TIMESTAMPTZ,
    last_error   TEXT,
    UNIQUE (schedule, key, channel)
);

-- Every tick of a schedule that tells somebody asks whether one is due.
CREATE INDEX spider_check_notification_pending
    ON spider_check_notification (schedule, channel, id) WHERE next_try_at IS NOT NULL;

COMMENT ON COLUMN spider_check_told.version IS 'Grows each time: of two hosts that decide at once only one is right';
COMMENT ON COLUMN spider_check_told.success IS 'The newest success that was looked at';
COMMENT ON COLUMN spider_check_notification.key IS 'The same for the same thing, which is told once';
COMMENT ON COLUMN spider_check_notification.next_try_at IS 'NULL: sent, or given up. While one is being sent: when another host may try';
