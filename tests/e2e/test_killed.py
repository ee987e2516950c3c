"""A run whose process is gone is finished by the next tick; one that may be alive is left alone."""

import os
import re
import socket
import time

import pytest

from world import is_alive, kill, wait_until


def kill_in_mid_run(world):
    """`a` has succeeded, `b` is at work, `c` waits, and the runner gets SIGKILL."""
    gate = world.gate()
    world.spider("a").spider("b", f"[ -e {world.directory}/again ] || {{ {gate.script}; }}")
    world.spider("c")
    runner = world.start()
    spider = gate.wait()
    run = world.only_run()
    assert (run.pid, run.host, run.status) == (runner.pid, socket.gethostname(), "running")
    kill(runner)
    (world.directory / "again").touch()
    wait_until(lambda: not world.sessions(), "the server to see that the runner is gone")
    return runner, spider, run


def test_the_next_tick_finishes_a_run_that_was_killed(world):
    runner, _, before = kill_in_mid_run(world)
    result = world.run()
    assert result.code == 0, result.err
    assert re.search(rf" warn +Run {before.id} was interrupted: {re.escape(socket.gethostname())},? "
                     rf"pid {runner.pid} is gone", result.err), result.err
    assert world.ran() == ["a", "b", "b", "c"]
    run = world.only_run()
    assert (run.id, run.last_run_at) == (before.id, before.last_run_at)
    assert (run.status, run.attempt, run.spider_count) == ("completed", 2, 3)
    assert [(outcome.spider, outcome.attempt) for outcome in world.outcomes()
            ] == [("a", 1), ("b", 1), ("b", 2), ("c", 2)]
    interrupted = world.outcomes()[1]
    assert interrupted.verdict == "failed" and interrupted.reasons[0].startswith("interrupted")


def test_the_spiders_of_a_runner_that_was_killed_are_gone(world):
    _, spider, _ = kill_in_mid_run(world)
    wait_until(lambda: not is_alive(spider), "the spider to end")


def test_a_run_that_always_dies_does_not_loop(world):
    gate = world.gate()
    world.spider("a", gate.script)
    for _ in range(3):
        runner = world.start()
        gate.wait()
        kill(runner)
        wait_until(lambda: not world.sessions(), "the server to see that the runner is gone")
    result = world.run()
    assert result.code == 0
    assert "No attempts left" in result.err
    assert world.ran() == ["a", "a", "a"]
    assert world.only_run().attempt == 3


def test_quiet_does_not_hide_that_a_run_was_interrupted(world):
    kill_in_mid_run(world)
    assert "was interrupted" in world.run("-q").err


def test_force_after_a_kill_marks_the_run_and_starts_another(world):
    kill_in_mid_run(world)
    assert world.run("--force").code == 0
    assert world.ran() == ["a", "b", "a", "b", "c"]
    old, new = world.runs()
    assert (old.status, new.status, new.trigger) == ("failed", "completed", "force")
    assert "interrupted" in old.failure


def add_running_row(world, heartbeat, **owner):
    world.add_run("30 minutes", "running", **owner)
    world.sql("UPDATE scheduler_state SET updated_at = now() - %s::interval", heartbeat)


def test_the_run_of_another_host_that_was_heard_of_lately_is_left_alone(world):
    world.spider("a")
    add_running_row(world, "90 seconds", host="elsewhere", pid=4711, boot_id="b", process_start=1)
    before = world.dump()
    result = world.run()
    assert result.code == 0
    assert re.search(r"belongs to elsewhere,? pid 4711, which may be reconnecting.*; skipping",
                     result.err), result.err
    assert world.ran() == []
    assert world.dump() == before


def test_the_run_of_another_host_that_has_been_silent_for_two_minutes_is_finished(world):
    world.spider("a")
    add_running_row(world, "121 seconds", host="elsewhere", pid=4711, boot_id="b", process_start=1)
    result = world.run()
    assert result.code == 0
    assert re.search(r"was interrupted: elsewhere,? pid 4711 is gone", result.err)
    assert world.ran() == ["a"]
    assert (world.only_run().status, world.only_run().attempt) == ("completed", 2)


def test_the_run_of_another_host_whose_spiders_may_still_live_is_left_alone(world):
    world.spider("a")
    add_running_row(world, "10 minutes", host="elsewhere", pid=4711, boot_id="b", process_start=1,
                    spiders_outlive="11 minutes")
    for options, code in (((), 0), (("--force",), 4)):
        result = world.run(*options)
        assert result.code == code
        assert "its spiders may still be running until" in result.err, result.err
    assert world.ran() == []
    world.sql("UPDATE scheduler_state SET updated_at = now() - interval '661 seconds'")
    assert world.run().code == 0
    assert world.ran() == ["a"]


@pytest.mark.parametrize("heartbeat", ["1 second", "3 hours"])
def test_a_living_owner_on_this_host_is_never_taken_over(world, heartbeat):
    """After a suspend it needs a while to get its connection back."""
    with open("/proc/self/stat", encoding="utf-8") as stat:
        start = int(stat.read().rpartition(")")[2].split()[19])
    with open("/proc/sys/kernel/random/boot_id", encoding="utf-8") as boot:
        boot_id = boot.read().strip()
    world.spider("a")
    add_running_row(world, heartbeat, host=socket.gethostname(), pid=os.getpid(), boot_id=boot_id,
                    process_start=start, pid_namespace=os.stat("/proc/self/ns/pid").st_ino)
    assert f"pid {os.getpid()}, which may be reconnecting" in world.run().err
    assert world.run("--force").code == 4
    assert world.ran() == []


def seconds_since_boot():
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def machine_id():
    with open("/etc/machine-id", encoding="utf-8") as file:
        return file.read().strip()


def test_a_run_of_before_a_reboot_of_this_host_is_finished_at_once(world):
    world.spider("a")
    add_running_row(world, f"{seconds_since_boot() + 60} seconds", host="name-of-before",
                    pid=os.getpid(), boot_id="another boot", process_start=1,
                    machine_id=machine_id(), spiders_outlive="1000 days",
                    pid_namespace=os.stat("/proc/self/ns/pid").st_ino)
    assert world.run().code == 0
    assert world.ran() == ["a"]


def test_a_power_cut_is_told_as_that_and_as_no_failure(world):
    ago = seconds_since_boot() + 5 * 3600  # too old to go on, whenever this machine booted
    world.spider("a").add_run(f"{ago + 2 * 3600} seconds")
    run = world.add_run(f"{ago + 3600} seconds", "running", host="vmlab", pid=4711, boot_id="another boot",
                        process_start=1, machine_id=machine_id(), pid_namespace=1)
    world.sql("UPDATE scheduler_state SET updated_at = now() - %s * interval '1 second' WHERE id = %s",
              ago, run)
    for said in (world.run("status").out, world.run("--dry-run").out, world.run().err):
        assert "interrupted: vmlab was switched off, or lost its power" in said, said
    result = world.run("history")
    assert "      interrupted: vmlab was switched off, or lost its power" in result.out
    assert ": the machine was off" in result.out and "failed" not in result.out, result.out


def test_a_run_of_a_journal_of_before_a_power_cut_is_told_so(world):
    """The machine's own journal tells it, before the database is looked at."""
    kill_in_mid_run(world)
    other = world.directory / "boot_id"
    other.write_text("00000000-0000-0000-0000-000000000000\n")
    mount = f'mount --bind {other} /proc/sys/kernel/random/boot_id && exec "$@"'
    result = world.start(before=["unshare", "--mount", "sh", "-c", mount, "sh"]).end()
    assert "was switched off, or lost its power" in result.err, result.err
    assert world.only_run().status == "completed"
    assert "was switched off" in world.only_run().faults[0]


def test_a_clone_of_this_machine_that_was_heard_of_since_its_boot_is_left_alone(world):
    world.spider("a")
    add_running_row(world, f"{seconds_since_boot() / 2} seconds", host=socket.gethostname(),
                    pid=os.getpid(), boot_id="another boot", process_start=1,
                    machine_id=machine_id(), spiders_outlive="1000 days",
                    pid_namespace=os.stat("/proc/self/ns/pid").st_ino)
    assert "may be reconnecting" in world.run().err
    assert world.run("--force").code == 4
    assert world.ran() == []


def test_another_machine_of_this_name_is_not_this_host_after_a_reboot(world):
    world.spider("a")
    add_running_row(world, "1 second", host=socket.gethostname(), pid=os.getpid(),
                    boot_id="another boot", process_start=1, machine_id="another machine",
                    pid_namespace=os.stat("/proc/self/ns/pid").st_ino)
    assert "may be reconnecting" in world.run().err
    assert world.ran() == []
