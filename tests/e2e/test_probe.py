"""The probe by itself, inside real crawls, and what becomes of a crawl that it cannot help."""

import json
import os
import pathlib
import shutil
import signal
import subprocess

import pytest

from site_server import Site
from world import ROOT, program_path, wait_until

SCRAPY = "/usr/bin/scrapy"
PROBE = ROOT / "src/scrapy/probe"
MODES = ROOT / "tests/e2e/modes"


@pytest.fixture(scope="module")
def site():
    with Site() as site:
        yield site


@pytest.fixture
def crawl(site, tmp_path):
    """Runs Scrapy with the probe in front of it, as the program does."""
    report = tmp_path / "report"
    report.touch()

    def run(*args, path=report, token="t", code=0, **env):
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "SITE": site.url,
                       "OUT": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1",
                       "PYTHONPATH": str(PROBE), "SPIDERCHECK_TOKEN": token, **env}
        if path is not None:
            environment["SPIDERCHECK_REPORT"] = str(path)
        result = subprocess.run([SCRAPY, *args], cwd=MODES, env=environment, text=True, timeout=60,
                                capture_output=True)
        assert result.returncode == code, result.stderr
        return result

    run.records = lambda: [json.loads(line) for line in report.read_text().splitlines()]
    run.kinds = lambda: [record["kind"] for record in run.records()]
    return run


def test_a_good_crawl_is_reported_from_its_start_to_its_exit(crawl):
    crawl("crawl", "success")
    assert [kind for kind in crawl.kinds() if kind != "progress"] == [
        "start", "crawl", "closing", "closed", "end", "exit"]
    assert {record["token"] for record in crawl.records()} == {"t"}
    by_kind = {record["kind"]: record for record in crawl.records()}
    assert by_kind["crawl"]["name"] == "success"
    assert by_kind["end"]["own"]["items"] == 20
    assert by_kind["end"]["stats"]["item_scraped_count"] == 20
    assert by_kind["end"]["fields"] == {"title": 20, "pay": 20}


def test_the_list_is_reported_as_names(crawl):
    printed = crawl("list").stdout.split()
    (record,) = [record for record in crawl.records() if record["kind"] == "spiders"]
    assert record["names"] == sorted(printed)


def test_progress_is_told_while_a_crawl_goes_on(crawl):
    crawl("crawl", "hang")
    told = [record for record in crawl.records() if record["kind"] == "progress"]
    # At once that there is nothing yet, and then only what changes; the end is told by the end.
    assert 1 <= len(told) <= 3
    assert (told[0]["items"], told[0]["pages"], told[0]["errors"]) == (0, 0, 0)


@pytest.mark.parametrize("setting", [
    "EXTENSIONS", "ADDONS", "STATS_CLASS", "LOG_LEVEL", "LOG_ENABLED", "ITEM_PIPELINES",
    "SPIDER_MIDDLEWARES", "DOWNLOADER_MIDDLEWARES", "COMMANDS_MODULE"])
def test_no_setting_is_changed(crawl, setting):
    with_probe = crawl("settings", "--get", setting).stdout
    assert with_probe == crawl("settings", "--get", setting, path=None, PYTHONPATH="").stdout


def test_without_a_report_to_write_it_does_nothing(crawl):
    crawl("crawl", "success", path=None)
    assert crawl.records() == []


@pytest.mark.parametrize("path", ["/dev/full", "/nonexistent/report", "/", "/proc/self/mem", ""])
def test_a_report_that_cannot_be_written_harms_no_crawl(crawl, path):
    said = crawl("crawl", "success", path=path).stderr
    assert "'item_scraped_count': 20" in said
    assert "ERROR" not in said and "spidercheck" not in said


def test_what_the_program_gave_it_reaches_no_process_of_the_crawl(crawl, tmp_path):
    script = ("import os\nfrom spidercheck_probe import report\n"
              "assert 'SPIDERCHECK_REPORT' not in os.environ\n"
              "assert 'SPIDERCHECK_TOKEN' not in os.environ\n"
              "pid = os.fork()\n"
              "if pid == 0:\n    report.emit('forked'); os._exit(0)\n"
              "os.waitpid(pid, 0)\n")
    (tmp_path / "looks.py").write_text(script)
    crawl("shell", "-c", f"exec(open('{tmp_path}/looks.py').read())")
    assert "forked" not in crawl.kinds()
    assert crawl.kinds()[0] == "start"


# --- Through the program -------------------------------------------------------------------------

def configure(world, site, *spiders, command=(SCRAPY,), **sections):
    world.out = world.directory / "out"
    world.out.mkdir()
    world.sections["scrapy"] = {"project": str(MODES), "command": list(command),
                                "include": list(spiders)}
    world.sections |= sections
    return {"SITE": site.url, "OUT": str(world.out), "PYTHONDONTWRITEBYTECODE": "1"}


def test_a_probe_that_others_could_change_is_not_used(world, site):
    """A copy of the program, with a probe beside it that anybody may write to."""
    prefix = world.directory / "prefix"
    (prefix / "bin").mkdir(parents=True)
    shutil.copy(program_path(), prefix / "bin/spider-check")
    shutil.copytree(PROBE, prefix / "share/spider-check/probe")
    probe = prefix / "share/spider-check/probe"
    env = configure(world, site, "success")
    world.write_config()

    def counts():
        result = subprocess.run([prefix / "bin/spider-check", "--force"], cwd=world.directory,
                                env=world.environment(env), text=True, capture_output=True,
                                timeout=60)
        assert result.returncode == 0, result.stderr
        return world.outcomes()[-1].field_counts

    assert counts() == {"title": 20, "pay": 20}
    for name in ("", "spidercheck_probe", "spidercheck_probe/faults.py", "script/sitecustomize.py"):
        mode = (probe / name).stat().st_mode
        (probe / name).chmod(mode | 0o002)
        assert counts() is None  # from the printed statistics, which know nothing of fields
        (probe / name).chmod(mode)


def test_a_path_for_python_that_was_set_is_kept(world, site):
    (world.directory / "mine").mkdir()
    (world.directory / "mine/sitecustomize.py").write_text(
        f"open({str(world.directory / 'seen')!r}, 'w').write('x')\n")
    env = configure(world, site, "success")
    assert world.run(env={**env, "PYTHONPATH": str(world.directory / "mine")}).code == 0
    assert (world.directory / "seen").exists()
    assert world.outcomes()[0].field_counts == {"title": 20, "pay": 20}


def test_no_report_stays_beside_the_log(world, site):
    env = configure(world, site, "success", "killed")
    assert world.run(env=env).code == 1
    left = sorted(path.name for path in world.log_dir.rglob("run-*") if path.is_file())
    assert left == ["run-1-attempt-1.log"] * 2


def test_a_crawl_that_is_stopped_keeps_its_items_and_its_feed(world, site):
    """One SIGTERM: Scrapy finishes what is in flight, writes its feed and tells what it did."""
    env = configure(world, site, "stalls", spiders={"grace": "30s"})
    feed = world.out / "items.json"
    world.sections["scrapy.settings"] = {"FEEDS": json.dumps({str(feed): {"format": "json"}}),
                                         "DOWNLOAD_TIMEOUT": 1, "RETRY_ENABLED": False}
    running = world.start(env=env)
    log = world.log_dir / "default/stalls/run-1-attempt-1.log"
    wait_until(lambda: log.exists() and log.read_text().count("Scraped from") == 20, "its items")
    running.signal(signal.SIGTERM)
    assert running.end().code == -signal.SIGTERM
    (outcome,) = world.outcomes()
    assert (outcome.verdict, outcome.finish_reason, outcome.items) == ("failed", "shutdown", 20)
    assert outcome.reasons == ["stopped before its end: exit status 0"]
    assert len(json.loads(feed.read_text())) == 20
    assert world.only_run().failure == "interrupted by SIGTERM"


def test_a_wrapper_that_starts_scrapy_in_its_own_way_is_reported_from_inside(world, site):
    wrapper = world.directory / "wrapper"
    wrapper.write_text(f'#!/bin/sh\necho noise\ncd / && cd "$OLDPWD"\nexec {SCRAPY} "$@"\n')
    wrapper.chmod(0o755)
    env = configure(world, site, "success", command=[str(wrapper)])
    assert world.run(env=env).code == 0
    assert world.outcomes()[0].field_counts == {"title": 20, "pay": 20}
    assert os.path.exists(pathlib.Path(world.outcomes()[0].log_path))
