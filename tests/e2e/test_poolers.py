"""PgBouncer between the program and the database: fine in session mode, else refused before a lock."""

import contextlib
import threading

import pytest

from pgbouncer import PgBouncer
from world import wait_until

CLEAR_ERROR = "the connection goes through a pooler in transaction mode"


@contextlib.contextmanager
def pooled(world, **settings):
    """The program goes through a pooler, the test itself does not."""
    with PgBouncer(world.server, **settings) as pooler:
        world.sections["database"]["url"] = pooler.url(database_of(world))
        yield pooler
        for running in world._started:
            running.stop()


def database_of(world):
    return world.sql("SELECT current_database() AS name")[0].name


def transaction_pool(world, **settings):
    return pooled(world, pool_mode="transaction", **settings)


def advisory_locks(world):
    return world.sql("SELECT * FROM pg_locks WHERE locktype = 'advisory' AND database = "
                     "(SELECT oid FROM pg_database WHERE datname = current_database())")


def assert_refused(world, *args):
    result = world.run(*args)
    assert result.code == 3, result.err
    assert CLEAR_ERROR in result.err, result.err
    assert world.ran() == []
    assert world.runs() == []
    assert advisory_locks(world) == []  # none is left to a session of the pooler's


@contextlib.contextmanager
def open_transaction(pooler, database):
    """Another client, which sits on a session of the server's."""
    with pooler.connect(database) as connection:
        connection.autocommit = False
        connection.cursor().execute("SELECT 1")
        yield
        connection.rollback()  # or the pooler would end the session, too


@contextlib.contextmanager
def busy_client(pooler, database):
    """Another client, with one short transaction after the other."""
    over = threading.Event()

    def work():
        with pooler.connect(database) as connection:
            cursor = connection.cursor()
            while not over.is_set():
                cursor.execute("SELECT pg_sleep(0.002)")

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_a_run_works_in_session_mode(world):
    with pooled(world, pool_mode="session"):
        gate = world.gate()
        world.spider("a", gate.script).spider("b")
        running = world.start()
        gate.wait()
        second = world.run("-v")
        assert second.code == 0 and "Already running on" in second.err
        assert f"pid {running.pid}" in second.err
        gate.open()
        result = running.end()
        assert result.code == 0, result.err
        assert world.ran() == ["a", "b"]
        assert world.only_run().status == "completed"
        assert "Recent run detected" in world.run().err
    assert advisory_locks(world) == []


def test_migrations_and_status_work_in_session_mode(empty_world):
    with pooled(empty_world, pool_mode="session"):
        result = empty_world.run("migrate")
        assert (result.code, result.err) == (0, "")
        assert empty_world.run("status").code == 0


def test_several_slots_work_in_session_mode(world):
    world.top["max_instances"] = 3
    with pooled(world, pool_mode="session"):
        assert world.spider("a").run().code == 0
    assert world.ran() == ["a"]


def test_a_session_pool_of_one_is_enough(world):
    with pooled(world, pool_mode="session", default_pool_size=1):
        world.sections["database"].update(connect_timeout="3s", statement_timeout="3s")
        result = world.spider("a").run()
        assert result.code == 0, result.err
    assert world.ran() == ["a"]
    assert world.only_run().status == "completed"


def test_session_settings_are_left_to_nobody_behind_a_pooler(world):
    with transaction_pool(world, default_pool_size=1) as pooler:
        world.add_run("1 hour")
        assert world.spider("a").run().code == 0
        with pooler.connect(database_of(world)) as connection:
            cursor = connection.cursor()
            for setting, usual in (("statement_timeout", "0"), ("client_min_messages", "notice")):
                cursor.execute(f"SHOW {setting}")
                assert cursor.fetchone() == (usual,)


def test_a_pooler_in_transaction_mode_is_refused_also_when_nobody_else_is_there(world):
    world.spider("a")
    with transaction_pool(world):
        for args in ([], ["--force"]):
            assert_refused(world, *args)


def test_a_pooler_in_transaction_mode_with_one_session_is_refused(world):
    world.spider("a")
    with transaction_pool(world, default_pool_size=1):
        assert_refused(world)


def test_a_pooler_in_transaction_mode_is_refused_with_several_slots(world):
    world.spider("a").top["max_instances"] = 3
    with transaction_pool(world):
        assert_refused(world)


def test_a_pooler_in_transaction_mode_is_refused_while_others_sit_on_sessions(world):
    world.spider("a")
    with transaction_pool(world) as pooler, open_transaction(pooler, database_of(world)):
        for _ in range(3):
            assert_refused(world)


def test_a_pooler_in_transaction_mode_is_refused_while_others_are_busy(world):
    world.spider("a")
    with transaction_pool(world) as pooler, busy_client(pooler, database_of(world)):
        for _ in range(5):
            assert_refused(world)


@pytest.mark.parametrize("sessions", [1, 2, 3])
def test_a_pooler_that_goes_round_its_sessions_is_refused(world, sessions):
    world.spider("a")
    database = database_of(world)
    with transaction_pool(world, server_round_robin=1) as pooler:
        with contextlib.ExitStack() as all_at_once:
            for _ in range(sessions):
                all_at_once.enter_context(open_transaction(pooler, database))
        for _ in range(3):
            assert_refused(world)


def test_a_pooler_in_statement_mode_is_refused(world):
    world.spider("a")
    with pooled(world, pool_mode="statement"):
        for args in ([], ["--force"]):
            assert_refused(world, *args)


@pytest.mark.parametrize("mode", ["transaction", "statement"])
def test_a_tick_with_nothing_to_do_needs_no_lock_and_minds_no_pooler(world, mode):
    world.spider("a").add_run("1 hour")
    with pooled(world, pool_mode=mode):
        result = world.run()
    assert result.code == 0, result.err
    assert "Recent run detected" in result.err
    assert world.ran() == []


def test_a_client_that_was_killed_gives_its_lock_back_through_a_session_pool(world):
    with pooled(world, pool_mode="session"):
        gate = world.gate()
        running = world.spider("a", gate.script).start()
        gate.wait()
        assert len(advisory_locks(world)) == 1
        running.stop()
        wait_until(lambda: not advisory_locks(world), "the lock to be free")
