"""Pages that Debian's Chromium makes, behind scrapy-playwright."""

import pathlib

import pytest

from crawl_modes import Mode, check, degraded, failed, ok
from software import crawled, each, real, site
from world import is_alive

pytestmark = pytest.mark.xdist_group("browser")

MODES = [
    ok("browser_good", items=8, pages=4),
    degraded("browser_crashes", "TargetClosedError", items=4),
    degraded("browser_tab_crashes", "Target crashed", items=4),
    degraded("browser_one_page_never_loads", "Timeout 2000ms exceeded", items=2),
    failed("browser_no_page_loads", "Timeout 2000ms exceeded", items=0),
    # Whether it ends at the second SIGTERM is the browser's affair.
    Mode("browser_waits_for_ever", "failed", "made no progress", {"items": 2}),
    failed("browser_is_left", "final statistics"),
    ok("browser_outlives"),
]
STALLS = {"browser_waits_for_ever": {"stall_timeout": "30s", "grace": "1s"}}


@pytest.fixture(scope="module")
def outcomes(real):
    return crawled(real, "browser", MODES, STALLS)


@each(MODES)
def test_a_crawl_is_judged_by_what_it_did(outcomes, mode):
    check(outcomes[mode.name], mode)


@pytest.mark.parametrize("name", ["browser_is_left", "browser_outlives"])
def test_no_browser_outlives_its_spider(outcomes, real, name):
    pids = (real.directory / "out" / name).read_text().split()
    assert pids
    assert [pid for pid in pids if is_alive(pid)] == []


def test_no_process_of_a_browser_is_left(outcomes, real):
    """Wherever it is: a browser has its files where its crawl has them."""
    own = str(real.directory).encode()
    assert [path for path in pathlib.Path("/proc").glob("[1-9]*/cmdline")
            if own in path.read_bytes()] == []
