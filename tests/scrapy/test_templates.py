"""A project as `scrapy startproject` and `scrapy genspider` write it, with nothing changed."""

import subprocess

import pytest

from crawl_modes import a_world, check, crawl, failed
from site_server import Site, page
from software import LIMITS, answering, each, environment

pytestmark = pytest.mark.xdist_group("templates")

SHOP = "http://shop.example.com"
LINKS = [f'<a href="/Items/{number}">{number}</a>' for number in range(2)]
PAGES = {f"{SHOP}/": page(*LINKS), f"{SHOP}/Items/0": page(), f"{SHOP}/Items/1": page()}
# Neither looks for anything yet; the second one follows the links. robots.txt is a page, too.
MODES = [
    failed("basic", "0 items, at least 1 is wanted", items=0, pages=2, errors=0),
    failed("crawl", "0 items, at least 1 is wanted", items=0, pages=4, errors=0),
]


@pytest.fixture(scope="module")
def outcomes(server, databases, migrated, tmp_path_factory):
    """The shop is where the proxy of this machine is."""
    directory = tmp_path_factory.mktemp("templates")
    scrapy = str(environment() / "scrapy")
    subprocess.run([scrapy, "startproject", "market"], cwd=directory, check=True)
    for mode in MODES:
        subprocess.run([scrapy, "genspider", "-t", mode.name, mode.name, f"{SHOP}/"],
                       cwd=directory / "market", check=True)
    with Site(answering(PAGES)) as proxy, a_world(server, databases, migrated, directory) as world:
        world.top["concurrency"] = 2
        world.sections["scrapy"] = {"project": "market", "command": [scrapy]}
        world.sections["spiders"] = LIMITS
        world.crawl_env = {"http_proxy": proxy.url}
        crawl(world)
        yield {outcome.spider: outcome for outcome in world.outcomes()}


@each(MODES)
def test_a_generated_spider_is_judged_by_what_it_found(outcomes, mode):
    check(outcomes[mode.name], mode)
