"""The program is killed, and what it had started is not gone at once, or is known to nobody."""

import contextlib

import pytest

import invariants
from proxy import Proxy
from world import wait_until


@pytest.fixture(params=["with the database", "without the database"])
def outage(request, world, server):
    """A context in which the database is away, or is not."""
    with Proxy(server) as proxy:
        world.sections["database"]["url"] = proxy.url(world.url)

        @contextlib.contextmanager
        def outage():
            if request.param.startswith("without"):
                proxy.refuse()
            yield
            proxy.heal()
        yield outage


def is_gone(world):
    wait_until(lambda: not world.sessions(), "the server to see that the program is gone")


def test_what_a_killed_program_had_started_is_recorded_as_interrupted(world, outage):
    gate = world.gate()
    world.spider("first").gated("second", gate).spider("last")
    with outage():
        tick = world.start()
        gate.wait()
        tick.stop()
        is_gone(world)
    world.settle()
    assert world.ran() == ["first", "second", "second", "last"]
    assert world.verdicts() == {("first", 1): "ok", ("second", 1): "failed", ("second", 2): "ok",
                                ("last", 2): "ok"}
    (interrupted,) = [row for row in world.outcomes() if row.verdict == "failed"]
    assert "interrupted" in " ".join(interrupted.reasons)
    invariants.check(world)


def test_a_retry_without_the_database_of_what_was_killed_with_it_goes_on_when_it_is_back(
        world, server):
    """The database knows of the first attempt as of one that is running; the journal knows better."""
    first, again = world.gate(), world.gate()
    mark = world.directory / "again"
    world.spider("a", f"if [ -e {mark} ]; then {again.script}; else touch {mark}; {first.script}; fi")
    with Proxy(server) as proxy:
        world.sections["database"]["url"] = proxy.url(world.url)
        tick = world.start()
        first.wait()
        tick.stop()
        is_gone(world)
        proxy.refuse()
        retry = world.start()
        again.wait()
        proxy.heal()
        retry.says("The database is back: run 1 is still ours")
        again.open()
        result = retry.end()
    assert result.code == 0, result.err
    assert world.verdicts() == {("a", 1): "failed", ("a", 2): "ok"}
    assert (world.only_run().status, world.only_run().attempt) == ("completed", 2)
    invariants.check(world)


def test_no_spider_starts_while_one_of_a_killed_program_is_still_stopping(world, outage):
    """It has its grace to store what it has; until then it works on the same files and sites."""
    gate = world.gate()
    mark = world.directory / "second-time"
    world.spider("deaf", f"[ -e {mark} ] || {{ touch {mark}; {gate.script}; sleep 1000; }}",
                 before="trap '' TERM")
    world.sections["spiders"] = {"grace": "500ms"}  # and five seconds from the second SIGTERM on
    with outage():
        tick = world.start()
        gate.wait()
        tick.stop()
        is_gone(world)
        world.run()
    world.settle()
    assert world.ran() == ["deaf", "deaf"]
    invariants.check(world)


def test_the_shipped_program_cannot_be_told_to_die(world):
    """Its fault points are of the build for these tests only."""
    with open(world.program, "rb") as program:
        assert b"SPIDER_CHECK_DIE_AT" not in program.read()
