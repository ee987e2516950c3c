"""Where logs cannot be written the spiders run all the same, and their logs are elsewhere."""

import os
import pathlib
import re
import shlex
import stat
import subprocess

import pytest

SCRAPY_PROJECT = {
    "scrapy.cfg": "[settings]\ndefault = settings\n",
    "settings.py": 'SPIDER_MODULES = ["spiders"]\nTELNETCONSOLE_ENABLED = False\n'
                   'REQUEST_FINGERPRINTER_IMPLEMENTATION = "2.7"\n',
    "spiders.py": 'import scrapy\n\n\nclass News(scrapy.Spider):\n    name = "news"\n'
                  '    start_urls = ["data:text/html,<h1>hello</h1>"]\n\n'
                  '    def parse(self, response):\n        yield {"title": "hello"}\n',
}
IS_ROOT = os.geteuid() == 0
# Mounts that only the program and its spiders see.
PRIVATE_MOUNTS = ["unshare", "--mount", *([] if IS_ROOT else ["--map-root-user"])]


def with_mounts(*commands):
    if subprocess.run([*PRIVATE_MOUNTS, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("this machine allows no mounts")
    return [*PRIVATE_MOUNTS, "sh", "-ec", "\n".join([*commands, 'exec "$@"']), "sh"]


def file_in_its_place(world):
    world.log_dir.parent.mkdir(parents=True)
    world.log_dir.write_text("")
    return [], "Not a directory"


def permission_denied(world):
    world.log_dir.mkdir(parents=True)
    world.log_dir.chmod(0o500)
    # Root, too, must keep to what the directory allows.
    return ["setpriv", "--bounding-set=-dac_override"] if IS_ROOT else [], "Permission denied"


def read_only(world):
    world.log_dir.mkdir(parents=True)
    return with_mounts(f"mount -t tmpfs -o ro none {shlex.quote(str(world.log_dir))}"), (
        "Read-only file system")


def fill(world):
    """Commands that leave hardly any room in the log directory."""
    world.log_dir.mkdir(parents=True)
    directory = shlex.quote(str(world.log_dir))
    return [f"mount -t tmpfs -o size=2m none {directory}",
            f"head -c 1100000 /dev/zero >{directory}/much"]


def full(world):
    return with_mounts(*fill(world)), "No space left on device"


FAULTS = pytest.mark.parametrize("fault", [file_in_its_place, permission_denied, read_only, full])


@pytest.fixture
def spare(tmp_path):
    """$TMPDIR of the program."""
    directory = tmp_path / "tmp"
    directory.mkdir()
    return directory


@pytest.fixture
def crawling(world):
    """With a project of one spider."""
    for name, text in SCRAPY_PROJECT.items():
        (world.directory / name).write_text(text)
    world.sections["scrapy"] = {"project": ".", "command": ["/usr/bin/scrapy"]}
    return world


def run(world, spare, before, *args):
    return world.run(*args, before=before, env={"TMPDIR": str(spare)})


@FAULTS
def test_programs_run_with_their_logs_in_a_private_directory(world, spare, fault):
    before, why = fault(world)
    world.spider("a", "echo hello").spider("b", "echo world; exit 3")
    result = run(world, spare, before, "-q")
    assert (result.code, world.ran()) == (1, ["a", "b"])
    (directory,) = spare.iterdir()
    assert re.fullmatch("spider-check-.{6}", directory.name)
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    paths = [pathlib.Path(outcome.log_path) for outcome in world.outcomes()]
    assert [path.relative_to(directory) for path in paths] == [
        pathlib.Path("default/a/run-1-attempt-1.log"), pathlib.Path("default/b/run-1-attempt-1.log")]
    assert [path.read_text() for path in paths] == ["hello\n", "world\n"]
    (named,) = world.only_run().faults
    assert re.fullmatch(f"logs cannot be written in {re.escape(str(world.log_dir))}[^:]*: {why}; "
                        f"this run's are in {re.escape(str(directory))}", named)
    (warning,) = [line for line in result.err.splitlines() if " warn " in line]
    assert warning.endswith(named)


@FAULTS
def test_a_crawl_is_judged_by_its_report_there(crawling, spare, fault):
    before, why = fault(crawling)
    result = run(crawling, spare, before)
    assert result.code == 0, result.err
    (news,) = crawling.outcomes()
    assert (news.verdict, news.items, news.finish_reason) == ("ok", 1, "finished")
    assert news.field_counts == {"title": 1}  # which only the report tells
    assert "Spider closed (finished)" in pathlib.Path(news.log_path).read_text()
    assert spare in pathlib.Path(news.log_path).parents
    assert result.err.count(why) == 1


def test_the_next_run_writes_where_it_can_again(world, spare):
    before, _ = file_in_its_place(world)
    world.spider("a")
    assert run(world, spare, before, "--force").code == 0
    world.log_dir.unlink()
    result = run(world, spare, before, "--force")
    assert (result.code, "warn" in result.err) == (0, False)
    assert len(list(spare.iterdir())) == 1
    last = world.outcomes()[-1]
    assert last.log_path == str(world.log_dir / "default/a/run-2-attempt-1.log")
    assert world.runs()[-1].faults is None


def test_only_what_must_be_is_elsewhere(world, spare):
    (world.log_dir / "default").mkdir(parents=True)
    (world.log_dir / "default/a").write_text("")
    world.spider("a").spider("b")
    result = run(world, spare, [])
    assert result.code == 0
    assert len(list(spare.iterdir())) == 1
    a, b = [pathlib.Path(outcome.log_path) for outcome in world.outcomes()]
    assert spare in a.parents
    assert b == world.log_dir / "default/b/run-1-attempt-1.log"
    assert "those of a are in " in world.only_run().faults[0]


def test_where_there_is_room_nothing_is_said_or_made(world, spare):
    world.spider("a")
    result = run(world, spare, [])
    assert (result.code, "warn" in result.err, list(spare.iterdir())) == (0, False, [])
    assert world.only_run().faults is None


def only_own_directory(world):
    """Commands after which /tmp can be read only, but for the test's own directory."""
    directory = shlex.quote(str(world.directory))
    return ["mount --bind /tmp /tmp", f"mount --bind {directory} {directory}",
            "mount -o remount,bind,ro /tmp"]


def nowhere(world):
    file_in_its_place(world)
    return with_mounts(*only_own_directory(world))


def test_without_any_place_programs_still_run(world):
    before = nowhere(world)
    world.sections["spiders"] = {"stall_timeout": "100ms"}
    # It is not taken for one that stands still, although nobody sees what it prints.
    world.spider("a", "echo hello; sleep 1").spider("b")
    result = world.run(before=before)
    assert (result.code, world.ran()) == (0, ["a", "b"])
    assert [outcome.log_path for outcome in world.outcomes()] == ["/dev/null"] * 2
    (fault,) = world.only_run().faults
    assert fault == (f"logs cannot be written in {world.log_dir}: Not a directory; nor in /tmp: "
                     "Read-only file system; this run's are lost")
    assert fault in result.err


def test_without_any_place_a_directory_that_is_only_full_must_do(world):
    world.spider("a", "echo hello")
    result = world.run(before=with_mounts(*only_own_directory(world), *fill(world)))
    assert (result.code, world.ran()) == (0, ["a"])
    (outcome,) = world.outcomes()
    assert outcome.log_path == str(world.log_dir / "default/a/run-1-attempt-1.log")
    (fault,) = world.only_run().faults
    assert fault == (f"logs cannot be written in {world.log_dir}/default/a: No space left on device; "
                     "nor in /tmp: Read-only file system; this run's may be cut")
    assert fault in result.err


def test_without_any_place_a_crawl_is_not_started_and_says_why(crawling):
    before = nowhere(crawling)
    result = crawling.run(before=before)
    assert result.code == 1
    (news,) = crawling.outcomes()
    assert (news.verdict, news.exit_code, news.items) == ("failed", None, None)
    assert "not started: " in news.reasons[0] and "Not a directory" in news.reasons[0]
    assert "this run's are lost" in crawling.only_run().faults[0]
