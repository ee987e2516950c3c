"""Spidermon in the same process: its errors and ours do not hurt each other."""

import pathlib
import re

import pytest

from crawl_modes import check, degraded, failed, ok
from software import crawled, each, real, site

pytestmark = pytest.mark.xdist_group("spidermon")

MODES = [
    ok("monitored_content"),
    degraded("monitored_discontent", "1 error beside 20 items", items=20, errors=1),
    degraded("monitored_mute", "1 error beside 20 items", items=20, errors=1),
    failed("monitored_empty", "0 items, at least 1 is wanted", items=0),
]


@pytest.fixture(scope="module")
def outcomes(real):
    return crawled(real, "monitored", MODES)


@each(MODES)
def test_a_crawl_is_judged_beside_its_monitors(outcomes, mode):
    check(outcomes[mode.name], mode)


def test_monitors_see_what_scrapy_counts(outcomes):
    """The monitors compare the statistics, as the spider closes and as the engine stops."""
    log = pathlib.Path(outcomes["monitored_content"].log_path).read_text()
    for name in ("The statistics are right", "The crawl has finished"):
        assert re.search(rf"{name}\.\.\. OK", log), log


def test_what_monitors_add_to_the_statistics_is_kept(outcomes):
    assert outcomes["monitored_content"].stats["spidermon_field_coverage/dict/title"] == 1


@pytest.mark.parametrize("name, what", [
    ("monitored_discontent", "FAIL: Extracted Items Monitor"),
    ("monitored_mute", "ERROR: Mail the summary"),
])
def test_what_found_fault_is_named(outcomes, name, what):
    """Spidermon names it in the third line of its message."""
    assert what in outcomes[name].reasons[0]
