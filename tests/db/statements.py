#!/usr/bin/python3
"""statements.py DB-TESTS…: runs the tests beside a PostgreSQL of its own, and then explains every
statement that they made the program send, with its parameters, on a million runs and a million rows
of spiders.

It fails when a statement of src/ is none of those, and when one reads too much of a table that grows,
or would read it from end to end.
"""

import os
import pathlib
import re
import subprocess
import sys

sys.dont_write_bytecode = True
TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/support"))

from postgres import Postgres, die_with_parent

FOREIGN = ("PG", "DB_", "SCHEDULER_")

# Their rows do not grow with time.
SMALL = {
    "spider_check_database": "one row",
    "spider_check_migration": "one row for each migration",
    "spider_check_told": "one row for each schedule",
}

# Rows of one table, by an index. Removing old runs takes 500 at a time with their spiders; the age of a
# log is found from the runs of 90 days.
MOST = 5000

# In an entry of the log no line but the first begins with it.
SETTINGS = {"log_statement": "all", "log_line_prefix": "@%a@ ", "wal_level": "minimal",
            "max_wal_senders": "0", "max_wal_size": "4GB", "maintenance_work_mem": "256MB"}

# A run each hour, of which one in ten failed, one in a hundred is partial, one in five another
# schedule's; one in four has the rows of four spiders, of which one has failed since long ago, and one
# has not.
ROWS = """
INSERT INTO scheduler_state (last_run_at, spider_count, status, schedule, partial, owner_token,
                             finished_at, trigger)
SELECT now() - n * interval '1 hour', 4, CASE WHEN n % 10 = 7 THEN 'failed' ELSE 'completed' END,
  CASE WHEN n % 5 = 3 THEN 'other' ELSE 'default' END, n % 100 = 5, gen_random_uuid(),
  now() - n * interval '1 hour', 'tick'
FROM generate_series(1000000, 1, -1) AS n;
INSERT INTO spider_run (run_id, spider, attempt, started_at, finished_at, status, verdict, items)
SELECT id, spider, 1, last_run_at, last_run_at, status,
  CASE WHEN CASE spider WHEN 'a' THEN id < 100000 WHEN 'b' THEN id > 900000
    ELSE status = 'failed' END THEN 'failed' WHEN id % 3 = 0 THEN 'degraded' ELSE 'ok' END, 100
FROM scheduler_state, unnest(ARRAY['a', 'b', 'c', 'd']) AS spider
WHERE id % 4 = 0
ORDER BY id;
INSERT INTO spider_check_notification (schedule, channel, event, key, facts, created_at, next_try_at)
SELECT CASE WHEN n % 5 = 3 THEN 'other' ELSE 'default' END, 'mail', 'failing', n::text, '{}',
  now() - n * interval '1 hour', CASE WHEN n < 10 THEN now() END
FROM generate_series(100000, 1, -1) AS n;
"""


def one_line(text):
    return " ".join(text.split())


def statements_of_source():
    """FILE:LINE of each, and what matches it as the server sees it."""
    found = {}
    for path in sorted((TOP / "src").rglob("*.cpp")):
        text = path.read_text(encoding="utf-8")
        for match in re.finditer(r'R"sql\((.*?)\)sql"', text, re.S):
            place = f"{path.relative_to(TOP)}:{text.count(chr(10), 0, match.start()) + 1}"
            pattern = re.escape(one_line(match[1]))
            pattern = re.sub(r":'\w+'", lambda _: r" ?E?'(?:[^']|'')*'", pattern)
            found[place] = re.compile(re.sub(r"(?<!:):[a-z]\w*", lambda _: r"\$\d+", pattern))
        for match in re.finditer(r'(?:\bsql|\bprepare)\s*<<\s*"', text):
            line = text.count("\n", 0, match.start()) + 1
            sys.exit(f"{path.relative_to(TOP)}:{line}: a statement that is no raw literal R\"sql(…)sql\"")
    return found


def sent(log):
    """Each message that was sent by a session of the program, with the parameters of each time."""
    messages = {}
    entries = re.split(r"^@(.*?)@ ", log, flags=re.M)[1:]
    text = None
    for name, entry in zip(entries[::2], entries[1::2]):
        entry = entry.rstrip("\n").replace("\n\t", "\n")
        if found := re.match(r"LOG:  (?:statement|execute [^:]*): (.*)", entry, re.S):
            text = found[1].replace('"public".', "") if name.startswith("spider-check ") else None
            if text is not None:
                messages.setdefault(text, set())
        elif text is not None and (found := re.match(r"DETAIL:  parameters: (.*)", entry, re.S)):
            values = re.findall(r"\$\d+ = (NULL|'(?:[^']|'')*')", found[1])
            messages[text].add(tuple(values))
    return messages


def fill(cursor):
    for path in sorted((TOP / "migrations").glob("*.sql")):
        cursor.execute(path.read_text(encoding="utf-8"))
    cursor.execute("CREATE TABLE spider_check_migration (version INTEGER PRIMARY KEY, name TEXT, "
                   "checksum TEXT, applied_at TIMESTAMPTZ)")
    cursor.execute("SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index "
                   "WHERE indrelid IN ('scheduler_state'::regclass, 'spider_run'::regclass) "
                   "AND NOT indisprimary")
    indexes = cursor.fetchall()
    for name, _ in indexes:
        cursor.execute(f"DROP INDEX {name}")
    cursor.execute("SET session_replication_role = replica")  # no look at each foreign key
    cursor.execute(ROWS)
    for _, definition in indexes:
        cursor.execute(definition)
    cursor.execute("RESET session_replication_role")
    cursor.execute("VACUUM ANALYZE")


def reads(plan):
    """Each table of a plan, and how many rows are read of it."""
    if "Relation Name" in plan:
        rows = sum(plan.get(what, 0) for what in ("Actual Rows", "Rows Removed by Filter",
                                                  "Rows Removed by Index Recheck"))
        whole = plan["Node Type"] == "Seq Scan"
        yield plan["Relation Name"], float("inf") if whole else rows * plan["Actual Loops"]
    for below in plan.get("Plans", []):
        yield from reads(below)


def too_much(cursor, tables, text, executions):
    """Of which table the statement reads too much, with which parameters; nothing where of none."""
    cursor.execute("DEALLOCATE ALL")
    cursor.execute(f"PREPARE explained AS {text}")
    for values in executions or {()}:
        given = f"({', '.join(values)})" if values else ""
        cursor.execute("BEGIN")
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) EXECUTE explained{given}")
        plan = cursor.fetchone()[0][0]["Plan"]
        cursor.execute("ROLLBACK")
        for table, rows in reads(plan):
            if table in tables and rows > MOST:
                what = "all" if rows == float("inf") else f"{rows:.0f}"
                return f"reads {what} rows of {table}, with {', '.join(values)[:200]}"
    return None


def findings(cursor, messages):
    cursor.execute("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace")
    growing = {name for (name,) in cursor.fetchall()} - set(SMALL)
    cursor.execute("SET plan_cache_mode = force_custom_plan")
    patterns = statements_of_source()
    unsent = set(patterns)
    for message, executions in messages.items():
        # What is sent as one message may be two of them.
        for text in {message, message.partition(";")[2].strip()}:
            places = [place for place in patterns if patterns[place].match(one_line(text))]
            unsent.difference_update(places)
            whole = [place for place in places if patterns[place].fullmatch(one_line(text))]
            if not whole or not re.match("SELECT|WITH|INSERT|UPDATE|DELETE", text):
                continue
            if what := too_much(cursor, growing, text, executions):
                yield f"{whole[0]}: {what}"
    for place in sorted(unsent):
        yield f"{place}: no test of the database sends it"


def main():
    if len(sys.argv) < 2:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    environment = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    with Postgres(**SETTINGS) as server:
        environment["SPIDER_CHECK_TEST_URL"] = server.url()
        status = subprocess.call(sys.argv[1:], env=environment, preexec_fn=die_with_parent)
        if status != 0:
            return status if status > 0 else 128 - status
        messages = sent(server.log)
        with server.connect(server.create_database()) as connection:
            cursor = connection.cursor()
            fill(cursor)
            found = list(findings(cursor, messages))
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
