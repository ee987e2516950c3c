"""What the web is like."""

import os

import scrapy

from ..base import PAGES, SITE, Reader, in_each_setup


class DeadLink(Reader):
    shape = "dead_link"
    dead = ["/404", "/403", "/500", "http://127.0.0.1:9/", "http://nonexistent.invalid/"]

    def parse(self, response):
        yield from super().parse(response)
        if response.url.endswith(PAGES[0]):
            yield response.follow(self.dead[self.variant])


class NoRobots(Reader):
    shape = "no_robots"

    @staticmethod
    def settings(name):
        return {"ROBOTSTXT_OBEY": True}


class BusyRobots(NoRobots):
    """Its robots.txt is answered with 503."""

    shape = "busy_robots"
    site = os.environ["BUSY_SITE"]


class Redirects(Reader):
    shape = "redirects"
    pages = [f"/moved{page}" for page in PAGES]


class Duplicates(Reader):
    """Every page links to every other one."""

    shape = "duplicates"

    def parse(self, response):
        yield from super().parse(response)
        yield from response.follow_all([SITE + page for page in PAGES])


class PageTwice(Reader):
    shape = "page_twice"

    def parse(self, response):
        yield from super().parse(response)
        if response.url.endswith(PAGES[0]):
            yield response.request.replace(callback=self.again, dont_filter=True)

    def again(self, response):
        yield from super().parse(response)


class Offsite(Reader):
    shape = "offsite"
    allowed_domains = ["127.0.0.1"]

    def parse(self, response):
        yield from super().parse(response)
        yield scrapy.Request("http://elsewhere.invalid/advertisement")


class Cookies(Reader):
    """No page without the cookie that the first one sets."""

    shape = "cookies"
    pages = ["/enter"]

    def parse(self, response):
        for page in PAGES:
            yield response.follow(f"/member{page}", super().parse)


class Retries(Reader):
    shape = "retries"

    def __init__(self, *args, **kwargs):
        self.pages = [f"/flaky{page}?spider={self.name}" for page in PAGES]
        super().__init__(*args, **kwargs)


class BigPages(Reader):
    shape = "big_pages"
    pages = ["/big"]

    @staticmethod
    def settings(name):
        return {"DOWNLOAD_WARNSIZE": 1 << 20}


class Compressed(Reader):
    shape = "compressed"
    pages = [f"/gzip{page}" for page in PAGES]


class ByName(Reader):
    shape = "by_name"
    site = SITE.replace("127.0.0.1", "localhost")


in_each_setup(globals())
