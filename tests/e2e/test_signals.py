"""A program that is told to stop stops its spiders, records that, and ends by the same signal."""

import json
import os
import re
import signal
import socket

import pytest

from world import is_alive, wait_until

BOTH = pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])


def stoppable(world, gate):
    """A spider that notes each signal; at the first SIGTERM it finishes its work and ends."""
    return (f"trap 'echo TERM >>{world.directory}/signals; exit 0' TERM\n"
            f"trap 'echo INT >>{world.directory}/signals' INT\n"
            f"[ -e {world.directory}/again ] || {{ {gate.interruptible_script}; }}")


def start(world, **options):
    """`a` has succeeded, `b` is at work, `c` waits."""
    gate = world.gate()
    world.spider("a").spider("b", stoppable(world, gate)).spider("c")
    running = world.start(**options)
    return running, gate.wait()


@BOTH
def test_the_run_is_interrupted_and_the_next_tick_finishes_it_at_once(world, number):
    running, spider = start(world)
    running.signal(number)
    result = running.end()
    assert result.code == -number
    assert not is_alive(spider)
    assert world.ran() == ["a", "b"]
    run = world.only_run()
    assert (run.status, run.attempt) == ("failed", 1)
    assert "interrupted" in run.failure and number.name in run.failure
    assert run.next_attempt_at <= run.finished_at
    assert re.search(rf" warn .*interrupted.*{number.name}", result.err), result.err

    (world.directory / "again").touch()
    result = world.run()
    assert result.code == 0, result.err
    assert world.ran() == ["a", "b", "b", "c"]
    finished = world.only_run()
    assert (finished.id, finished.last_run_at) == (run.id, run.last_run_at)
    assert (finished.status, finished.attempt, finished.failure) == ("completed", 2, None)


@BOTH
def test_a_spider_is_asked_once_to_stop_also_when_the_whole_group_is_told(world, number):
    """As Ctrl-C in a terminal does, or systemd without KillMode=mixed."""
    running, _ = start(world, new_session=True)
    os.killpg(running.pid, number)
    assert running.end().code == -number
    assert (world.directory / "signals").read_text() == "TERM\n"


def test_what_a_stopped_spider_had_done_is_recorded_as_not_done(world):
    """It ended with 0, as Scrapy does; still it must run again."""
    running, _ = start(world)
    running.signal(signal.SIGTERM)
    running.end()
    by_name = {outcome.spider: outcome for outcome in world.outcomes()}
    assert by_name["a"].verdict == "ok"
    assert "b" not in by_name or by_name["b"].verdict == "failed"
    assert "c" not in by_name


def test_a_stopped_run_is_told_as_stopped_and_as_no_failure(world):
    world.add_run("5 hours", spider_count=3)
    running, _ = start(world)
    running.signal(signal.SIGINT)
    result = running.end()
    assert "Spider 'b' stopped after" in result.err and "error" not in result.err, result.err
    run = world.runs()[-1].id
    said = world.run("status").out
    assert re.search(rf"^Last run +run {run} stopped, ", said, re.M), said
    assert re.search(r"^  b +stopped .*–$", said, re.M), said
    assert "The next tick goes on with run" in said and "Retrying" not in said
    shown = world.run("show", run).out
    assert re.search(r"^Status +stopped", shown, re.M) and re.search(r"^  b +stopped", shown, re.M), shown
    listed = world.run("history").out
    assert re.search(rf"run {run} +stopped +1 ok, 1 stopped", listed), listed
    assert "gap" in listed and "the run was stopped (interrupted by SIGINT)" in listed
    for text in (said, shown, listed):
        assert "failed" not in text and "×" not in text, text
    health = world.run("health").out
    assert f"run {run} was stopped" in health and "spider 'b' was stopped" in health
    page = world.run("report").out
    assert '"failures":[]' in page and "<td>stopped, " in page
    document = json.loads(world.run("history", "--json").out)
    assert (document["runs"][0]["failed"], document["runs"][0]["stopped"]) == (1, 1)
    assert [gap["cause"] for gap in document["gaps"]][0] == "stopped"

    (world.directory / "again").touch()
    assert world.run().code == 0
    listed = world.run("history").out
    assert "attempt 1: interrupted by SIGINT" in listed and "failed" not in listed, listed


def test_a_second_signal_ends_a_spider_that_does_not_obey(world):
    gate = world.gate()
    world.spider("a", f"trap '' TERM\n{gate.script}; {gate.script}")
    running = world.start()
    spider = gate.wait()
    running.signal(signal.SIGTERM)
    wait_until(lambda: not pending_signals(running.pid), "the first signal to be taken")
    running.signal(signal.SIGTERM)
    assert running.end().code == -signal.SIGTERM
    assert not is_alive(spider)
    assert world.only_run().status == "failed"


def pending_signals(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as status:
        return [line for line in status if line.startswith(("SigPnd:", "ShdPnd:"))
                and int(line.split()[1], 16) != 0]


def test_a_program_that_waits_for_a_server_can_be_stopped(world):
    with socket.socket(socket.AF_UNIX) as decoy:
        decoy.bind(str(world.home / ".s.PGSQL.5432"))
        decoy.listen()
        decoy.settimeout(20)
        world.sections["database"]["url"] = f"postgresql:///nothing?host={world.home}"
        running = world.start("migrate", "--wait", "1h")
        decoy.accept()[0].close()  # it has failed once
        running.signal(signal.SIGTERM)
        assert running.end().code == -signal.SIGTERM


def test_a_closed_terminal_does_not_leave_spiders_behind(world):
    running, spider = start(world)
    running.signal(signal.SIGHUP)
    assert running.end().code == -signal.SIGHUP
    assert not is_alive(spider)
    assert world.only_run().status == "failed"


def test_under_nohup_a_closed_terminal_does_not_end_the_run(world):
    """SIGHUP is ignored from the start, and stays so; the spider gets the same."""
    gate = world.gate()
    world.spider("a", gate.script)
    running = world.start(before=["/usr/bin/nohup"])
    gate.wait()
    running.signal(signal.SIGHUP)
    gate.open()
    assert running.end().code == 0
    assert world.only_run().status == "completed"


def test_it_may_be_started_with_the_ends_of_children_ignored(world):
    """As by a supervisor that does not want to know; children's ends are needed all the same."""
    world.spider("a", "exit 3").spider("b")
    result = world.run(before=["/usr/bin/env", "--ignore-signal=CHLD"])
    assert result.code == 1, result.err
    assert [(outcome.spider, outcome.exit_code) for outcome in world.outcomes()] == [
        ("a", 3), ("b", 0)]
