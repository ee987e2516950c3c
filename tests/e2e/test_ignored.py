"""What is normal for a site, as the environment says: errors and statuses that are no failure."""

import json

import pytest

from shop import BOOKS, Shop
from site_server import Site

SPIDER = BOOKS.replace('start_urls = ["data:', 'start_urls = [*os.environ.get("PAGES", "").split(), "data:')
CLOSES = """class Store:
    def process_item(self, item, spider):
        return item

    def close_spider(self, spider):
        raise OSError("the commit failed")
"""


@pytest.fixture(scope="module")
def site():
    with Site() as site:
        yield site


@pytest.fixture
def shop(tmp_path):
    shop = Shop(tmp_path / "project")
    shop.spider(text=SPIDER)
    return shop


def end(shop, ignore, **env):
    return shop.end(SPIDERCHECK_IGNORE=json.dumps(ignore), **env)


def log(shop, *lines):
    shop.spider("        import logging\n" + "".join(f"        {line}\n" for line in lines))


@pytest.mark.parametrize("errors, left", [
    (["shop"], ["odd", "sold out\nsee below"]),
    (["shop.mail"], ["no mail server", "odd", "sold out\nsee below"]),
    (["asyncio"], ["no mail server", "odd", "sold out\nsee below"]),
    (["re:^sold", "re:mail"], ["odd"]),
    (["re:below"], ["no mail server", "odd", "sold out\nsee below"]),
    (["re:.", "re:("], []),
])
def test_only_what_is_not_normal_is_counted_and_told(shop, errors, left):
    log(shop, "logging.getLogger('shop').error('no mail server')",
        "logging.getLogger('shopping').error('odd')", "self.logger.error('sold out\\nsee below')")
    found = end(shop, {"errors": errors})
    assert found["own"]["errors"] == len(left)
    assert [error["text"] for error in found["errors"]] == [text.split("\n")[0] for text in left]


@pytest.mark.parametrize("pattern, exceptions", [("KeyError: 'pr", 0), ("Spider error proc", 0),
                                                 ("OSError", 1)])
def test_an_exception_is_ignored_by_what_is_told_of_it(shop, pattern, exceptions):
    shop.spider("        raise KeyError('price')\n")
    found = end(shop, {"errors": [f"re:{pattern}"]})
    assert found["own"]["exceptions"] == found["own"]["errors"] == exceptions
    assert len(found["errors"]) == exceptions


@pytest.mark.parametrize("errors, closing", [
    (["re:the commit failed"], 0), (["re:Scraper close"], 0), (["scrapy.core"], 0), (["shop"], 1)])
def test_what_is_normal_fails_no_closing(shop, errors, closing):
    shop.write("shop/parts.py", CLOSES)
    shop.settings("ITEM_PIPELINES = {'shop.parts.Store': 1}\n")
    own = end(shop, {"errors": errors})["own"]
    assert (own["errors"], own["closing_errors"], own["late_errors"]) == (closing, closing, 0)


@pytest.mark.parametrize("statuses, refused, errors", [
    ([], 3, 1), ([404], 2, 1), ([500], 2, 0), ([404, 500, 403], 0, 0)])
def test_statuses_that_are_normal_are_not_refused(shop, site, statuses, refused, errors):
    pages = " ".join(site.url + page for page in ("/404", "/500", "/403"))
    own = end(shop, {"statuses": statuses}, PAGES=pages)["own"]
    assert (own["refused"], own["errors"]) == (refused, errors)


def test_a_pattern_that_cannot_be_used_is_told_and_the_others_are_used(shop):
    log(shop, "self.logger.error('odd')")
    records = shop.crawl(SPIDERCHECK_IGNORE=json.dumps({"errors": ["re:(", "re:odd"]}))
    assert records[0]["unusable"] == ["re:(: missing ), unterminated subpattern at position 0"]
    assert records[-2]["own"]["errors"] == 0


def test_what_is_normal_reaches_no_process_of_the_crawl(shop):
    log(shop, "assert 'SPIDERCHECK_IGNORE' not in os.environ")
    assert end(shop, {"errors": ["x"]})["own"]["errors"] == 0
