"""spider-check migrate, and what everything else says to a database that it does not fit."""

import socket

import pytest

from postgres import Postgres
from test_adoption import OLD_TABLE
from world import World

NOT_PREPARED = ("spider-check: the database is not prepared for spider-check; "
                "type: spider-check migrate\n")


def test_an_empty_database_is_prepared(empty_world):
    result = empty_world.spider("a").run("migrate")
    assert (result.code, result.err) == (0, "")
    versions = empty_world.sql("SELECT version, name, checksum FROM spider_check_migration "
                               "ORDER BY version")
    assert [row.version for row in versions] == list(range(1, len(versions) + 1))
    assert all(row.name in result.out and row.checksum for row in versions)
    assert empty_world.runs() == []  # no made-up first success
    assert empty_world.run().code == 0
    assert empty_world.ran() == ["a"]


def test_a_second_time_says_that_it_is_up_to_date(world):
    before = world.dump()
    result = world.run("migrate")
    assert result.code == 0
    assert "up to date" in result.out
    assert world.dump() == before


def test_several_at_the_same_time_apply_each_migration_once(empty_world):
    empty_world.write_config()
    both = [empty_world.start("migrate", keep_config=True) for _ in range(8)]
    results = [one.end() for one in both]
    assert [result.code for result in results] == [0] * 8, results
    applied = sum(result.out.count("Applied migration") for result in results)
    assert applied == len(empty_world.dump()["spider_check_migration"])


def test_a_tick_on_a_database_that_was_never_prepared_says_what_to_type(empty_world):
    empty_world.spider("a").top["on_database_error"] = "skip"
    for args in ([], ["--force"], ["--dry-run"], ["status"], ["status", "--json"]):
        result = empty_world.run("-q", *args)
        assert result == (3, "", NOT_PREPARED), args
    assert empty_world.ran() == []
    assert empty_world.dump() == {}


def test_an_earlier_schedulers_table_alone_is_not_prepared_either(empty_world):
    empty_world.top["on_database_error"] = "skip"
    empty_world.spider("a").sql(
        "CREATE TABLE scheduler_state (id serial PRIMARY KEY, last_run_at timestamptz NOT NULL, "
        "spider_count integer NOT NULL DEFAULT 0, status varchar(50) NOT NULL DEFAULT 'completed', "
        "created_at timestamptz NOT NULL DEFAULT now(), "
        "updated_at timestamptz NOT NULL DEFAULT now())")
    assert empty_world.run("-q") == (3, "", NOT_PREPARED)
    assert empty_world.ran() == []


def test_a_database_that_a_newer_program_prepared_is_refused(world):
    world.spider("a").sql("INSERT INTO spider_check_migration (version, name, checksum) "
                          "VALUES (99, '0099_later', 'x')")
    before = world.dump()
    for args in (["migrate"], [], ["--force"], ["status"]):
        result = world.run("-q", *args)
        assert (result.code, result.out) == (3, ""), args
        assert len(result.err.splitlines()) == 1
        assert "99" in result.err
    assert world.ran() == []
    assert world.dump() == before


def test_a_database_that_an_older_program_prepared_is_told_to_migrate(world):
    world.top["on_database_error"] = "skip"
    world.spider("a").sql("DELETE FROM spider_check_migration WHERE version = "
                          "(SELECT max(version) FROM spider_check_migration)")
    result = world.run("-q")
    assert result.code == 3
    assert len(result.err.splitlines()) == 1
    assert "spider-check migrate" in result.err
    assert world.ran() == []


def test_a_migration_that_was_applied_in_another_form_is_refused(world):
    world.sql("UPDATE spider_check_migration SET checksum = 'edited' WHERE version = 1")
    before = world.dump()
    result = world.run("migrate")
    assert (result.code, result.out) == (3, "")
    assert len(result.err.splitlines()) == 1
    assert "1" in result.err
    assert world.dump() == before


def test_a_migration_that_fails_leaves_nothing_half_done(empty_world):
    empty_world.sql("CREATE TABLE spider_run (mine text)")
    result = empty_world.run("migrate")
    assert result.code == 3
    assert len(result.err.splitlines()) == 1
    done = empty_world.dump().get("spider_check_migration", [])
    assert [row.version for row in done] in ([], [1])
    columns = empty_world.sql("SELECT FROM information_schema.columns "
                              "WHERE table_name = 'scheduler_state'")
    assert len(columns) in (0, 6)


@pytest.mark.parametrize("args", [[], ["--force"], ["--dry-run"], ["status"], ["migrate"],
                                  ["migrate", "--wait", "300ms"]])
def test_without_a_server_it_is_one_line_and_exit_3(world, args):
    world.top["on_database_error"] = "skip"
    world.spider("a").sections["database"]["url"] = (
        f"postgresql:///nothing?host={world.directory}&user=me")
    result = world.run("-q", *args)
    assert (result.code, result.out) == (3, "")
    assert len(result.err.splitlines()) == 1
    assert result.err.startswith("spider-check: ")
    assert str(world.directory) in result.err
    assert world.ran() == []


def test_wait_waits_for_a_server_that_comes_up_later(tmp_path):
    with Postgres(start=False) as server:
        world = World(server, tmp_path, server.url())
        # Somebody else listens there at first, so that the program has certainly failed once.
        with socket.socket(socket.AF_UNIX) as decoy:
            path = server.directory / ".s.PGSQL.5432"
            decoy.bind(str(path))
            decoy.listen()
            decoy.settimeout(20)
            waiting = world.start("migrate", "--wait", "1m")
            decoy.accept()[0].close()
            path.unlink()
        server.start()
        result = waiting.end()
        assert (result.code, result.err) == (0, "")
        assert "Applied migration" in result.out
        world.close()


def test_wait_does_not_wait_for_what_waiting_does_not_mend(empty_world):
    empty_world.sql("CREATE TABLE scheduler_state (id serial)")
    assert empty_world.run("migrate", "--wait", "10m").code == 3


def test_behind_somebody_who_reads_the_table_it_says_who_that_is_and_lets_others_pass(empty_world):
    world = empty_world
    world.sql("CREATE TABLE scheduler_state (id serial PRIMARY KEY, last_run_at timestamptz NOT NULL, "
              "spider_count integer NOT NULL DEFAULT 0, status varchar(50) NOT NULL DEFAULT 'completed', "
              "created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now())")
    with world.server.connect(world.url) as reader:
        cursor = reader.cursor()
        cursor.execute("SET application_name = 'a long dump'")
        cursor.execute("BEGIN")
        cursor.execute("SELECT count(*), pg_backend_pid() FROM scheduler_state")
        _, pid = cursor.fetchone()
        running = world.start("migrate")
        found = running.says(r" warn .*pid (\d+) \(a long dump, user \w+, idle in transaction for ")
        assert int(found[1]) == pid
        # The earlier scheduler goes on meanwhile.
        for _ in range(3):
            world.sql("SET statement_timeout = '5s'; "
                      "INSERT INTO scheduler_state (last_run_at) VALUES (now())")
        assert running.process.poll() is None
        cursor.execute("ROLLBACK")
    result = running.end()
    assert result.code == 0 and "The database is ready" in result.out
    assert len(result.err.splitlines()) == 1
    assert len(world.runs()) == 3


def test_it_waits_for_a_lock_only_briefly_at_a_time_and_says_who_has_it(empty_world):
    """pg_dump, say, reads the table of an earlier scheduler, which goes on writing meanwhile."""
    empty_world.sql(OLD_TABLE)
    with empty_world.server.connect(empty_world.url) as reader:
        reader.autocommit = False
        cursor = reader.cursor()
        cursor.execute("SELECT count(*), pg_backend_pid() FROM scheduler_state")
        _, pid = cursor.fetchone()
        running = empty_world.start("migrate")
        running.says(rf"The tables are in use by pid {pid} \(")
        for _ in range(3):
            empty_world.sql("SET statement_timeout = '5s'; "
                            "INSERT INTO scheduler_state (last_run_at) VALUES (now())")
        reader.rollback()
    result = running.end()
    assert result.code == 0
    assert result.err.count("in use by") == 1
    assert len(empty_world.dump()["scheduler_state"]) == 3
    assert "up to date" in empty_world.run("migrate").out
