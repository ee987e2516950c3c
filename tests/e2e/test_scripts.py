"""Programs that crawl and are not Scrapy's own; several crawls in one process."""

import pytest

from shop import PROBE, Shop, line_of

PYTHON = "/usr/bin/python3"
SCRIPT = """import sys
from scrapy.crawler import CrawlerProcess, CrawlerRunner
from scrapy.utils.log import configure_logging
from scrapy.utils.project import get_project_settings
from shop.spiders.books import Books

assert "twisted.internet.reactor" not in sys.modules


class Broken(Books):
    name = "broken"

    def parse(self, response):
        yield {"title": "one"}
        raise KeyError("price")


class Unborn(Books):
    name = "unborn"

    def __init__(self):
        raise OSError("no database")


"""
SIDE_BY_SIDE = """process = CrawlerProcess(get_project_settings())
for spider in ({}):
    process.crawl(spider)
process.start()
"""
IN_SEQUENCE = """from twisted.internet import defer, reactor

configure_logging()
runner = CrawlerRunner({**get_project_settings(), "TWISTED_REACTOR": None})


@defer.inlineCallbacks
def crawl():
    for spider in ({}):
        try:
            yield runner.crawl(spider)
        except OSError:
            pass
    reactor.stop()


crawl()
reactor.run()
"""
FORKS = """import multiprocessing


def crawl(spider):
    process = CrawlerProcess(get_project_settings())
    process.crawl(spider)
    process.start()


for spider in ({}):
    child = multiprocessing.get_context("fork").Process(target=crawl, args=(spider,))
    child.start()
    child.join()
"""


@pytest.fixture
def shop(tmp_path):
    return Shop(tmp_path / "project")


def run(shop, text, *args, spiders="Books,", path="", **env):
    script = shop.write("script.py", SCRIPT + text.replace("{}", spiders))
    return shop.run(PYTHON, *(args or (str(script),)),
                    PYTHONPATH=f"{PROBE}/script:{PROBE}{path}", **env)


def of_kind(records, kind):
    return [record for record in records if record["kind"] == kind]


def names(records):
    return [(record["crawl"], record["name"]) for record in of_kind(records, "crawl")]


def counts(records):
    return {record["crawl"]: (record["own"]["items"], record["own"]["errors"])
            for record in of_kind(records, "end")}


@pytest.mark.parametrize("args", [(), ("-m", "script")])
def test_a_script_is_reported_as_a_crawl(shop, args):
    records = run(shop, SIDE_BY_SIDE, *args)
    assert [record["kind"] for record in records if record["kind"] != "progress"] == [
        "start", "crawl", "closing", "closed", "end", "exit"]
    assert names(records) == [(0, "books")]
    assert len({record["process"] for record in records}) == 1


@pytest.mark.parametrize("script", [SIDE_BY_SIDE, IN_SEQUENCE])
def test_each_crawl_of_a_process_has_its_own_numbers(shop, script):
    records = run(shop, script, spiders="Books, Broken")
    assert names(records) == [(0, "books"), (1, "broken")]
    assert counts(records) == {0: (2, 0), 1: (1, 1)}
    (error,) = of_kind(records, "error")
    assert (error["crawl"], error["text"]) == (1, "KeyError: 'price'")
    for kind in ("closing", "closed"):
        assert sorted(record["crawl"] for record in of_kind(records, kind)) == [0, 1]


@pytest.mark.parametrize("spiders, number", [("Unborn, Books", 0), ("Books, Unborn", 1)])
def test_a_crawl_that_cannot_begin_is_told_under_its_number(shop, spiders, number):
    records = run(shop, SIDE_BY_SIDE, spiders=spiders)
    (crash,) = of_kind(records, "crash")
    assert (crash["crawl"], crash["text"]) == (number, "OSError: no database")
    assert crash["place"] == line_of(shop.directory / "script.py", "raise OSError")
    assert counts(records) == {1 - number: (2, 0)}


@pytest.mark.parametrize("log", ["self.logger.error('odd')",
                                 "logging.getLogger('db').error('odd')"])
def test_what_a_spider_logs_is_its_own(shop, log):
    shop.spider(f"        import logging\n        if self.name == 'books':\n            {log}\n")
    records = run(shop, "class Other(Books):\n    name = 'other'\n\n\n" + SIDE_BY_SIDE,
                  spiders="Other, Books")
    assert counts(records) == {0: (2, 0), 1: (2, 1)}


def test_a_crawl_in_a_forked_process_is_reported(shop):
    records = run(shop, FORKS, spiders="Books, Broken")
    assert names(records) == [(0, "books"), (0, "broken")]
    ends = {record["process"]: record["own"]["items"] for record in of_kind(records, "end")}
    assert list(ends.values()) == [2, 1]
    assert {record["process"] for record in of_kind(records, "start")} > set(ends)


def test_what_a_crawl_forks_reports_nothing(shop):
    shop.spider("        import multiprocessing\n        from script import crawl, Broken\n"
                "        multiprocessing.Process(target=crawl, args=(Broken,)).start()\n")
    records = run(shop, FORKS.replace("for spider", "if __name__ == '__main__':\n    crawl(Books)\n"
                                                    "for spider"), spiders="")
    assert names(records) == [(0, "books")]
    assert len({record["process"] for record in records}) == 1


def test_a_crawler_that_never_crawls_is_not_told(shop):
    records = run(shop, "CrawlerProcess(get_project_settings()).create_crawler(Books)\n")
    assert [record["kind"] for record in records] == ["start", "exit"]


def test_scrapy_itself_is_reported_once(shop):
    records = shop.run("/usr/bin/scrapy", "runspider", "shop/spiders/books.py",
                       PYTHONPATH=f"{PROBE}/script:{PROBE}")
    assert len(of_kind(records, "start")) == len(of_kind(records, "end")) == 1


def test_a_program_without_scrapy_reports_nothing(shop):
    assert shop.run(PYTHON, "-c", "import sys; assert 'scrapy' not in sys.modules\n"
                                  "assert 'spidercheck_probe' not in sys.modules",
                    PYTHONPATH=f"{PROBE}/script:{PROBE}") == []
    assert (shop.result.returncode, shop.result.stderr) == (0, "")


def test_a_script_that_crashes_names_its_line(shop):
    records = run(shop, "raise RuntimeError('here')\n")
    (crash,) = of_kind(records, "crash")
    assert crash["place"] == line_of(shop.directory / "script.py", "raise RuntimeError")
    assert "crawl" not in crash


@pytest.mark.parametrize("body", [
    "import sys; sys.path.append('/added'); seen = True", "raise OSError('no disk')",
    "import nowhere", "raise SystemExit(3)", "print(__name__, __file__)"])
def test_the_sitecustomize_that_is_hidden_runs_as_if_nothing_were_before_it(shop, body):
    shop.write("mine/sitecustomize.py", body + "\n")
    look = ["-c", "import sys, sitecustomize\n"
                  "print(sitecustomize.__file__, sitecustomize.__spec__.origin, '/added' in sys.path)"]

    def seen(path):
        shop.run(PYTHON, *look, PYTHONPATH=f"{path}{shop.directory}/mine")
        return shop.result.returncode, shop.result.stdout, shop.result.stderr.splitlines()[:2]

    assert seen(f"{PROBE}/script:{PROBE}:") == seen("")


def test_a_script_with_a_sitecustomize_of_its_own_is_reported(shop):
    shop.write("mine/sitecustomize.py", "open('seen', 'w').close()\n")
    records = run(shop, SIDE_BY_SIDE, path=f":{shop.directory}/mine")
    assert (shop.directory / "seen").exists()
    assert counts(records) == {0: (2, 0)}


def test_the_file_to_which_a_project_logs_is_told(shop):
    shop.settings("LOG_FILE = 'logs/shop.log'\n")
    shop.write("logs/shop.log", "")
    (crawl,) = of_kind(shop.crawl(), "crawl")
    assert crawl["log_file"] == str(shop.directory / "logs/shop.log")
    shop.settings()
    (crawl,) = of_kind(shop.crawl(), "crawl")
    assert "log_file" not in crawl
