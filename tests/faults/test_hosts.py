"""A host goes away in mid-run, or comes back to find that another one took over."""

import re
import signal

import pytest

import invariants
from fault_world import FaultWorld
from hosts import Host, Network
from postgres import Postgres
from world import wait_until


@pytest.fixture(scope="module")
def network():
    with Network() as network:
        yield network


@pytest.fixture(scope="module")
def far_server(network):
    """Reached only by cable; the tests themselves take its socket file."""
    with network.server() as server:
        yield server


@pytest.fixture
def world(far_server, tmp_path):
    world = FaultWorld(far_server, tmp_path, far_server.create_database())
    assert world.run("migrate").code == 0
    world.sections["database"] = {"url": Network.url(world.url), "connect_timeout": "2s",
                                  "statement_timeout": "1s"}
    yield world
    world.close()


@pytest.fixture
def hosts(world, network):
    hosts = [Host(world, name, network) for name in ("alpha", "beta")]
    yield hosts
    for host in hosts:
        host.close()


def in_mid_run(world, host):
    """`first` has succeeded, `second` is at work on this host, `last` waits."""
    gate = world.gate()
    world.spider("first").gated("second", gate).spider("last")
    tick = host.start()
    gate.wait()
    run = world.only_run()
    assert (run.host, run.status) == (host.name, "running")
    wait_until(lambda: ("first", 1) in world.verdicts(), "the outcome of the first")
    return tick, gate


def silent_for_minutes(world):
    """As a host that is gone is after a while; its session may have been noticed before."""
    invariants.silent_for(world, "121 seconds")


def end_sessions(world):
    """What the server's keepalives do to a host that is silent (test_vanished_host.py waits for it)."""
    for pid in world.sessions():
        world.sql("SELECT pg_terminate_backend(%s, 10000)", pid)


def finished_by(world, host):
    result = host.run()
    assert result.code == 0, result.err
    assert re.search(r" warn .*was interrupted: alpha", result.err), result.err
    run = world.only_run()
    assert (run.status, run.attempt, run.host) == ("completed", 2, host.name)
    return result


def test_a_program_that_was_killed_is_followed_up_on_its_own_host_at_once(world, hosts):
    tick, _ = in_mid_run(world, hosts[0])
    assert hosts[0].kill(tick).code == -signal.SIGKILL
    wait_until(lambda: not world.sessions(), "the server to see that it is gone")
    finished_by(world, hosts[0])
    assert world.ran() == ["first", "second", "second", "last"]
    invariants.check(world)


def test_a_program_that_was_killed_is_followed_up_by_another_host_when_it_is_silent(world, hosts):
    tick, _ = in_mid_run(world, hosts[0])
    hosts[0].kill(tick)
    wait_until(lambda: not world.sessions(), "the server to see that it is gone")
    assert "which may be reconnecting" in hosts[1].run().err
    silent_for_minutes(world)
    finished_by(world, hosts[1])
    hosts[0].run()  # what it knows of its own run is replayed, if nobody else did
    assert world.ran() == ["first", "second", "second", "last"]
    invariants.check(world)


@pytest.mark.parametrize("who", ["itself", "another"])
def test_a_run_that_a_power_cut_ended_is_finished(world, hosts, who):
    alpha, beta = hosts
    in_mid_run(world, alpha)
    alpha.lose_power()
    alpha.close()
    end_sessions(world)
    if who == "itself":
        alpha.boot()
        finished_by(world, alpha)
    else:
        silent_for_minutes(world)
        finished_by(world, beta)
        alpha.boot()
        assert alpha.run().code == 0
    assert world.ran() == ["first", "second", "second", "last"]
    invariants.check(world)


def test_a_host_that_finds_its_run_taken_over_stops_its_spiders_and_says_so(world, hosts, network):
    alpha, beta = hosts
    tick, gate = in_mid_run(world, alpha)
    network.unplug(alpha)
    end_sessions(world)
    silent_for_minutes(world)
    # While a host is unplugged nobody can tell it anything: for so long both are at work.
    finished_by(world, beta)
    network.plug_in(alpha)
    gate.open()
    result = tick.end()
    assert result.code == 1, result.err
    assert re.search(r" error .*taken", result.err), result.err
    assert world.ran() == ["first", "second", "second", "last"], "alpha starts no more"
    assert world.only_run().host == "beta"
    assert alpha.run().code == 0
    invariants.check_each_start_is_recorded_once(world)
    invariants.check_settled(world)


def test_a_host_without_its_cable_for_a_moment_keeps_its_run(world, hosts, network):
    alpha, beta = hosts
    tick, gate = in_mid_run(world, alpha)
    network.unplug(alpha)
    gate.open()
    tick.says("Spider 'last'")
    network.plug_in(alpha)
    result = tick.end()
    assert result.code == 0, result.err
    assert world.ran() == ["first", "second", "last"]
    assert (world.only_run().status, world.only_run().attempt) == ("completed", 1)
    assert "Recent run detected" in beta.run().err
    invariants.check(world)
