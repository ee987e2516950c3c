"""Who an owner is, and when it is gone: two hosts with one name, clones, hosts that change their name,
processes that cannot be seen, and spiders that outlive their program."""

import os
import pathlib
import re
import signal
import subprocess
import tempfile
import time

import pytest

import invariants
from fault_world import FaultWorld
from hosts import Host, children
from postgres import Postgres, die_with_parent, server_account
from world import wait_until

NOBODY = 65534


@pytest.fixture(scope="module")
def breakable():
    """A server that tests may stop; each leaves it running."""
    with Postgres(synchronous_commit="on") as server:
        yield server


@pytest.fixture
def directory():
    """One that other users may use, too."""
    with tempfile.TemporaryDirectory(prefix="owners-") as directory:
        os.chmod(directory, 0o777)
        yield pathlib.Path(directory)


@pytest.fixture
def world(breakable, directory):
    world = FaultWorld(breakable, directory, breakable.create_database())
    assert world.run("migrate").code == 0
    yield world
    world.close()


@pytest.fixture
def host(world):
    hosts = []

    def make(*args, **options):
        hosts.append(Host(world, *args, **options))
        return hosts[-1]
    yield make
    for host in hosts:
        host.close()


def in_mid_run(world, host, before=":"):
    """`first` has succeeded, `second` is at work on this host, `last` waits."""
    gate = world.gate()
    world.spider("first").gated("second", gate, before=before).spider("last")
    tick = host.start()
    gate.wait()
    wait_until(lambda: ("first", 1) in world.verdicts(), "the outcome of the first")
    return tick, gate


def end_sessions(world):
    for pid in world.sessions():
        world.sql("SELECT pg_terminate_backend(%s, 10000)", pid)


def freeze(host, tick):
    """It lives and can do nothing: as one that is just about to connect again."""
    host.signal(tick, signal.SIGSTOP)


def thaw(host, tick):
    host.signal(tick, signal.SIGCONT)
    tick.signal(signal.SIGCONT)  # nsenter stops with it


def holds_back(world, host):
    """Whatever is asked for, nothing is run on this host."""
    started = world.ran()
    tick = host.run()
    assert (tick.code, world.ran()) == (0, started), tick.err
    forced = host.run("--force")
    assert (forced.code, world.ran()) == (4, started), forced.err
    return tick.err


def completes(world, tick, gate):
    gate.open()
    result = tick.end()
    assert result.code == 0, result.err
    run = world.only_run()
    assert (run.status, run.attempt) == ("completed", 1)
    assert world.ran() == ["first", "second", "last"]
    invariants.check(world)
    return result


# --- Spiders that outlive their program -----------------------------------------------------------

def test_nobody_takes_over_while_the_spiders_of_a_killed_program_take_their_grace(world, host):
    alpha, beta = host("alpha"), host("beta")
    world.sections["spiders"] = {"grace": "10m"}
    tick, gate = in_mid_run(world, alpha, before="trap '' TERM")
    (outlive,) = world.sql("SELECT extract(epoch from spiders_outlive)::int AS seconds "
                           "FROM scheduler_state")
    assert 10 * 60 + 35 <= outlive.seconds < 12 * 60
    alpha.kill(tick)
    wait_until(lambda: not world.sessions(), "the server to see that it is gone")
    invariants.silent_for(world, f"{outlive.seconds - 20} seconds")
    said = holds_back(world, beta)
    assert re.search(r"pid \d+, which may be reconnecting .*; its spiders may still be running until "
                     r"\d{4}-", said), said
    assert "its spiders may still be running until" in beta.run("status").out
    assert "its spiders may still be running for" in beta.run("health").out
    holds_back(world, alpha)
    assert world.a_spider_lives()
    gate.open()
    wait_until(lambda: not world.a_spider_lives(), "the end of the spider")
    invariants.silent_for(world, f"{outlive.seconds + 1} seconds")
    result = beta.run()
    assert result.code == 0, result.err
    assert "was interrupted: alpha" in result.err
    assert world.only_run().host == "beta"
    alpha.run()
    invariants.check(world)


def test_a_tick_that_comes_just_before_waits_for_the_owner_to_be_gone(world, host):
    alpha, beta = host("alpha"), host("beta")
    tick, gate = in_mid_run(world, alpha)
    alpha.kill(tick)
    wait_until(lambda: not world.a_spider_lives() and not world.sessions(), "the end of it all")
    invariants.silent_for(world, "117 seconds")
    result = beta.run()
    assert result.code == 0, result.err
    assert "; waiting for it" in result.err
    assert "was interrupted: alpha" in result.err
    alpha.run()
    invariants.check(world)


# --- Who a host is --------------------------------------------------------------------------------

def test_a_host_that_changes_its_name_in_mid_run_is_the_same_host(world, host):
    alpha = host("alpha")
    tick, gate = in_mid_run(world, alpha)
    freeze(alpha, tick)
    end_sessions(world)
    invariants.silent_for(world, "1 hour")
    alpha.rename("office")
    assert "which may be reconnecting" in holds_back(world, alpha)
    status = alpha.run("status")
    assert re.search(r"^Running +run 1 on alpha, pid \d+, .*, without its connection$", status.out,
                     re.MULTILINE), status.out
    assert "its process is alive" in status.out
    health = alpha.run("health")
    assert "is alive, but has lost its connection" in health.out
    assert "gone" not in status.out + health.out
    thaw(alpha, tick)
    tick.says("Connected again")
    completes(world, tick, gate)


def test_the_run_of_a_killed_program_is_finished_by_its_host_under_another_name(world, host):
    alpha = host("alpha")
    tick, gate = in_mid_run(world, alpha)
    alpha.kill(tick)
    wait_until(lambda: not world.a_spider_lives() and not world.sessions(), "the end of it all")
    alpha.rename("office")
    assert "was interrupted: alpha" in alpha.run().err
    assert world.only_run().host == "office"
    invariants.check(world)


@pytest.mark.parametrize("machine", [None, "0123456789abcdef" * 2, "uninitialized"],
                         ids=["another machine", "a clone", "no machine id"])
def test_a_living_owner_on_a_host_of_the_same_name_is_not_taken_over(world, host, machine):
    alpha = host("alpha", called="worker", machine=machine)
    tick, gate = in_mid_run(world, alpha)
    twin = host("twin", called="worker", machine=machine)
    time_up = time.clock_gettime(time.CLOCK_BOOTTIME)
    freeze(alpha, tick)
    world.server.crash()
    world.server.start()
    # The twin has been there for longer than nothing was heard of the owner.
    up = time.clock_gettime(time.CLOCK_BOOTTIME) - time_up
    invariants.silent_for(world, f"{up / 2} seconds")
    assert "which may be reconnecting" in holds_back(world, twin)
    thaw(alpha, tick)
    tick.says("Connected again")
    assert "Already running on worker" in holds_back(world, twin)
    completes(world, tick, gate)


def test_a_machine_that_was_booted_again_finishes_its_own_run_at_once(world, host):
    alpha = host("alpha")
    in_mid_run(world, alpha)
    alpha.lose_power()
    alpha.close()
    wait_until(lambda: not world.sessions(), "the server to see that it is gone")
    # Without a journal to say so.
    for file in alpha.home.rglob("*.attempt"):
        file.unlink()
    # The clocks of a host of the tests begin somewhere in their first second.
    wait_until(lambda: invariants.silence(world) > 2, "a heartbeat that is older than the boot")
    alpha.boot()
    result = alpha.run()
    assert "was interrupted: alpha" in result.err, result.err
    assert (world.only_run().status, world.only_run().attempt) == ("completed", 2)


# --- Processes that cannot be seen ----------------------------------------------------------------

def start_of(pid):
    stat = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    return int(stat.rpartition(")")[2].split()[19])


def add_run_of_this_host(world, pid, start):
    boot_id = pathlib.Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    world.add_run("30 minutes", "running", host="here", pid=pid, process_start=start,
                  boot_id=boot_id, pid_namespace=os.stat("/proc/self/ns/pid").st_ino)


def a_process_that_is_gone():
    process = subprocess.Popen(["sleep", "infinity"])
    start = start_of(process.pid)
    process.kill()
    process.wait()
    return process.pid, start


def tick_that_sees_only_its_own(world):
    """By the user who may use the server's socket file."""
    user = server_account()["user"]
    hiding = ["unshare", "--mount", "sh", "-c", "mount -t proc -o hidepid=2 proc /proc && "
              f'exec setpriv --reuid={user} --clear-groups "$@"', "sh"]
    home = world.directory / "home-other"
    home.mkdir()
    os.chown(home, user, user)
    world.write_config().chmod(0o644)
    return world.start(env={"HOME": str(home)}, before=hiding, keep_config=True).end()


def test_a_process_that_proc_hides_is_not_gone(world):
    world.spider("a")
    add_run_of_this_host(world, os.getpid(), start_of(os.getpid()))
    result = tick_that_sees_only_its_own(world)
    assert f"pid {os.getpid()}, which may be reconnecting" in result.err, result.err
    assert world.ran() == []


def test_a_process_that_the_kernel_does_not_know_is_gone_whatever_proc_hides(world):
    world.spider("a")
    add_run_of_this_host(world, *a_process_that_is_gone())
    result = tick_that_sees_only_its_own(world)
    assert "was interrupted: here" in result.err, result.err
    assert result.code == 0, result.err


def bearer_of(name, user):
    """A process of somebody that goes by a supervisor's name."""
    process = subprocess.Popen(
        ["setpriv", f"--reuid={user}", "--clear-groups", "sh", "-c",
         f"printf {name} >/proc/$$/comm; echo ready; read _"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=die_with_parent)
    assert process.stdout.readline() == b"ready\n"
    return process


@pytest.mark.parametrize("user, holds", [(NOBODY, False), (0, True)], ids=["another user", "ours"])
def test_only_a_supervisor_of_ours_holds_back_the_run_of_a_killed_program(world, user, holds):
    world.spider("a")
    pid, start = a_process_that_is_gone()
    bearer = bearer_of(f"superv-{pid}", user)
    add_run_of_this_host(world, pid, start)
    result = world.run()
    assert ("which may be reconnecting" in result.err) == holds, result.err
    assert ("was interrupted: here" in result.err) != holds, result.err
    bearer.kill()
    bearer.wait()
    assert world.run().code == 0
    assert world.only_run().status == "completed"


# --- A database whose clock was set back ----------------------------------------------------------

def later(seconds):
    """A start at which this host's clock is so much later."""
    return ["unshare", "--time", f"--boottime={seconds}", f"--monotonic={seconds}", "--fork",
            "--kill-child"]


def test_a_heartbeat_of_the_future_holds_nobody_back_for_ever(world):
    world.spider("a")
    world.add_run("30 minutes", "running", host="elsewhere", pid=4711, boot_id="b", process_start=1)
    world.sql("UPDATE scheduler_state SET updated_at = now() + interval '1 day'")
    assert "which may be reconnecting" in world.run().err
    assert "which may be reconnecting" in world.start(before=later(110)).end().err
    world.sql("UPDATE scheduler_state SET updated_at = updated_at + interval '30 seconds'")
    assert "which may be reconnecting" in world.start(before=later(130)).end().err
    assert world.ran() == []
    result = world.start(before=later(260)).end()
    assert "was interrupted: elsewhere" in result.err, result.err
    assert world.ran() == ["a"]


# --- A connection that is lost --------------------------------------------------------------------

def beat(world):
    (row,) = world.sql("SELECT updated_at FROM scheduler_state")
    return row.updated_at


def test_a_restart_is_noticed_at_once_and_the_lock_is_taken_again_before_anybody_else_can(
        world, host):
    alpha, beta = host("alpha"), host("beta")
    tick, gate = in_mid_run(world, alpha)
    world.server.crash()
    # While the server is down, and not when the next heartbeat is due.
    tick.says("The database went away")
    world.server.start()
    before = time.monotonic()
    forced = beta.start("--force")
    tick.says("Connected again")
    assert time.monotonic() - before < 10, "not by way of the next heartbeat"
    assert forced.end().code == 4, forced.err
    assert "Already running on alpha" in holds_back(world, beta)
    completes(world, tick, gate)


def test_a_session_that_is_ended_is_made_again_at_once(world, host):
    alpha = host("alpha")
    tick, gate = in_mid_run(world, alpha)
    (before,) = world.sessions()
    end_sessions(world)
    tick.says("The database went away: .*administrator command")
    wait_until(lambda: [pid for pid in world.sessions() if pid != before], "the new session", 10)
    completes(world, tick, gate)


def test_a_server_that_takes_over_without_the_run_is_told_of_it_at_once(world, host):
    """A standby that lags; the run is not there when the owner comes back."""
    alpha, beta = host("alpha"), host("beta")
    tick, gate = in_mid_run(world, alpha)
    uuid = world.only_run().run_uuid
    freeze(alpha, tick)
    world.server.crash()
    world.server.start()
    world.sql("DELETE FROM scheduler_state")
    thaw(alpha, tick)
    tick.says("Connected again")
    assert (world.only_run().run_uuid, world.only_run().status) == (uuid, "running")
    assert "Already running on alpha" in holds_back(world, beta)
    completes(world, tick, gate)


def test_a_notice_on_the_idle_connection_costs_no_processor_time(world, host):
    alpha = host("alpha")
    tick, gate = in_mid_run(world, alpha)
    (program,) = children(tick.pid)
    (backend,) = world.sessions()

    def used():
        fields = pathlib.Path(f"/proc/{program}/stat").read_text().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])
    before = used()
    for zone in ("UTC", "America/Bogota") * 10:  # a setting that the server reports
        world.sql(f"ALTER SYSTEM SET timezone = '{zone}'")
        world.sql("SELECT pg_reload_conf()")
    world.sql("ALTER SYSTEM RESET timezone")
    assert used() - before < 20
    assert world.sessions() == [backend]
    completes(world, tick, gate)


# --- Several slots --------------------------------------------------------------------------------

def test_with_several_slots_a_run_is_not_marked_whose_owner_comes_back_meanwhile(world, host):
    alpha, beta = host("alpha"), host("beta")
    world.top["max_instances"] = 2
    tick, gate = in_mid_run(world, alpha)
    freeze(alpha, tick)
    end_sessions(world)
    invariants.silent_for(world, "10 minutes")
    world.sections["database"]["statement_timeout"] = "30s"
    with world.server.connect(world.url) as connection:
        connection.autocommit = False
        cursor = connection.cursor()
        cursor.execute("SELECT FROM scheduler_state FOR UPDATE")
        other = beta.start()
        wait_until(lambda: world.sql("SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
                                     "AND query LIKE '%%scheduler_state%%'"), "its mark to wait")
        cursor.execute("UPDATE scheduler_state SET updated_at = now()")
        connection.commit()
    result = other.end()
    assert result.code == 0, result.err
    assert "went on meanwhile; deciding again" in result.err
    assert "was interrupted" not in result.err
    thaw(alpha, tick)
    completes(world, tick, gate)
