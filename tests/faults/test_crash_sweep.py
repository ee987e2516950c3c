"""The program dies at every point that there is, and the next ticks restore all that was promised."""

import signal

import pytest

import invariants
from proxy import Proxy
from world import wait_until, supervisors
from worlds import sweep

MARGIN = 2  # a write that is under way at another moment passes a point more or less


def populate(world, faulty):
    world.program = faulty
    world.spider("first").failing_once("flaky").spider("last")


def die_at(world, point):
    """A tick that dies there; false when it ended before."""
    result = world.run(env={"SPIDER_CHECK_DIE_AT": str(point)})
    assert result.code in (0, 1, -signal.SIGKILL), result.err
    return result.code == -signal.SIGKILL


def kill(tick):
    """Also one that has ended by itself; nothing of it is left."""
    tick.stop()
    wait_until(lambda: not supervisors(tick.pid), "the end of its spiders")


def points_of(world):
    """The names of the points that a tick passes, in order."""
    trace = world.directory / "trace"
    world.run(env={"SPIDER_CHECK_FAULT_TRACE": str(trace)})
    return trace.read_text(encoding="utf-8").splitlines()


def named(names):
    """What a sweep says of a point that failed."""
    def name(point):
        place = names[point - 1] if point <= len(names) else "behind the last"
        return f"point {point} of {len(names)}, {place}"
    return name


def require_deaths(died, names):
    """A sweep in which nothing died would show nothing."""
    assert sum(died) >= len(names) - MARGIN, (died, names)
    assert not died[-1], "there may be points behind the last"


def behind(proxy, world, faulty):
    populate(world, faulty)
    world.sections["database"]["url"] = proxy.url(world.url)
    return world


def settle(world):
    world.settle()
    invariants.check(world)
    invariants.check_once_an_interval(world)


@pytest.mark.parametrize("outage", [False, True], ids=["", "and then the database is away"])
def test_a_death_at_any_point_of_a_run(worlds, faulty, server, outage):
    with worlds.take() as world:
        populate(world, faulty)
        names = points_of(world)
    assert {"database", "start of a spider", "end of a spider", "outcomes are written",
            "journal"} <= set(names)

    def case(point):
        with worlds.take() as world, Proxy(server) as proxy:
            behind(proxy, world, faulty)
            died = die_at(world, point)
            if outage:
                proxy.refuse()
                world.run()
                proxy.heal()
            settle(world)
            return died

    points = range(1, len(names) + MARGIN + 1)
    require_deaths(sweep(case, points, named(names)), names)


@pytest.fixture(scope="module")
def requests(worlds, faulty, server):
    """How many a run makes of the server."""
    with worlds.take() as world, Proxy(server) as proxy:
        behind(proxy, world, faulty).run()
        assert proxy.requests > 15, "the proxy counts nothing"
        return proxy.requests


def require_cuts(cuts, requests):
    assert sum(cuts) >= requests - MARGIN, cuts


@pytest.mark.parametrize("when", ["before", "after"])
def test_the_connection_is_cut_at_any_statement_of_a_run(worlds, faulty, server, requests, when):
    """Before the statement gets to the server, or after it was carried out and before the answer."""
    def case(number):
        with worlds.take() as world, Proxy(server) as proxy:
            behind(proxy, world, faulty)
            getattr(proxy, f"cut_{when}")(number)
            result = world.run()
            assert result.code in (0, 1, 3), result.err
            cuts = proxy.cuts
            settle(world)
            return cuts

    numbers = range(1, requests + 1)
    require_cuts(sweep(case, numbers, lambda number: f"request {number} of {requests}"), requests)


@pytest.mark.parametrize("when", ["before", "after"])
def test_the_server_stays_away_from_any_statement_on_and_then_the_program_dies(
        worlds, faulty, server, requests, when):
    def case(number):
        with worlds.take() as world, Proxy(server) as proxy:
            behind(proxy, world, faulty)
            getattr(proxy, f"cut_{when}")(number, stays_away=True)
            tick = world.start()
            # It would wait for the server for minutes now.
            wait_until(lambda: proxy.cuts and "Spider 'last'" in tick.err
                       or tick.process.poll() is not None, "the last spider's end")
            kill(tick)
            cuts = proxy.cuts
            proxy.heal()
            settle(world)
            return cuts

    numbers = range(1, requests + 1)
    require_cuts(sweep(case, numbers, lambda number: f"request {number} of {requests}"), requests)


# --- Without the database -----------------------------------------------------------------------


def without_the_database(world, proxy, faulty):
    behind(proxy, world, faulty)
    proxy.refuse()


@pytest.fixture(scope="module")
def offline_names(worlds, faulty, server):
    """The points of a tick that runs without the database, and of the one that replays what it did."""
    with worlds.take() as world, Proxy(server) as proxy:
        without_the_database(world, proxy, faulty)
        run = points_of(world)
        (world.directory / "trace").unlink()
        proxy.heal()
        replayed = points_of(world)
        assert [name for name in run if "journal" in name], run
        return run, replayed


def test_a_death_at_any_point_of_a_run_without_the_database(worlds, faulty, server, offline_names):
    names, _ = offline_names

    def case(point):
        with worlds.take() as world, Proxy(server) as proxy:
            without_the_database(world, proxy, faulty)
            died = die_at(world, point)
            world.run()
            proxy.heal()
            settle(world)
            return died

    points = range(1, len(names) + MARGIN + 1)
    require_deaths(sweep(case, points, named(names)), names)


def test_a_death_at_any_point_while_the_journal_is_replayed(worlds, faulty, server, offline_names):
    _, names = offline_names

    def case(point):
        with worlds.take() as world, Proxy(server) as proxy:
            without_the_database(world, proxy, faulty)
            world.run()
            proxy.heal()
            died = die_at(world, point)
            proxy.refuse()
            world.run()
            proxy.heal()
            settle(world)
            return died

    points = range(1, len(names) + MARGIN + 1)
    require_deaths(sweep(case, points, named(names)), names)


@pytest.mark.parametrize("when", ["before", "after"])
def test_the_connection_is_cut_at_any_statement_that_replays_the_journal(worlds, faulty, server, when):
    def replayed(proxy, world):
        without_the_database(world, proxy, faulty)
        world.run()
        proxy.heal()
        return proxy.requests

    with worlds.take() as world, Proxy(server) as proxy:
        before = replayed(proxy, world)
        world.run()
        requests = proxy.requests - before
    assert requests > 5, "nothing was replayed"

    def case(number):
        with worlds.take() as world, Proxy(server) as proxy:
            replayed(proxy, world)
            getattr(proxy, f"cut_{when}")(number)
            world.run()
            cuts = proxy.cuts
            proxy.heal()
            settle(world)
            return cuts

    numbers = range(1, requests + 1)
    require_cuts(sweep(case, numbers, lambda number: f"request {number} of {requests}"), requests)
