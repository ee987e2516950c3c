"""What the spiders share: pages with an item each, and five ways to set a project up."""

import os

import scrapy

SITE = os.environ["SITE"]
OUT = os.environ["OUT"]
PAGES = [f"/page/{number}" for number in range(12)]

# Settings that people have, none of which makes a good crawl a bad one.
SETUPS = [
    {},
    {"LOG_LEVEL": "WARNING", "STATS_DUMP": False, "CONCURRENT_REQUESTS": 2},
    {"AUTOTHROTTLE_ENABLED": True, "AUTOTHROTTLE_START_DELAY": 0.01, "DNSCACHE_ENABLED": False},
    {"HTTPCACHE_ENABLED": True, "HTTPCACHE_IGNORE_HTTP_CODES": [503], "MEMUSAGE_ENABLED": False},
    {"ROBOTSTXT_OBEY": True, "LOG_ENABLED": False, "REFERER_ENABLED": False},
]


class Reader(scrapy.Spider):
    """Reads the items of its pages."""

    pages = PAGES
    site = SITE

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.start_urls = [self.site + page for page in self.pages]

    @staticmethod
    def settings(name):
        """What this shape needs, besides its setup."""
        return {}

    def parse(self, response):
        for item in response.css(".item"):
            yield {"title": item.css(".title::text").get(), "pay": item.css(".pay::text").get()}


def in_each_setup(names):
    """Adds to what a module has one spider for each of its shapes and setups."""
    for shape in [each for each in names.values() if hasattr(each, "shape")]:
        for variant, setup in enumerate(SETUPS):
            name = f"{shape.shape}_{variant}"
            cache = {"HTTPCACHE_DIR": f"{OUT}/{name}.cache"}
            names[name] = type(name, (shape,), {
                "name": name, "variant": variant, "__module__": shape.__module__,
                "custom_settings": {**setup, **cache, **shape.settings(name)}})
