"""Crawls that are no spider of a project by that name: [[crawl]], commands and scripts that crawl."""

import signal

import pytest

from shop import SCRAPY, Shop
from site_server import Site
from world import wait_until

# As many books as its argument says.
SPIDER = """import scrapy


class Books(scrapy.Spider):
    name = "books"

    def __init__(self, number="2", **more):
        super().__init__(**more)
        self.start_urls = ["data:text/html," + int(number) * "<b>x</b>"]

    def parse(self, response):
        for title in response.css("b::text").getall():
            yield {"title": title}
"""
SCRIPT = """import sys
from scrapy.crawler import CrawlerProcess
from scrapy.utils.project import get_project_settings
from shop.spiders.books import Books

process = CrawlerProcess(get_project_settings())
for number in sys.argv[1:]:
    process.crawl(Books, number=number)
process.start()
"""


@pytest.fixture
def shop(world):
    world.shop = Shop(world.directory / "project")
    world.shop.spider(text=SPIDER)
    return world


def of_project(world, crawls):
    """A schedule of the project, with these lines behind it."""
    world.sections["scrapy"] = {"project": str(world.shop.directory), "command": [SCRAPY],
                                "exclude": ["books"]}
    world.write_config(world.config_text() + crawls)
    return world


def program(world, *command, name="books"):
    """A schedule of one program, which works in the project."""
    world.sections["spiders"] = {"working_directory": str(world.shop.directory)}
    world.spiders.append({"name": name, "command": list(command)})
    return world


def by_name(world):
    return {outcome.spider: outcome for outcome in world.outcomes()}


CRAWLS = """[[crawl]]
name = "three"
spider = "books"
arguments = { number = 3 }
[[crawl]]
name = "none"
spider = "books"
arguments = { number = 0 }
[spiders.none]
min_items = 0
"""


def test_a_crawl_has_a_name_arguments_limits_and_logs_of_its_own(shop):
    of_project(shop, CRAWLS)
    result = shop.run("--force", keep_config=True)
    assert result.code == 0, result.err
    found = by_name(shop)
    assert {name: (outcome.verdict, outcome.items) for name, outcome in found.items()} == {
        "three": ("ok", 3), "none": ("ok", 0)}
    assert "/three/" in found["three"].log_path
    assert shop.run("--force", "--spider", "three", keep_config=True).code == 0
    assert len(shop.outcomes()) == 3
    assert "3" in shop.run("logs", "three", keep_config=True).out


def test_check_lists_a_crawl_with_what_it_is_made_of(shop):
    of_project(shop, CRAWLS)
    result = shop.run("check", keep_config=True)
    assert result.code == 0, result.out
    assert "\n  three   crawl " in result.out
    assert "\n      spider            books\n" in result.out
    assert "\n      arguments         -a number=3\n" in result.out


def test_check_tries_the_patterns_of_errors_to_ignore(shop):
    ignored = "ignore_errors = ['asyncio', 're:^fine$', '{}']\n"
    of_project(shop, "[spiders]\n" + ignored.format("re:(lost") + CRAWLS + ignored.format("re:[a"))
    result = shop.run("check", keep_config=True)
    assert result.code == 2
    file = shop.directory / "spider-check.toml"
    first, second = (number for number, line in enumerate(file.read_text().splitlines(), 1)
                     if line.startswith("ignore_errors"))
    usage = 'write it like "re:^Connection lost"'
    assert [line for line in result.out.splitlines() if "ignore_errors: " in line] == [
        f"  1. {file}:{first}: spiders.ignore_errors: Python cannot use re:(lost: missing ), unterminated "
        f"subpattern at position 0; {usage}",
        f"  2. {file}:{second}: spiders.\"none\".ignore_errors: Python cannot use re:[a: unterminated character "
        f"set at position 0; {usage}"]


def test_a_crawl_of_a_spider_that_is_not_there_is_said_with_its_place(shop):
    of_project(shop, CRAWLS + '[[crawl]]\nname = "four"\nspider = "bokos"\n')
    said = (f'spider-check.toml:20: crawl.spider: {shop.shop.directory} has no spider "bokos", so the '
            'crawl "four" is not run')
    assert said in shop.run("check", keep_config=True).out
    result = shop.run("--force", keep_config=True)
    assert result.code == 0 and said in result.err
    assert sorted(by_name(shop)) == ["none", "three"]


@pytest.mark.parametrize("command", [
    [SCRAPY, "crawl", "books"],
    ["/usr/bin/python3", "-m", "scrapy", "crawl", "books"],
    ["/bin/sh", "-c", "scrapy crawl books; exit 0"],
    ["/usr/bin/env", "scrapy", "runspider", "shop/spiders/books.py"],
    ["/usr/bin/python3", "script.py", "2"],
])
def test_a_program_that_crawls_is_judged_as_a_crawl(shop, command):
    shop.shop.write("script.py", SCRIPT)
    result = program(shop, *command).run("--force")
    (good,) = shop.outcomes()
    assert (result.code, good.verdict, good.items, good.finish_reason) == (0, "ok", 2, "finished")
    shop.shop.spider(text=SPIDER.replace("b::text", "i::text"))
    assert shop.run("--force").code == 1
    assert shop.outcomes()[-1].reasons == ["0 items, at least 1 is wanted (min_items)"]


def test_of_several_crawls_the_worst_is_the_programs(shop):
    shop.shop.write("script.py", SCRIPT)
    assert program(shop, "/usr/bin/python3", "script.py", "2", "3").run("--force").code == 0
    (outcome,) = shop.outcomes()
    assert (outcome.verdict, outcome.items, outcome.pages) == ("ok", 5, 2)
    assert outcome.stats["item_scraped_count"] == 5
    shop.spiders[0]["command"][-1] = "0"
    assert shop.run("--force").code == 1
    outcome = shop.outcomes()[-1]
    assert (outcome.items, outcome.reasons) == (2, ["books: 0 items, at least 1 is wanted (min_items)"])


def test_a_program_that_only_uses_scrapy_is_no_crawl(shop):
    text = "import scrapy.crawler\nprint(scrapy.Selector(text='<b>x</b>').css('b::text').get())\n"
    shop.shop.write("parse.py", text)
    assert program(shop, "/usr/bin/python3", "parse.py").run("--force").code == 0
    (outcome,) = shop.outcomes()
    assert (outcome.verdict, outcome.items, outcome.finish_reason) == ("ok", None, None)


PATIENCE = "15s"  # for a crawl that takes two or three
STAYS = """
    def closed(self, reason):
        import threading
        threading.Thread(target=threading.Event().wait).start()
"""


@pytest.mark.parametrize("limit", ["stall_timeout", "timeout"])
def test_a_process_that_stays_is_ended_and_the_crawl_judged(shop, limit):
    """A client that was not closed keeps a thread, as browsers and queues do."""
    shop.shop.spider(STAYS, text=SPIDER)
    program(shop, SCRAPY, "crawl", "books")
    shop.sections["spiders"].update({"stall_timeout": "0s", limit: PATIENCE, "grace": "1s"})
    result = shop.run("--force")
    assert result.code == 0, result.err
    (outcome,) = shop.outcomes()
    assert (outcome.verdict, outcome.items) == ("degraded", 2)
    assert outcome.reasons == ["its process stayed after the crawl had ended, and was stopped"]


def test_closing_is_no_stall(shop):
    """An upload takes longer than nothing may happen while it crawls."""
    shop.shop.spider("\n    def closed(self, reason):\n        import time\n"
                     "        time.sleep(18)\n", text=SPIDER)
    program(shop, SCRAPY, "crawl", "books")
    shop.sections["spiders"]["stall_timeout"] = PATIENCE
    result = shop.run("--force")
    assert result.code == 0, result.err
    assert [(outcome.verdict, outcome.reasons) for outcome in shop.outcomes()] == [("ok", [])]


SLOW = """import os
import scrapy


class Books(scrapy.Spider):
    name = "books"
    custom_settings = {"DOWNLOAD_DELAY": 0.2, "FEEDS": {"items.jsonl": {"format": "jsonlines"}}}
    start_urls = [f"data:text/html,<b>{number}</b>" for number in range(10_000)]

    def parse(self, response):
        yield {"title": response.css("b::text").get()}
        os.close(os.open(".begun", os.O_CREAT))
"""


@pytest.mark.parametrize("wrapper", [
    "#!/bin/sh\nscrapy \"$@\"\nexit $?\n",
    "#!/usr/bin/python3\nimport subprocess, sys\n"
    "sys.exit(subprocess.run(['/usr/bin/scrapy'] + sys.argv[1:]).returncode)\n",
])
def test_a_stop_reaches_what_a_wrapper_started_gently(shop, wrapper):
    """Neither is replaced by Scrapy, and both end at the first SIGTERM."""
    shop.shop.spider(text=SLOW)
    path = shop.shop.write("wrapper", wrapper)
    path.chmod(0o755)
    running = program(shop, str(path), "crawl", "books").start("--force")
    wait_until((shop.shop.directory / ".begun").exists, "an item")
    running.signal(signal.SIGTERM)
    assert running.end().code == -signal.SIGTERM
    (outcome,) = shop.outcomes()
    assert outcome.finish_reason == "shutdown"
    items = (shop.shop.directory / "items.jsonl").read_text().splitlines()
    assert items and len(items) == outcome.items


LOGS = SPIDER.replace("    def parse(self, response):\n",
                      "    def parse(self, response):\n"
                      "        self.logger.error('the cache is away')\n")


@pytest.mark.parametrize("ignored, reasons", [
    (["books"], []), (["re:^the cache"], []),
    (["book", "re:cache$"], ["1 error beside 2 items (the cache is away)"]),
    (["re:("], ["ignore_errors: re:(: missing ), unterminated subpattern at position 0",
                "1 error beside 2 items (the cache is away)"]),
])
def test_errors_that_are_normal_count_for_nothing(shop, ignored, reasons):
    shop.shop.spider(text=LOGS)
    program(shop, SCRAPY, "crawl", "books")
    shop.sections["spiders"]["ignore_errors"] = ignored
    assert shop.run("--force").code == 0
    (outcome,) = shop.outcomes()
    assert (outcome.verdict, outcome.reasons) == ("degraded" if reasons else "ok", reasons)


LINKS = SPIDER.replace("self.start_urls =", "self.start_urls = {} +")


@pytest.mark.parametrize("rules, degraded", [
    ({}, True),
    ({"ignore_status": [404, 500]}, False), ({"ignore_status": [404]}, True),
    ({"max_dead_pages": 2}, False), ({"max_dead_pages": 1}, True),
])
def test_dead_pages_that_are_normal_count_for_nothing(shop, rules, degraded):
    shop.shop.settings("RETRY_TIMES = 0\n")
    program(shop, SCRAPY, "crawl", "books")
    shop.sections["spiders"].update(rules)
    with Site() as site:
        shop.shop.spider(text=LINKS.replace("{}", repr([f"{site.url}/404", f"{site.url}/500"])))
        assert shop.run("--force").code == 0
    (outcome,) = shop.outcomes()
    assert (outcome.verdict == "degraded") == degraded
    assert ("refused or dead" in " ".join(outcome.reasons)) == degraded
