"""The database goes away in mid-run: the spiders go on, and the outcome is recorded once."""

import re
import signal

import pytest

from postgres import Postgres
from world import World, is_alive, wait_until


def end_sessions(world):
    """They may be made again before this ends."""
    before = world.sessions()
    assert before
    for pid in before:
        world.sql("SELECT pg_terminate_backend(%s, 10000)", pid)
    assert not set(before) & set(world.sessions())


def test_a_session_that_was_ended_is_made_again_and_the_run_completes(world):
    gate = world.gate()
    world.spider("a", gate.script).spider("b")
    running = world.start()
    spider = gate.wait()
    end_sessions(world)
    assert is_alive(spider)
    gate.open()
    result = running.end()
    assert result.code == 0, result.err
    assert re.search(r" warn .*database.*away", result.err), result.err
    assert world.ran() == ["a", "b"]
    run = world.only_run()
    assert (run.status, run.attempt, run.spider_count) == ("completed", 1, 2)
    assert [(outcome.spider, outcome.attempt) for outcome in world.outcomes()] == [
        ("a", 1), ("b", 1)]


def test_a_server_that_has_the_run_and_not_its_newest_outcomes_gets_them(world):
    """As after a failover to a standby that lags, or a crash with synchronous_commit off."""
    gate = world.gate()
    world.spider("a").spider("b", gate.script)
    running = world.start()
    gate.wait()
    wait_until(world.outcomes, "the outcome of the first")
    world.sql("DELETE FROM spider_run")
    end_sessions(world)
    gate.open()
    assert running.end().code == 0
    assert world.only_run().status == "completed"
    assert [outcome.spider for outcome in world.outcomes()] == ["a", "b"]
    assert list(world.journal()) == ["known"]


def test_the_lock_is_taken_again_with_the_new_session(world):
    first, second = world.gate(), world.gate()
    world.spider("a", first.script).spider("b", second.script)
    running = world.start()
    first.wait()
    end_sessions(world)
    running.says("Connected again")  # by itself: nothing is to be written
    assert "Already running on" in world.run().err
    first.open()
    second.wait()
    result = world.run()
    assert "Already running on" in result.err and f"pid {running.pid}" in result.err
    second.open()
    assert running.end().code == 0


def test_while_the_session_is_gone_nobody_else_starts(world):
    """Its process is alive on this host, so that it may be about to come back."""
    gate = world.gate()
    world.spider("a", gate.script)
    running = world.start()
    gate.wait()
    running.signal(signal.SIGSTOP)
    end_sessions(world)
    result = world.run()
    assert result.code == 0
    assert f"pid {running.pid}, which may be reconnecting" in result.err
    assert world.run("--force").code == 4
    assert world.ran() == ["a"]
    running.signal(signal.SIGCONT)
    gate.open()
    assert running.end().code == 0


def test_a_session_that_is_ended_again_and_again_does_no_harm(world):
    gates = [world.gate() for _ in range(4)]
    for number, gate in enumerate(gates):
        world.spider(f"s{number}", gate.script)
    running = world.start()
    for gate in gates:
        gate.wait()
        end_sessions(world)
        gate.open()
    result = running.end()
    assert result.code == 0, result.err
    assert world.only_run().status == "completed"
    assert len(world.outcomes()) == 4


@pytest.fixture
def own_world(tmp_path):
    """With a server that the test may stop."""
    with Postgres() as server:
        world = World(server, tmp_path, server.create_database())
        assert world.run("migrate").code == 0
        yield world
        world.close()


def test_a_restart_of_the_server_in_mid_run_loses_nothing(own_world):
    world = own_world
    gate = world.gate()
    world.spider("a", gate.script).spider("b", "exit 3").spider("c")
    running = world.start()
    spider = gate.wait()
    world.server.stop()
    assert is_alive(spider)
    gate.open()
    running.says("Spider 'c' ok")  # all of them ended while the server was away
    running.says("away")
    world.server.start()
    result = running.end()
    assert result.code == 1, result.err
    assert world.ran() == ["a", "b", "c"]
    run = world.only_run()
    assert (run.status, run.attempt) == ("failed", 1)
    assert sorted((outcome.spider, outcome.verdict) for outcome in world.outcomes()) == [
        ("a", "ok"), ("b", "failed"), ("c", "ok")]
    (up,) = world.sql("SELECT pg_postmaster_start_time() AS since")
    assert run.last_run_at < up.since < run.finished_at
    for outcome in world.outcomes():  # not the time at which it could be written
        assert outcome.started_at <= outcome.finished_at < up.since, outcome


@pytest.mark.parametrize("emptied", ["DELETE FROM scheduler_state",
                                     "TRUNCATE scheduler_state RESTART IDENTITY CASCADE"])
def test_a_row_that_is_removed_in_mid_run_is_written_anew_and_the_spiders_go_on(world, emptied):
    gates = [world.gate(), world.gate()]
    world.spider("a").spider("b", gates[0].script).spider("c", gates[1].script).spider("d")
    running = world.start()
    gates[0].wait()
    wait_until(world.outcomes, "the outcome of the first")
    uuid = world.only_run().run_uuid
    world.sql(emptied)
    gates[0].open()
    gates[1].wait()
    wait_until(lambda: len(world.outcomes()) == 2, "what is known of the run to be written anew")
    assert "Already running on" in world.run().err
    world.sql(emptied)
    gates[1].open()
    result = running.end()
    assert result.code == 0, result.err
    assert re.search(r" warn +The row of run \d+ is gone; it is recorded anew", result.err), result.err
    assert world.ran() == ["a", "b", "c", "d"]
    run = world.only_run()
    assert (run.run_uuid, run.status, run.attempt, run.spider_count) == (uuid, "completed", 1, 4)
    assert [outcome.spider for outcome in world.outcomes()] == ["a", "b", "c", "d"]
    assert "Recent run detected" in world.run().err


def test_a_row_that_is_removed_while_its_last_spider_ends_is_written_anew(world):
    """Nothing but the end is left to be written when it is missed."""
    world.spider("a")
    world.sql("CREATE TABLE public.vanished (); "
              "CREATE FUNCTION vanish() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
              "IF EXISTS (SELECT FROM public.vanished) THEN RETURN NULL; END IF; "
              "INSERT INTO public.vanished DEFAULT VALUES; DELETE FROM public.scheduler_state; "
              "RETURN NULL; END $$; "
              "CREATE CONSTRAINT TRIGGER vanish AFTER INSERT ON spider_run "
              "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION vanish()")
    result = world.run()
    assert result.code == 0, result.err
    assert (world.only_run().status, len(world.outcomes())) == ("completed", 1)


def test_an_outcome_that_waits_for_a_row_that_was_removed_is_recorded(own_world):
    world = own_world
    gate = world.gate()
    world.spider("a").spider("b", gate.script)
    running = world.start()
    gate.wait()
    wait_until(world.outcomes, "the outcome of the first")
    world.server.stop()
    running.signal(signal.SIGTERM)
    assert running.end().code == -signal.SIGTERM
    world.server.start()
    world.sql("DELETE FROM scheduler_state")
    world.spiders[1]["command"] = ["true"]
    assert world.run().code == 0
    assert (world.only_run().status, world.only_run().attempt) == ("completed", 2)
    assert [(row.spider, row.attempt, row.verdict) for row in world.outcomes()] == [
        ("a", 1, "ok"), ("b", 1, "failed"), ("b", 2, "ok")]


def taken_over(world):
    """What another host does that thinks this one dead."""
    world.sql("UPDATE scheduler_state SET owner_token = gen_random_uuid(), attempt = 2, "
              "host = 'elsewhere', pid = 4711, updated_at = now()")


def test_a_run_that_was_taken_over_is_let_go_and_no_more_spiders_start(world):
    gate = world.gate()
    world.spider("a", gate.script).spider("b").spider("c")
    running = world.start()
    gate.wait()
    # Else it has its run again before anybody else.
    running.signal(signal.SIGSTOP)
    end_sessions(world)
    taken_over(world)
    before = world.dump()
    running.signal(signal.SIGCONT)
    running.says("error .*taken over")
    gate.open()
    result = running.end()
    assert result.code == 1, result.err
    assert "completed successfully" not in result.err
    assert world.dump() == before
    assert world.ran() == ["a"]


def test_a_lock_that_another_host_has_by_now_is_not_fought_for(world):
    gate = world.gate()
    world.spider("a", gate.script).spider("b")
    running = world.start()
    gate.wait()
    locks = world.sql("SELECT classid::bigint, objid::bigint FROM pg_locks "
                      "WHERE locktype = 'advisory' AND pid = %s", world.sessions()[0])
    # Else it has its lock again before anybody else.
    running.signal(signal.SIGSTOP)
    end_sessions(world)
    with world.server.connect(world.url) as other:
        for lock in locks:
            keys = [key - 2**32 if key >= 2**31 else key for key in lock]
            other.cursor().execute("SELECT pg_advisory_lock(%s, %s)", keys)
        taken_over(world)
        before = world.dump()
        running.signal(signal.SIGCONT)
        gate.open()
        result = running.end()
    assert result.code == 1
    assert re.search("error .*taken", result.err), result.err
    assert world.dump() == before
    assert world.ran() == ["a"]


def test_a_tick_that_is_refused_a_connection_is_one_line_and_exit_3(world):
    with world.server.connect() as connection:
        cursor = connection.cursor()
        cursor.execute("CREATE ROLE limited SUPERUSER LOGIN CONNECTION LIMIT 0")
        world.top["on_database_error"] = "skip"
        world.spider("a").sections["database"]["url"] = world.url.replace("=postgres", "=limited")
        cursor.execute("ALTER ROLE limited NOSUPERUSER")  # superusers have no limit
        result = world.run("-q")
        cursor.execute("DROP ROLE limited")
    assert result.code == 3
    assert len(result.err.splitlines()) == 1
    assert "too many connections" in result.err
    assert world.ran() == []
    wait_until(lambda: not world.sessions(), "the end of its sessions")
