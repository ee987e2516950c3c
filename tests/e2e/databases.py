"""Fresh databases, most of them used: making one costs more than most tests do."""

SCHEMA = """
SELECT (SELECT array_agg((relname, relkind) ORDER BY relname)::text
        FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = 'public'),
       (SELECT array_agg((attrelid::regclass, attname, atttypid, attnotnull) ORDER BY attrelid, attnum)::text
        FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
        WHERE relnamespace = 'public'::regnamespace AND NOT attisdropped),
       (SELECT array_agg(m ORDER BY version)::text FROM spider_check_migration m)"""


# The second makes twenty files anew and removes as many, which takes ten times as long where few rows are.
EMPTY_FEW = """
DELETE FROM spider_run; DELETE FROM scheduler_state; DELETE FROM spider_check_told; DELETE FROM spider_check_notification;
SELECT setval(pg_get_serial_sequence(relation, 'id'), 1, false)
FROM unnest(ARRAY['scheduler_state', 'spider_check_notification']) relation"""
EMPTY_MANY = """
TRUNCATE scheduler_state, spider_run, spider_check_told, spider_check_notification RESTART IDENTITY"""
ARE_FEW = "SELECT pg_total_relation_size('scheduler_state') + pg_total_relation_size('spider_run') < 1000000"


class Databases:
    """Gives out databases as the program's migrations leave them."""

    def __init__(self, server, template):
        self._server = server
        self._template = template
        self._clean = []
        with server.connect(server.url(template)) as connection:
            self._schema = self._schema_of(connection)

    def take(self):
        return self._clean.pop() if self._clean else self._server.create_database(self._template)

    def give_back(self, url):
        """It is emptied and given out again, unless the test did more to it than to put in rows."""
        if self._clean_up(url):
            self._clean.append(url)
        else:
            self._server.drop_database(url)

    def _clean_up(self, url):
        with self._server.connect(url) as connection:
            cursor = connection.cursor()
            # A program that was killed may not be gone yet.
            cursor.execute("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
                           "WHERE datname = current_database() AND pid <> pg_backend_pid()")
            cursor.execute("DROP SCHEMA IF EXISTS clock CASCADE")
            if self._schema_of(connection) != self._schema:
                return False
            cursor.execute(ARE_FEW)
            cursor.execute(EMPTY_FEW if cursor.fetchone()[0] else EMPTY_MANY)
            return True

    @staticmethod
    def _schema_of(connection):
        cursor = connection.cursor()
        cursor.execute("SET client_min_messages = warning")
        cursor.execute(SCHEMA)
        return cursor.fetchone()
