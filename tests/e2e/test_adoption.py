"""A scheduler_state table of an earlier scheduler goes on being used, with its rows and queries."""

import re
import subprocess

import pytest

from postgres import BINARIES
from world import ROOT

# Just what such an installation has: six columns, their defaults, an index.
OLD_TABLE = """
CREATE TABLE scheduler_state (
    id SERIAL PRIMARY KEY,
    last_run_at TIMESTAMPTZ NOT NULL,
    spider_count INTEGER NOT NULL DEFAULT 0,
    status VARCHAR(50) NOT NULL DEFAULT 'completed',
    created_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX idx_scheduler_state_last_run_at ON scheduler_state (last_run_at DESC);
"""
OLD_INSERT = ("INSERT INTO scheduler_state (last_run_at, spider_count, status, updated_at) "
              "VALUES (now() - %s::interval, %s, %s, now() - %s::interval)")

NEWEST_FIVE = "SELECT * FROM scheduler_state ORDER BY last_run_at DESC LIMIT 5"
NEWEST_COMPLETED = """
SELECT last_run_at, spider_count, status FROM scheduler_state
WHERE status = 'completed' ORDER BY last_run_at DESC LIMIT 1"""
LAST_24_HOURS = """
SELECT id, last_run_at, spider_count, status,
       EXTRACT(EPOCH FROM (NOW() - last_run_at)) / 3600 AS hours_ago
FROM scheduler_state WHERE last_run_at > NOW() - INTERVAL '24 hours' ORDER BY last_run_at DESC"""
COUNT_BY_STATUS = """
SELECT status, COUNT(*) AS count FROM scheduler_state
WHERE last_run_at > NOW() - INTERVAL '30 days' GROUP BY status ORDER BY status"""
HOURS_BETWEEN_SUCCESSES = """
SELECT last_run_at, EXTRACT(EPOCH FROM (
           last_run_at - LAG(last_run_at) OVER (ORDER BY last_run_at))) / 3600 AS hours_between
FROM scheduler_state WHERE status = 'completed' ORDER BY last_run_at DESC"""


def old_row(world, ago, spider_count, status):
    world.sql(OLD_INSERT, ago, spider_count, status, ago)


def old_run(world, hours_ago, status):
    """Two rows: at the start, and two minutes later at the end."""
    old_row(world, f"{hours_ago} hours", 2, "running")
    old_row(world, f"{hours_ago * 60 - 2} minutes", 2, status)


@pytest.fixture
def old_world(empty_world):
    """Installed 50 hours ago, so the marker stands at 55; runs since then."""
    world = empty_world
    world.sql(OLD_TABLE)
    old_row(world, "55 hours", 0, "completed")
    for hours_ago, status in [(50, "completed"), (46, "failed"), (20, "completed"), (6, "completed"),
                              (2, "completed")]:
        old_run(world, hours_ago, status)
    return world.spider("a")


def age_by(world, interval):
    world.sql("UPDATE scheduler_state SET last_run_at = last_run_at - %s::interval, "
              "updated_at = updated_at - %s::interval", interval, interval)


def old_columns(world):
    return world.sql("SELECT id, last_run_at, spider_count, status, created_at, updated_at "
                     "FROM scheduler_state ORDER BY id")


def test_its_rows_stay_as_they_are(old_world):
    before = old_columns(old_world)
    assert old_world.run("migrate").code == 0
    assert old_columns(old_world) == before
    assert {run.schedule for run in old_world.runs()} == {"default"}


def test_its_last_success_counts(old_world):
    old_world.run("migrate")
    result = old_world.run()
    assert result.code == 0
    assert "Last run was 1.97 hours ago (required: 4 hours)" in result.err
    assert "Recent run detected, skipping immediate execution" in result.err
    assert old_world.ran() == []


def test_its_running_rows_of_the_past_are_no_runs_in_progress(old_world):
    age_by(old_world, "3 hours")
    old_world.run("migrate")
    before = old_columns(old_world)
    result = old_world.run()
    assert result.code == 0
    assert "Time threshold met or exceeded, running spiders immediately" in result.err
    assert not re.search("interrupted|Already running|reconnecting|Retry", result.err), result.err
    assert old_world.ran() == ["a"]
    assert old_columns(old_world)[:len(before)] == before


def test_its_run_that_was_cut_off_long_ago_does_not_hold_back_a_tick(old_world):
    age_by(old_world, "3 hours")
    old_row(old_world, "30 minutes", 2, "running")
    old_world.run("migrate")
    result = old_world.run()
    assert result.code == 0, result.err
    assert old_world.ran() == ["a"]
    assert [run.status for run in old_world.runs()].count("running") == 5


def test_its_run_of_just_now_holds_back_a_tick(old_world):
    age_by(old_world, "3 hours")
    old_row(old_world, "30 seconds", 2, "running")
    old_world.run("migrate")
    result = old_world.run()
    assert result.code == 0
    assert "skipping" in result.err
    assert old_world.ran() == []


def test_its_insert_still_works_and_then_counts(old_world):
    age_by(old_world, "3 hours")
    old_world.run("migrate")
    old_row(old_world, "65 minutes", 3, "running")
    old_row(old_world, "1 hour", 3, "completed")
    result = old_world.run()
    assert "Last run was 1.00 hours ago (required: 4 hours)" in result.err
    assert old_world.ran() == []


def test_its_failure_is_retried_by_the_rules_of_now(old_world):
    age_by(old_world, "3 hours")
    old_world.run("migrate")
    old_run(old_world, 1, "failed")
    result = old_world.run()
    assert result.code == 0, result.err
    assert old_world.ran() == ["a"]


@pytest.mark.parametrize("interval", ["4h", "8h"])
def test_the_marker_alone_is_no_success(empty_world, interval):
    world = empty_world.spider("a")
    world.top["interval"] = interval
    world.sql(OLD_TABLE)
    old_row(world, "5 hours", 0, "completed")
    world.run("migrate")
    result = world.run()
    assert result.code == 0
    assert "No successful run is recorded" in result.err
    assert world.ran() == ["a"]
    assert world.runs()[-1].lateness is None


def test_the_monitoring_queries_of_before_give_right_answers(old_world):
    old_world.run("migrate")
    age_by(old_world, "3 hours")
    assert old_world.run().code == 0

    (newest,) = old_world.sql(NEWEST_COMPLETED)
    assert (newest.last_run_at, newest.spider_count) == (old_world.runs()[-1].last_run_at, 1)

    recent = [(round(float(row.hours_ago), 1), row.status) for row in old_world.sql(LAST_24_HOURS)]
    assert recent == [(0.0, "completed"), (5.0, "completed"), (5.0, "running"), (9.0, "completed"),
                      (9.0, "running"), (23.0, "completed"), (23.0, "running")]

    # Its own runs count twice, as they always did; those of spider-check have one row.
    assert old_world.sql(COUNT_BY_STATUS) == [("completed", 6), ("failed", 1), ("running", 5)]

    between = [row.hours_between for row in old_world.sql(HOURS_BETWEEN_SUCCESSES)]
    assert [round(float(hours), 1) for hours in between[:-1]] == [5.0, 4.0, 14.0, 30.0, 5.0]
    assert between[-1] is None


def test_the_monitoring_queries_of_before_are_right_after_old_rows_went_too(old_world):
    old_world.run("migrate")
    age_by(old_world, "100 days")
    # The run removes what is too old, but the newest of it, by whose id old logs are known.
    assert old_world.run().code == 0
    newest = old_world.runs()[-1]
    assert [run.id for run in old_world.sql(NEWEST_FIVE)] == [newest.id, newest.id - 1]
    assert old_world.sql(NEWEST_COMPLETED) == [(newest.last_run_at, 1, "completed")]
    assert [row.id for row in old_world.sql(LAST_24_HOURS)] == [newest.id]
    assert old_world.sql(COUNT_BY_STATUS) == [("completed", 1)]
    between = [row.hours_between for row in old_world.sql(HOURS_BETWEEN_SUCCESSES)]
    assert [hours and round(hours) for hours in between] == [2402, None]


def test_an_index_of_its_own_is_not_made_twice(old_world):
    old_world.run("migrate")
    indexes = old_world.sql("SELECT indexname, indexdef FROM pg_indexes "
                            "WHERE tablename = 'scheduler_state' ORDER BY 1")
    plain = [index for index in indexes if index.indexdef.endswith("(last_run_at DESC)")]
    assert [index.indexname for index in plain] == ["idx_scheduler_state_last_run_at"]


def test_a_table_of_the_same_name_that_is_something_else_is_refused(empty_world):
    empty_world.sql("CREATE TABLE scheduler_state (id serial, job text)")
    before = empty_world.dump()
    result = empty_world.run("migrate")
    assert result.code == 3
    assert len(result.err.splitlines()) == 1
    assert "last_run_at" in result.err
    assert empty_world.dump() == before


# --- And back again: docs/remove.sql ------------------------------------------------------------

def remove(world):
    """What psql says when it takes away what `migrate` added."""
    return subprocess.run([BINARIES / "psql", "-X", "-v", "ON_ERROR_STOP=1", "-f", ROOT / "docs/remove.sql",
                           world.url], text=True, capture_output=True, check=False, timeout=60)


def objects(world):
    """All that is in the database but rows: columns, indexes, constraints, comments."""
    return world.sql("""
        SELECT attrelid::regclass::text AS place, attname::text AS what,
               format_type(atttypid, atttypmod) || coalesce(col_description(attrelid, attnum), '') AS how
        FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
        WHERE relnamespace = 'public'::regnamespace AND attnum > 0 AND NOT attisdropped
        UNION ALL
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace
        ORDER BY 1, 2""")


def test_all_that_was_added_can_be_taken_away_and_every_whole_run_stays(old_world):
    at_first, before = objects(old_world), old_columns(old_world)
    old_world.run("migrate")
    age_by(old_world, "3 hours")
    assert old_world.run().code == 0
    assert old_world.run("--spider", "a").code == 0
    old_world.sql("INSERT INTO scheduler_state (last_run_at, status, owner_token) "
                  "VALUES (now(), 'running', gen_random_uuid())")

    ended = remove(old_world)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert objects(old_world) == at_first
    rows = old_columns(old_world)
    assert [row[2:4] for row in rows] == [*(row[2:4] for row in before), (1, "completed"), (0, "failed")]

    assert old_world.run("migrate").code == 0
    assert old_world.run("status").code == 0


def test_nothing_is_taken_away_where_several_schedules_would_become_one(old_world):
    old_world.run("migrate")
    old_world.sql("INSERT INTO scheduler_state (last_run_at, schedule) VALUES (now(), 'news')")
    before = old_world.dump()
    ended = remove(old_world)
    assert ended.returncode == 3
    assert "runs of several schedules: default, news" in ended.stderr
    assert old_world.dump() == before


# --- What cannot be adopted is refused before anything is changed ---------------------------------

COLUMNS = {
    "id": "serial PRIMARY KEY",
    "last_run_at": "timestamptz NOT NULL",
    "spider_count": "integer NOT NULL",
    "status": "varchar(50) NOT NULL",
    "created_at": "timestamptz NOT NULL DEFAULT now()",
    "updated_at": "timestamptz NOT NULL DEFAULT now()",
}


def table(more="", **changes):
    columns = COLUMNS | changes
    return ("CREATE TABLE scheduler_state (" + ", ".join(f"{name} {how}" for name, how in columns.items())
            + more + ")")


UNFIT = {
    "NULL in one column": (table(updated_at="timestamptz"), ["updated_at"]),
    "NULL in all": (table(last_run_at="timestamptz", spider_count="integer", status="varchar(50)",
                          created_at="timestamptz", updated_at="timestamptz"),
                    ["last_run_at", "spider_count", "status", "created_at", "updated_at"]),
    "no primary key": (table(id="serial NOT NULL"), ["no primary key"]),
    "another primary key": (table(id="serial NOT NULL", more=", PRIMARY KEY (last_run_at)"), ["id is not unique"]),
    "another type": (table(status="text NOT NULL"), ["status is text"]),
    "no default for the id": (table(id="integer PRIMARY KEY"), ["id has no default"]),
    "a column that must be given": (table(more=', "Tenant" text NOT NULL DEFAULT \'x\''), ["Tenant"]),
}


@pytest.mark.parametrize("case", UNFIT)
def test_a_table_that_does_not_fit_is_refused_whole_and_what_is_to_be_typed_mends_it(empty_world, case):
    world = empty_world.spider("a")
    create, words = UNFIT[case]
    world.sql(create)
    values = "1, now() - interval '1 hour', 1, 'completed'" if case == "no default for the id" else (
        "DEFAULT, now() - interval '1 hour', 1, 'completed'")
    world.sql(f"INSERT INTO scheduler_state (id, last_run_at, spider_count, status) VALUES ({values})")
    if case == "a column that must be given":
        world.sql('ALTER TABLE scheduler_state ALTER "Tenant" DROP DEFAULT')
    if case.startswith("NULL"):
        world.sql("INSERT INTO scheduler_state (last_run_at, spider_count, status, updated_at) "
                  "VALUES (now() - interval '2 hours', 1, 'completed', NULL)")
    before, shape = world.dump(), objects(world)
    result = world.run("migrate")
    assert result.code == 3 and len(result.err.splitlines()) == 1
    for word in words:
        assert word in result.err
    assert (world.dump(), objects(world)) == (before, shape)
    world.sql(re.search(r"; type: (.*)$", result.err, re.MULTILINE)[1])
    assert world.run("migrate").code == 0
    assert world.run("check").code == 0
    assert "Recent run detected" in world.run().err
    assert world.run("--force").code == 0
    for command in ("status", "history", "report", "metrics", "health"):
        assert world.run(command).code == 0, command


@pytest.mark.parametrize("create, word", [
    (f"CREATE TABLE elsewhere ({', '.join(' '.join(one) for one in COLUMNS.items())}); "
     "CREATE VIEW scheduler_state AS SELECT * FROM elsewhere", "a view"),
    ("CREATE TABLE scheduler_state (id serial, last_run_at timestamptz NOT NULL, spider_count integer, "
     "status varchar(50), created_at timestamptz, updated_at timestamptz, PRIMARY KEY (id, last_run_at)) "
     "PARTITION BY RANGE (last_run_at)", "partitioned"),
])
def test_what_is_no_plain_table_is_refused_and_a_new_one_is_made_once_it_is_out_of_the_way(
        empty_world, create, word):
    world = empty_world.spider("a")
    world.sql(create)
    shape = objects(world)
    result = world.run("migrate")
    assert result.code == 3 and word in result.err
    assert objects(world) == shape
    world.sql(re.search(r"; type: (ALTER TABLE .*), and migrate", result.err)[1])
    assert world.run("migrate").code == 0
    assert world.run().code == 0
    assert world.ran() == ["a"]


def test_a_column_of_a_name_of_ours_leaves_nothing_half_migrated(empty_world):
    world = empty_world
    world.sql(table(more=", pid integer"))
    shape = objects(world)
    result = world.run("migrate")
    assert result.code == 3 and '"pid"' in result.err
    assert objects(world) == shape


def test_rows_with_null_of_a_table_that_was_adopted_before_are_read(old_world):
    world = old_world
    world.run("migrate")
    world.sql("ALTER TABLE scheduler_state ALTER updated_at DROP NOT NULL, ALTER created_at DROP NOT NULL, "
              "ALTER spider_count DROP NOT NULL, ALTER status DROP NOT NULL, ALTER last_run_at DROP NOT NULL")
    world.sql("INSERT INTO scheduler_state (last_run_at, status, spider_count, created_at, updated_at) VALUES "
              "(now() - interval '1 minute', 'failed', NULL, NULL, NULL), "
              "(now() - interval '2 minutes', NULL, 1, NULL, NULL), (NULL, 'completed', 1, NULL, NULL)")
    for command in ("status", "history", "report", "metrics", "--dry-run"):
        result = world.run(command)
        assert (result.code, result.err) == (0, ""), command
    assert world.run("-q").code == 0
