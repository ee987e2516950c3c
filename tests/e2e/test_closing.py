"""Errors that are logged after the last page: whose they are decides what they mean."""

import pytest

from shop import BOOKS, Shop

PARTS = """import logging
from scrapy import signals
from scrapy.statscollectors import MemoryStatsCollector


class Extension:
    def __init__(self, crawler):
        crawler.signals.connect(self.spider_closed, signal=signals.spider_closed)

    @classmethod
    def from_crawler(cls, crawler):
        return cls(crawler)


class Monitor(Extension):
    def spider_closed(self, spider):
        spider.logger.error("too few items")
        logging.getLogger("asyncio").error("Task was destroyed but it is pending!")
        logging.getLogger("shop.mail").error("no mail server")


class Uploads(Extension):
    def spider_closed(self, spider):
        raise OSError("the disk is full")


class Store:
    def process_item(self, item, spider):
        return item

    def close_spider(self, spider):
        self.commit()

    def commit(self):
        try:
            raise OSError("the commit failed")
        except OSError:
            logging.getLogger("db").exception("lost")


class Raises(Store):
    def commit(self):
        raise OSError("the commit failed")


class Late(Extension, Store):
    def close_spider(self, spider):
        pass

    def spider_closed(self, spider):
        self.commit()


class Stats(MemoryStatsCollector):
    def close_spider(self, *args, **kwargs):
        raise OSError("nobody takes the statistics")


class Odd(Store):
    def process_item(self, item, spider):
        logging.getLogger("db").error("an odd item")
        return item

    def close_spider(self, spider):
        pass
"""


@pytest.fixture
def shop(tmp_path):
    shop = Shop(tmp_path / "project")
    shop.write("shop/parts.py", PARTS)
    return shop


def errors(shop):
    own = shop.end()["own"]
    return own["errors"], own["closing_errors"], own["late_errors"]


@pytest.mark.parametrize("settings, expected", [
    ("EXTENSIONS = {'shop.parts.Monitor': 1}\n", (3, 0, 3)),
    ("EXTENSIONS = {'shop.parts.Uploads': 1}\n", (1, 1, 0)),
    ("ITEM_PIPELINES = {'shop.parts.Store': 1}\n", (1, 1, 0)),
    ("ITEM_PIPELINES = {'shop.parts.Raises': 1}\n", (1, 1, 0)),
    ("ITEM_PIPELINES = {'shop.parts.Late': 1}\n", (1, 1, 0)),
    ("STATS_CLASS = 'shop.parts.Stats'\n", (1, 0, 1)),
    ("ITEM_PIPELINES = {'shop.parts.Odd': 1}\n", (2, 0, 0)),
])
def test_only_what_keeps_the_items_fails_to_close(shop, settings, expected):
    shop.settings(settings)
    assert errors(shop) == expected


@pytest.mark.parametrize("body", ["self.logger.error('no summary')", "raise OSError('no summary')"])
def test_the_end_of_the_spider_itself_is_its_own(shop, body):
    shop.spider(f"\n    def closed(self, reason):\n        {body}\n", text=BOOKS)
    assert errors(shop) == (1, 1, 0)
