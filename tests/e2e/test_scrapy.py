"""A real Scrapy project, with Debian's Scrapy."""

import pathlib
import re
import shutil
import signal

import pytest

from world import ROOT, is_alive

SCRAPY = "/usr/bin/scrapy"
SPIDER = '''import scrapy


class Spider(scrapy.Spider):
    name = "{name}"
    start_urls = ["data:text/html,<h1>hello</h1>"]

    def parse(self, response):
        yield {{"title": response.css("h1::text").get()}}
'''
SETTINGS = """BOT_NAME = "tiny"
SPIDER_MODULES = ["tiny.spiders"]
TELNETCONSOLE_ENABLED = False
REQUEST_FINGERPRINTER_IMPLEMENTATION = "2.7"
FEEDS = {"out/%(name)s.jsonl": {"format": "jsonlines", "overwrite": True}}
"""


@pytest.fixture
def scrapy_world(world):
    """With a project of two spiders."""
    world.project = world.directory / "project"
    spiders = world.project / "tiny/spiders"
    spiders.mkdir(parents=True)
    # Two crawls that start at once would both make it, and Scrapy gives up the feed of the second.
    (world.project / "out").mkdir()
    (world.project / "scrapy.cfg").write_text("[settings]\ndefault = tiny.settings\n")
    for package in (spiders, spiders.parent):
        (package / "__init__.py").touch()
    (world.project / "tiny/settings.py").write_text(SETTINGS)
    for name in ("news", "jobs"):
        (spiders / f"{name}.py").write_text(SPIDER.format(name=name))
    world.sections["scrapy"] = {"project": "project", "command": [SCRAPY]}
    return world


def spiders_of(world):
    return sorted(outcome.spider for outcome in world.outcomes())


def test_every_spider_that_the_project_lists_is_run(scrapy_world):
    result = scrapy_world.run()
    assert result.code == 0, result.err
    assert spiders_of(scrapy_world) == ["jobs", "news"]
    run = scrapy_world.only_run()
    assert (run.status, run.spider_count) == ("completed", 2)
    for name in ("jobs", "news"):
        items = (scrapy_world.project / f"out/{name}.jsonl").read_text()
        assert items == '{"title": "hello"}\n'
    for outcome in scrapy_world.outcomes():
        assert "Spider closed (finished)" in pathlib.Path(outcome.log_path).read_text()
        assert outcome.cpu_time.total_seconds() > 0.1
        assert outcome.peak_memory > 20_000_000


def test_include_and_exclude_choose_spiders_and_settings_reach_them(scrapy_world):
    world = scrapy_world
    world.sections["scrapy"] |= {"include": ["n*", "j*"], "exclude": ["*obs"]}
    world.sections["scrapy.settings"] = {"LOG_LEVEL": "WARNING", "LOG_DATEFORMAT": "x y=z"}
    assert world.run().code == 0
    assert spiders_of(world) == ["news"]
    assert pathlib.Path(world.outcomes()[0].log_path).read_text() == ""


def test_a_project_is_listed_with_what_its_spiders_are_given(scrapy_world):
    world = scrapy_world
    settings = world.project / "tiny/settings.py"
    settings.write_text("import os\nKEY = os.environ['API_KEY']\n" +
                        SETTINGS.replace("tiny.spiders", "nowhere"))
    world.sections["spiders.env"] = {"API_KEY": "k"}
    world.sections["scrapy.settings"] = {"SPIDER_MODULES": "tiny.spiders"}
    assert world.run("check").code == 0
    assert world.run().code == 0
    assert spiders_of(world) == ["jobs", "news"]


def test_a_project_is_listed_without_a_directory_for_temporary_files(scrapy_world):
    assert scrapy_world.run(env={"TMPDIR": "/nowhere"}).code == 0
    assert spiders_of(scrapy_world) == ["jobs", "news"]


def test_a_project_and_other_programs_run_together(scrapy_world):
    scrapy_world.spider("plain")
    scrapy_world.sections["scrapy"]["include"] = ["news"]
    assert scrapy_world.run().code == 0
    assert spiders_of(scrapy_world) == ["news", "plain"]
    assert scrapy_world.only_run().spider_count == 2


def test_one_spider_by_name(scrapy_world):
    assert scrapy_world.run("--spider", "jobs").code == 0
    assert spiders_of(scrapy_world) == ["jobs"]
    result = scrapy_world.run("--spider", "jbos")
    assert result.code == 2
    assert "jobs, news" in result.err


def test_a_directory_with_a_project_needs_no_configuration(scrapy_world, server):
    world = scrapy_world
    database = world.url.partition(":///")[2].partition("?")[0]
    env = {"DB_HOST": str(server.directory), "DB_USER": "postgres", "DB_NAME": database}
    result = world.run("--spider", "news", cwd=world.project, keep_config=True, env=env)
    assert result.code == 0, result.err
    assert spiders_of(world) == ["news"]


def break_project(world):
    path = world.project / "tiny/spiders/broken.py"
    path.write_text("import scrapy\n\nclass Broken(scrapy.Spider:\n    pass\n")
    return path


def test_a_project_that_cannot_be_listed_is_one_fault_with_file_and_line(scrapy_world):
    path = break_project(scrapy_world)
    result = scrapy_world.run()
    assert result.code == 1
    error = [line for line in result.err.splitlines() if " error " in line]
    assert f"{path}:3" in error[0] and "SyntaxError" in error[0]
    assert sum(f"{path}:3" in line for line in error if "Spider run failed" not in line) == 1
    assert "Traceback" not in result.err
    run = scrapy_world.only_run()
    assert run.status == "failed"
    assert f"{path}:3" in run.failure
    assert spiders_of(scrapy_world) == []
    assert "Retry of" in scrapy_world.run().err


def slow_to_import(world, gate):
    path = world.project / "tiny/spiders/slow.py"
    path.write_text(f"import subprocess\nsubprocess.run(['sh', '-c', {gate.script!r}])\n")
    return path


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_run_can_be_stopped_while_the_project_is_listed(scrapy_world, number):
    gate = scrapy_world.gate()
    slow = slow_to_import(scrapy_world, gate)
    scrapy_world.spider("plain")
    running = scrapy_world.start()
    import_ = gate.wait()
    running.signal(number)
    result = running.end()
    assert result.code == -number
    assert not is_alive(import_)
    assert result.err.count(f"Spider run interrupted by {number.name}") == 1
    assert "error" not in result.err and "Starting spider run" not in result.err
    run = scrapy_world.only_run()
    assert (run.status, run.attempt) == ("failed", 1)
    assert (run.failure, run.faults) == (f"interrupted by {number.name}", None)
    assert scrapy_world.outcomes() == [] and scrapy_world.ran() == []

    slow.unlink()
    assert scrapy_world.run().code == 0
    assert spiders_of(scrapy_world) == ["jobs", "news", "plain"]
    finished = scrapy_world.only_run()
    assert (finished.id, finished.status, finished.attempt) == (run.id, "completed", 2)


def test_a_spider_by_name_can_be_stopped_while_the_project_is_listed(scrapy_world):
    gate = scrapy_world.gate()
    slow_to_import(scrapy_world, gate)
    temporary = scrapy_world.directory / "tmp"
    temporary.mkdir()
    running = scrapy_world.start("--spider", "news", env={"TMPDIR": str(temporary)})
    import_ = gate.wait()
    assert list(temporary.iterdir()), "the probe reports elsewhere"
    running.signal(signal.SIGINT)
    result = running.end()
    assert result.code == -signal.SIGINT
    (line,) = result.err.splitlines()
    assert line.endswith(" info  Listing the spiders")
    assert not is_alive(import_)
    assert list(temporary.iterdir()) == []
    assert scrapy_world.runs() == []


def test_a_session_that_is_lost_while_the_project_is_listed_is_made_again_before_a_spider_starts(
        scrapy_world):
    """Meanwhile another host may have taken the run over."""
    gate = scrapy_world.gate()
    slow_to_import(scrapy_world, gate)
    running = scrapy_world.start()
    gate.wait()
    for pid in scrapy_world.sessions():
        scrapy_world.sql("SELECT pg_terminate_backend(%s, 10000)", pid)
    for _ in ("list", "jobs", "news"):
        gate.open()
    result = running.end()
    assert result.code == 0, result.err
    told = re.findall("database went away|Connected again|'jobs' started", result.err)
    assert told == ["database went away", "Connected again", "'jobs' started"], result.err
    run = scrapy_world.only_run()
    assert (run.status, run.attempt, run.spider_count) == ("completed", 1, 2)


def test_a_project_that_was_mended_is_run_by_the_retry(scrapy_world):
    path = break_project(scrapy_world)
    assert scrapy_world.run().code == 1
    path.unlink()
    scrapy_world.sql("UPDATE scheduler_state SET next_attempt_at = now()")
    assert scrapy_world.run().code == 0
    assert spiders_of(scrapy_world) == ["jobs", "news"]
    run = scrapy_world.only_run()
    assert (run.status, run.attempt, run.spider_count) == ("completed", 2, 2)


def test_other_programs_run_although_the_project_cannot_be_listed(scrapy_world):
    break_project(scrapy_world)
    scrapy_world.spider("plain")
    assert scrapy_world.run().code == 1
    assert scrapy_world.ran() == ["plain"]
    assert scrapy_world.only_run().status == "failed"


def test_a_broken_project_cannot_run_one_spider_by_name_and_nothing_is_recorded(scrapy_world):
    path = break_project(scrapy_world)
    result = scrapy_world.run("--spider", "jobs")
    assert result.code == 1
    assert result.err.count(f"{path}:3") == 1
    assert scrapy_world.runs() == []


def test_a_scrapy_that_is_not_there_is_named(scrapy_world):
    scrapy_world.sections["scrapy"]["command"] = ["/nonexistent/scrapy"]
    result = scrapy_world.run()
    assert result.code == 1
    assert "/nonexistent/scrapy" in result.err
    assert scrapy_world.only_run().status == "failed"


def test_the_example_project_works(world):
    project = world.directory / "jobs"
    shutil.copytree(ROOT / "examples/jobs", project,
                    ignore=shutil.ignore_patterns("output", "__pycache__"))
    world.sections["scrapy"] = {"project": str(project), "command": [SCRAPY]}
    result = world.run()
    assert result.code == 0, result.err
    assert spiders_of(world) == ["api", "listing", "sitemap"]
    counts = {path.stem: len(path.read_text().splitlines())
              for path in (project / "output").glob("*.jsonl")}
    assert counts == {"listing": 36, "api": 48, "sitemap": 30}
