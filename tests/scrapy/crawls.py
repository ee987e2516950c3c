"""Which crawls are tried by which Scrapy: a version in one of its reactors."""

from collections import namedtuple

import pytest

import versions
from crawl_modes import MODES, crawl
from shop import Shop

Scrapy = namedtuple("Scrapy", "version reactor")

NEWEST = Scrapy(versions.NEWEST, "asyncio")
EVERY = [Scrapy(version, reactor)
         for version in versions.chosen() for reactor in versions.REACTORS]

# Scrapy starts, ends and waits by its reactor; pages and items do not know it.
MODES_OF_THE_REACTOR = [
    "success", "connection_refused", "hang", "start_raises_at_once", "start_raises_late",
    "start_raises_outright", "raises_in_closed", "open_spider_raises", "close_spider_raises",
    "feed_lost", "os_exit", "sys_exit", "term_once", "int_once", "term_twice", "too_slow",
]


def tries_everything():
    return versions.extent() == "everything"


def modes_of(scrapy):
    """Where there is less time every mode by the newest, some in its other reactor and by others."""
    if tries_everything() or scrapy == NEWEST:
        return MODES
    if scrapy.version != NEWEST.version and scrapy.reactor != NEWEST.reactor:
        return []
    return [mode for mode in MODES if mode.name in MODES_OF_THE_REACTOR]


def named(kind, scrapy, *values, name):
    """A case; those of one run of the program go to one process."""
    version = "-".join(scrapy)
    return pytest.param(scrapy, *values, id=f"{version}-{name}",
                        marks=pytest.mark.xdist_group(f"{kind}-{version}"))


def use(world, scrapy):
    """Four at once on two processors: many crawls wait for something."""
    world.top["concurrency"] = 4
    world.sections["scrapy"]["command"] = [str(versions.environment(scrapy.version) / "scrapy")]
    world.sections["scrapy.settings"] = {"TWISTED_REACTOR": versions.REACTORS[scrapy.reactor]}


def outcomes(world):
    """Of one run, each by its spider's name."""
    result = crawl(world)
    found = {outcome.spider: outcome for outcome in world.outcomes()}
    assert found, result.err
    return found


@pytest.fixture(autouse=True, params=EVERY if tries_everything() else [NEWEST], ids="-".join)
def each_scrapy(request, monkeypatch):
    """Where it is imported, all tests of a shop are repeated."""
    version, reactor = request.param
    monkeypatch.setattr(Shop, "scrapy", versions.environment(version) / "scrapy")
    monkeypatch.setattr(Shop, "reactor", f"TWISTED_REACTOR = {versions.REACTORS[reactor]!r}\n")
