"""A database that refuses what is to be recorded: the spiders run once an interval, nothing is lost, and
what is to be typed is said, and is right."""

import re

import pytest

from world import ROOT

SEQUENCE = "scheduler_state_id_seq"
OLD_RUNS = ("INSERT INTO scheduler_state (id, last_run_at, spider_count, schedule) "
            "SELECT n, now() - interval '9 days' + n * interval '1 hour', 1, 'other' "
            "FROM generate_series(1, 150) n")
TRIGGER = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not now'; END $$;
CREATE TRIGGER refuse BEFORE INSERT ON scheduler_state FOR EACH ROW EXECUTE FUNCTION refuse()"""

# What somebody did to the database; the cure is what the program says.
REFUSALS = {
    "a restore left the sequence behind": OLD_RUNS,
    "the ids are used up": f"{OLD_RUNS}; ALTER SEQUENCE {SEQUENCE} MAXVALUE 150; "
                           f"SELECT setval('{SEQUENCE}', 150)",
    "an id without its default": "ALTER TABLE scheduler_state ALTER id DROP DEFAULT",
    "a column that must be given": "ALTER TABLE scheduler_state ADD \"Tenant\" text NOT NULL",
    "a rule for the number of spiders": "ALTER TABLE scheduler_state ADD CONSTRAINT mine "
                                        "CHECK (spider_count < 1)",
    "a rule for the end": "ALTER TABLE scheduler_state ADD CONSTRAINT mine CHECK (status <> 'completed')",
    "a rule for outcomes": "ALTER TABLE spider_run ADD CONSTRAINT mine CHECK (attempt > 1)",
    "a unique column of somebody's": "ALTER TABLE scheduler_state ADD CONSTRAINT mine UNIQUE (schedule); "
                                     "INSERT INTO scheduler_state (last_run_at, spider_count) "
                                     "VALUES (now() - interval '9 days', 1)",
    "a trigger": TRIGGER,
    "outcomes without their key": "ALTER TABLE spider_run DROP CONSTRAINT spider_run_pkey",
}


def cure(text):
    """What the program says is to be typed."""
    (found,) = re.findall(r"; type: (.*?)(?:; it waits in the journal.*)?$", text, re.MULTILINE)
    return found


def waiting(world):
    return [name for name in world.journal() if name.endswith(".attempt")]


def refusing(world):
    """Ticks while it lasts; gives the cure."""
    first = world.run("-q")
    assert first.code == 0
    (line,) = first.err.splitlines()
    assert " warn " in line and "The database refuses to record this" in line
    for _ in range(2):
        assert world.run("-q") == (0, "", "")
    assert world.ran() == ["a"]
    assert "Recent run detected" in world.run().err
    assert "Recent run detected" in world.run("--dry-run").out
    shown = world.run("status")
    assert shown.code == 0 and "1 attempt waits to be recorded" in shown.out
    assert "fresh" in shown.out
    assert cure(shown.out) == cure(line)
    health = world.run("health")
    assert health.code == 1 and cure(line) in health.out
    check = world.run("check")
    assert check.code == 3 and cure(line) in check.out
    assert len(waiting(world)) == 1
    return cure(line)


def recorded(world):
    assert world.run("-q") == (0, "", "")
    assert world.ran() == ["a"]
    *_, run = world.sql("SELECT * FROM scheduler_state WHERE schedule = 'default' ORDER BY last_run_at")
    assert (run.status, run.spider_count, run.attempt) == ("completed", 1, 1)
    assert [(one.run_id, one.spider, one.verdict) for one in world.outcomes()] == [(run.id, "a", "ok")]
    assert waiting(world) == []
    assert world.run("health").code == 0
    assert world.run("check").code == 0
    before = world.dump()
    assert world.run("-q") == (0, "", "")
    assert world.dump() == before


@pytest.fixture
def world(world):
    """It is nobody's after this: rules and triggers are not seen by who would clean it up."""
    yield world
    world.sql("CREATE TABLE spoilt ()")


def test_a_first_row_that_is_refused_is_no_matter_where_the_whole_run_is_taken(world):
    world.spider("a").sql("ALTER TABLE scheduler_state ADD CONSTRAINT mine CHECK (status <> 'running')")
    first = world.run("-q")
    assert first.code == 0 and "DROP CONSTRAINT mine" in first.err
    assert [world.run("-q") for _ in range(2)] == [(0, "", "")] * 2
    assert world.ran() == ["a"]
    assert world.run("check").code == 3
    world.sql(cure(first.err))
    recorded(world)


@pytest.mark.parametrize("refusal", REFUSALS)
def test_the_spiders_run_once_and_the_outcome_waits_until_it_is_taken(world, refusal):
    world.spider("a").sql(REFUSALS[refusal])
    world.sql(refusing(world))
    recorded(world)


def test_a_database_that_is_read_only(world):
    world.spider("a")
    name = world.sql("SELECT current_database()")[0][0]
    world.sql(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    first, second = refusing(world).split("; ")
    with world.server.connect(world.url) as connection:
        cursor = connection.cursor()
        cursor.execute(first)
        cursor.execute(second)
    recorded(world)


@pytest.fixture
def as_somebody(world):
    """The program is a user who may only what it needs."""
    if not world.sql("SELECT FROM pg_roles WHERE rolname = 'somebody'"):
        world.sql("CREATE ROLE somebody LOGIN")
    world.sql("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO somebody; "
              "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO somebody")
    world.sections["database"]["url"] = re.sub(r"user=\w+|(?<=//)\w+(?=@)",
                                               lambda m: m[0].replace("postgres", "somebody"), world.url)
    yield world.spider("a")
    world.sql("DROP OWNED BY somebody")


@pytest.mark.parametrize("refusal", [
    "REVOKE INSERT ON scheduler_state FROM somebody",
    "REVOKE UPDATE ON scheduler_state FROM somebody",
    "REVOKE INSERT ON spider_run FROM somebody",
    f"REVOKE USAGE ON SEQUENCE {SEQUENCE} FROM somebody",
    "ALTER TABLE scheduler_state ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE spider_run ENABLE ROW LEVEL SECURITY",
])
def test_a_user_who_may_not_write(as_somebody, refusal):
    world = as_somebody
    world.sql(refusal)
    first = world.run("-q")
    assert first.code == 0
    assert [world.run("-q") for _ in range(2)] == [(0, "", "")] * 2
    assert world.ran() == ["a"]
    (line,) = first.err.splitlines()
    check = world.run("check")
    assert check.code == 3
    world.sql(cure(line))
    world.sql(re.search(r"type: (\S.*)$", check.out, re.MULTILINE)[1])
    recorded(world)


def test_a_refusal_that_begins_in_mid_run_loses_nothing(world):
    gate = world.gate()
    world.spider("a", gate.script)
    running = world.start("-q")
    gate.wait()
    world.sql("ALTER TABLE scheduler_state ADD CONSTRAINT mine CHECK (spider_count < 1) NOT VALID")
    gate.open()
    result = running.end()
    assert result.code == 0
    assert world.run("-q") == (0, "", "")
    world.sql(cure(result.err))
    recorded(world)


def test_without_the_spiders_where_the_configuration_says_so(world):
    world.top["on_database_error"] = "skip"
    world.spider("a").sql(REFUSALS["a column that must be given"])
    result = world.run("-q")
    assert result.code == 3
    assert "ALTER COLUMN \"Tenant\" DROP NOT NULL" in result.err
    assert world.ran() == [] and waiting(world) == []


def test_what_two_runs_came_to_is_recorded_in_order(world):
    world.top["interval"] = "1h"
    world.spider("a").sql(REFUSALS["a column that must be given"])
    assert world.run("-q").code == 0
    assert world.run("--force").code == 0
    world.sql("ALTER TABLE scheduler_state ALTER \"Tenant\" DROP NOT NULL")
    assert world.run("-q") == (0, "", "")
    first, second = world.runs()
    assert first.last_run_at < second.last_run_at and first.id < second.id
    assert [(one.run_id, one.verdict) for one in world.outcomes()] == [(first.id, "ok"), (second.id, "ok")]


def test_check_leaves_nothing(world):
    world.spider("a")
    before = world.dump()
    assert world.run("check").code == 0
    assert world.dump() == before
    assert world.journal() == {}


def latin1(world):
    """Another database, which `migrate` would refuse today: its encoding has no letters for most names."""
    rows = world.sql("SELECT version, name, checksum FROM spider_check_migration ORDER BY version")
    world.sql("CREATE DATABASE latin1 ENCODING 'LATIN1' TEMPLATE template0 LOCALE 'C'")
    world.url = world.sections["database"]["url"] = world.server.url("latin1")
    world.sql("CREATE TABLE spider_check_migration (version integer PRIMARY KEY, name text NOT NULL, "
              "checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())")
    for version, name, checksum in rows:
        world.sql((ROOT / f"migrations/{version:04}_{name}.sql").read_text())
        world.sql("INSERT INTO spider_check_migration VALUES (%s, %s, %s)", version, name, checksum)


def test_an_encoding_that_cannot_hold_a_name_keeps_it_with_escapes(world):
    kept = world.url
    latin1(world)
    world.spider("новости", "[ -e again ] || { touch again; exit 3; }")
    assert world.run("-q").code == 1
    world.sql("UPDATE scheduler_state SET next_attempt_at = now()")
    assert [world.run("-q") for _ in range(2)] == [(0, "", "")] * 2
    assert world.ran() == ["новости"] * 2
    run = world.only_run()
    assert (run.status, run.spider_count, run.attempt) == ("completed", 1, 2)
    assert {one.spider for one in world.outcomes()} == {r"\u043d\u043e\u0432\u043e\u0441\u0442\u0438"}
    assert waiting(world) == []
    assert world.run("health").code == 0
    # The next run knows its name again.
    world.sql("UPDATE scheduler_state SET last_run_at = last_run_at - interval '5 hours'")
    result = world.run()
    assert result.code == 0 and "is gone" not in result.err, result.err
    world.url = kept
    world.sql("DROP DATABASE latin1 WITH (FORCE)")
