"""Spiders run side by side, each with limits, variables and arguments of its own."""

import pathlib
import re

import pytest

from world import is_alive, wait_until


def outcome_of(world, spider):
    (found,) = [outcome for outcome in world.outcomes() if outcome.spider == spider]
    return found


def test_two_spiders_run_at_a_time_where_nothing_else_is_said(world):
    del world.top["concurrency"]
    gates = [world.gate() for _ in range(3)]
    for number, gate in enumerate(gates):
        world.spider(f"s{number}", gate.script)
    running = world.start()
    gates[0].wait()
    gates[1].wait()
    assert not gates[2].is_reached()
    gates[1].open()
    gates[2].wait()  # its place is free, although s0 still runs
    gates[0].open()
    gates[2].open()
    assert running.end().code == 0
    assert [outcome.verdict for outcome in world.outcomes()] == ["ok"] * 3


def test_as_many_as_configured_run_at_a_time(world):
    world.top["concurrency"] = 4
    gates = [world.gate() for _ in range(5)]
    for number, gate in enumerate(gates):
        world.spider(f"s{number}", gate.script)
    running = world.start()
    for gate in gates[:4]:
        gate.wait()
    assert not gates[4].is_reached()
    for gate in gates:
        gate.open()
    assert running.end().code == 0


def test_a_spider_that_takes_too_long_is_stopped_and_the_others_are_not(world):
    world.top["concurrency"] = 2
    gate = world.gate()
    world.spider("slow", "exec sleep 1000").spider("quick", gate.script)
    world.sections['spiders.slow'] = {"timeout": "300ms"}
    running = world.start()
    running.says("Spider 'slow' failed")
    gate.open()
    result = running.end()
    assert result.code == 1
    slow = outcome_of(world, "slow")
    assert (slow.verdict, slow.signal) == ("failed", 15)
    assert slow.reasons == ["stopped because it took too long (timeout): killed by SIGTERM"]
    assert outcome_of(world, "quick").verdict == "ok"
    assert "Stopping spider 'slow': it takes too long (timeout)" in result.err


def test_a_spider_that_heeds_no_signal_is_killed_after_its_grace(world):
    world.spider("deaf", "trap '' TERM; while :; do sleep 1000; done")
    world.sections["spiders"] = {"timeout": "1s", "grace": "100ms"}
    # From the second SIGTERM it has five seconds more.
    assert world.run().code == 1
    assert outcome_of(world, "deaf").signal == 9


def test_a_program_that_writes_nothing_stalls_only_where_that_is_said(world):
    world.spider("silent", "exec sleep 1000")
    world.sections["spiders"] = {"stall_timeout": "400ms"}
    result = world.run()
    assert result.code == 1
    assert outcome_of(world, "silent").reasons == [
        "stopped because it made no progress (stall_timeout): killed by SIGTERM"]


def test_the_limit_of_the_whole_run_leaves_the_rest_to_the_retry(world):
    world.top["run_timeout"] = "1500ms"
    world.spider("a").spider("slow", f"[ -e {world.directory}/mended ] || exec sleep 1000").spider("c")
    result = world.run()
    assert result.code == 1
    assert world.ran() == ["a", "slow"]
    run = world.only_run()
    assert run.status == "failed"
    assert "1 of 3 spiders failed (slow)" in run.failure
    assert "run_timeout" in run.failure and "1 spider(s) were not started" in run.failure
    (world.directory / "mended").touch()
    world.sql("UPDATE scheduler_state SET next_attempt_at = now()")
    world.top["run_timeout"] = "0s"
    assert world.run().code == 0
    assert world.ran() == ["a", "slow", "slow", "c"]


def test_what_applies_to_all_is_overridden_by_globs_and_those_by_names(world):
    script = "echo $LEVEL $BOTH $(nice) $(pwd)"
    world.spider("news_a", script).spider("news_b", script).spider("other", script)
    (world.directory / "work").mkdir()
    world.sections["spiders"] = {"working_directory": "work"}
    world.sections["spiders.env"] = {"LEVEL": "all", "BOTH": "kept"}
    # The name comes first in the file and still wins.
    world.sections["spiders.news_b.env"] = {"LEVEL": "name"}
    world.sections['spiders."news_*"'] = {"nice": 3, "working_directory": "."}
    world.sections['spiders."news_*".env'] = {"LEVEL": "glob"}
    assert world.run().code == 0
    said = {outcome.spider: pathlib.Path(outcome.log_path).read_text().split()
            for outcome in world.outcomes()}
    assert said["other"] == ["all", "kept", "0", str(world.directory / "work")]
    assert said["news_a"] == ["glob", "kept", "3", str(world.directory)]
    assert said["news_b"] == ["name", "kept", "3", str(world.directory)]


def test_arguments_come_behind_the_command(world):
    world.spider("a", 'printf "<%s>" "$@"')
    world.sections["spiders.a"] = {"arguments": ["-a", "category=a b", ""]}
    assert world.run().code == 0
    assert pathlib.Path(outcome_of(world, "a").log_path).read_text() == "<-a><category=a b><>"


def test_a_spider_that_is_killed_in_mid_run_takes_nothing_else_along(world):
    world.top["concurrency"] = 2
    gate = world.gate()
    world.spider("a", "sleep 1000 & echo $! >&2; kill -KILL $$").spider("b", gate.script)
    running = world.start()
    pid = gate.wait()
    running.says("Spider 'a' failed")
    left = int(pathlib.Path(outcome_log(world, "a")).read_text())
    assert not is_alive(left)
    assert is_alive(pid)
    gate.open()
    assert running.end().code == 1


def outcome_log(world, spider):
    (path,) = (world.log_dir / "default" / spider).glob("*.log")
    return path


def test_a_retry_runs_only_the_spider_that_failed_until_it_works(world):
    """One of ten fails twice and then works; the nine run once."""
    world.top["concurrency"] = 4
    counter = world.directory / "tries"
    flaky = f"echo x >>{counter}; [ $(wc -l <{counter}) -ge 3 ]"
    for number in range(10):
        world.spider(f"s{number}", flaky if number == 4 else ":")
    for attempt in (1, 2, 3):
        result = world.run()
        assert result.code == (0 if attempt == 3 else 1), result.err
        world.sql("UPDATE scheduler_state SET next_attempt_at = now()")
    assert sorted(world.ran()) == sorted([f"s{number}" for number in range(10)] + ["s4", "s4"])
    run = world.only_run()
    assert (run.status, run.attempt, run.spider_count, run.failure) == ("completed", 3, 10, None)
    tries = [(o.attempt, o.verdict) for o in world.outcomes() if o.spider == "s4"]
    assert tries == [(1, "failed"), (2, "failed"), (3, "ok")]
    assert world.run().code == 0  # and now nothing is due
    assert len(world.ran()) == 12


def test_a_thousand_short_spiders_are_each_recorded_once(world):
    world.top["concurrency"] = 8
    for number in range(1000):
        world.spiders.append({"name": f"s{number}", "command": ["/bin/true"]})
    assert world.run("-q").code == 0
    counts = world.sql("SELECT count(*) AS rows, count(DISTINCT spider) AS spiders, "
                       "bool_and(verdict = 'ok') AS good "
                       "FROM spider_run")[0]
    assert tuple(counts) == (1000, 1000, True)


def test_waiting_costs_nothing(world):
    """Neither a spider that is silent nor one that writes wakes the program up."""
    gate = world.gate()
    world.spider("a", f"yes | head -c 20000000; {gate.script}")
    running = world.start()
    gate.wait()
    stat = pathlib.Path(f"/proc/{running.pid}/status")
    before = re.search(r"^voluntary_ctxt_switches:\s+(\d+)", stat.read_text(), re.M)[1]
    gate.open()
    assert running.end().code == 0
    # From its start on: some dozens of answers of the server, and no polling.
    assert int(before) < 300


@pytest.mark.parametrize("text, place, what", [
    ("concurrency = 0", "concurrency", "1 to 1000"),
    ('run_timeout = "soon"', "run_timeout", "not a valid duration"),
    ('log_size = "big"', "log_size", "not a valid size"),
    ('[spiders]\ntimout = "1h"', "timout", 'did you mean "timeout"'),
    ('[spiders."a*"]\nmin_items_ratio = 2', "min_items_ratio", "0 to 1"),
    ('[spiders]\nmax_time_ratio = 0.5', "max_time_ratio", "from 1 on"),
    ('[spiders]\nmax_time_ratio = inf', "max_time_ratio", "from 1 on"),
    ('[spiders.a]\nnice = 20', "nice", "-20 to 19"),
    ('[spiders.a.env]\n"A=B" = "x"', "env", "not a valid name of a variable"),
    ('[spiders]\nmin_items = -1', "min_items", "0 to"),
    ('[spiders]\nfinish_reasons = "finished"', "finish_reasons", "list of texts"),
])
def test_what_cannot_be_is_refused_with_its_place(shared, text, place, what):
    shared.write_config(shared.config_text() + text if text.startswith("[")
                        else text + "\n" + shared.config_text().replace("concurrency = 1\n", ""))
    result = shared.run(keep_config=True)
    assert result.code == 2
    (line,) = result.err.splitlines()
    assert place in line and what in line, line
    assert re.search(r"spider-check\.toml:\d+: ", line), line


def test_a_signal_stops_all_that_run_at_once(world):
    world.top["concurrency"] = 3
    gates = [world.gate() for _ in range(3)]
    for number, gate in enumerate(gates):
        world.spider(f"s{number}", f"trap 'exit 0' TERM; {gate.interruptible_script}")
    world.spider("late")
    running = world.start()
    pids = [gate.wait() for gate in gates]
    running.signal(15)
    assert running.end().code == -15
    assert not any(is_alive(pid) for pid in pids)
    assert sorted(world.ran()) == ["s0", "s1", "s2"]
    run = world.only_run()
    assert (run.status, run.failure) == ("failed", "interrupted by SIGTERM")
    assert {o.verdict for o in world.outcomes()} == {"failed"}
    assert {tuple(o.reasons) for o in world.outcomes()} == {
        ("stopped before its end: exit status 0",)}
    wait_until(lambda: not world.sessions(), "the end of its session")
