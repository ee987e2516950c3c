"""The host's clock may say what it will: decisions, records and logs go by the database's."""

import datetime
import json
import os
import pathlib
import re

import pytest

from test_log_retention import logs
from test_logs import write_log

(LIBRARY,) = pathlib.Path("/usr/lib").glob("*/faketime/libfaketime.so.1")


def clock(offset, **env):
    """The environment in which the program sees another clock."""
    return {"LD_PRELOAD": str(LIBRARY), "FAKETIME": offset, "DONT_FAKE_MONOTONIC": "1", **env}


CLOCKS = pytest.mark.parametrize("env", [
    pytest.param(clock("+3650d"), id="ten years ahead"),
    pytest.param(clock("-3650d"), id="ten years behind"),
    pytest.param(clock("-18000d"), id="not long after 1970"),
    pytest.param(clock("+5000d", TZ="Pacific/Apia"), id="ahead, at the other end of the world"),
    pytest.param({"TZ": "ODD-13:37"}, id="a zone that nobody has"),
    pytest.param({"TZ": ":no/such/zone"}, id="a zone that does not exist"),
])


def now(world):
    return world.sql("SELECT now()")[0].now


def years_logged(result):
    return {line[:4] for line in result.err.splitlines()}


def test_the_clock_of_these_tests_is_indeed_another(world):
    world.spider("a", 'date +%Y')
    result = world.run(env=clock("+36500d"))
    assert result.code == 0, result.err
    year = str((datetime.datetime.now() + datetime.timedelta(days=36500)).year)
    assert pathlib.Path(world.outcomes()[0].log_path).read_text() == year + "\n"
    assert years_logged(result) == {year}


@CLOCKS
def test_what_is_recent_is_not_run(world, env):
    world.spider("a").add_run("3 hours 33 minutes")
    before = world.dump()
    result = world.run(env=env)
    assert result.code == 0
    assert re.search(r"Last run was 3\.5\d hours ago \(required: 4 hours\)", result.err)
    assert "Recent run detected, skipping immediate execution" in result.err
    assert (world.ran(), world.dump()) == ([], before)


@CLOCKS
def test_what_is_due_is_run_and_every_time_is_the_databases(world, env):
    world.spider("a", "exit 1").spider("b").add_run("4 hours 1 minute")
    begin = now(world)
    assert world.run(env=env).code == 1
    end = now(world)
    run = world.runs()[-1]
    times = [run.last_run_at, run.created_at, run.updated_at, run.finished_at]
    for outcome in world.outcomes():
        times += [outcome.started_at, outcome.finished_at]
    assert len(times) == 8
    assert all(begin <= time <= end for time in times), (begin, times, end)
    wait = run.next_attempt_at - run.finished_at
    assert wait == datetime.timedelta(minutes=15)
    minute = datetime.timedelta(minutes=1)
    assert minute <= run.lateness < 30 * minute and run.missed_intervals == 0
    # It is not yet time for the retry, by whichever clock.
    assert world.run(env=env).code == 0
    assert world.ran() == ["a", "b"]


@CLOCKS
def test_another_hosts_silence_is_measured_by_the_database(world, env):
    world.spider("a")
    run = world.add_run("10 minutes", "running", host="elsewhere", pid=7, boot_id="x",
                        process_start=1, pid_namespace=1)
    for ago, ran in (("1 minute", []), ("3 minutes", ["a"])):
        world.sql("UPDATE scheduler_state SET updated_at = now() - %s::interval WHERE id = %s",
                  ago, run)
        assert world.run(env=env).code == 0
        assert world.ran() == ran


@CLOCKS
def test_logs_are_as_old_as_their_runs(world, env):
    world.top["keep"] = "10d"
    world.spider("a")
    for days in (30, 11, 9, 1):
        run = world.add_run(f"{days} days")
        # Whenever a file was written, or its directory was copied from elsewhere.
        written = (now(world) - datetime.timedelta(days=4000 - 100 * days)).timestamp()
        os.utime(write_log(world, "a", run, "x"), (written, written))
    result = world.run(env=env)
    assert result.code == 0
    assert logs(world) == ["a/3", "a/4", "a/5"]


@CLOCKS
def test_the_oldest_of_too_many_logs_are_those_of_the_oldest_runs(world, env):
    world.top["log_size"] = "3kB"
    world.spider("a")
    for hours in (50, 40, 30, 20, 10):
        run = world.add_run(f"{hours} hours")
        written = (now(world) + datetime.timedelta(days=hours)).timestamp()
        os.utime(write_log(world, "a", run, "x" * 1000), (written, written))
    assert world.run(env=env).code == 0
    assert logs(world) == ["a/3", "a/4", "a/5", "a/6"]


@CLOCKS
def test_status_goes_by_the_database(world, env):
    world.spider("a").add_run("1 hour")
    right, other = (json.loads(world.run("status", "--json", env=clocks).out)
                    for clocks in ({}, env))
    assert abs(seconds(other["now"]) - seconds(right["now"])) < 60
    for status in (right, other):
        del status["now"], status["reason"]  # which is in the words of the host's zone
    assert other == right
    assert other["due"] is False


def seconds(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


@pytest.mark.parametrize("steps", [("+3650d", "-3650d"), ("-3650d", "+3650d")])
def test_a_clock_that_steps_in_mid_run_changes_nothing(world, steps):
    hands = world.directory / "hands"
    hands.write_text(steps[0] + "\n")
    gate = world.gate()
    world.spider("a", gate.script).spider("b", "date +%Y")
    env = clock("", FAKETIME_TIMESTAMP_FILE=str(hands), FAKETIME_NO_CACHE="1")
    del env["FAKETIME"]
    begin = now(world)
    running = world.start(env=env)
    gate.wait()
    hands.write_text(steps[1] + "\n")
    gate.open()
    result = running.end()
    end = now(world)
    assert result.code == 0, result.err
    assert len(years_logged(result)) == 2
    run = world.only_run()
    times = [run.last_run_at, run.updated_at, run.finished_at]
    for outcome in world.outcomes():
        times += [outcome.started_at, outcome.finished_at]
    assert all(begin <= time <= end for time in times), (begin, times, end)


@CLOCKS
def test_a_run_of_the_future_counts_for_nothing_and_is_warned_about(world, env):
    world.spider("a").add_run("-10 years")
    result = world.run("-q", env=env)
    assert (result.code, world.ran()) == (0, ["a"])
    assert "1 run(s) start in the future of the database's clock; they count for nothing" in (
        result.err)
