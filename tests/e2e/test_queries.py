"""docs/queries.sql: every question in it is answered, and rightly, from rows that the program wrote."""

import datetime
import pathlib
import re
import subprocess

import pytest

from crawl_modes import a_world
from postgres import BINARIES
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


class Calm(scrapy.Spider):
    name = "calm"
    start_urls = Jobs.start_urls

    def parse(self, response):
        yield {"title": "A job"}
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
    """Good runs, one with few items that a retry mends, one that fails twice; one that is going on."""
    project = world.directory / "project"
    for name, text in PROJECT.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text)
    world.sections["spiders"] = {"working_directory": str(project)}
    world.spiders = [{"name": name, "command": ["/usr/bin/scrapy", "crawl", name]} for name in ("jobs", "calm")]
    world.top.update(retry_after="0s", max_attempts=2, concurrency=4)
    broken, shaky = world.directory / "broken", world.directory / "shaky"
    world.spider("fetch", f"[ ! -e {broken} ] || exit 3")
    world.spider("flaky", f"[ ! -e {shaky} ] || {{ rm {shaky}; exit 4; }}")
    for items in (10, 20, 30, 20, 20):
        assert world.run(env={"ITEMS": str(items)}).code == 0
        make_older(world)
    broken.touch()
    assert world.run(env={"ITEMS": "4"}).code == 1
    broken.unlink()
    assert world.run(env={"ITEMS": "4"}).code == 0
    make_older(world)
    broken.touch()
    shaky.touch()
    for _ in range(2):
        assert world.run(env={"ITEMS": "4", "RAISE": "1"}).code == 1
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


def test_last_success(ask, played):
    rows = by(ask("Last success"), "schedule", "spider")
    assert set(rows) == {("default", "jobs"), ("default", "calm"), ("default", "fetch"),
                         ("default", "flaky"), ("fresh", "quick"), ("slow", "first")}
    assert about(rows["default", "jobs"].age, 0 * HOUR)
    assert rows["default", "jobs"].newest_verdict == "degraded"
    fetch = rows["default", "fetch"]
    assert (about(fetch.age, 6 * HOUR), fetch.newest_verdict) == (True, "failed")
    (said,) = played.sql("SELECT now() AS now")
    assert about(said.now - fetch.last_success, fetch.age)
    assert next(iter(rows)) == ("default", "fetch")


def test_items(ask):
    jobs, calm = ask("Items")
    assert (jobs.schedule, jobs.spider, jobs.items, jobs.verdict) == (
        "default", "jobs", 4, "degraded")
    assert (jobs.median, jobs.runs, jobs.percent) == (20, 5, 20)
    assert (calm.spider, calm.items, calm.median, calm.runs, calm.percent) == ("calm", 1, 1, 6, 100)


def test_failed_runs(ask):
    (row,) = ask("Failed runs")
    assert (row.id, row.schedule, row.attempts) == (7, "default", 2)
    assert "1 of 4 spiders failed (fetch)" in row.failure
    assert row.spiders == ["fetch: exit status 3"]


def test_failed_attempts(ask):
    rows = ask("Failed attempts")
    assert [(row.run_id, row.run_ended) for row in rows] == [
        (7, "failed"), (7, "failed"), (7, "failed"), (6, "completed")]
    assert {(row.attempt, row.spider) for row in rows[:3]} == {
        (2, "fetch"), (1, "fetch"), (1, "flaky")}
    assert all(pathlib.Path(row.log_path).exists() for row in rows)


def test_success_rate(ask):
    rows = [row for row in ask("Success rate") if (row.schedule, row.spider) == ("default", "fetch")]
    assert sum(row.attempts for row in rows) == 9
    assert (sum(row.ok for row in rows), sum(row.failed for row in rows)) == (6, 3)
    for row in rows:
        assert float(row.percent) == pytest.approx(100 * row.ok / row.attempts, abs=0.05)
    assert [row.day for row in rows] == sorted((row.day for row in rows), reverse=True)
    jobs = [row for row in ask("Success rate") if row.spider == "jobs"]
    assert sum(row.degraded for row in jobs) == 2
    assert all(row.percent == 100 for row in jobs)


def test_slowest_spiders(ask):
    rows = ask("Slowest spiders")
    assert {(row.spider, row.attempts) for row in rows[:2]} == {("jobs", 7), ("calm", 7)}
    assert [row.median for row in rows] == sorted((row.median for row in rows), reverse=True)
    for row in rows:
        assert datetime.timedelta() < row.median <= row.longest
        assert row.cpu_time > datetime.timedelta() or row.spider not in ("jobs", "calm")
        assert re.fullmatch(r"\d+ (kB|MB)", row.peak_memory)


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
    assert [(row.spider, row.http_status, row.times) for row in ask("Answers")] == [
        ("calm", "200", 7), ("jobs", "200", 7)]


def test_fields(ask):
    rows = ask("Fields")
    assert [(row.spider, row.field, row.filled, row.items, row.percent) for row in rows] == [
        ("jobs", "pay", 2, 4, 50), ("calm", "title", 1, 1, 100), ("jobs", "title", 4, 4, 100)]


def test_storage(ask):
    rows = by(ask("Storage"), "table_name")
    assert set(rows) == {("scheduler_state",), ("spider_run",)}
    assert all(re.fullmatch(r"\d+ (kB|MB)", row.total) for row in rows.values())


def test_history(ask):
    rows = by(ask("History"), "schedule")
    assert {name: (row.runs, row.attempts) for (name,), row in rows.items()} == {
        "default": (7, 31), "fresh": (1, 1), "slow": (1, 1)}
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
