"""A small Scrapy project that a test writes, and a crawl of it with the probe in front."""

import json
import pathlib
import subprocess

from world import ROOT

SCRAPY = "/usr/bin/scrapy"
PROBE = ROOT / "src/scrapy/probe"
SETTINGS = """BOT_NAME = "shop"
SPIDER_MODULES = ["shop.spiders"]
TELNETCONSOLE_ENABLED = False
HTTPPROXY_ENABLED = False
REQUEST_FINGERPRINTER_IMPLEMENTATION = "2.7"
RETRY_TIMES = 1
"""
BOOKS = """import os
import scrapy


class Books(scrapy.Spider):
    name = "books"
    start_urls = ["data:text/html,<b>one</b><b>two</b>"]

    def parse(self, response):
        for title in response.css("b::text").getall():
            yield {"title": title}
"""


class Shop:
    """A project in a directory; `settings` and `spider` are added to what works."""

    scrapy = SCRAPY
    reactor = ""  # a line of the settings

    def __init__(self, directory):
        self.directory = directory
        self.write("scrapy.cfg", "[settings]\ndefault = shop.settings\n")
        for package in ("shop", "shop/spiders"):
            self.write(f"{package}/__init__.py", "")
        self.settings()
        self.spider()

    def write(self, name, text):
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def settings(self, more=""):
        return self.write("shop/settings.py", SETTINGS + self.reactor + more)

    def spider(self, more="", text=BOOKS):
        return self.write("shop/spiders/books.py", text + more)

    def crawl(self, *args, scrapy=None, **options):
        return self.run(scrapy or self.scrapy, "crawl", "books", *args, **options)

    def run(self, *command, directory=None, **env):
        """The records of the probe."""
        report = self.directory / "report"
        report.write_text("")
        env = {"PATH": "/usr/bin:/bin", "HOME": str(self.directory), "PYTHONDONTWRITEBYTECODE": "1",
               "PYTHONPATH": str(PROBE), "SPIDERCHECK_TOKEN": "t",
               "SPIDERCHECK_REPORT": str(report), **env}
        self.result = subprocess.run(command, cwd=directory or self.directory, env=env, text=True,
                                     timeout=60, capture_output=True)
        return [json.loads(line) for line in report.read_text().splitlines()]

    def end(self, *args, **env):
        """What the probe says at the end of the crawl."""
        ends = [record for record in self.crawl(*args, **env) if record["kind"] == "end"]
        assert len(ends) == 1, self.result.stderr
        return ends[0]


def line_of(path, text):
    """FILE:LINE of the first line with that text."""
    lines = pathlib.Path(path).read_text().splitlines()
    return f"{path}:{next(n for n, line in enumerate(lines, 1) if text in line)}"
