"""What the program was started with: descriptors that are closed, or too many, or too few, and limits."""

import pathlib
import re
import struct

import pytest

# What a spider says is what psql would send: a query in PostgreSQL's own words.
STATEMENT = b"CREATE TABLE owned_by_spider AS SELECT current_user, now()\0"
MESSAGE = b"Q" + struct.pack(">I", 4 + len(STATEMENT)) + STATEMENT


def speaking(world, number):
    """Spiders whose whole output is that, on both streams."""
    message = world.directory / "message"
    message.write_bytes(MESSAGE)
    for i in range(number):
        world.spider(f"s{i:02}", f"cat {message}; cat {message} >&2")


def require_isolation(world):
    """Nobody but the logs got what spiders said."""
    assert world.sql("SELECT to_regclass('owned_by_spider') AS it")[0].it is None
    for log in world.log_dir.glob("*/*/*.log"):
        assert log.read_bytes() in (b"", MESSAGE, 2 * MESSAGE), log


def require_told(world, result):
    """Each spider has run, or is said not to have been started; and the exit status says which."""
    rows = world.outcomes()
    for row in rows:
        started = row.spider in world.ran()
        assert started == (row.verdict == "ok"), (row, result.err)
        if not started:
            assert re.match(r"not started: .*Too many open files", row.reasons[0]), row
    if rows:
        assert result.code == (0 if all(row.verdict == "ok" for row in rows) else 1), result.err
    else:
        assert result.code not in (0, 1) and world.ran() == [], result.err


@pytest.mark.parametrize("limit", [12, 13, 14, 15, 16, 18, 20, 24, 32, 45, 64])
def test_descriptors_that_run_out_cost_a_spider_its_start_and_nothing_more(world, limit):
    speaking(world, 24)
    world.top["concurrency"] = 24
    result = world.run("-q", "--force", before=("prlimit", f"--nofile={limit}:{limit}"))
    require_isolation(world)
    require_told(world, result)


def test_the_limit_of_descriptors_is_raised_and_the_spiders_keep_theirs(world):
    world.top["concurrency"] = 30
    gate = world.gate()
    for i in range(30):
        world.spider(f"s{i:02}", f"ulimit -Sn >>{world.directory}/limits; {gate.script}")
    running = world.start(before=("prlimit", "--nofile=20:4096"))
    for _ in range(30):
        gate.wait()
    for _ in range(30):
        gate.open()
    assert running.end().code == 0
    assert set((world.directory / "limits").read_text().split()) == {"20"}


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_standard_descriptors_that_are_closed_change_nothing(world, closed):
    speaking(world, 2)
    world.spider("fails", "exit 3")
    for words in ((), ("-v", "--force")):
        result = world.run(*words, before=("sh", "-c", f'exec "$@" {closed}', "sh"))
        assert result.code == 1, result.err
        require_isolation(world)
    assert world.ran() == ["s00", "s01", "fails"] * 2
    assert [row.verdict for row in world.outcomes()] == ["failed", "ok", "ok"] * 2


def test_what_is_inherited_is_closed_but_a_configuration_that_is_named(world):
    held = world.directory / "held"
    held.touch()
    gate = world.gate()
    world.spider("a", gate.script)
    world.write_config()
    running = world.start(keep_config=True, before=(
        "bash", "-c", f'exec 9<>{held}; exec "$@" -c <(cat spider-check.toml)', "bash"))
    gate.wait()
    open_files = [link.readlink() for link in pathlib.Path(f"/proc/{running.pid}/fd").iterdir()]
    gate.open()
    assert running.end().code == 0
    assert world.ran() == ["a"]
    assert held not in open_files, open_files


@pytest.mark.parametrize("limit", [0, 4096, 8192, 16384])
def test_the_limit_of_a_file_s_size_ends_no_run(world, limit):
    for i in range(40):
        world.spider(f"s{i:02}", command=["true"])
    world.sections["report"] = {"path": str(world.directory / "page.html")}
    result = world.run("-q", before=("prlimit", f"--fsize={limit}"))
    assert result.code == 0, (result.code, result.err)
    assert world.only_run().status == "completed"
    assert [row.verdict for row in world.outcomes()] == ["ok"] * 40


def test_a_spider_meets_the_limit_of_a_file_s_size_as_its_own(world):
    world.spider("a", command=["dd", "if=/dev/zero", f"of={world.directory}/big", "bs=64k", "count=1"])
    world.spider("b", command=["true"])
    result = world.run("-q", before=("prlimit", "--fsize=32768"))
    assert result.code == 1
    a, b = world.outcomes()
    assert (a.verdict, a.reasons, b.verdict) == ("failed", ["killed by SIGXFSZ"], "ok")
