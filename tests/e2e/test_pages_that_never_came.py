"""Which pages count as refused, as given up and as forbidden; statistics that are incomplete."""

import pytest

from shop import Shop
from site_server import Site

SPIDER = """import os
import scrapy
from scrapy.exceptions import IgnoreRequest


class Middleware:
    def process_request(self, request, spider):
        if "skip" in request.url:
            raise IgnoreRequest("stored already")
        if "bug" in request.url:
            raise KeyError("proxy")


class Books(scrapy.Spider):
    name = "books"

    def start_requests(self):
        for path in os.environ["PAGES"].split():
            url = path if ":" in path else os.environ["SITE"] + path
            yield scrapy.Request(url, dont_filter=True)

    async def start(self):  # as Scrapy has it from 2.13 on
        for request in self.start_requests():
            yield request

    def parse(self, response):
        yield {"url": response.url}
"""
NOBODY = "http://127.0.0.1:9/"


@pytest.fixture(scope="module")
def site():
    with Site() as site:
        yield site


@pytest.fixture
def shop(tmp_path, site):
    shop = Shop(tmp_path / "project")
    shop.spider(text=SPIDER)
    shop.site = site.url
    return shop


def own(shop, pages, settings=""):
    shop.settings(settings)
    return shop.end(SITE=shop.site, PAGES=pages)["own"]


def counts(shop, pages, settings=""):
    found = own(shop, pages, settings)
    return found["refused"], found["dead"], found["forbidden"]


@pytest.mark.parametrize("pages, settings, expected", [
    (f"/ok /403 /404 {NOBODY}a {NOBODY}b", "", (2, 2, 0)),
    (f"/500 /500 {NOBODY}a {NOBODY}a", "", (1, 1, 0)),
    (f"/500 {NOBODY}a", "RETRY_ENABLED = False\nDOWNLOADER_STATS = False\n", (1, 1, 0)),
    ("/403 /404", "RETRY_HTTP_CODES = [403, 404]\n", (2, 0, 0)),
    ("/ok /500", "RETRY_HTTP_CODES = []\nHTTPERROR_ALLOWED_CODES = [500]\n", (0, 0, 0)),
    ("/ok /skip/1 /skip/2 /bug", "DOWNLOADER_MIDDLEWARES = {'shop.spiders.books.Middleware': 1}\n",
     (0, 0, 0)),
    ("/ok mailto:a@b", "", (0, 0, 0)),
    (f"/ok {NOBODY}", "ROBOTSTXT_OBEY = True\n", (0, 1, 0)),
    # One after the other: in Scrapy 2.19 a request that waits for robots.txt may not obey it.
    ("/ok /page/1 /page/2 /page/2", "CONCURRENT_REQUESTS = 1\nROBOTSTXT_OBEY = True\n"
     "ROBOTSTXT_PARSER = 'shop.settings.Parser'\n\n\nclass Parser:\n"
     "    @classmethod\n    def from_crawler(cls, crawler, robotstxt_body):\n"
     "        return cls()\n\n"
     "    def allowed(self, url, user_agent):\n        return '/page' not in url\n", (0, 0, 2)),
])
def test_only_what_the_site_or_the_network_failed_is_missing(shop, pages, settings, expected):
    assert counts(shop, pages, settings) == expected


@pytest.mark.parametrize("settings", [
    "EXTENSIONS = {'scrapy.extensions.corestats.CoreStats': None}\n",
    "STATS_CLASS = 'scrapy.statscollectors.DummyStatsCollector'\n",
    "STATS_CLASS = 'shop.settings.Few'\n\n\nclass Few:\n    def __init__(self, crawler):\n"
    "        self.kept = {}\n\n    def inc_value(self, key, *args, **kwargs):\n"
    "        if key == 'item_scraped_count':\n            self.kept[key] = 1\n\n"
    "    def get_stats(self, spider=None):\n        return self.kept\n\n"
    "    def get_value(self, key, default=None, spider=None):\n        return default\n\n"
    "    def __getattr__(self, name):\n        return lambda *args, **kwargs: None\n",
])
def test_statistics_that_are_incomplete_are_no_failure(shop, settings):
    found = own(shop, "/ok /ok /403", settings)
    assert (found["reason"], found["items"], found["pages"]) == ("finished", 2, 3)
    assert (found["refused"], found["dead"], found["errors"]) == (1, 0, 0)


def test_errors_are_counted_although_logging_is_set_up_anew(shop):
    shop.spider("        import logging\n        logging.basicConfig(force=True)\n"
                "        self.logger.error('odd')\n", text=SPIDER)
    assert own(shop, "/ok")["errors"] == 1


def seen_before(shop, pages, *settings):
    """After a run with the same JOBDIR."""
    shop.settings("".join(settings))
    shop.spider(text=SPIDER.replace(", dont_filter=True", ""))
    ends = [shop.end(SITE=shop.site, PAGES=some)["own"] for some in ("/page/1 /page/2", pages)]
    assert ends[0].get("seen_before", 0) == 0
    return ends[1].get("seen_before"), ends[1].get("jobdir")


@pytest.mark.parametrize("pages, settings, expected", [
    ("/page/1 /page/2", "JOBDIR = 'job'\n", (2, "job")),
    ("/page/1 /page/3 /page/3", "JOBDIR = 'job'\n", (1, "job")),
    ("/page/1 /page/1", "", (None, None)),
    ("/page/1", "JOBDIR = 'job'\nDUPEFILTER_CLASS = 'scrapy.dupefilters.BaseDupeFilter'\n",
     (None, "job")),
])
def test_what_an_earlier_run_requested_is_counted_apart(shop, pages, settings, expected):
    assert seen_before(shop, pages, settings) == expected
