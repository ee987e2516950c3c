"""Each call that makes a descriptor fails once: nothing of a spider gets where it does not belong."""

import os
import re
import struct
import subprocess
from pathlib import Path

import pytest

import invariants
from world import wait_until
from worlds import sweep

SOURCE = Path(__file__).with_name("no_descriptor.c")
MARGIN = 3  # a call more or less than at another time

# What psql would send: whoever takes it for a query makes a table.
STATEMENT = b"CREATE TABLE owned_by_spider AS SELECT current_user\0"
MESSAGE = b"Q" + struct.pack(">I", 4 + len(STATEMENT)) + STATEMENT


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """What makes a call fail (see its source)."""
    library = tmp_path_factory.mktemp("library") / "no_descriptor.so"
    subprocess.run([os.environ.get("CC", "cc").split()[0], "-shared", "-fPIC", "-o", library, SOURCE],
                   check=True)
    return library


def populate(world):
    message = world.directory / "message"
    message.write_bytes(MESSAGE)
    for name in ("first", "second"):
        world.spider(name, f"cat {message}; cat {message} >&2")
    world.top["precheck"] = ["true"]
    world.add_run("5 hours")
    world.sections["report"] = {"path": str(world.directory / "page.html")}
    world.sections["notify.program"] = {"command": ["/bin/sh", "-c", "cat >/dev/null"]}


def names_of(world, library):
    """The names of the calls, in order, of the program; those of its supervisors are in between."""
    trace = world.directory / "trace"
    result = world.run(env={"LD_PRELOAD": str(library), "NO_DESCRIPTOR_TRACE": str(trace)})
    assert result.code == 0, result.err
    return trace.read_text().split()


def require_isolation(world):
    assert world.sql("SELECT to_regclass('owned_by_spider') AS it")[0].it is None
    for log in world.log_dir.glob("*/*/*.log"):
        assert log.read_bytes() in (b"", MESSAGE, 2 * MESSAGE), log


def require_told(world, result):
    ran = world.ran()
    rows = [row for row in world.outcomes() if row.attempt == 1]
    for row in rows:
        if row.verdict == "ok":
            assert row.spider in ran, (row, result.err)
        else:
            assert row.spider not in ran, (row, result.err)
            assert re.match("not started: .*Too many open files", row.reasons[0]), row
    if any(row.verdict == "failed" for row in rows):
        assert result.code == 1, (result.code, result.err)
    assert result.code in (0, 1, 2, 3, 70), (result.code, result.err)
    if ran:
        assert result.code in (0, 1), (result.code, result.err)


def test_any_call_that_makes_a_descriptor_may_fail(worlds, library):
    with worlds.take() as world:
        populate(world)
        names = names_of(world, library)
    assert {"socket", "clone", "signalfd", "timerfd_create", "dup2", "pipe2"} <= set(names), names

    def case(number):
        with worlds.take() as world:
            populate(world)
            result = world.run(env={"LD_PRELOAD": str(library), "NO_DESCRIPTOR_AT": str(number)})
            wait_until(lambda: not world.sessions(), "the end of its session")
            require_isolation(world)
            require_told(world, result)
            world.settle()
            require_isolation(world)
            invariants.check(world)

    sweep(case, range(1, len(names) + MARGIN + 1),
          lambda number: f"call {number} of {len(names)}, {(names + ['behind the last'] * MARGIN)[number - 1]}")
