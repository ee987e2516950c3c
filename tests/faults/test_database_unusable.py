"""The database cannot be used: the program decides from its journal, and carries all of it once later."""

import contextlib
import time

import pytest

import invariants
from fault_world import FaultWorld
from hosts import require_root
from postgres import Postgres
from proxy import Proxy
from world import wait_until

ON_DISK = {"synchronous_commit": "on"}


@pytest.fixture(scope="module")
def breakable():
    with Postgres(start=False, **ON_DISK) as server:
        access = server.directory / "data/pg_hba.conf"
        rules = access.read_text(encoding="ascii")
        access.write_text(f"local all guarded scram-sha-256\n{rules}", encoding="ascii")
        server.start()
        with server.connect() as connection:
            connection.cursor().execute("CREATE ROLE guarded SUPERUSER LOGIN PASSWORD 'right'")
        yield server


@contextlib.contextmanager
def prepared(server, directory):
    """A world with a database on that server."""
    directory.mkdir(exist_ok=True)
    world = FaultWorld(server, directory, server.create_database())
    world.sections["database"].update(connect_timeout="2s", statement_timeout="1s")
    assert world.run("migrate").code == 0
    try:
        yield world
    finally:
        world.close()


def database_of(world):
    return world.url.partition(":///")[2].partition("?")[0]


# Each gives a world whose database can be used, then breaks it, then mends it.


def refused(breakable, directory):
    with prepared(breakable, directory) as world:
        yield world
        breakable.stop()
        try:
            yield
        finally:
            breakable.start()
        yield


def unreachable(breakable, directory):
    """What is sent is swallowed, as by a firewall or on the way to a host that is off."""
    with prepared(breakable, directory) as world, Proxy(breakable) as proxy:
        world.sections["database"]["url"] = proxy.tcp_url(world.url)
        yield world
        proxy.swallow()
        yield
        proxy.heal()
        yield


def slow(breakable, directory):
    """Each message takes longer than a statement may."""
    with prepared(breakable, directory) as world, Proxy(breakable) as proxy:
        world.sections["database"]["url"] = proxy.tcp_url(world.url)
        yield world
        proxy.delay(8)
        yield
        proxy.heal()
        yield


def wrong_password(breakable, directory):
    with prepared(breakable, directory) as world:
        world.sections["database"]["url"] = world.url.replace("user=postgres",
                                                              "user=guarded&password=right")
        yield world
        with breakable.connect() as connection:
            connection.cursor().execute("ALTER ROLE guarded PASSWORD 'changed'")
            try:
                yield
            finally:
                connection.cursor().execute("ALTER ROLE guarded PASSWORD 'right'")
        yield


def missing_database(breakable, directory):
    with prepared(breakable, directory) as world, breakable.connect() as connection:
        name = database_of(world)
        yield world
        wait_until(lambda: not world.sessions(), "the end of its sessions")
        connection.cursor().execute(f"ALTER DATABASE {name} RENAME TO hidden")
        try:
            yield
        finally:
            connection.cursor().execute(f"ALTER DATABASE hidden RENAME TO {name}")
        yield


def missing_table(breakable, directory):
    with prepared(breakable, directory) as world:
        yield world
        world.sql("ALTER TABLE scheduler_state RENAME TO hidden")
        yield
        world.sql("ALTER TABLE hidden RENAME TO scheduler_state")
        yield


def too_many_connections(_, directory):
    with Postgres(max_connections="4", superuser_reserved_connections="0", max_wal_senders="0",
                  **ON_DISK) as server, prepared(server, directory) as world:
        yield world
        with contextlib.ExitStack() as taken:
            for _ in range(4):
                wait_until(lambda: takes_one(server, taken), "a connection that is free")
            yield
        wait_until(lambda: not world.sessions(), "free connections")
        yield


def takes_one(server, taken):
    with contextlib.suppress(Exception):
        taken.enter_context(server.connect())
        return True
    return False


def disk_full(_, directory):
    """Only of the database: with a full disk for its log the server itself would stop."""
    require_root()
    with Postgres(disk="32m", **ON_DISK) as server, prepared(server, directory) as world:
        with server.connect() as connection:
            cursor = connection.cursor()
            cursor.execute(f"CREATE TABLESPACE small LOCATION '{server.directory}/disk'")
            cursor.execute(f"ALTER DATABASE {database_of(world)} SET TABLESPACE small")
        yield world
        fill_up(world)
        yield
        world.sql(f"COPY (SELECT 1) TO PROGRAM 'rm {server.directory}/disk/filler'")
        yield


def fill_up(world):
    with pytest.raises(Exception, match="No space left"):
        world.sql("COPY (SELECT repeat('x', 1000) FROM generate_series(1, 100000)) "
                  f"TO '{world.server.directory}/disk/filler'")
    # And the pages that the table has by now, so that the next row needs a new one.
    with world.server.connect(world.url) as connection:
        cursor = connection.cursor()
        with pytest.raises(Exception, match="No space left"):
            while True:
                cursor.execute("INSERT INTO scheduler_state (last_run_at, status, schedule) "
                               "VALUES (now() - interval '9 days', 'completed', 'other')")


def read_only_standby(_, directory):
    """The configuration names a standby; its primary is lost and it is not promoted yet."""
    with Postgres(**ON_DISK) as primary, prepared(primary, directory) as world:
        yield world
        with Postgres(copy_of=primary) as standby:
            move(world, standby)
            primary.crash()
            yield
            with standby.connect() as connection:
                connection.cursor().execute("SELECT pg_promote(true, 60)")
            yield
            standby.crash()


def in_recovery(_, directory):
    """It starts, and takes no connection yet."""
    with Postgres(**ON_DISK) as primary, prepared(primary, directory) as world:
        yield world
        with Postgres(start=False, copy_of=primary, hot_standby="off") as standby:
            move(world, standby)
            primary.crash()
            standby.launch()
            yield
            standby.crash()
            (standby.directory / "data/standby.signal").unlink()
            standby.start()
            yield
            standby.crash()


def move(world, server):
    for url in (world.url, world.sections["database"]["url"]):
        assert str(world.server.directory) in url
    directories = str(world.server.directory), str(server.directory)
    world.url = world.url.replace(*directories)
    world.sections["database"]["url"] = world.sections["database"]["url"].replace(*directories)
    world.server = server


FAULTS = [refused, unreachable, slow, wrong_password, missing_database, missing_table,
          too_many_connections, disk_full, read_only_standby, in_recovery]


def ran_in(world, tick):
    """What a tick that may not fail started."""
    before = len(world.ran())
    result = tick()
    assert result.code == 0, result.err
    return world.ran()[before:]


def overdue(world):
    """A tick to whose configuration what ran just now is too old."""
    world.top["interval"] = "1s"
    time.sleep(1.1)  # an interval has to pass by the journal's own clock
    result = world.run()
    del world.top["interval"]
    return result


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_the_journal_takes_the_place_of_the_database(breakable, tmp_path, fault):
    steps = fault(breakable, tmp_path / "world")
    try:
        world = next(steps)
        world.spider("first").spider("last")
        assert ran_in(world, world.run) == ["first", "last"]
        next(steps)
        assert ran_in(world, world.run) == [], "not before the interval is over"
        assert ran_in(world, lambda: overdue(world)) == ["first", "last"], "it is over"
        assert ran_in(world, world.run) == [], "and not at every tick"
        next(steps)
        assert ran_in(world, world.run) == [], "what ran without the database counts with it"
        runs = world.sql("SELECT * FROM scheduler_state WHERE schedule = 'default' ORDER BY id")
        assert [(run.status, run.attempt, run.spider_count) for run in runs] == [
            ("completed", 1, 2)] * 2
        # On a full disk there may be room for one more row, which then was there from the start.
        assert runs[0].last_run_at < runs[1].last_run_at <= runs[1].created_at
        invariants.check(world)
    finally:
        steps.close()


def test_a_first_run_needs_no_database_that_was_ever_there(breakable, tmp_path):
    steps = missing_database(breakable, tmp_path / "world")
    world = next(steps)
    world.spider("first").spider("last")
    next(steps)
    assert ran_in(world, world.run) == ["first", "last"]
    assert ran_in(world, world.run) == []
    next(steps)
    assert ran_in(world, world.run) == []
    assert world.only_run().status == "completed"
    invariants.check(world)
    steps.close()


def test_what_failed_is_tried_again_after_its_backoff_and_is_one_run_later(breakable, tmp_path):
    steps = missing_database(breakable, tmp_path / "world")
    world = next(steps)
    world.top["retry_after"] = "3s"
    world.spider("first").failing_once("flaky").spider("last")
    next(steps)
    assert world.run().code == 1
    assert world.ran() == ["first", "flaky", "last"]
    last = float(world.notes()[-1].at)  # the backoff counts from the end of the run, which came after it
    while ran_in(world, world.run) == []:
        time.sleep(0.1)
    assert world.ran()[3:] == ["flaky"]
    assert float(world.notes()[-2].at) - last >= 3, "the backoff was not over"
    next(steps)
    assert ran_in(world, world.run) == []
    run = world.only_run()
    assert (run.status, run.attempt, run.spider_count) == ("completed", 2, 3)
    assert world.verdicts() == {("first", 1): "ok", ("flaky", 1): "failed", ("last", 1): "ok",
                                ("flaky", 2): "ok"}
    invariants.check(world)
    steps.close()


def test_who_would_rather_miss_a_run_than_have_one_too_many_is_heeded(breakable, tmp_path):
    steps = missing_database(breakable, tmp_path / "world")
    world = next(steps)
    world.top["on_database_error"] = "skip"
    world.spider("first")
    next(steps)
    result = world.run()
    assert result.code == 3
    assert world.ran() == []
    next(steps)
    assert ran_in(world, world.run) == ["first"]
    invariants.check(world)
    steps.close()


def test_several_outages_are_replayed_in_their_order(breakable, tmp_path):
    steps = missing_database(breakable, tmp_path / "world")
    world = next(steps)
    world.spider("first").spider("last")
    next(steps)
    for _ in range(3):
        assert ran_in(world, lambda: overdue(world)) == ["first", "last"]
    next(steps)
    assert ran_in(world, world.run) == []
    runs = world.runs()
    assert len(runs) == 3
    assert sorted(runs, key=lambda run: run.last_run_at) == runs
    invariants.check(world)
    steps.close()


def test_the_promise_holds_through_an_outage(breakable, tmp_path):
    """A tick that finds the data as old as the interval runs, and no other, database or not."""
    interval, length = 2, 9  # seconds
    with prepared(breakable, tmp_path / "world") as world, Proxy(breakable) as proxy:
        world.sections["database"]["url"] = proxy.url(world.url)
        world.top["interval"] = f"{interval}s"
        world.spider("only")
        begin = time.time()
        ticked, spidered = 0, 0  # the newest run began between these: its tick, its spider
        while (now := time.time()) < begin + length:
            if begin + length / 3 < now < begin + length * 2 / 3:
                proxy.refuse()
            else:
                proxy.heal()
            ran = ran_in(world, world.run)
            if now - spidered >= interval:
                assert ran == ["only"], f"at least {now - spidered} s old"
            elif time.time() - ticked < interval:
                assert ran == [], f"at most {time.time() - ticked} s old"
            if ran:
                ticked = now
                spidered = max(float(note.at) for note in world.notes() if note.what == "begin")
            time.sleep(0.1)
        proxy.heal()
        world.top["interval"] = "1h"  # while it settles nothing becomes due
        world.settle()
        invariants.check(world)


def test_a_run_that_began_without_the_database_is_not_joined_by_another_when_it_is_back(
        breakable, tmp_path):
    steps = missing_database(breakable, tmp_path / "world")
    world = next(steps)
    gate = world.gate()
    world.gated("first", gate).spider("last")
    next(steps)
    tick = world.start()
    gate.wait()
    next(steps)
    assert ran_in(world, world.run) == []
    gate.open()
    result = tick.end()
    assert result.code == 0, result.err
    world.settle()
    assert world.ran() == ["first", "last"]
    assert world.only_run().status == "completed"
    invariants.check(world)
    steps.close()
