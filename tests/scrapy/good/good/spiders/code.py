"""What spiders do that looks odd and is not."""

import warnings

import scrapy
from scrapy.exceptions import ScrapyDeprecationWarning
from scrapy.utils.defer import maybe_deferred_to_future

from ..base import OUT, Reader, in_each_setup
from ..pipelines import in_a_moment


class Warnings(Reader):
    shape = "warnings"

    def parse(self, response):
        self.logger.warning("no price at %s", response.url)
        warnings.warn("this parser is slow")
        yield from super().parse(response)


class Deprecations(Reader):
    shape = "deprecations"

    @staticmethod
    def settings(name):
        return {"FEED_URI": f"{OUT}/{name}.csv", "FEED_FORMAT": "csv",
                "REQUEST_FINGERPRINTER_IMPLEMENTATION": "2.6"}

    def parse(self, response):
        warnings.warn("spiders have no colour any more", ScrapyDeprecationWarning)
        warnings.warn("Python has no string any more", DeprecationWarning)
        yield from super().parse(response)


class AsyncParse(Reader):
    shape = "async_parse"

    async def parse(self, response):
        await maybe_deferred_to_future(in_a_moment())
        for item in super().parse(response):
            yield item


class BothStarts(Reader):
    shape = "both_starts"

    def start_requests(self):
        for url in self.start_urls:
            yield scrapy.Request(url)

    async def start(self):
        for request in self.start_requests():
            yield request


in_each_setup(globals())
