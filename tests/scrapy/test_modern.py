"""What Scrapy has learned of late: start() as a coroutine, items of any class, add-ons."""

import gzip
import re

import pytest

from crawl_modes import check, failed, ok
from shop import line_of
from software import PROJECT, crawled, each, real, site

pytestmark = pytest.mark.xdist_group("modern")

SPIDERS = PROJECT / "real/spiders/modern.py"
FIELDS = {"title": 20, "pay": 20}
MODES = [
    *(ok(f"modern_{kind}", field_counts=FIELDS)
      for kind in ("item", "dataclass", "attrs", "pydantic", "addon")),
    ok("modern_compressed_feed"),
    ok("modern_start_waits"),
    failed("modern_lost_feed", "1 feed could not be stored.*No space left on device", items=20),
    failed("modern_start_raises", f"{re.escape(line_of(SPIDERS, 'no addresses'))}: RuntimeError",
           items=0),
    failed("modern_start_raises_late", "start_error", items=20, finish_reason="start_error"),
]


@pytest.fixture(scope="module")
def outcomes(real):
    return crawled(real, "modern", MODES)


@each(MODES)
def test_a_crawl_is_judged_by_what_it_did(outcomes, mode):
    check(outcomes[mode.name], mode)


def test_the_line_where_start_ended_is_named(outcomes):
    (reason,) = outcomes["modern_start_raises_late"].reasons
    assert line_of(SPIDERS, "no more addresses") in reason


def test_a_compressed_feed_is_whole(outcomes, real):
    with gzip.open(real.directory / "out/modern_compressed_feed.jsonl.gz", "rt") as feed:
        assert len(feed.readlines()) == 20
