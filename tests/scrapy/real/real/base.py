"""What most spiders here do."""

import os

import scrapy


class Reader(scrapy.Spider):
    """Twenty items of one page."""

    pages = ["/ok"]

    async def start(self):
        for page in self.pages:
            yield scrapy.Request(os.environ["SITE"] + page)

    def parse(self, response):
        for item in response.css("li.item"):
            yield {"title": item.css(".title::text").get(), "pay": item.css(".pay::text").get()}
