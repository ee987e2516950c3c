"""What the spiders share: where the site is, and how one of its pages is read."""

import os

import scrapy

SITE = os.environ["SITE"]
OUT = os.environ["OUT"]


class Reader(scrapy.Spider):
    """Reads the items of its pages."""

    pages = ["/ok"]

    def start_requests(self):
        for page in self.pages:
            yield self.request(page)

    async def start(self):  # as Scrapy has it from 2.13 on
        for request in self.start_requests():
            yield request

    def request(self, page):
        return scrapy.Request(SITE + page, dont_filter=True)

    def parse(self, response):
        for item in response.css(".item"):
            yield {"title": item.css(".title::text").get(), "pay": item.css(".pay::text").get()}


def many_pages(number):
    return [f"/page/{page}" for page in range(number)]


def pipeline(name):
    """The settings that put a pipeline in."""
    return {"ITEM_PIPELINES": {f"modes.pipelines.{name}": 1}}
