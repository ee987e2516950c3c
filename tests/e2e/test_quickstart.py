"""packaging/quickstart, from a checkout to a recorded run and back."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import psycopg2
import pytest

from world import ROOT, program_path

QUICKSTART = ROOT / "packaging/quickstart"


def build_directory():
    """Where the program was built; the quickstart builds there what has changed since."""
    named = os.environ.get("SPIDER_CHECK_BUILD_DIR")
    directory = pathlib.Path(named) if named else pathlib.Path(program_path()).parents[1]
    if not (directory / "build.ninja").exists():
        raise RuntimeError("SPIDER_CHECK_BUILD_DIR is not set: name the build directory in it")
    return directory.resolve()


@pytest.fixture(scope="module")
def quickstart():
    """Runs it in a directory that PostgreSQL's user can get to, in a path that a socket can have."""
    directory = pathlib.Path(tempfile.mkdtemp(prefix="quickstart-", dir="/tmp"))
    directory.chmod(0o755)
    environment = {"HOME": str(directory), "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
                   "LANG": "C.UTF-8", "SPIDER_CHECK_QUICKSTART_DIR": str(directory / "q"),
                   "SPIDER_CHECK_BUILD_DIR": str(build_directory()),
                   # What is set for another server must not matter.
                   "PGHOST": "/nonexistent", "DB_NAME": "nonsense", "SCHEDULER_ENABLED": "no"}

    def run(*args):
        # A file, since PostgreSQL would keep a pipe open.
        with tempfile.TemporaryFile("w+") as output:
            ended = subprocess.run([QUICKSTART, *args], cwd=directory, env=environment, timeout=1800,
                                   stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False)
            output.seek(0)
            return ended.returncode, output.read()

    run.directory = directory / "q"
    yield run
    run("--remove")
    shutil.rmtree(directory)


@pytest.fixture(scope="module")
def first(quickstart):
    shutil.rmtree(ROOT / "examples/jobs/output", ignore_errors=True)
    code, output = quickstart()
    assert code == 0, output
    return output


def rows(quickstart, query):
    connection = psycopg2.connect(host=str(quickstart.directory / "postgresql"), user="spider_check",
                                  dbname="spider_check")
    try:
        cursor = connection.cursor()
        cursor.execute(query)
        return cursor.fetchall()
    finally:
        connection.close()


def test_it_runs_the_example_and_the_run_is_recorded(quickstart, first):
    assert "Spider run completed successfully" in first
    assert rows(quickstart, "SELECT status, spider_count FROM scheduler_state") == [("completed", 3)]
    assert rows(quickstart, "SELECT spider, verdict FROM spider_run ORDER BY spider") == [
        ("api", "ok"), ("listing", "ok"), ("sitemap", "ok")]


def test_the_items_are_there(first):
    for name, count in {"listing": 36, "api": 48, "sitemap": 30}.items():
        lines = (ROOT / f"examples/jobs/output/{name}.jsonl").read_text().splitlines()
        assert len(lines) == count
        assert all(json.loads(line)["title"] for line in lines)
    assert "114 items" in first


def test_it_builds_all_that_the_program_starts(tmp_path):
    (targets,) = re.findall(r'^  ninja -C "\$build" (.*?) >>', QUICKSTART.read_text(), re.M)
    subprocess.run(["/usr/bin/meson", "setup", "-Dtests=disabled", tmp_path, ROOT], check=True, capture_output=True)
    planned = subprocess.run(["ninja", "-C", tmp_path, "-n", "-v", *targets.split()], check=True, text=True,
                             capture_output=True).stdout
    probe = ROOT / "src/scrapy/probe"
    for made in ["src/spider-check", "src/send/send",
                 *(file.relative_to(ROOT) for file in probe.glob("*/*") if file.name != "meson.build")]:
        assert f"{made}\n" in planned or f"{made} " in planned, made


def test_its_second_tick_says_that_there_was_a_run_just_now(first):
    assert "Recent run detected, skipping immediate execution; next run is due" in first


def test_the_commands_that_it_ends_with_work(quickstart, first):
    (status,) = [line.strip() for line in first.splitlines() if line.endswith(" status")]
    ended = subprocess.run(["/bin/sh", "-c", status], text=True, capture_output=True, check=True,
                           env={"PATH": "/usr/bin:/bin", "HOME": "/"}, timeout=60)
    assert "fresh" in ended.stdout
    assert f"{QUICKSTART} --remove" in first
    assert str(quickstart.directory) in first


def test_started_again_it_skips(quickstart, first):
    code, output = quickstart()
    assert code == 0, output
    assert output.count("Recent run detected, skipping immediate execution") == 2
    assert rows(quickstart, "SELECT count(*) FROM scheduler_state") == [(1,)]


def test_remove_stops_the_server_and_leaves_nothing(quickstart, first):
    code, output = quickstart("--remove")
    assert code == 0, output
    assert not quickstart.directory.exists()
    with pytest.raises(psycopg2.OperationalError):
        rows(quickstart, "SELECT 1")
    assert quickstart("--remove")[0] == 0
