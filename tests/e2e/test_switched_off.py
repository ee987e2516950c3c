"""What the project asks for and Scrapy disables before the crawl begins."""

import pytest

from shop import Shop

COMPONENTS = """import os
from scrapy.exceptions import NotConfigured


class Store:
    def __init__(self):
        if not os.environ.get("SHOP_DB"):
            raise NotConfigured("SHOP_DB is not set\\nSee README.")

    def process_item(self, item, spider):
        return item


class Switched:
    @classmethod
    def from_crawler(cls, crawler):
        if not crawler.settings.getbool("SWITCHED_ENABLED"):
            raise NotConfigured
        return cls()

    def process_item(self, item, spider):
        return item


class Mute:
    @classmethod
    def from_crawler(cls, crawler):
        if not crawler.settings.getbool("MUTE_COMPRESSED"):
            pass
        if not os.environ.get("SHOP_DB"):
            raise NotConfigured
        return cls()
"""


@pytest.fixture
def shop(tmp_path):
    shop = Shop(tmp_path / "project")
    shop.write("shop/parts.py", COMPONENTS)
    return shop


def switched_off(shop, settings, **env):
    shop.settings(settings)
    return [(fact["what"], fact["name"], fact["why"], fact["count"])
            for fact in shop.end(**env)["switched_off"]]


@pytest.mark.parametrize("settings, fact", [
    ("ITEM_PIPELINES = {'shop.parts.Store': 1, 'shop.parts.Gone': None}\n",
     ("pipeline", "shop.parts.Store", "SHOP_DB is not set", 1)),
    ("ITEM_PIPELINES = {'shop.parts.Mute': 1}\n", ("pipeline", "shop.parts.Mute", "", 1)),
    ("ITEM_PIPELINES = {'scrapy.pipelines.files.FilesPipeline': 1}\n",
     ("pipeline", "scrapy.pipelines.files.FilesPipeline", "FILES_STORE is not set", 1)),
    ("from shop.parts import Mute\nEXTENSIONS = {Mute: 1}\n",
     ("extension", "shop.parts.Mute", "", 1)),
    ("SPIDER_MIDDLEWARES = {'shop.parts.Mute': 1}\n",
     ("spider middleware", "shop.parts.Mute", "", 1)),
    ("DOWNLOADER_MIDDLEWARES = {'shop.parts.Store': 1}\n",
     ("downloader middleware", "shop.parts.Store", "SHOP_DB is not set", 1)),
    ("FEEDS = {'a.jsonl': {'format': 'jsonlines'}, 'ftps9://me:word@host/b': {'format': 'csv'}}\n",
     ("feed", "ftps9://host/b", "unknown feed storage scheme: ftps9", 2)),
    ("FEEDS = {'a.parquet': {'format': 'parquet'}}\n",
     ("feed", "a.parquet", "unknown feed format: parquet", 1)),
    ("FEEDS = {'a.csv': {'format': 'csv', 'batch_item_count': 9}}\n",
     ("feed", "a.csv", "%(batch_time)s or %(batch_id)d must be in the name of a feed in batches",
      1)),
    ("from scrapy.exceptions import NotConfigured\n\n\nclass Storage:\n"
     "    def __init__(self, uri, feed_options=None):\n"
     "        raise NotConfigured('no account for the cloud')\n\n\n"
     "FEED_STORAGES = {'cloud': 'shop.settings.Storage'}\n"
     "FEEDS = {'cloud://us/b': {'format': 'csv'}}\n",
     ("feed", "cloud://us/b", "no account for the cloud", 1)),
    ("DOWNLOAD_HANDLERS = {'data': 'shop.parts.Store', 'ftp': 'shop.parts.Mute', 's3': None}\n",
     ("download handler", "shop.parts.Store", "SHOP_DB is not set", 1)),
])
def test_what_is_switched_off_is_told_with_its_reason(shop, settings, fact):
    assert switched_off(shop, settings) == [fact]


@pytest.mark.parametrize("switch", ["", "SWITCHED_ENABLED = False\n"])
def test_what_works_and_what_is_off_as_a_rule_is_not_told(shop, switch):
    """As the documentation has one order Scrapy's own parts, and switch parts of one's own."""
    settings = ("ITEM_PIPELINES = {'shop.parts.Store': 1}\n"
                "FEEDS = {'a.csv': {'format': 'csv'}}\n"
                "EXTENSIONS = {'scrapy.extensions.closespider.CloseSpider': 500,\n"
                "              'shop.parts.Switched': 1}\n"
                "DOWNLOADER_MIDDLEWARES = {\n"
                "    'scrapy.downloadermiddlewares.httpcache.HttpCacheMiddleware': 1,\n"
                "    'scrapy.downloadermiddlewares.httpproxy.HttpProxyMiddleware': 2}\n")
    assert switched_off(shop, settings + switch, SHOP_DB="x") == []


@pytest.mark.parametrize("part, settings, wished", [
    ("Switched", "SWITCHED_ENABLED = False\n", True),
    ("Switched", "", False),
    ("Mute", "MUTE_COMPRESSED = False\n", False),
])
def test_a_pipeline_that_its_switch_disables_is_told_as_wished(shop, part, settings, wished):
    shop.settings(f"{settings}ITEM_PIPELINES = {{'shop.parts.{part}': 1}}\n")
    (fact,) = shop.end()["switched_off"]
    assert fact["wished"] is wished


UNWRITTEN = "        for number in range({}):\n            yield {{'x': object()}}\n"


@pytest.mark.parametrize("feeds, more, lost", [
    ("{'/dev/null/a.jsonl': {'format': 'jsonlines'}}", "", 1),
    ("{'a.jsonl': {'format': 'jsonlines'}}", UNWRITTEN.format(1), 0),
    ("{'a.jsonl': {'format': 'jsonlines'}}", UNWRITTEN.format(9), 1),
])
def test_a_feed_is_lost_once_and_an_item_in_it_is_no_feed(shop, feeds, more, lost):
    shop.settings(f"FEEDS = {feeds}\n")
    shop.spider(more)
    assert shop.end()["own"]["lost_feeds"] == lost
