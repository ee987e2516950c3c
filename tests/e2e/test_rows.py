"""check_sql: what is counted after a spider, and what that makes of it."""

import json
import pathlib
import re

import pytest

from browser import Browser
from shop import SCRAPY, Shop
from test_history import validate
from world import toml

COUNT = "SELECT count(*) FROM jobs"
STORE = """import psycopg2


class Store:
    def open_spider(self, spider):
        self.connection = psycopg2.connect({url!r})

    def process_item(self, item, spider):
        self.connection.cursor().execute("INSERT INTO jobs VALUES (%s)", [item["title"]])
        return item

    def close_spider(self, spider):
        self.connection.{end}()
        self.connection.close()
"""


@pytest.fixture
def jobs(world):
    """A schedule whose spiders are to fill a table."""
    world.sql("CREATE TABLE jobs (title text)")
    world.sections["spiders"] = {"check_sql": COUNT}
    return world


def stores(world, end):
    """A crawl of two books, whose pipeline ends its transaction so."""
    shop = Shop(world.directory / "project")
    shop.settings("ITEM_PIPELINES = {'shop.store.Store': 1}\n")
    shop.write("shop/store.py", STORE.format(url=world.url, end=end))
    world.sections["scrapy"] = {"project": str(shop.directory), "command": [SCRAPY]}
    return world


def fill(world, rows):
    world.sql("TRUNCATE jobs; INSERT INTO jobs SELECT 'x' FROM generate_series(1, %s)", rows)


def outcome(world, *args, code=0):
    """What became of the only spider in one more run."""
    result = world.run("--force", *args)
    assert result.code == code, result.err
    outcome = world.outcomes()[-1]
    return outcome.verdict, outcome.rows, outcome.reasons


def test_the_rows_of_a_good_crawl_are_recorded_and_shown(jobs):
    stores(jobs, "commit")
    result = jobs.run()
    assert re.search(r"Spider 'books' ok after .*, 2 items, 1 page, 2 rows$", result.err, re.M), (
        result.err)
    (recorded,) = jobs.outcomes()
    assert (recorded.verdict, recorded.rows, recorded.reasons) == ("ok", 2, [])
    assert re.search(r"books +ok .* 2 items, 1 page, 2 rows$", jobs.run("show", "1").out, re.M)
    assert "2, 2 rows" in jobs.run("status").out
    report = validate("show", json.loads(jobs.run("show", "1", "--json").out))
    assert report["spiders"][0]["rows"] == 2
    status = validate("status", json.loads(jobs.run("status", "--json").out))
    assert status["spiders"][0]["last"]["rows"] == 2
    assert 'spider_check_spider_rows{schedule="default",spider="books"} 2' in jobs.run("metrics").out
    assert jobs.run("report", "-o", "page.html").code == 0
    with Browser(jobs.directory) as browser:
        page = browser.open(jobs.directory / "page.html")
        facts = dict(zip(page.texts(".card dt"), page.texts(".card dd"), strict=True))
        assert facts["Rows"] == "2"


def test_a_crawl_whose_items_were_thrown_away_has_failed(jobs):
    stores(jobs, "rollback")
    assert outcome(jobs, code=1) == ("failed", 0, ["0 rows, at least 1 is wanted (min_rows)"])
    assert jobs.outcomes()[-1].items == 2
    jobs.sections["spiders"]["min_rows"] = 0
    assert outcome(jobs) == ("ok", 0, [])


def test_a_program_is_measured_by_its_own_rows(jobs):
    jobs.spider("rss")
    fill(jobs, 240)
    for _ in range(5):
        assert outcome(jobs) == ("ok", 240, [])
    fill(jobs, 12)
    assert outcome(jobs) == ("degraded", 12, ["12 rows, median of the last 5 good runs is 240"])
    assert "12 rows (240)" in jobs.run("status").out
    fill(jobs, 120)
    assert outcome(jobs) == ("ok", 120, [])


def test_where_nothing_is_counted_nothing_is_shown(world):
    world.spider("rss")
    assert outcome(world) == ("ok", None, [])
    for args in ("status", ("status", "--json"), ("show", "1"), ("show", "1", "--json"), "metrics"):
        assert "rows" not in world.run(*([args] if isinstance(args, str) else args)).out


def test_what_failed_by_itself_is_not_asked_about(jobs):
    jobs.sections["spiders"]["check_sql"] = "SELECT count(*) FROM nothing"
    jobs.spider("rss", "exit 3")
    assert outcome(jobs, code=1) == ("failed", None, ["exit status 3"])


@pytest.mark.parametrize("sql, reason", [
    ("SELECT count(*) FROM nothing", 'check_sql: relation "nothing" does not exist'),
    ("SELECT 1 UNION SELECT 2", "check_sql gives 2 rows, wants one number"),
    ("SELECT add_job()", "check_sql: cannot execute INSERT in a read-only transaction"),
    ("SELECT count(*) FROM pg_sleep(60)",
     "check_sql: canceling statement due to statement timeout")])
def test_a_statement_that_gives_no_number_degrades_and_changes_nothing(jobs, sql, reason):
    jobs.sql("CREATE FUNCTION add_job() RETURNS int LANGUAGE sql AS "
             "$$ INSERT INTO jobs VALUES ('x') RETURNING 1 $$")
    jobs.sections["database"]["statement_timeout"] = "500ms"
    jobs.sections["spiders"]["check_sql"] = sql
    jobs.spider("rss")
    assert outcome(jobs) == ("degraded", None, [reason])
    assert jobs.runs()[-1].status == "completed"
    assert jobs.sql("SELECT count(*) AS jobs FROM jobs")[0].jobs == 0


def test_a_database_of_its_own_is_asked_and_its_password_told_nowhere(jobs):
    other = jobs.server.create_database()
    with jobs.server.connect(other) as connection:
        connection.cursor().execute("CREATE TABLE books AS SELECT FROM generate_series(1, 7)")
    jobs.sections["spiders"] = {"check_sql": "SELECT count(*) FROM books", "check_url": other}
    jobs.spider("rss")
    assert outcome(jobs) == ("ok", 7, [])
    jobs.sections["spiders"]["check_url"] = "postgresql://me:s3cret@127.0.0.1:1/books"
    verdict, rows, (reason,) = outcome(jobs)
    assert (verdict, rows) == ("degraded", None)
    assert reason.startswith("check_sql could not be asked: ") and "refused" in reason
    checked = jobs.run("check")
    assert checked.code == 0
    assert re.search(r"^  - .*toml:\d+: spiders\.check_sql could not be asked: ", checked.out, re.M)
    assert re.search(r"^      check_url +host=127.0.0.1 port=1$", checked.out, re.M)
    said = [path.read_text(errors="replace") for path in jobs.home.rglob("*") if path.is_file()]
    assert not any("s3cret" in text for text in (reason, checked.out, checked.err, *said))


def test_with_the_database_away_the_outcome_is_kept_and_says_so(jobs):
    gate = jobs.gate()
    jobs.spider("rss", gate.script)
    running = jobs.start()
    gate.wait()
    jobs.server.stop()
    try:
        gate.open()
        running.says("check_sql could not be asked")
    finally:
        jobs.server.start()
    assert running.end().code == 0
    (recorded,) = jobs.outcomes()
    assert (recorded.verdict, recorded.rows) == ("degraded", None)
    assert recorded.reasons[0].startswith("check_sql could not be asked: ")


def test_check_tries_each_statement_once_and_names_its_line(jobs):
    jobs.sections["spiders"]["check_sql"] = "SELECT count(*) FROM nothing"
    jobs.sections['spiders."b"'] = {"check_sql": COUNT, "min_rows": 5}
    for name in "abc":
        jobs.spider(name)
    result = jobs.run("check")
    assert result.code == 2
    line = pathlib.Path(jobs.directory / "spider-check.toml").read_text().splitlines().index(
        f"check_sql = {toml('SELECT count(*) FROM nothing')}") + 1
    assert result.out.count("does not exist") == 1
    assert (f"  1. {jobs.directory}/spider-check.toml:{line}: spiders.check_sql: "
            'relation "nothing" does not exist; correct it, and try it in psql\n') in result.out
    assert re.search(rf"^      check_sql +{re.escape(COUNT)}$", result.out, re.M)
    assert re.search(r"^      min_rows +5$", result.out, re.M)
    assert jobs.outcomes() == []
