"""Debian's Scrapy in every mode of crawl_modes.py."""

import pathlib
import re

import pytest

from crawl_modes import MODES, NAMES, PROJECT, a_world, check, configure, crawl, failed, ok
from site_server import Site

SCRAPY = "/usr/bin/scrapy"
WITHOUT_PROBE = ["/usr/bin/env", "-u", "PYTHONPATH", "-u", "SPIDERCHECK_REPORT", SCRAPY]

# With Scrapy's printed statistics alone.
PRINTED = [
    ok("success", finish_reason="finished", pages=1),
    failed("all_pages_raise", "0 items|not one item", items=0, pages=5, errors=5),
    failed("os_exit", "final statistics"),
    failed("status_403", "refused", items=0, errors=0),
    failed("no_stats_dump", "final statistics"),
    failed("feed_unopened", "1 feed could not be stored", items=20),
]


@pytest.fixture(scope="module")
def site():
    with Site() as site:
        yield site


def crawl_all(world):
    """The outcomes, each by its spider's name."""
    result = crawl(world)
    assert result.code == 1, result.err
    return {outcome.spider: outcome for outcome in world.outcomes()}


@pytest.fixture(scope="module")
def crawled(server, databases, migrated, tmp_path_factory, site):
    """The world in which every mode has been run, with the outcomes."""
    with a_world(server, databases, migrated, tmp_path_factory.mktemp("modes")) as world:
        configure(world, site, NAMES, [SCRAPY])
        world.by_spider = crawl_all(world)
        yield world


@pytest.fixture(scope="module")
def printed(server, databases, migrated, tmp_path_factory, site):
    """The outcomes of some modes where nothing is reported from inside the crawl."""
    with a_world(server, databases, migrated, tmp_path_factory.mktemp("printed")) as world:
        configure(world, site, [mode.name for mode in PRINTED], WITHOUT_PROBE)
        yield crawl_all(world)


def named(modes):
    return pytest.mark.parametrize("mode", modes, ids=lambda mode: mode.name)


@named(MODES)
def test_a_crawl_is_judged_by_what_it_did(crawled, mode):
    check(crawled.by_spider[mode.name], mode)


def test_every_spider_of_the_project_has_its_row():
    sources = [path.read_text() for path in (PROJECT / "modes/spiders").glob("*.py")]
    names = [name for source in sources for name in re.findall(r'^    name = "(.*)"', source, re.M)]
    assert sorted(names) == sorted(NAMES)


def test_each_spider_ran_once(crawled):
    assert sorted(outcome.spider for outcome in crawled.outcomes()) == sorted(NAMES)
    assert crawled.only_run().spider_count == len(NAMES)


@pytest.mark.parametrize("name, cause", [
    ("start_raises_outright", "RuntimeError: no addresses"),
    ("init_raises", "RuntimeError: no password"),
    ("open_spider_raises", "ConnectionError: the database is away"),
    ("close_spider_raises", "ConnectionError: the commit failed"),
    ("process_item_raises", "ValueError: an item that nobody can keep"),
    ("feed_lost", "No space left on device"),
])
def test_the_cause_is_named_and_not_only_what_came_of_it(crawled, name, cause):
    outcome = crawled.by_spider[name]
    assert any(cause in reason for reason in outcome.reasons), outcome.reasons
    assert any(cause in fault["text"] for fault in outcome.faults), outcome.faults


def test_errors_of_one_kind_are_one_fault_with_its_place(crawled):
    (fault,) = crawled.by_spider["all_pages_raise"].faults
    place, _, line = fault["place"].rpartition(":")
    assert pathlib.Path(place) == PROJECT / "modes/spiders/faults.py"
    assert pathlib.Path(place).read_text().splitlines()[int(line) - 1].strip().startswith("raise")
    assert (fault["text"], fault["count"]) == ("KeyError: 'salary'", 5)


def test_the_whole_statistics_are_kept(crawled):
    assert crawled.by_spider["success"].stats["downloader/response_status_count/200"] == 1
    assert crawled.by_spider["success"].field_counts == {"title": 20, "pay": 20}
    assert crawled.by_spider["status_403"].stats["finish_reason"] == "finished"


def test_a_feed_is_as_the_spider_wrote_it(crawled):
    assert len((crawled.out / "feed_kept.jsonl").read_text().splitlines()) == 20


@named(PRINTED)
def test_printed_statistics_lead_to_the_same_verdict(printed, mode):
    check(printed[mode.name], mode)


def test_printed_statistics_know_nothing_of_fields(printed):
    assert not printed["success"].field_counts


def test_a_field_that_was_always_filled_and_is_gone_is_missed(world, site):
    configure(world, site, ["field_gone"], [SCRAPY])
    assert crawl(world, "--force", PAY="kept").code == 0
    for _ in range(4):
        run = world.add_run("1 hour")
        world.sql("INSERT INTO spider_run SELECT (jsonb_populate_record(NULL::spider_run, "
                  "to_jsonb(one) || jsonb_build_object('run_id', %s))).* "
                  "FROM (SELECT * FROM spider_run LIMIT 1) one", run)
    assert crawl(world, "--force").code == 0
    *before, last = world.outcomes()
    assert [outcome.verdict for outcome in before] == ["ok"] * 5
    assert last.verdict == "degraded"
    assert any("pay" in reason for reason in last.reasons), last.reasons
    assert not any("title" in reason for reason in last.reasons), last.reasons


def test_the_crawls_leave_nothing_in_the_project(crawled):
    files = [path for path in PROJECT.rglob("*") if path.is_file()]
    left = [path for path in files if path.suffix != ".py" and "__pycache__" not in path.parts]
    assert left == [PROJECT / "scrapy.cfg"]
