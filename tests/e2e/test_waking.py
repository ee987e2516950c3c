"""A host that slept: the kernel's own clocks, in a time namespace in which it has slept for longer."""

import os

import pytest

from postgres import Postgres
from world import World

HOUR = 3600


def asleep(hours):
    """In front of the program: its host has slept that much longer than the tests'."""
    user = [] if os.geteuid() == 0 else ["--map-root-user"]
    return ["unshare", *user, "--time", "--boottime", str(hours * HOUR)]


def take_database_away(world):
    world.sections["database"]["url"] = f"postgresql:///nothing?host={world.directory}&user=me"


@pytest.fixture
def slept(world):
    """It has run its spider, and the database is away now."""
    world.spider("a").top["wake_wait"] = "1s"
    assert world.run().code == 0
    world.forget_what_ran()
    take_database_away(world)
    return world


def test_time_asleep_counts_towards_the_interval(slept):
    for hours, ran in ((3, []), (5, ["a"])):
        slept.run(before=asleep(hours))  # the first tick after a sleep gives way
        result = slept.run(before=asleep(hours))
        assert "going by the journal" in result.err
        assert slept.ran() == ran


def test_right_after_a_sleep_a_tick_waits_for_the_database_and_then_defers(slept):
    result = slept.run(before=asleep(5))
    assert result.code == 0
    assert "waiting for it, at most 1" in result.err
    assert "Deferred: the host has just woken up" in result.err
    assert slept.ran() == []
    again = slept.run(before=asleep(5))
    assert again.code == 0
    assert "Deferred" not in again.err
    assert slept.ran() == ["a"]


def test_without_a_sleep_nothing_waits(slept):
    result = slept.run()
    assert "waiting for it" not in result.err
    assert "going by the journal" in result.err
    assert slept.ran() == []


def test_a_person_who_forces_a_run_waits_for_nothing(slept):
    result = slept.run("--force", before=asleep(5))
    assert result.code == 0
    assert "waiting for it" not in result.err
    assert slept.ran() == ["a"]


def test_a_database_that_comes_up_meanwhile_is_used(tmp_path):
    with Postgres() as server:
        world = World(server, tmp_path, server.create_database())
        world.spider("a").top["wake_wait"] = "1m"
        assert world.run("migrate").code == 0
        assert world.run().code == 0
        world.sql("UPDATE scheduler_state SET last_run_at = last_run_at - interval '5 hours'")
        server.stop()
        tick = world.start(before=asleep(5))
        tick.says("waiting for it")
        server.start()
        result = tick.end()
        assert result.code == 0, result.err
        assert world.ran() == ["a", "a"]
        assert [run.status for run in world.runs()] == ["completed", "completed"]
        world.close()
