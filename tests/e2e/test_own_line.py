"""The place and the words by which an error is told: the person's own line, and what says why."""

import logging
import sys

import pytest

from shop import BOOKS, PROBE, Shop, line_of

STOPS = "        raise RuntimeError('here')\n"


# Without a report to write it only defines what it is made of.
sys.path.insert(0, str(PROBE))
from spidercheck_probe import errors, faults  # noqa: E402


def told(body):
    """How the probe tells what this raises."""
    try:
        exec(compile(body, "/srv/shop/own.py", "exec"), {"__name__": "own"})
    except Exception as error:
        return faults.fault(error, error.__traceback__)


@pytest.fixture
def shop(tmp_path):
    return Shop(tmp_path / "project")


def fault(shop, body, **env):
    """The one fault of a spider whose callback goes on like this, after its items."""
    shop.spider("".join(f"        {line}\n" for line in body.splitlines()))
    (found,) = shop.end(**env)["errors"]
    return found


def in_a_library(shop, directory):
    """A module there that calls what it is given."""
    shop.write(f"{directory}/helpers.py", "def call(what):\n    return what()\n\n\ndef fails():\n"
                                       "    raise OSError('the disk is gone')\n")
    return str(shop.directory / directory)


@pytest.mark.parametrize("directory", ["env/lib/python3.11/site-packages", "vendor/dist-packages"])
def test_the_place_is_never_in_a_library_below_the_project(shop, directory):
    path = in_a_library(shop, directory)
    found = fault(shop, f"import sys; sys.path.insert(0, {path!r})\n"
                        "import helpers\nhelpers.fails()")
    assert found["place"] == line_of(shop.directory / "shop/spiders/books.py", "helpers.fails()")
    assert found["text"] == "OSError: the disk is gone"


def test_a_library_that_the_project_links_to_is_one(shop):
    in_a_library(shop, "../elsewhere/site-packages/kit")
    (shop.directory / "kit").symlink_to(shop.directory / "../elsewhere/site-packages/kit")
    found = fault(shop, "import kit.helpers\nkit.helpers.fails()")
    assert found["place"] == line_of(shop.directory / "shop/spiders/books.py", "kit.helpers.fails()")


def test_a_project_that_is_reached_through_a_link_is_the_project(shop, tmp_path):
    (tmp_path / "current").symlink_to(shop.directory)
    shop.spider(STOPS)
    (found,) = shop.end(directory=tmp_path / "current")["errors"]
    assert found["place"].endswith(line_of(shop.directory / "shop/spiders/books.py", "raise Run")
                                   .rpartition("/")[2])


def test_code_of_ones_own_beside_the_project_is_named_where_the_project_has_no_line(shop):
    own = shop.write("../common/stores.py",
                     "class Store:\n    def process_item(self, item, spider):\n"
                     "        raise KeyError('price')\n")
    shop.settings("import sys\nsys.path.insert(0, '../common')\n"
                  "ITEM_PIPELINES = {'stores.Store': 1}\n")
    found = shop.end()["errors"][0]
    assert (found["place"], found["text"]) == (line_of(own.resolve(), "raise"), "KeyError: 'price'")


def test_what_only_a_library_did_has_no_place(shop):
    shop.settings("FEEDS = {'/dev/full': {'format': 'jsonlines'}}\n")
    (found,) = shop.end()["errors"]
    assert found["place"] == ""
    assert "No space left" in found["text"]


@pytest.mark.parametrize("body, text", [
    ("error = ValueError('call us')\nerror.__notes__ = ['at attribute price']\nraise error",
     "ValueError: call us"),
    ("raise ValueError('\\n=====\\n  no price  \\nin 3 rows')", "ValueError: no price"),
    ("raise ValueError", "ValueError"),
    ("raise ValueError('...')", "ValueError: ..."),
    ("class Mute(Exception):\n    def __str__(self):\n        raise TypeError\nraise Mute()",
     "own.Mute: <Mute>"),
    ("try:\n    float('x')\nexcept ValueError as error:\n    raise OSError('no price') from error",
     "ValueError: could not convert string to float: 'x'; then OSError: no price"),
    ("try:\n    float('x')\nexcept ValueError:\n    nowhere",
     "ValueError: could not convert string to float: 'x'; "
     "then NameError: name 'nowhere' is not defined"),
    ("try:\n    float('x')\nexcept ValueError:\n    raise OSError('no price') from None",
     "OSError: no price"),
    ("raise ExceptionGroup('several', [ExceptionGroup('x', [KeyError('a')]), OSError('b')])",
     "KeyError: 'a' (and 1 more)"),
    ("exec('x = (')", "SyntaxError: '(' was never closed"),
])
def test_an_error_is_told_by_what_says_something(body, text):
    """As the probe would find it, in a file that is nobody's library."""
    assert told(body)["text"] == text


@pytest.mark.parametrize("message, text", [
    ("\n-----\nThe shop is closed.\nSee below.", "The shop is closed."),
    ("%d items", "%d items"),
    ("", ""),
])
def test_a_message_is_told_by_what_says_something(message, text):
    record = logging.LogRecord("x", logging.ERROR, "x.py", 1, message, ("many",), None)
    if "%" not in message:
        record.args = None
    assert errors.message(record) == text


def test_the_line_of_the_cause_is_named():
    found = told("try:\n    float('cheap')\nexcept ValueError as error:\n"
                 "    raise OSError('no price') from error")
    assert found["place"] == "/srv/shop/own.py:2"


def test_what_a_library_tried_in_vain_is_no_cause(shop):
    in_a_library(shop, "site-packages")
    shop.write("site-packages/tries.py", "def get():\n    try:\n        {}['x']\n"
                                         "    except KeyError:\n        raise OSError('none')\n")
    found = fault(shop, "import sys; sys.path.insert(0, 'site-packages')\n"
                        "import tries\ntries.get()")
    assert found["text"] == "OSError: none"


def test_a_pipeline_that_cannot_open_is_told_and_not_what_comes_of_it(shop):
    """Scrapy's own statistics fail, too, when the spider closes that never opened."""
    shop.write("shop/pipelines.py", "class Store:\n    def open_spider(self, spider):\n"
                                    "        raise ConnectionError('the database is away')\n")
    shop.settings("ITEM_PIPELINES = {'shop.pipelines.Store': 1}\n")
    told = [record for record in shop.crawl() if record["kind"] in ("error", "crash")]
    assert [(fault["text"], fault["place"]) for fault in told] == [
        ("ConnectionError: the database is away",
         line_of(shop.directory / "shop/pipelines.py", "raise"))]


def test_a_spider_that_does_not_parse_is_named(shop):
    path = shop.spider("    x = (\n", text=BOOKS)
    (crash,) = [record for record in shop.crawl() if record["kind"] == "crash"]
    assert crash["place"] == line_of(path, "x = (")
    assert crash["text"] == "SyntaxError: '(' was never closed"


@pytest.mark.parametrize("call, words", [
    ("asyncio.ensure_future(fails())", "Task"),
    ("asyncio.get_event_loop().create_future().set_exception(OSError('gone'))", "Future"),
])
def test_what_nobody_waits_for_is_named(shop, call, words):
    """Python logs it when it collects the task; a future that was never raised has no line."""
    shop.settings('TWISTED_REACTOR = "twisted.internet.asyncioreactor.AsyncioSelectorReactor"\n')
    found = fault(shop, f"import asyncio\n\n\nasync def fails():\n    raise OSError('gone')\n\n\n{call}")
    assert found["text"] == "OSError: gone"
    if words == "Task":
        assert found["place"] == line_of(shop.directory / "shop/spiders/books.py", "raise OSError")
