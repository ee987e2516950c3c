"""The newest Scrapy with what people run around it: the spiders of `real`, one module a test."""

import contextlib
import json
import pathlib
import subprocess

import pytest

import versions
from crawl_modes import a_world, crawl
from postgres import die_with_parent
from site_server import Handler, Site, item, page

PROJECT = pathlib.Path(__file__).resolve().parent / "real"
LIMITS = {"timeout": "10m", "stall_timeout": "0s", "grace": "2s"}


def environment():
    """The directory of programs in which all of it is installed."""
    return versions.environment(versions.NEWEST, *versions.AROUND_IT)


@contextlib.contextmanager
def served(program, *args):
    """What a server says when it is ready, a line of JSON; it ends with its stdin."""
    with subprocess.Popen([environment() / "python3", "-c", program, *args], text=True,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          preexec_fn=die_with_parent) as server:
        yield json.loads(server.stdout.readline())


def answering(pages):
    """For a site that has these pages, too."""
    class Pages(Handler):
        def do_GET(self):
            if self.path in pages:
                self.answer(200, pages[self.path])
            else:
                super().do_GET()

    return Pages


def script(number):
    """Its items come only when its script is run."""
    items = "".join(map(item, (2 * number, 2 * number + 1)))
    return page(f"<script>document.querySelector('ul').innerHTML = '{items}'</script>")


@pytest.fixture(scope="module")
def site():
    with Site(answering({f"/script/{number}": script(number) for number in range(4)})) as site:
        yield site


@pytest.fixture(scope="module")
def real(server, databases, migrated, tmp_path_factory, site):
    """A world of one file of tests, for crawled()."""
    with a_world(server, databases, migrated, tmp_path_factory.mktemp("real")) as world:
        world.crawl_env = {"SITE": site.url, "PYTHONDONTWRITEBYTECODE": "1"}
        for variable, name in (("OUT", "out"), ("TMPDIR", "tmp")):
            world.crawl_env[variable] = str(world.directory / name)
            (world.directory / name).mkdir()
        yield world


def crawled(world, module, modes, limits=(), **env):
    """The outcomes of one tick for the spiders of that module, each by its name."""
    world.top["concurrency"] = 3
    world.sections["scrapy"] = {"project": str(PROJECT), "command": [str(environment() / "scrapy")]}
    # The others load what is not needed here.
    world.sections["scrapy.settings"] = {"SPIDER_MODULES": f"real.spiders.{module}"}
    world.sections["spiders"] = LIMITS
    for name, own in dict(limits).items():
        world.sections[f'spiders."{name}"'] = own
    result = crawl(world, **env)
    outcomes = {outcome.spider: outcome for outcome in world.outcomes()}
    assert sorted(outcomes) == sorted(mode.name for mode in modes), result.err
    return outcomes


def each(modes):
    return pytest.mark.parametrize("mode", modes, ids=lambda mode: mode.name)
