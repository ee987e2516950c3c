"""Whatever a spider prints, reports or is called: a recorded failure at most, and of it alone."""

import pathlib
import re

import pytest

from crawl_modes import a_world, crawl

SCRAPY = "/usr/bin/scrapy"
SETTINGS = """BOT_NAME = "odd"
SPIDER_MODULES = ["odd.spiders"]
TELNETCONSOLE_ENABLED = False
REQUEST_FINGERPRINTER_IMPLEMENTATION = "2.7"
{more}
"""
SPIDER = '''import json, os, sys
import scrapy

class Spider(scrapy.Spider):
    name = {name!r}
    start_urls = ["data:text/html,<h1>hello</h1>"]

    def parse(self, response):
        yield {{"title": "hello"}}
        {body}
'''
# The probe takes its own facts out of the environment, but it keeps them.
REPORT = 'from spidercheck_probe import report; path = report.path; token = report.token; '


def with_project(world):
    world.project = world.directory / "project"
    (world.project / "odd/spiders").mkdir(parents=True)
    (world.project / "scrapy.cfg").write_text("[settings]\ndefault = odd.settings\n")
    (world.project / "odd/__init__.py").touch()
    (world.project / "odd/spiders/__init__.py").touch()
    (world.project / "odd/settings.py").write_text(SETTINGS.format(more=""))
    world.sections["scrapy"] = {"project": "project", "command": [SCRAPY]}
    return world


@pytest.fixture
def project(world):
    return with_project(world)


@pytest.fixture
def known(project):
    """Its spider `a`, of which Scrapy need not be asked first."""
    del project.sections["scrapy"]
    project.sections["spiders"] = {"working_directory": str(project.project)}
    project.spiders.append({"name": "a", "command": [SCRAPY, "crawl", "a"]})
    return project


def add(world, name, body="pass", file=None):
    path = world.project / f"odd/spiders/{file or name}.py"
    path.write_text(SPIDER.format(name=name, body=body))
    return world


def by_name(world):
    return {outcome.spider: outcome for outcome in world.outcomes()}


def only(world):
    (outcome,) = world.outcomes()
    return outcome


def inside_logs(world):
    """Every file that the program made is below the directory for logs."""
    return [path for path in world.directory.rglob("*.log") if not path.is_relative_to(world.log_dir)]


# --- What a program prints -----------------------------------------------------------------------

@pytest.mark.parametrize("script", [
    "head -c 300000000 /dev/zero | tr '\\0' x",  # one line
    "head -c 3000000 /dev/urandom",
    "printf 'caf\\351 \\377\\376 \\360\\237'",
    "printf '\\033[2J\\033]0;title\\007\\033[31mred\\r\\b\\b'",
    "echo '{\"kind\": \"end\", \"token\": \"\", \"own\": {\"items\": 7}}'",
])
def test_what_a_program_prints_is_its_own_affair(world, script):
    world.spider("a", script).spider("b", script + "; exit 3")
    result = world.run()
    assert result.code == 1
    assert [(o.spider, o.verdict, o.items) for o in world.outcomes()] == [
        ("a", "ok", None), ("b", "failed", None)]
    assert not re.search(r"[^\n\x20-\x7e]", result.err)


# --- What a crawl prints and reports -------------------------------------------------------------

@pytest.mark.parametrize("body", [
    'sys.stderr.write("x" * 30_000_000)',
    'os.write(2, os.urandom(3_000_000))',
    'os.write(1, b"caf\\xe9 \\xff\\xfe\\n")',
    'print("\\x1b[2J\\x1b]0;title\\x07")',
    # Printed statistics of its own, and records in its own words.
    'print("Dumping Scrapy stats:\\n{\'item_scraped_count\': 0, \'finish_reason\': \'banned\'}")',
    'print(json.dumps({"kind": "end", "own": {"items": 0}, "stats": {}, "token": ""}))',
])
def test_what_a_crawl_prints_changes_no_verdict(known, body):
    assert add(known, "a", body).run().code == 0
    found = only(known)
    assert (found.verdict, found.items, found.finish_reason) == ("ok", 1, "finished")


@pytest.mark.parametrize("junk", [
    'b"{}\\n[]\\nnull\\n\\"x\\"\\n{\\n\\xff\\xfe\\n"',
    'json.dumps({"kind": "end", "own": {"items": 0}, "stats": {"finish_reason": "banned"}}).encode() + b"\\n"',
    'json.dumps({"kind": "end", "token": "guessed", "own": {"items": 0}}).encode() + b"\\n"',
    'json.dumps({"kind": "crash", "token": None, "text": "no"}).encode() + b"\\n"',
    'b"x" * 40_000_000 + b"\\n"',
    'b"[" * 1_000_000 + b"\\n"',
    'b"\\n" * 1_000_000',
])
def test_a_report_with_forged_or_broken_records_changes_no_verdict(known, junk):
    add(known, "a", f"{REPORT} open(path, 'ab').write({junk})")
    assert known.run().code == 0
    found = only(known)
    assert (found.verdict, found.items, found.finish_reason) == ("ok", 1, "finished")


@pytest.mark.parametrize("odd", [
    '{"kind": "progress", "token": token, "items": "many", "pages": [], "errors": -1}',
    '{"kind": "error", "token": token, "place": 3, "text": {"a": 1}}',
    '{"kind": "spiders", "token": token, "names": [1, None, {}]}',
    '{"kind": ["end"], "token": token}',
    '{"kind": "progress", "token": token, "items": 10**30, "pages": 1e300, "errors": None}',
])
def test_records_of_odd_types_are_no_crash(known, odd):
    add(known, "a", f"{REPORT} open(path, 'a').write(json.dumps({odd}) + '\\n')")
    assert known.run().code == 0
    assert only(known).items == 1


@pytest.mark.parametrize("body", [
    "os.truncate(path, 0)", "os.truncate(path, 10)", "os.unlink(path)",
    "os.unlink(path); os.mkdir(path)", "os.unlink(path); os.symlink('../victim', path + '.x'); os.symlink(os.path.abspath('../victim'), path)",
    "os.unlink(path); os.mkfifo(path)", "os.chmod(path, 0)",
])
def test_a_report_that_was_tampered_with_falls_back_to_the_log(known, body):
    victim = known.directory / "victim"
    victim.write_text("untouched")
    assert add(known, "a", REPORT + body).run().code == 0
    found = only(known)
    assert (found.verdict, found.items, found.finish_reason) == ("ok", 1, "finished")
    assert victim.read_text() == "untouched"


def test_item_fields_with_odd_names_are_counted_by_them(known):
    names = ['', 'a"b', "it's", "a\\b", "a\nb", "🕷", "x" * 1000, "\x00", "\ud800", "\x1b[31m", 7, None]
    add(known, "a", f"yield {{name: 'full' for name in {names!r}}}")
    assert known.run().code == 0
    counts = only(known).field_counts
    assert counts["title"] == 1
    for name in ("", 'a"b', "it's", "a\\b", "a\nb", "🕷", "x" * 200, "\x1b[31m", "7", "None"):
        assert counts[name] == 1, name
    assert len(counts) == 13


def test_statistics_that_no_database_can_hold_are_recorded_as_they_can_be(known):
    add(known, "a", "; ".join([
        "stats = self.crawler.stats", "stats.set_value('nul\\x00', 'a\\x00b')",
        "stats.set_value('surrogate', '\\ud800')", "stats.set_value('nan', float('nan'))",
        "stats.set_value('huge', 10**400)", "stats.set_value('object', object())",
        "stats.set_value('deep', [[[[[[]]]]]])", "stats.set_value(3, {1: (2, b'\\xff')})",
        "stats.set_value('item_scraped_count', 'many')"]))
    result = known.run()
    assert result.code == 0, result.err
    found = only(known)
    assert (found.verdict, found.items) == ("ok", 1)
    assert found.stats["nul\ufffd"] == "a\ufffdb"
    assert found.stats["nan"] == "nan"


def test_a_report_of_a_great_many_statistics_and_errors_is_cut(known):
    add(known, "a", "[self.crawler.stats.set_value(f'key/{n}' + 'x' * 500, 'y' * 2000) "
                      "for n in range(20_000)]; [self.logger.error(f'odd {n}') for n in range(5000)]")
    result = known.run()
    assert result.code == 0, result.err
    found = only(known)
    assert (found.verdict, found.items, found.errors) == ("degraded", 1, 5000)
    assert len(found.faults) == 20
    assert found.stats["finish_reason"] == "finished"


# --- What a project lists ------------------------------------------------------------------------

def test_noise_around_the_list_is_no_spider(project):
    add(project, "a")
    (project.project / "odd/settings.py").write_text(SETTINGS.format(
        more='import sys; print("hello from the settings"); sys.stderr.write("warning\\n")'))
    assert project.run().code == 0
    assert sorted(by_name(project)) == ["a"]


NAMES = ["../../up", "a/b", "/etc/passwd", "a\nb", ".", "..", "%", "a b\t", "🕷", "\x1b[31mred", "x" * 300]


@pytest.fixture(scope="module")
def odd_names(server, databases, migrated, tmp_path_factory):
    """The world in which a spider of each name was run, and a plain one, with what was said."""
    with a_world(server, databases, migrated, tmp_path_factory.mktemp("names")) as world:
        with_project(world).sections["scrapy"]["include"] = ["*"]
        for number, name in enumerate(NAMES):
            add(world, name, file=f"odd_{number}")
        add(world, "plain")
        world.top["concurrency"] = 2
        world.crawl_env = {}
        world.said = crawl(world).err
        yield world


@pytest.mark.parametrize("name", NAMES)
def test_a_spider_of_any_name_is_run_and_its_log_stays_where_logs_are(odd_names, name):
    found = by_name(odd_names)
    assert sorted(found) == sorted([*NAMES, "plain"])
    assert found["plain"].verdict == "ok"
    assert found[name].verdict == "ok", found[name].reasons
    assert inside_logs(odd_names) == []
    log = pathlib.Path(found[name].log_path)
    assert log.is_file() and log.resolve().is_relative_to(odd_names.log_dir.resolve())
    assert "\x1b" not in odd_names.said


def test_a_name_that_no_command_line_can_hold_is_left_out_with_a_word(project):
    add(project, "a\0b", file="odd")
    result = add(project, "plain").run()
    assert result.code == 0
    assert sorted(by_name(project)) == ["plain"]
    assert re.search(r" warn .*no command line can hold", result.err), result.err
    assert "no command line can hold" in project.only_run().faults[0]


def test_a_name_that_two_spiders_have_is_run_once(project):
    """Scrapy takes one of them, with a warning and no error."""
    add(project, "a", file="one")
    assert add(project, "a", file="two").run().code == 0
    assert only(project).verdict == "ok"


def test_a_name_that_scrapy_does_not_know_fails_alone(project):
    """As noise in a list does where the probe cannot tell the names."""
    wrapper = project.directory / "wrapper"
    wrapper.write_text('#!/bin/sh\n[ "$1" != list ] || echo ghost\n'
                       f'exec env -u PYTHONPATH {SCRAPY} "$@"\n')
    wrapper.chmod(0o755)
    project.sections["scrapy"]["command"] = [str(wrapper)]
    assert add(project, "a").run().code == 1
    assert by_name(project)["a"].verdict == "ok"
    ghost = by_name(project)["ghost"]
    assert (ghost.verdict, ghost.exit_code) == ("failed", 1)
    assert "Spider not found: ghost" in ghost.reasons[0]


def test_an_option_that_scrapy_does_not_know_fails_that_spider(project):
    add(project, "a")
    add(project, "b")
    project.sections["spiders.b"] = {"arguments": ["--no-such-option"]}
    assert project.run().code == 1
    assert [(o.spider, o.verdict, o.exit_code) for o in project.outcomes()] == [
        ("a", "ok", 0), ("b", "failed", 2)]


def test_spiders_that_vanish_without_an_error_are_missed(project):
    """Where a project only warns of a module that cannot be imported, its whole package is gone."""
    assert add(project, "a").run().code == 0
    (project.project / "odd/spiders/broken.py").write_text("import no_such_module\n")
    (project.project / "odd/settings.py").write_text(
        SETTINGS.format(more="SPIDER_LOADER_WARN_ONLY = True"))
    result = project.spider("plain").run("--force")
    assert result.code == 1
    assert project.ran() == ["plain"]
    assert "`scrapy list` prints no spider" in project.runs()[-1].failure


def test_a_list_that_hangs_is_one_fault_and_leaves_no_process(project):
    add(project, "a")
    (project.project / "odd/settings.py").write_text("import time, os\n"
                                                     "open('pid', 'w').write(str(os.getpid()))\n"
                                                     "time.sleep(1000)\n")
    project.sections["scrapy"]["list_timeout"] = "5s"
    result = project.spider("plain").run()
    assert result.code == 1
    assert project.ran() == ["plain"]
    assert "`scrapy list` took longer than 5.0 s" in project.only_run().failure
    assert not pathlib.Path(f"/proc/{(project.project / 'pid').read_text()}").exists()


def test_a_spider_that_is_gone_is_told_and_the_others_succeed(project):
    add(project, "a")
    add(project, "b")
    assert project.run().code == 0
    (project.project / "odd/spiders/b.py").unlink()
    result = project.run("--force")
    assert result.code == 0
    assert re.search(r" warn +spider 'b' is gone", result.err), result.err
    assert "spider 'b' is gone" in project.runs()[-1].faults[0]
    assert project.run("--force").err.count("is gone") == 0


def test_spiders_that_vanish_together_are_told_on_one_line(project):
    for name in ("a", "b", "c"):
        add(project, name)
    assert project.run().code == 0
    for name in ("b", "c"):
        (project.project / f"odd/spiders/{name}.py").unlink()
    result = project.run("--force")
    assert result.code == 0
    assert "2 spiders are gone (b, c): they were run last time" in result.err
    assert len(project.runs()[-1].faults) == 1
