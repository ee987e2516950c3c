"""docs/queries.sql: every question in it is answered, and rightly, from rows that the program wrote."""

import datetime
import pathlib
import re
import subprocess

import pytest

from postgres import BINARIES
from test_modes import a_world
from world import ROOT, installed_root

FILE = ROOT / "docs/queries.sql"
HOUR = datetime.timedelta(hours=1)

PROJECT = {
    "scrapy.cfg": "[settings]\ndefault = shop.settings\n",
    "shop/__init__.py": "",
    "shop/settings.py": 'BOT_NAME = "shop"\nSPIDER_MODULES = ["shop.spiders"]\n',
    "shop/spiders/__init__.py": "",
    "shop/spiders/jobs.py": """
import os
import pathlib

import scrapy


class Jobs(scrapy.Spider):
    name = "jobs"
    start_urls = [pathlib.Path(__file__).as_uri()]

    def parse(self, response):
        for number in range(int(os.environ["ITEMS"])):
            yield {"title": f"Job {number}", "pay": number if number % 2 else None}
        if "RAISE" in os.environ:
            raise KeyError("salary")
""",
}


def parse(text):
    """Each query by the name that its comment begins with."""
    queries = {}
    for part in re.split(r"\n(?=-- [A-Z][a-z ]+: )", text)[1:]:
        comment = re.match(r"(?:-- .*\n)+", part)[0]
        assert "?" in comment, f"it does not say what it answers: {comment}"
        queries[re.match(r"-- ([^:]+): ", comment)[1]] = part[len(comment):].strip()
    return queries


QUERIES = parse(FILE.read_text(encoding="utf-8"))


def make_older(world, hours=6):
    """Everything so far."""
    for table, columns in [("scheduler_state", ["last_run_at", "updated_at", "finished_at"]),
                           ("spider_run", ["started_at", "finished_at"])]:
        world.sql(f"UPDATE {table} SET " + ", ".join(
            f"{column} = {column} - interval '{hours} hours'" for column in columns))


def play(world):
    """Good runs, one with few items, one that a retry mends, one that fails; one that is going on."""
    project = world.folder / "project"
    for name, text in PROJECT.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text)
    world.sections["scrapy"] = {"project": str(project), "command": ["/usr/bin/scrapy"]}
    world.top["retry_after"] = "0s"
    world.spider("fetch", f"[ ! -e {world.folder}/broken ] || exit 3")
    broken = world.folder / "broken"
    for items in (10, 20, 30, 20, 20):
        assert world.run(env={"ITEMS": str(items)}).code == 0
        make_older(world)
    broken.touch()
    assert world.run(env={"ITEMS": "4"}).code == 1
    broken.unlink()
    assert world.run(env={"ITEMS": "4"}).code == 0
    make_older(world)
    world.top["max_attempts"] = 1
    broken.touch()
    assert world.run(env={"ITEMS": "4", "RAISE": "1"}).code == 1
    del world.sections["scrapy"]
    world.spiders.clear()
    world.top["name"] = "fresh"
    world.spider("quick")
    assert world.run().code == 0
    world.top["name"] = "slow"
    gate = world.gate()
    world.spiders.clear()
    world.spider("first").spider("second", gate.script)
    world.start()
    gate.wait()


@pytest.fixture(scope="module")
def played(server, databases, migrated, tmp_path_factory):
    with a_world(server, databases, migrated, tmp_path_factory.mktemp("queries")) as world:
        play(world)
        yield world


@pytest.fixture
def ask(played):
    """Asks the query of this name."""
    return lambda name: played.sql(QUERIES[name])


def by(rows, *columns):
    """Each row by these columns, of which no two have the same."""
    found = {tuple(getattr(row, column) for column in columns): row for row in rows}
    assert len(found) == len(rows)
    return found


def about(time, other, by_how_much=datetime.timedelta(minutes=10)):
    return abs(time - other) < by_how_much


def test_freshness(ask, played):
    rows = by(ask("Freshness"), "schedule")
    assert {name: row.stale for (name,), row in rows.items()} == {
        "default": True, "fresh": False, "slow": True}
    assert rows["slow",].last_success is None
    assert about(rows["default",].age, 6 * HOUR)
    assert rows["default",].due == rows["default",].last_success + 4 * HOUR
    (said,) = played.sql("SELECT max(last_run_at) AS at FROM scheduler_state "
                         "WHERE schedule = 'default' AND status = 'completed'")
    assert rows["default",].last_success == said.at


def test_last_success(ask):
    rows = by(ask("Last success"), "schedule", "spider")
    assert set(rows) == {("default", "jobs"), ("default", "fetch"), ("fresh", "quick"),
                         ("slow", "first")}
    assert about(rows["default", "jobs"].age, 0 * HOUR)
    assert rows["default", "jobs"].newest_verdict == "degraded"
    assert about(rows["default", "fetch"].age, 6 * HOUR)
    assert rows["default", "fetch"].newest_verdict == "failed"
    assert next(iter(rows)) == ("default", "fetch")


def test_items(ask):
    (row,) = ask("Items")
    assert (row.schedule, row.spider, row.items, row.verdict) == ("default", "jobs", 4, "degraded")
    assert (row.median, row.runs, row.percent) == (20, 5, 20)


def test_failed_runs(ask):
    (row,) = ask("Failed runs")
    assert (row.id, row.schedule, row.attempts) == (7, "default", 1)
    assert "1 of 2 spiders failed (fetch)" in row.failure
    assert row.spiders == ["fetch: exit status 3"]


def test_failed_attempts(ask):
    rows = ask("Failed attempts")
    assert [(row.run_id, row.attempt, row.spider, row.run_ended) for row in rows] == [
        (7, 1, "fetch", "failed"), (6, 1, "fetch", "completed")]
    assert pathlib.Path(rows[0].log_path).exists()


def test_success_rate(ask):
    rows = [row for row in ask("Success rate") if (row.schedule, row.spider) == ("default", "fetch")]
    assert sum(row.attempts for row in rows) == 8
    assert (sum(row.ok for row in rows), sum(row.failed for row in rows)) == (6, 2)
    for row in rows:
        assert float(row.percent) == pytest.approx(100 * row.ok / row.attempts, abs=0.05)
    degraded = [row.degraded for row in ask("Success rate") if row.spider == "jobs"]
    assert sum(degraded) == 2
    assert [row.day for row in rows] == sorted((row.day for row in rows), reverse=True)


def test_slowest_spiders(ask):
    rows = ask("Slowest spiders")
    assert (rows[0].spider, rows[0].attempts) == ("jobs", 7)
    assert datetime.timedelta() < rows[0].median <= rows[0].longest
    assert rows[0].cpu_time > datetime.timedelta()
    assert re.fullmatch(r"\d+ (kB|MB)", rows[0].peak_memory)


def test_in_progress(ask, played):
    (row,) = ask("In progress")
    assert (row.schedule, row.attempt, row.partial, row.done, row.spiders) == (
        "slow", 1, False, 1, 2)
    assert row.pid == played._started[-1].pid
    assert datetime.timedelta() < row.heartbeat_age <= row.running_for


def test_lateness(ask):
    rows = ask("Lateness")
    # Each ran six hours after the one before, two hours after it was due.
    assert sorted(row.id for row in rows) == [2, 3, 4, 5, 6, 7]
    assert all(about(row.lateness, 2 * HOUR) for row in rows)
    assert all(about(row.last_run_at - row.was_due, 2 * HOUR) for row in rows)
    assert {row.missed_intervals for row in rows} == {0}


def test_errors(ask):
    (row,) = ask("Errors")
    assert (row.spider, row.text, row.times) == ("jobs", "KeyError: 'salary'", 1)
    assert "shop/spiders/jobs.py:" in row.place


def test_answers(ask):
    (row,) = ask("Answers")
    assert (row.spider, row.http_status, row.times) == ("jobs", "200", 7)


def test_fields(ask):
    rows = ask("Fields")
    assert [(row.field, row.filled, row.items, float(row.percent)) for row in rows] == [
        ("pay", 2, 4, 50), ("title", 4, 4, 100)]


def test_storage(ask):
    rows = by(ask("Storage"), "table_name")
    assert set(rows) == {("scheduler_state",), ("spider_run",)}
    assert all(re.fullmatch(r"\d+ (kB|MB)", row.total) for row in rows.values())


def test_history(ask):
    rows = by(ask("History"), "schedule")
    assert {name: (row.runs, row.attempts) for (name,), row in rows.items()} == {
        "default": (7, 15), "fresh": (1, 1), "slow": (1, 1)}
    assert about(rows["default",].newest - rows["default",].oldest, 36 * HOUR)


def test_each_query_is_asked_here():
    names = {name.removeprefix("test_").replace("_", " ").capitalize() for name in globals()
             if name.startswith("test_")}
    assert len(QUERIES) >= 9
    assert set(QUERIES) <= names
    for query in QUERIES.values():
        without_texts = re.sub("'[^']*'", "", query)
        assert without_texts.index(";") == len(without_texts) - 1


def test_psql_takes_the_file_as_it_is(played):
    found = subprocess.run([BINARIES / "psql", "-X", "-v", "ON_ERROR_STOP=1", "-d", played.url,
                            "-f", FILE], text=True, capture_output=True, check=False, timeout=60)
    assert (found.returncode, found.stderr) == (0, "")
    assert len(re.findall(r"^\(\d+ rows?\)$", found.stdout, re.M)) == len(QUERIES)


def test_they_work_on_an_empty_database_too(world):
    for query in QUERIES.values():
        world.sql(query)


def test_the_file_is_installed():
    (path,) = installed_root().rglob("queries.sql")
    assert path.parts[-3:-1] == ("doc", "spider-check")
    assert path.read_text() == FILE.read_text()
