"""What is older than `keep` goes, rows and logs, after each run and by hand; what may be needed stays."""

import json
import re

import pytest

from test_adoption import OLD_TABLE, old_row
from test_logs import write_log

NOTHING = "Nothing to remove: nothing that may go is older than 90 d\n"


def add_old_run(world, days, spiders=("a",), *, verdict="ok", schedule="default", **columns):
    """A run of the past with an attempt and a log of each spider; returns its id."""
    run = world.add_run(f"{days} days", "failed" if verdict == "failed" else "completed",
                        len(spiders), schedule=schedule, **columns)
    for spider in spiders:
        log = write_log(world, spider, run, "x" * 1000, schedule=schedule)
        world.sql("INSERT INTO spider_run (run_id, spider, attempt, started_at, finished_at, status, "
                  "verdict, log_path) SELECT id, %s, 1, last_run_at, last_run_at, %s, %s, %s "
                  "FROM scheduler_state WHERE id = %s", spider,
                  "failed" if verdict == "failed" else "completed", verdict, str(log), run)
    return run


def runs(world):
    return [run.id for run in world.runs()]


def logs(world):
    """The runs that have logs."""
    return sorted({int(re.search(r"run-(\d+)-", path.name)[1])
                   for path in world.log_dir.glob("default/*/*.log")})


def prune(world, *args):
    result = world.run("prune", *args)
    assert (result.code, result.err) == (0, "")
    return result.out


def orphans(world):
    return world.sql("SELECT count(*) FROM spider_run LEFT JOIN scheduler_state s ON s.id = run_id "
                     "WHERE s.id IS NULL")[0].count


@pytest.fixture
def old_world(world):
    """Five old runs, of which the last is the newest old one, and two young ones."""
    for days in (200, 150, 120, 100, 91, 89, 1):
        add_old_run(world, days, ["a", "b"])
    return world.spider("a").spider("b")


def test_a_run_removes_what_is_older_than_keep(old_world):
    old_world.top["keep"] = "110d"
    result = old_world.run("-v", "--force")
    assert result.code == 0
    assert "Removed 2 old run(s) with 4 attempt(s)" in result.err
    assert "Removed 6 old log file(s), 6 kB" in result.err
    assert runs(old_world) == [3, 4, 5, 6, 7, 8]
    assert logs(old_world) == [4, 5, 6, 7, 8]
    assert orphans(old_world) == 0


def test_ninety_days_are_kept_unless_configured(old_world):
    old_world.run("--force")
    assert runs(old_world) == [5, 6, 7, 8]
    assert logs(old_world) == [6, 7, 8]


def test_a_tick_that_runs_nothing_removes_nothing(old_world):
    old_world.add_run("1 hour")
    before = old_world.dump()
    assert old_world.run().code == 0
    assert old_world.dump() == before


def test_by_hand_it_says_what_went(old_world):
    assert prune(old_world) == ("Removed 4 runs with 8 attempts\nRemoved 10 log files, 10 kB\n")
    assert runs(old_world) == [5, 6, 7]
    assert logs(old_world) == [6, 7]
    assert prune(old_world) == NOTHING
    assert old_world.ran() == []


def test_a_dry_run_says_the_same_and_changes_nothing(old_world):
    before = old_world.dump(), logs(old_world)
    assert prune(old_world, "--dry-run") == (
        "Would remove 4 runs with 8 attempts\nWould remove 10 log files, 10 kB\n")
    assert (old_world.dump(), logs(old_world)) == before


def test_one_of_each_is_not_many(world):
    world.spider("a")
    for days in (100, 99, 1):
        add_old_run(world, days)
    write_log(world, "a", 3, "x")
    (world.log_dir / "default/a/run-2-attempt-1.log").unlink()
    assert prune(world) == "Removed 1 run with 1 attempt\nRemoved 1 log file, 1 kB\n"


def test_a_report_beside_a_log_goes_with_it(old_world):
    report = old_world.log_dir / "default/a/run-2-attempt-1.report"
    report.write_text("{}")
    assert "Removed 11 log files" in prune(old_world)
    assert not report.exists()


def test_by_hand_everything_goes_however_much_it_is(world):
    world.spider("a")
    world.sql("INSERT INTO scheduler_state (last_run_at, spider_count) "
              "SELECT now() - interval '100 days' - n * interval '1 minute', 1 "
              "FROM generate_series(12000, 0, -1) n")
    world.add_run("1 hour")
    assert prune(world, "--dry-run") == "Would remove 12000 runs with 0 attempts\n"
    assert prune(world) == "Removed 12000 runs with 0 attempts\n"
    assert runs(world) == [12001, 12002]


def test_the_last_success_stays_however_old(world):
    world.spider("a", "exit 1")
    world.top["max_attempts"] = 1
    for days in (300, 200):
        add_old_run(world, days, ["gone"])
    for days in (150, 140, 1):
        world.add_run(f"{days} days", "failed")
    assert prune(world) == "Removed 2 runs with 1 attempt\nRemoved 1 log file, 1 kB\n"
    assert runs(world) == [2, 4, 5]
    (success,) = world.sql("SELECT last_run_at FROM scheduler_state WHERE id = 2")
    said = json.loads(world.run("status", "--json").out)
    assert said["last_success"][:19] == f"{success.last_run_at:%FT%T}"


def test_of_each_spider_the_last_success_and_the_last_failure_stay_with_their_logs(world):
    world.spider("a")
    add_old_run(world, 300, ["a", "gone"], verdict="failed")
    add_old_run(world, 290, ["gone"], verdict="failed")
    add_old_run(world, 280, ["gone"])
    add_old_run(world, 270, ["gone"])
    for days in (260, 250, 100, 1):
        add_old_run(world, days)
    prune(world)
    # 7 is the mark.
    assert runs(world) == [1, 2, 4, 7, 8]
    assert logs(world) == [1, 2, 4, 8]


def test_a_failed_schedule_still_has_its_newest_run(world):
    world.spider("a")
    for days in (300, 200, 100):
        world.add_run(f"{days} days", "failed")
    assert prune(world) == "Removed 2 runs with 0 attempts\n"
    assert runs(world) == [3]


def test_partial_runs_go_too(world):
    world.spider("a")
    add_old_run(world, 200, partial=True)
    add_old_run(world, 150, partial=True)
    add_old_run(world, 100)
    add_old_run(world, 1)
    prune(world)
    assert runs(world) == [3, 4]


def test_other_schedules_keep_what_they_have(old_world):
    for days in (300, 200):
        add_old_run(old_world, days, schedule="other")
    add_old_run(old_world, 1, schedule="other")
    old_world.run("--force")
    prune(old_world)
    assert [run.id for run in old_world.runs() if run.schedule == "other"] == [8, 9, 10]
    assert len(list(old_world.log_dir.glob("other/a/*.log"))) == 3


def test_rows_of_an_earlier_program_go_but_never_its_last_success(empty_world):
    world = empty_world.spider("a")
    world.sql(OLD_TABLE)
    for ago, spiders, status in [("305 days", 0, "completed"), ("300 days", 2, "running"),
                                 ("300 days", 2, "completed"), ("200 days", 2, "running"),
                                 ("200 days", 2, "failed"), ("2 days", 2, "running")]:
        old_row(world, ago, spiders, status)
    world.run("migrate")
    assert prune(world) == "Removed 3 runs with 0 attempts\n"
    assert runs(world) == [3, 5, 6]
    assert world.run().code == 0
    assert world.ran() == ["a"]


def test_beside_a_run_it_is_harmless(old_world):
    gate = old_world.gate()
    old_world.spider("c", gate.script)
    running = old_world.start("--force")
    gate.wait()
    # As if it had started long ago: it lives, and that is all that keeps it.
    old_world.sql("UPDATE scheduler_state SET last_run_at = now() - interval '5 hours' WHERE id = 8")
    for days in (0.1, 0):
        add_old_run(old_world, days, ["a", "b", "c"])
    old_world.top["keep"] = "1h"
    assert "Removed 7 runs" in prune(old_world)
    gate.open()
    assert running.end().code == 0
    run = next(run for run in old_world.runs() if run.id == 8)
    assert run.status == "completed"
    assert sorted(row.spider for row in old_world.outcomes() if row.run_id == 8) == ["a", "b", "c"]


def test_another_host_still_knows_which_of_its_logs_are_old(old_world):
    # That other host removed the rows; here are the logs.
    old_world.log_dir.rename(old_world.log_dir.with_name("elsewhere"))
    assert prune(old_world) == "Removed 4 runs with 8 attempts\n"
    old_world.log_dir.with_name("elsewhere").rename(old_world.log_dir)
    assert prune(old_world) == "Removed 10 log files, 10 kB\n"
    assert logs(old_world) == [6, 7]


def test_runs_that_went_leave_no_gap_in_the_history(old_world):
    prune(old_world)
    (row,) = old_world.sql("SELECT now() - interval '90 days 1 minute' AS earliest")
    gaps = json.loads(old_world.run("history", "--since", "300d", "--json").out)["gaps"]
    assert len(gaps) == 3
    assert min(gap["from"] for gap in gaps) > f"{row.earliest:%FT%T}"


def test_that_rows_cannot_be_removed_is_a_warning_and_no_failure(old_world):
    old_world.sql("CREATE FUNCTION keep_all() RETURNS trigger LANGUAGE plpgsql AS "
                  "$$ BEGIN RAISE EXCEPTION 'nothing is removed here'; END $$")
    old_world.sql("CREATE TRIGGER keep_all BEFORE DELETE ON scheduler_state "
                  "FOR EACH ROW EXECUTE FUNCTION keep_all()")
    try:
        result = old_world.run("--force")
        by_hand = old_world.run("prune")
    finally:
        old_world.sql("DROP FUNCTION keep_all() CASCADE")
    assert result.code == 0
    (line,) = [line for line in result.err.splitlines() if " warn " in line]
    assert re.search(r"warn  4 old runs cannot be removed: .*nothing is removed here", line)
    assert len(runs(old_world)) == 8
    assert (by_hand.code, by_hand.err) == (0, "")
    assert re.search(r"^4 old runs cannot be removed: .*nothing is removed here", by_hand.out, re.MULTILINE)


def test_what_others_rows_refer_to_stays_and_the_rest_goes(world):
    for day in range(200, 140, -1):
        add_old_run(world.spider("a") if day == 200 else world, day)
    before = runs(world)
    referred = [before[3], before[4], before[40]]
    world.sql("CREATE TABLE items (run_id integer REFERENCES scheduler_state)")
    world.sql("INSERT INTO items SELECT unnest(%s)", referred)
    first = world.run("--force")
    assert first.code == 0
    (line,) = [line for line in first.err.splitlines() if " warn " in line]
    assert "3 old runs cannot be removed" in line and line.count('"items"') == 1
    assert set(runs(world)) >= set(referred)
    assert len(runs(world)) <= len(referred) + 3  # and the newest of what is old
    assert not [line for line in world.run("--force").err.splitlines() if " warn " in line]
    by_hand = world.run("prune")
    assert by_hand.code == 0 and '3 old runs cannot be removed' in by_hand.out
    world.sql("DELETE FROM items")
    assert "Removed 3 runs" in world.run("prune").out
    assert not set(runs(world)) & set(referred)


def test_without_the_database_nothing_is_removed(old_world):
    before = logs(old_world)
    old_world.sections["database"]["url"] = "postgresql://nobody@127.0.0.1:1/nowhere"
    result = old_world.run("prune")
    assert result.code == 3
    assert logs(old_world) == before
