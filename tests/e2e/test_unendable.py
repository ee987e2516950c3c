"""What not even SIGKILL ends is waited for a bounded time, told, and not started again beside itself."""

import os
import re
import resource
import shutil
import signal
import tempfile
import time
from pathlib import Path

import pytest

from postgres import server_account
from unendable import TracedExit, alive, as_root_program, frozen_or_traced
from world import World, is_alive, wait_until, supervisors

AS_ANOTHER = "user root"
BOUND = 20  # seconds: a second SIGTERM's grace, SIGKILL's patience, and a slow machine

@pytest.fixture
def unprivileged(server, databases, migrated):
    """A world of a user who cannot end what root runs."""
    if os.geteuid() != 0:
        pytest.skip("only root can make programs that run as root")
    account = server_account()
    url = databases.take()
    directory = Path(tempfile.mkdtemp(prefix="unprivileged-"))
    world = World(server, directory, url, migrated)
    world.as_root = as_root_program(directory)
    for path in (directory, world.home):
        os.chown(path, account["user"], account["group"])
    world.user = ("setpriv", f"--reuid={account['user']}", f"--regid={account['group']}",
                  "--clear-groups")
    yield world
    world.close()
    databases.give_back(url)
    for pid in alive("sleep 4711"):
        os.kill(pid, signal.SIGKILL)
    shutil.rmtree(directory)


def retry_now(world):
    world.sql("UPDATE scheduler_state SET next_attempt_at = now() WHERE status = 'failed'")


def verdicts(world, attempt=1):
    return {row.spider: (row.verdict, " ".join(row.reasons)) for row in world.outcomes()
            if row.attempt == attempt}


def ended_in_time(running, begun):
    result = running.end()
    assert time.monotonic() - begun < BOUND, result.err
    return result


def test_a_spider_of_another_user_is_told_and_not_started_again_while_it_lives(unprivileged):
    world = unprivileged
    mark = world.directory / "over"
    world.spider("a", f"[ -e {mark} ] || exec {world.as_root} sleep 4711").spider("b")
    world.sections["spiders"] = {"timeout": "500ms", "grace": "100ms"}
    begun = time.monotonic()
    result = ended_in_time(world.start(before=world.user), begun)
    assert result.code == 1, result.err
    (pid,) = alive("sleep 4711")
    left = f"could not be ended: sleep, pid {pid} is still alive ({AS_ANOTHER})"
    assert verdicts(world) == {
        "a": ("failed", "stopped because it took too long (timeout): " + left), "b": ("ok", "")}
    assert left in result.err
    # The next attempt leaves it alone, and says so.
    retry_now(world)
    result = world.run(before=world.user)
    assert result.code == 1, result.err
    why = f"not started: pid {pid} of its last run could not be ended and is still alive"
    assert verdicts(world, 2) == {"a": ("failed", why)}
    assert why in result.err
    assert alive("sleep 4711") == [pid]
    # Once it is gone, all is as ever.
    mark.touch()
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not is_alive(pid), "its end")
    retry_now(world)
    assert world.run(before=world.user).code == 0
    assert verdicts(world, 3) == {"a": ("ok", "")}


def test_a_spider_that_did_its_work_and_leaves_a_process_of_another_user_is_degraded(unprivileged):
    world = unprivileged
    world.spider("a", f"{world.as_root} sleep 4711 &\nuntil pgrep -xf 'sleep 4711' >/dev/null; do "
                      "sleep 0.01; done")
    world.spider("b")
    result = ended_in_time(world.start(before=world.user), time.monotonic())
    assert result.code == 0, result.err
    (pid,) = alive("sleep 4711")
    assert verdicts(world) == {
        "a": ("degraded", f"could not be ended: sleep, pid {pid} is still alive ({AS_ANOTHER})"),
        "b": ("ok", "")}
    assert world.run("--force", before=world.user).code == 1
    assert world.ran() == ["a", "b", "b"]


def test_two_signals_end_the_program_whatever_its_spider_does(unprivileged):
    world = unprivileged
    world.spider("a", f"exec {world.as_root} sleep 4711")
    running = world.start(before=world.user)
    (pid,) = wait_until(lambda: alive("sleep 4711"), "the spider")
    running.signal(signal.SIGTERM)
    running.says("(?i)stopp|told to stop")
    begun = time.monotonic()
    running.signal(signal.SIGTERM)
    assert ended_in_time(running, begun).code == -signal.SIGTERM
    assert f"pid {pid} is still alive" in verdicts(world)["a"][1]


def test_nothing_spins_while_it_waits(unprivileged):
    world = unprivileged
    world.spider("a", f"exec {world.as_root} sleep 4711")
    world.sections["spiders"] = {"timeout": "100ms", "grace": "100ms"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.monotonic()
    assert world.run(before=world.user).code == 1
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert used < (time.monotonic() - begun) / 4, f"{used} s of processor time"


@pytest.mark.parametrize("what", ["precheck", "listing"])
def test_a_precheck_and_a_listing_of_another_user_end_with_the_program(unprivileged, what):
    world = unprivileged
    if what == "precheck":
        world.top["precheck"] = [str(world.as_root), "sleep", "4711"]
        world.add_run("5 hours")
    else:
        (world.directory / "scrapy.cfg").write_text("[settings]\ndefault = shop.settings\n")
        script = world.directory / "list"
        script.write_text(f"#!/bin/sh\nexec {world.as_root} sleep 4711\n")
        script.chmod(0o755)
        world.sections["scrapy"] = {"project": str(world.directory), "command": [str(script)]}
    world.spider("a")
    running = world.start(before=world.user)
    wait_until(lambda: alive("sleep 4711"), what)
    begun = time.monotonic()
    running.signal(signal.SIGTERM)
    assert ended_in_time(running, begun).code == -signal.SIGTERM
    assert world.ran() == []


def test_a_message_that_another_user_s_program_takes_for_ever_is_given_up(unprivileged):
    world = unprivileged
    world.spider("a")
    world.sections["notify"] = {"timeout": "1s"}
    world.sections["notify.program"] = {"command": [str(world.as_root), "sleep", "4711"]}
    result = ended_in_time(world.start("notify", "--test", before=world.user), time.monotonic())
    assert result.code == 1
    (pid,) = alive("sleep 4711")
    assert re.search(rf"program: not sent: it was killed after 1.0 s; could not be ended: sleep, "
                     rf"pid {pid} is still alive \({AS_ANOTHER}\)", result.out), result.out


@pytest.mark.parametrize("make", [frozen_or_traced, lambda _: TracedExit()], ids=["frozen", "traced"])
def test_a_spider_that_the_kernel_holds_is_told_and_the_rest_goes_on(world, make):
    held = make(world.directory)
    try:
        gate = world.gate()
        mark = world.directory / "over"
        world.spider("a", f"[ -e {mark} ] || {{ {gate.script}; {held.script}; }}")
        world.spider("b").spider("c")
        world.sections["spiders"] = {"timeout": "1s", "grace": "100ms"}
        begun = time.monotonic()
        running = world.start()
        pid = gate.wait()
        held.catch(pid)
        gate.open()
        result = ended_in_time(running, begun)
        assert result.code == 1, result.err
        assert is_alive(pid)
        left = rf"could not be ended: sh, pid {pid} is still alive \(state {held.state}\)"
        assert re.fullmatch(r"stopped because it took too long \(timeout\): " + left,
                            verdicts(world)["a"][1]), verdicts(world)
        assert world.ran() == ["a", "b", "c"]
        assert (verdicts(world)["b"], verdicts(world)["c"]) == (("ok", ""), ("ok", ""))
        retry_now(world)
        assert world.run().code == 1
        assert verdicts(world, 2)["a"][1].startswith(f"not started: pid {pid} of its last run")
        assert world.ran() == ["a", "b", "c"]
        mark.touch()
        held.release()
        wait_until(lambda: not is_alive(pid), "its end")
        retry_now(world)
        assert world.run().code == 0
        assert world.only_run().status == "completed"
    finally:
        held.close()


def killed_in_mid_run(world, running):
    running.signal(signal.SIGKILL)
    running.end()
    wait_until(lambda: not world.sessions(), "the server to see that the program is gone")


def test_what_the_kernel_holds_of_a_killed_program_does_not_hold_up_the_next_tick(world):
    held = TracedExit()
    try:
        gate = world.gate()
        mark = world.directory / "over"
        world.spider("a", f"[ -e {mark} ] || {{ {gate.script}; {held.script}; }}")
        world.sections["spiders"] = {"grace": "100ms"}
        running = world.start()
        pid = gate.wait()
        held.catch(pid)
        mark.touch()
        killed_in_mid_run(world, running)
        wait_until(lambda: not supervisors(running.pid), "what watches over its spider to give up")
        assert is_alive(pid)
        assert world.run().code == 0
        assert world.only_run().status == "completed"
    finally:
        held.close()


def test_what_another_user_runs_for_a_killed_program_keeps_the_next_tick_from_running_it_twice(
        unprivileged):
    world = unprivileged
    mark = world.directory / "over"
    world.spider("a", f"[ -e {mark} ] || exec {world.as_root} sleep 4711")
    world.sections["spiders"] = {"grace": "100ms"}
    running = world.start(before=world.user)
    (pid,) = wait_until(lambda: alive("sleep 4711"), "the spider")
    killed_in_mid_run(world, running)
    # The second SIGTERM's grace and SIGKILL's patience: then it would be given up.
    deadline = time.monotonic() + 11
    while time.monotonic() < deadline:
        assert supervisors(running.pid)
        time.sleep(0.1)
    assert world.run(before=world.user).code == 0
    assert world.ran() == ["a"]
    mark.touch()
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not supervisors(running.pid), "what watches over its spider to end")
    assert world.run(before=world.user).code == 0
    assert (world.ran(), world.only_run().status) == (["a", "a"], "completed")


def test_check_warns_of_a_command_that_runs_as_another_user(unprivileged):
    world = unprivileged
    world.spider("a", command=[str(world.as_root), "true"])
    world.top["precheck"] = [str(world.as_root), "true"]
    out = world.run("check", before=world.user).out
    assert len(re.findall(rf"{re.escape(str(world.as_root))} is setuid: what it starts may not be "
                          "ended by the user who runs spider-check", re.sub(r"\s+", " ", out))) == 2
