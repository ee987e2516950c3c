"""The database goes away in mid-run: the spiders go on, and everything is recorded once."""

import contextlib
import os
import re
import signal

import pytest

import invariants
from fault_world import FaultWorld
from postgres import Postgres
from proxy import Proxy
from world import is_alive, wait_until


@pytest.fixture(scope="module")
def breakable():
    """A server that tests may stop; each leaves it running."""
    with Postgres(synchronous_commit="on") as server:
        yield server


@pytest.fixture(scope="module")
def proxy(breakable):
    with Proxy(breakable) as proxy:
        yield proxy


@pytest.fixture
def world(breakable, tmp_path):
    world = FaultWorld(breakable, tmp_path, breakable.create_database())
    assert world.run("migrate").code == 0
    world.spiders.clear()
    yield world
    world.close()


def accepts(server):
    with contextlib.suppress(Exception), server.connect():
        return True
    return False


def restart(world, _):
    world.server.stop()
    yield
    world.server.start()


def immediate_shutdown(world, _):
    world.server.crash()
    yield
    world.server.start()


def crash_of_a_backend(world, _):
    """The server then ends every session and recovers, as after a power cut."""
    (backend,) = world.sessions()
    os.kill(backend, signal.SIGKILL)
    wait_until(lambda: not is_alive(backend), "the end of the session's process")
    yield
    wait_until(lambda: accepts(world.server), "the server's recovery")


def termination(world, _):
    for backend in world.sessions():
        world.sql("SELECT pg_terminate_backend(%s, 10000)", backend)
    yield


def cut(_, proxy):
    proxy.cut()
    yield


def refusal(_, proxy):
    proxy.refuse()
    yield
    proxy.heal()


def black_hole(_, proxy):
    proxy.swallow()
    yield
    proxy.heal()


def slow_network(_, proxy):
    proxy.delay(0.2)
    yield
    proxy.heal()


SERVER = [restart, immediate_shutdown, crash_of_a_backend, termination]
NETWORK = [cut, refusal, black_hole, slow_network]


@pytest.mark.parametrize("fault", [*SERVER, *NETWORK], ids=lambda fault: fault.__name__)
def test_what_happens_to_the_server_in_mid_run_changes_nothing(world, proxy, fault):
    proxy.heal()
    world.sections["database"] = {"url": proxy.tcp_url(world.url) if fault in NETWORK else world.url,
                                  "connect_timeout": "2s", "statement_timeout": "1s"}
    gate = world.gate()
    world.spider("first").gated("second", gate).failing_once("flaky").spider("last")
    tick = world.start()
    spider = gate.wait()
    steps = fault(world, proxy)
    next(steps)
    assert is_alive(spider), "the spiders go on"
    gate.open()
    tick.says("Spider 'last'")
    for _ in steps:
        pass
    result = tick.end()
    assert result.code == 1, result.err
    assert world.ran() == ["first", "second", "flaky", "last"]
    run = world.only_run()
    assert (run.status, run.attempt, run.spider_count) == ("failed", 1, 4)
    assert world.verdicts() == {
        ("first", 1): "ok", ("second", 1): "ok", ("flaky", 1): "failed", ("last", 1): "ok"}
    world.settle()
    invariants.check(world)
    wait_until(lambda: not world.sessions(), "the end of its sessions")


# --- Failover -----------------------------------------------------------------------------------


@pytest.fixture
def pair():
    """A primary and its standby."""
    with Postgres(synchronous_commit="on") as primary, Postgres(copy_of=primary) as standby:
        yield primary, standby
        for server in (standby, primary):
            server.crash()  # an orderly end takes them long


def replicated(primary, standby):
    with primary.connect() as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT pg_current_wal_flush_lsn()")
        (position,) = cursor.fetchone()

    def has_it():
        with standby.connect() as connection:
            cursor = connection.cursor()
            cursor.execute("SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", [position])
            return cursor.fetchone()[0]
    wait_until(has_it, "the standby to have what the primary has")


def stop_replication(standby):
    with standby.connect() as connection:
        cursor = connection.cursor()
        cursor.execute("ALTER SYSTEM SET primary_conninfo = ''")
        cursor.execute("SELECT pg_reload_conf()")

        def is_stopped():
            cursor.execute("SELECT count(*) FROM pg_stat_wal_receiver")
            return cursor.fetchone()[0] == 0
        wait_until(is_stopped, "the end of the replication")


def promote(standby):
    with standby.connect() as connection:
        connection.cursor().execute("SELECT pg_promote(true, 60)")


@pytest.fixture
def pair_world(pair, tmp_path):
    primary, standby = pair
    url = primary.create_database()
    world = FaultWorld(primary, tmp_path, url)
    assert world.run("migrate").code == 0
    replicated(primary, standby)
    world.sections["database"]["url"] = url.replace(
        f"host={primary.directory}", f"host={primary.directory},{standby.directory}"
        "&target_session_attrs=read-write")
    yield world
    world.close()


def fail_over(world, primary, standby):
    primary.crash()
    promote(standby)
    world.server = standby
    world.url = world.url.replace(str(primary.directory), str(standby.directory))


def test_a_failover_to_a_standby_that_has_everything_changes_nothing(pair, pair_world):
    world, gate = pair_world, pair_world.gate()
    world.spider("first").gated("second", gate).spider("last")
    tick = world.start()
    gate.wait()
    replicated(*pair)
    fail_over(world, *pair)
    gate.open()
    result = tick.end()
    assert result.code == 0, result.err
    assert (world.only_run().status, world.only_run().attempt) == ("completed", 1)
    assert world.ran() == ["first", "second", "last"]
    invariants.check(world)


def test_after_a_failover_that_lost_the_run_every_start_is_recorded_all_the_same(pair, pair_world):
    """Its row was never replicated: the new primary knows nothing of it."""
    world, gate = pair_world, pair_world.gate()
    world.spider("first").gated("second", gate).spider("last")
    stop_replication(pair[1])
    tick = world.start()
    gate.wait()
    fail_over(world, *pair)
    assert world.runs() == []
    gate.open()
    result = tick.end()
    assert result.code in (0, 1), result.err
    assert re.search("run 1\\b", result.err), result.err
    world.settle()
    invariants.check(world)
