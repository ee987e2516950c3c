"""No crawl that went well is called anything else, in whatever way its project is set up."""

import functools
import pathlib

import pytest

import crawls
import versions
from crawl_modes import a_world
from good_site import BusyHandler, GoodHandler
from site_server import Site

PROJECT = pathlib.Path(__file__).resolve().parent / "good"
SHAPES = ["dead_link", "no_robots", "busy_robots", "redirects", "duplicates", "page_twice",
          "offsite", "cookies", "retries", "big_pages", "compressed", "by_name", "warnings",
          "deprecations", "async_parse", "both_starts", "job_dir", "empty_day", "slow_close",
          "few_dropped", "feeds", "async_pipeline"]
SETUPS = 5


def crawls_of(scrapy):
    """Each shape in each setup; where there is less time, in one that is another's elsewhere."""
    if crawls.tries_everything():
        return [f"{shape}_{setup}" for shape in SHAPES for setup in range(SETUPS)]
    if scrapy.reactor != "asyncio":
        return []
    first = list(versions.VERSIONS).index(scrapy.version)
    return [f"{shape}_{(first + number) % SETUPS}" for number, shape in enumerate(SHAPES)]


CASES = [crawls.named("good", scrapy, name, name=name)
         for scrapy in crawls.EVERY for name in crawls_of(scrapy)]


@pytest.fixture(scope="session")
def crawled(server, databases, migrated, tmp_path_factory):
    """What became of each good crawl, by what crawled; crawled once, when it is first asked for."""
    @functools.cache
    def outcomes(scrapy):
        directory = tmp_path_factory.mktemp("good")
        with a_world(server, databases, migrated, directory) as world, Site(GoodHandler) as site, \
                Site(BusyHandler) as busy:
            world.sections["scrapy"] = {"project": str(PROJECT), "include": crawls_of(scrapy)}
            world.sections['spiders."empty_day_*"'] = {"min_items": 0}
            world.crawl_env = {"SITE": site.url, "BUSY_SITE": busy.url, "OUT": str(directory),
                               "PYTHONDONTWRITEBYTECODE": "1"}
            crawls.use(world, scrapy)
            return crawls.outcomes(world)

    return outcomes


@pytest.mark.parametrize("scrapy, name", CASES)
def test_a_good_crawl_is_ok(crawled, scrapy, name):
    outcome = crawled(scrapy)[name]
    assert (outcome.verdict, outcome.reasons) == ("ok", [])
    assert bool(outcome.items) == (not name.startswith("empty_day"))
