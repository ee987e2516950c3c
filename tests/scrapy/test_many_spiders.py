"""Projects of hundreds and of thousands of spiders, as those who watch many sites have them."""

import json
import re
import resource
import subprocess

import pytest

import crawls

MODULE = """import scrapy

for number in range({begin}, {end}):
    name = f"shop_{{number:04}}"
    globals()[name] = type(name, (scrapy.Spider,), {{
        "name": name, "__module__": __name__, "start_urls": ["data:text/html,<b>book</b>"],
        "parse": lambda self, response: [{{"title": response.css("b::text").get()}}]}})
"""
MODULES = 5


@pytest.fixture(params=[500, 5000])
def crowd(request, world):
    """A world with a project of that many spiders, and their names."""
    package = world.directory / "project/crowd"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "settings.py").write_text('BOT_NAME = "crowd"\nSPIDER_MODULES = ["crowd"]\n')
    (package.parent / "scrapy.cfg").write_text("[settings]\ndefault = crowd.settings\n")
    each = request.param // MODULES
    for begin in range(0, request.param, each):
        (package / f"from_{begin}.py").write_text(MODULE.format(begin=begin, end=begin + each))
    world.sections["scrapy"] = {"project": "project"}
    crawls.use(world, crawls.NEWEST)
    world.names = [f"shop_{number:04}" for number in range(request.param)]
    return world


def processor_time(function, *args, **options):
    """Of the processes that it starts and waits for, in seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    function(*args, **options)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_check_lists_them_all(crowd):
    result = crowd.run("check")
    assert result.code == 0, result.err
    assert re.findall(r"^  (shop_\d+) +crawl", result.out, re.M) == crowd.names
    assert f"a tick runs {len(crowd.names)} spiders" in result.out


def test_some_run_by_force_and_no_others(crowd):
    some = [crowd.names[0], crowd.names[-1]]
    crowd.sections["scrapy"]["include"] = some
    assert crowd.run("--force").code == 0
    assert [(found.spider, found.verdict) for found in crowd.outcomes()] == [
        (name, "ok") for name in some]


def test_a_tick_skips_and_status_knows_them_all(crowd):
    run_id = crowd.add_run("1 hour", spider_count=len(crowd.names))
    crowd.sql("INSERT INTO spider_run "
              "(run_id, attempt, spider, status, verdict, started_at, finished_at) "
              "SELECT %s, 1, name, 'completed', 'ok', now(), now() FROM unnest(%s) name",
              run_id, crowd.names)
    result = crowd.run()
    assert (result.code, crowd.only_run().id) == (0, run_id)
    status = json.loads(crowd.run("status", "--json").out)
    assert [found["spider"] for found in status["last_run"]["spiders"]] == crowd.names


def test_what_they_cost_is_little_to_what_scrapy_takes_to_list_them(crowd):
    """In time of the processor, which does not depend on what else the machine does."""
    scrapy, = crowd.sections["scrapy"]["command"]
    listing = processor_time(subprocess.run, [scrapy, "list"], cwd=crowd.directory / "project",
                             check=True, stdout=subprocess.DEVNULL)
    assert processor_time(crowd.run, "check") < 2 * listing
    crowd.add_run("1 hour")
    assert processor_time(crowd.run) < listing / 4
