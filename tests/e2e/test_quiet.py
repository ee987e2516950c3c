"""What the server and libpq have to say goes through the program's own log, and nowhere else."""

import contextlib

import pytest

from test_check import warnings
from test_reach import place_of


@pytest.fixture
def icu_world(empty_world):
    """A database whose collation was made by another version of ICU than the server's."""
    empty_world.sql("create database upgraded template template0 locale_provider icu icu_locale 'en'")
    empty_world.sql("update pg_database set datcollversion = '1.0' where datname = 'upgraded'")
    empty_world.sections["database"]["url"] = empty_world.server.url("upgraded")
    yield empty_world
    empty_world.sql("drop database upgraded with (force)")


def assert_said_once_and_quietly(world, text, env=None):
    """By a tick that does something, one that does nothing, and check."""
    for args in (["-q"], ["-q"], ["-q", "--force"]):
        assert world.run(*args, env=env) == (0, "", "")
    lines = [line for line in world.run(env=env).err.splitlines() if text in line]
    assert len(lines) == 1 and " info  PostgreSQL warns: " in lines[0], lines
    (line,) = warnings(world.run("check", env=env))
    assert line.startswith("PostgreSQL warns: ") and text in line


def test_a_collation_of_another_version(icu_world):
    world = icu_world
    world.spider("a")
    assert world.run("-q", "migrate").err == ""
    assert_said_once_and_quietly(world, "has a collation version mismatch; The database was created "
                                        "using collation version 1.0")


@pytest.mark.parametrize("mode", [0o644, 0o640])
def test_a_password_file_that_others_may_read(world, mode):
    world.spider("a")
    path = world.home / ".pgpass"
    path.write_text("*:*:*:*:x\n")
    path.chmod(mode)
    assert_said_once_and_quietly(world, "has group or world access")


def test_a_password_file_that_is_a_directory(world):
    world.spider("a")
    (world.home / ".pgpass").mkdir()
    assert_said_once_and_quietly(world, "is not a plain file")


@contextlib.contextmanager
def setting(world, name, value):
    database = place_of(world)[1]
    world.sql(f"alter database {database} set {name} = {value}")
    yield
    world.sql(f"alter database {database} reset {name}")


def test_a_setting_whose_value_is_gone(world):
    world.spider("a")
    with setting(world, "default_tablespace", "nowhere"):
        assert_said_once_and_quietly(world, 'invalid value for parameter "default_tablespace"')


TRIGGER = """
create function complain() returns trigger language plpgsql as
  $$ begin raise warning 'touched by %', current_user; raise notice 'no matter'; return new; end $$;
create trigger complain before insert or update on {} for each row execute function complain();
"""


@pytest.mark.parametrize("table", ["scheduler_state", "spider_run"])
def test_a_trigger_that_warns_at_each_write(world, table):
    world.spider("a").spider("b")
    world.sql(TRIGGER.format(table))
    try:
        assert world.run("-q", "--force") == (0, "", "")
        said = world.run("--force").err
        assert said.count("PostgreSQL warns: touched by postgres") == 1
        assert "no matter" not in said
        assert world.run("-q") == (0, "", "")
    finally:
        world.sql("drop function complain cascade")


def test_a_server_that_cannot_be_reached_and_a_password_file_that_others_may_read(shared):
    path = shared.home / ".pgpass"
    path.write_text("*:*:*:*:x\n")
    path.chmod(0o644)
    shared.sections["database"]["url"] = "postgresql://127.0.0.1:1/x"
    shared.top["on_database_error"] = "skip"
    lines = shared.spider("a").run("-q").err.splitlines()
    assert len(lines) == 1 and "no PostgreSQL answers at 127.0.0.1:1 (" in lines[0], lines
    assert any("has group or world access" in line for line in warnings(shared.run("check")))


def test_without_descriptors_to_spare_the_connection_is_made_all_the_same(world):
    world.spider("a").add_run("1 hour")
    # 0 to 2, what is opened, and the connection; not what silences libpq.
    result = world.start("-q", before=["sh", "-c", 'ulimit -n 12; exec "$@"', "sh"]).end()
    assert result.code == 0, result.err
