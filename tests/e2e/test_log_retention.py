"""After each run the logs that are too old or too many go; those that may be needed stay."""

import os
import re
import subprocess

import pytest

from test_logs import write_log
from world import HARD_TIMEOUT, program_path

def add_log(world, name, *, days=0, size=10, schedule="default"):
    """"a/3" is spider a's log of run 3, the first attempt; the run started so many days ago."""
    spider, run = name.split("/")
    world.sql("INSERT INTO scheduler_state (id, schedule, last_run_at, spider_count) "
              "VALUES (%s, %s, now() - %s * interval '1 day', 1) ON CONFLICT DO NOTHING",
              run, schedule, days)
    return write_log(world, spider, run, "x" * size, schedule=schedule)


def make_old(world, days):
    """Every run so far."""
    world.sql("UPDATE scheduler_state SET last_run_at = last_run_at - %s * interval '1 day'", days)


def logs(world):
    """"a/3" for each."""
    return sorted(re.sub(r"run-(\d+)-attempt-1\.log$", r"\1", str(path.relative_to(directory)))
                  for directory in [world.log_dir / "default"] for path in directory.glob("*/*"))


def set_next_run(world, number):
    """Above those that the test made logs of."""
    world.sql("ALTER SEQUENCE scheduler_state_id_seq RESTART WITH %s", number)


@pytest.fixture
def aged(world):
    """The next run is number 10."""
    set_next_run(world, 10)
    return world


def test_logs_older_than_keep_go(aged):
    aged.top["keep"] = "10d"
    for run, days in [(1, 30), (2, 11), (3, 9), (4, 1)]:
        add_log(aged, f"a/{run}", days=days)
    result = aged.spider("a").run("-v")
    assert result.code == 0
    assert logs(aged) == ["a/10", "a/3", "a/4"]
    assert "Removed 2 old log file(s), 20 B" in result.err


def test_ninety_days_are_kept_unless_configured(aged):
    add_log(aged, "a/1", days=91)
    add_log(aged, "a/2", days=89)
    aged.spider("a").run()
    assert logs(aged) == ["a/10", "a/2"]


def test_a_gigabyte_is_kept_unless_configured(aged):
    add_log(aged, "a/2", days=89)
    with open(add_log(aged, "a/3", days=80), "r+b") as file:
        file.truncate(600_000_000)
    with open(add_log(aged, "a/4", days=70), "r+b") as file:
        file.truncate(600_000_000)
    aged.spider("a").run()
    assert logs(aged) == ["a/10", "a/4"]


def test_the_oldest_logs_of_all_spiders_go_until_the_rest_fits(aged):
    aged.top["log_size"] = "3kB"
    for name, days in [("a/1", 5), ("b/1", 4), ("a/2", 3), ("b/2", 2), ("b/3", 1)]:
        add_log(aged, name, days=days, size=1000)
    aged.spider("a").run()
    assert logs(aged) == ["a/10", "a/2", "b/2", "b/3"]


def test_the_newest_log_of_a_spider_stays_also_when_the_spider_is_gone(aged):
    aged.top.update(keep="1d", log_size="1kB")
    add_log(aged, "gone/1", days=900, size=5000)
    add_log(aged, "gone/2", days=800, size=5000)
    aged.spider("a").run()
    assert logs(aged) == ["a/10", "gone/2"]


def test_the_newest_failed_log_of_each_spider_stays_however_old_and_big(world):
    world.top.update(keep="1h", log_size="1kB", max_attempts=1)
    world.spider("a", f"[ -e {world.directory}/mended ]").spider("b", f"[ -e {world.directory}/mended ]")
    for _ in range(2):
        assert world.run("--force").code == 1
    (world.directory / "mended").touch()
    for path in world.log_dir.glob("default/*/*"):
        path.write_text("x" * 5000)
    make_old(world, 900)
    for _ in range(2):
        assert world.run("--force").code == 0
    # The third ones are young and empty.
    assert logs(world) == ["a/2", "a/3", "a/4", "b/2", "b/3", "b/4"]


def test_a_failed_log_is_known_also_when_the_logs_were_moved(world):
    world.top.update(keep="1h", max_attempts=1)
    world.spider("a", f"[ -e {world.directory}/mended ]")
    world.run()
    (world.directory / "mended").touch()
    world.log_dir.rename(world.directory / "moved")
    world.top["log_dir"] = str(world.directory / "moved")
    world.log_dir = world.directory / "moved"
    make_old(world, 900)
    for _ in range(2):
        assert world.run("--force").code == 0
    assert logs(world) == ["a/1", "a/2", "a/3"]


def test_a_log_of_a_run_that_the_database_does_not_know_is_not_called_old(aged):
    aged.top["keep"] = "1d"
    for run in (1, 2, 3):
        write_log(aged, "a", run, "x")
    add_log(aged, "a/4", days=2)
    aged.sql("DELETE FROM scheduler_state")
    aged.spider("a").run()
    assert logs(aged) == ["a/1", "a/10", "a/2", "a/3", "a/4"]


def test_a_run_that_failed_tidies_up_too(aged):
    aged.top["keep"] = "1d"
    add_log(aged, "a/1", days=2)
    result = aged.spider("a", "exit 1").run()
    assert result.code == 1
    assert logs(aged) == ["a/10"]
    assert "emoved" not in result.err


def test_a_tick_that_runs_nothing_removes_nothing(aged):
    aged.top["keep"] = "1d"
    aged.spider("a").add_run("1 hour")
    add_log(aged, "a/1", days=2)
    add_log(aged, "a/2", days=2)
    assert aged.run().code == 0
    assert logs(aged) == ["a/1", "a/2"]


def test_what_is_no_log_is_never_touched(aged):
    aged.top.update(keep="1h", log_size="1kB")
    elsewhere = aged.directory / "elsewhere"
    elsewhere.mkdir()
    target = elsewhere / "run-1-attempt-1.log"
    target.write_text("x" * 5000)
    directory = add_log(aged, "a/9", days=1).parent
    add_log(aged, "a/1", days=900, schedule="other")
    for name in ("notes.txt", "run-1-attempt-1.log.gz", "run-01-attempt-1.log", "run-1.log", ".x"):
        (directory / name).write_text("x" * 5000)
    (directory / "run-2-attempt-1.log").symlink_to(target)
    (directory / "run-3-attempt-1.log").mkdir()
    (directory / "run-4-attempt-1.log").mkdir()
    (directory / "run-4-attempt-1.log/run-1-attempt-1.log").write_text("deep")
    os.mkfifo(directory / "run-5-attempt-1.log")
    (directory.parent / "linked").symlink_to(elsewhere)
    (directory.parent / "run-6-attempt-1.log").write_text("not in a directory")
    (aged.log_dir / "default-2").symlink_to(directory.parent)
    make_old(aged, 900)
    before = sorted(aged.log_dir.rglob("*"))
    result = aged.spider("b").run()
    assert (result.code, "warn" in result.err) == (0, False)
    after = sorted(aged.log_dir.rglob("*"))
    assert set(after) - set(before) == {aged.log_dir / "default/b", aged.log_dir / "default/.configuration",
                                        aged.log_dir / "default/b/run-10-attempt-1.log"}
    assert set(before) - set(after) == set()
    assert target.read_text() == "x" * 5000


def test_a_schedule_that_is_a_link_is_not_followed(aged):
    aged.top["keep"] = "1h"
    elsewhere = aged.directory / "elsewhere"
    (elsewhere / "a").mkdir(parents=True)
    aged.log_dir.mkdir(parents=True)
    (aged.log_dir / "default").symlink_to(elsewhere)
    for run in (1, 2):
        add_log(aged, f"a/{run}", days=900)
    result = aged.spider("a").run(env={"TMPDIR": str(aged.directory)})
    assert result.code == 0
    assert re.search(" warn .*Old logs were not removed: cannot read the log directory", result.err)
    # Nor is anything written there.
    assert f"{aged.log_dir}/default: it is a symbolic link; remove the link: rm " in result.err
    assert len(list(elsewhere.glob("a/*"))) == 2


def test_a_stale_report_of_a_crawl_goes_with_its_log(aged):
    aged.top["keep"] = "1d"
    for run, days in [(1, 3), (2, 2)]:
        report = add_log(aged, f"a/{run}", days=days).with_suffix(".report")
        report.write_text("{}")
    aged.spider("b").run()
    found = sorted(path.name for path in (aged.log_dir / "default/a").iterdir())
    assert found == ["run-2-attempt-1.log", "run-2-attempt-1.report"]


def test_an_empty_directory_goes_with_its_last_file(aged):
    aged.top["keep"] = "1d"
    report = aged.log_dir / "default/a/run-1-attempt-1.report"
    report.parent.mkdir(parents=True)
    report.write_text("{}")
    aged.add_run("2 days", id=1)
    aged.spider("b").run()
    assert logs(aged) == ["b/10"]
    assert not report.parent.exists()


def test_what_cannot_be_removed_is_one_warning_and_no_failure(aged):
    aged.top["keep"] = "1d"
    for run in (1, 2, 3):
        directory = add_log(aged, f"a/{run}", days=2).parent
    directory.chmod(0o500)
    aged.spider("b").write_config()
    # Root, too, must keep to what the directory allows.
    drop = ["setpriv", "--bounding-set=-dac_override"] if os.geteuid() == 0 else []
    try:
        result = subprocess.run([*drop, program_path()], cwd=aged.directory, env=aged.environment(),
                                timeout=HARD_TIMEOUT, capture_output=True, text=True)
    finally:
        directory.chmod(0o700)
    assert result.returncode == 0, result.stderr
    (line,) = [line for line in result.stderr.splitlines() if "warn" in line]
    assert "2 old log file(s) could not be removed" in line and "Permission denied" in line
    assert logs(aged) == ["a/1", "a/2", "a/3", "b/10"]


def test_without_the_database_nothing_is_removed(aged):
    aged.top["keep"] = "1d"
    add_log(aged, "a/1", days=2)
    add_log(aged, "a/2", days=2)
    # The run's end is recorded, and then the question about failed logs is not answered.
    aged.sql("CREATE FUNCTION lock_out() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
             "ALTER TABLE public.spider_run RENAME COLUMN log_path TO elsewhere; RETURN NULL; END $$")
    aged.sql("CREATE TRIGGER lock_out AFTER UPDATE OF status ON scheduler_state FOR EACH ROW "
             "WHEN (NEW.status = 'completed') EXECUTE FUNCTION lock_out()")
    try:
        result = aged.spider("b").run()
    finally:
        aged.sql("DROP FUNCTION lock_out() CASCADE")
        aged.sql("ALTER TABLE spider_run RENAME COLUMN elsewhere TO log_path")
    assert result.code == 0, result.err
    assert re.search(" warn .*Old logs were not removed: ", result.err)
    assert logs(aged) == ["a/1", "a/2", "b/10"]
