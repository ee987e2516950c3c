"""Faults in the spider's own code."""

import logging

from scrapy import signals
from scrapy.exceptions import CloseSpider

from ..base import Reader, many_pages


class AllPagesRaise(Reader):
    name = "all_pages_raise"
    pages = many_pages(5)

    def parse(self, response):
        raise KeyError("salary")


class SomePagesRaise(Reader):
    name = "some_pages_raise"
    pages = many_pages(10)

    def parse(self, response):
        if response.url.endswith(("1", "3", "5")):
            raise KeyError("salary")
        yield from super().parse(response)


class StartRaisesAtOnce(Reader):
    name = "start_raises_at_once"

    def start_requests(self):
        raise RuntimeError("no addresses")
        yield


class StartRaisesLate(Reader):
    name = "start_raises_late"

    def start_requests(self):
        yield from super().start_requests()
        raise RuntimeError("no more addresses")


class StartRaisesOutright(Reader):
    name = "start_raises_outright"

    def start_requests(self):
        raise RuntimeError("no addresses")


class InitRaises(Reader):
    name = "init_raises"

    def __init__(self, *args, **kwargs):
        raise RuntimeError("no password")


class LoggedErrors(Reader):
    name = "logged_errors"

    def parse(self, response):
        self.logger.error("this page looks odd")
        yield from super().parse(response)


class ErrorInClosed(Reader):
    name = "error_in_closed"

    def closed(self, reason):
        self.logger.error("cannot write the summary")


class RaisesInClosed(Reader):
    name = "raises_in_closed"

    def closed(self, reason):
        raise OSError("cannot write the summary")


class LateMonitor(Reader):
    """Somebody else's errors, after the last page."""

    name = "late_monitor"

    @classmethod
    def from_crawler(cls, crawler, *args, **kwargs):
        crawler.signals.connect(tell_monitors, signal=signals.spider_closed)
        return super().from_crawler(crawler, *args, **kwargs)


def tell_monitors():
    logging.getLogger("monitors").error("the mail server is away")


class Banned(Reader):
    name = "banned"

    def parse(self, response):
        yield from super().parse(response)
        raise CloseSpider("banned")


class TooManyErrors(Reader):
    name = "too_many_errors"
    pages = many_pages(10)
    custom_settings = {"CLOSESPIDER_ERRORCOUNT": 3, "CONCURRENT_REQUESTS": 1}

    def parse(self, response):
        yield from super().parse(response)
        raise KeyError("salary")


class EnoughItems(Reader):
    name = "enough_items"
    pages = many_pages(10)
    custom_settings = {"CLOSESPIDER_ITEMCOUNT": 3, "CONCURRENT_REQUESTS": 1}
