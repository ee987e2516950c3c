"""The modes of tests/e2e/crawl_modes.py on each version, in each of its reactors."""

import functools

import pytest

import crawls
import versions
from crawl_modes import a_world, check, configure
from site_server import Site

CASES = [crawls.named("modes", scrapy, mode, name=mode.name)
         for scrapy in crawls.EVERY for mode in crawls.modes_of(scrapy)]


@pytest.fixture(scope="session")
def site():
    with Site() as site:
        yield site


@pytest.fixture(scope="session")
def crawled(server, databases, migrated, tmp_path_factory, site):
    """What became of each mode, by what crawled; crawled once, when it is first asked for."""
    @functools.cache
    def outcomes(scrapy):
        with a_world(server, databases, migrated, tmp_path_factory.mktemp("modes")) as world:
            configure(world, site, [mode.name for mode in crawls.modes_of(scrapy)], None)
            crawls.use(world, scrapy)
            return crawls.outcomes(world)

    return outcomes


@pytest.mark.parametrize("scrapy, mode", CASES)
def test_a_crawl_is_judged_by_what_it_did(crawled, scrapy, mode):
    check(crawled(scrapy)[mode.name], versions.mode_of(mode, *scrapy))
