"""Never two runs of one schedule at once, however many ticks there are."""

import os
import re
import selectors
import signal
import socket

import pytest

from world import wait_until

TICKS = 50


def first_to_end(ticks):
    """Waits until all but one have ended; returns that one."""
    left = {os.pidfd_open(tick.pid): tick for tick in ticks}
    with selectors.DefaultSelector() as selector:
        for pidfd in left:
            selector.register(pidfd, selectors.EVENT_READ)
        while len(left) > 1:
            ended = selector.select(60)
            assert ended, f"{len(left)} ticks are still there"
            for key, _ in ended:
                selector.unregister(key.fd)
                left.pop(key.fd)
                os.close(key.fd)
    (pidfd, last), = left.items()
    os.close(pidfd)
    return last


def test_of_50_ticks_at_once_one_runs_and_the_others_say_who(world):
    gate = world.gate()
    world.spider("a", gate.script).spider("b").write_config()
    ticks = [world.start(keep_config=True) for _ in range(TICKS)]
    gate.wait()
    runner = first_to_end(ticks)
    run = world.only_run()
    assert (run.pid, run.status) == (runner.pid, "running")
    host = re.escape(socket.gethostname())
    for tick in ticks:
        if tick is runner:
            continue
        result = tick.end()
        assert result.code == 0, result.err
        assert re.search(rf"Already running on {host}, pid {runner.pid}, since .*; skipping$",
                         result.err, re.M), result.err
    gate.open()
    assert runner.end().code == 0
    assert world.ran() == ["a", "b"]
    assert world.only_run().status == "completed"
    assert len(world.outcomes()) == 2


def test_of_50_ticks_none_runs_again_what_another_has_just_finished(world):
    world.spider("a").write_config()
    ticks = [world.start(keep_config=True) for _ in range(TICKS)]
    assert {tick.end().code for tick in ticks} == {0}
    assert world.ran() == ["a"]
    assert world.only_run().status == "completed"


def test_force_during_a_run_runs_nothing_and_says_so_by_its_exit_code(world):
    gate = world.gate()
    world.spider("a", gate.script)
    runner = world.start()
    gate.wait()
    for flags in (["--force"], ["--spider", "a"]):
        result = world.run(*flags)
        assert result.code == 4
        assert f"pid {runner.pid}" in result.err
    assert world.ran() == ["a"]
    gate.open()
    assert runner.end().code == 0
    assert len(world.runs()) == 1


def test_schedules_of_other_names_do_not_hold_each_other_back(world):
    gate = world.gate()
    world.spider("a", gate.script)
    first = world.start()
    gate.wait()
    world.top["name"] = "other"
    world.spiders.clear()
    world.spider("b")
    assert world.run().code == 0
    assert world.ran() == ["a", "b"]
    gate.open()
    assert first.end().code == 0
    assert {run.schedule: run.status for run in world.runs()} == {
        "default": "completed", "other": "completed"}


def long_run(world):
    """A run that began before the interval and is still going."""
    gate = world.gate()
    world.spider("a", gate.script)
    running = world.start()
    gate.wait()
    world.sql("UPDATE scheduler_state SET last_run_at = now() - interval '5 hours'")
    return running, gate


def test_a_run_longer_than_the_interval_holds_back_the_next(world):
    running, gate = long_run(world)
    result = world.run()
    assert result.code == 0
    assert f"Already running on {socket.gethostname()}, pid {running.pid}" in result.err
    assert world.ran() == ["a"]
    gate.open()
    running.end()


def test_two_instances_may_overlap_when_one_run_takes_longer_than_the_interval(world):
    world.top["max_instances"] = 2
    running, gate = long_run(world)
    second = world.start()
    gate.wait()
    third = world.run()
    assert third.code == 0
    assert f"Already running on {socket.gethostname()}" in third.err
    assert [run.status for run in world.runs()] == ["running", "running"]
    gate.open()
    gate.open()
    assert (running.end().code, second.end().code) == (0, 0)
    assert world.ran() == ["a", "a"]
    assert [run.status for run in world.runs()] == ["completed", "completed"]


@pytest.mark.parametrize("signal_of_the_first", [None, "KILL"])
def test_what_one_tick_is_recording_from_the_journal_is_not_run_again_by_another(world, signal_of_the_first):
    """Also not when the first one is killed at it: then the next one records it."""
    world.spider("a")
    url = world.sections["database"]["url"]
    world.sections["database"]["url"] = f"postgresql:///nothing?host={world.home}&user=me"
    assert world.run().code == 0
    assert world.ran() == ["a"]
    world.sections["database"]["url"] = url
    with world.server.connect(world.url) as connection:
        connection.cursor().execute("BEGIN; LOCK TABLE spider_run IN EXCLUSIVE MODE")
        first = world.start()
        wait_until(lambda: locks(world, "relation", granted=False), "the first one, which wants to write")
        # It sees in the journal what the database does not know yet.
        ended = world.run()
        assert ended.code == 0, ended.err
        assert "Recent run detected" in ended.err
        assert world.runs() == []
        forced = world.start("--force")
        wait_until(lambda: locks(world, "advisory", granted=True), "the forced one, which has the lock")
        if signal_of_the_first:
            first.signal(getattr(signal, f"SIG{signal_of_the_first}"))
        connection.rollback()
    assert first.end().code == (0 if signal_of_the_first is None else -9)
    assert forced.end().code == 0
    assert world.ran() == ["a", "a"]
    assert [run.trigger for run in world.runs()] == ["tick", "force"]
    assert {run.status for run in world.runs()} == {"completed"}
    assert len(world.outcomes()) == 2


def locks(world, kind, granted):
    return world.sql("SELECT pid FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE locktype = %s AND granted = %s"
                     " AND application_name LIKE 'spider-check %%'", kind, granted)
