"""A password of the database's reaches the database, and nothing and nobody else."""

import json
import pathlib

import pytest

from postgres import Postgres
from world import World

PASSWORD = "hunter2 with 'quotes' \\ and spaces"


def in_config(world):
    world.sections["database"]["password"] = PASSWORD


def in_password_file(world):
    (world.folder / "secret").write_text(PASSWORD + "\n")
    world.sections["database"]["password_file"] = "secret"


def in_url(world):
    world.sections["database"]["url"] += "&password=hunter2%20x"


def in_dotenv(world):
    value = PASSWORD.replace("\\", "\\\\")
    (world.folder / ".env").write_text(f'DB_PASSWORD="{value}"\n')


PLACES = pytest.mark.parametrize("give_password", [in_config, in_password_file, in_url, in_dotenv])


@PLACES
def test_it_does_not_reach_a_spider_or_the_log(world, give_password):
    world.spider("a", "env; tr '\\0' ' ' </proc/$PPID/cmdline; exit 1").add_run("5 hours")
    give_password(world)
    result = world.run("-v")
    assert result.code == 1
    log = pathlib.Path(world.outcomes()[-1].log_path).read_text()
    assert f"HOME={world.home}" in log  # … or it would show nothing
    assert "hunter2" not in log
    assert "hunter2" not in result.out + result.err
    for args in (["status"], ["status", "--json"], ["--dry-run"], ["migrate"], ["check"]):
        result = world.run("-v", *args)
        assert "hunter2" not in result.out + result.err, args
    assert "hunter2" not in str(world.dump())
    activity = world.sql("SELECT * FROM pg_stat_activity")
    assert "hunter2" not in str(activity)


@PLACES
def test_it_is_in_no_error_of_a_database_that_cannot_be_reached(world, give_password):
    world.spider("a").sections["database"]["url"] = (
        f"postgresql:///nothing?host={world.home}&user=me")
    give_password(world)
    for args in ([], ["status"], ["migrate"], ["check"], ["--force"]):
        result = world.run("-v", *args)
        assert result.code == 3
        assert "hunter2" not in result.out + result.err


@pytest.mark.parametrize("variable", ["DB_PASSWORD", "PGPASSWORD"])
def test_one_from_the_environment_is_said_nowhere(world, variable):
    world.spider("a")
    for url, code in ((world.url, 0), (f"postgresql:///nothing?host={world.home}&user=me", 3)):
        world.sections["database"]["url"] = url
        result = world.run("-v", env={variable: PASSWORD})
        assert result.code == code
        assert "hunter2" not in result.out + result.err
    assert world.ran() == ["a"]


@pytest.fixture(scope="module")
def guarded_server():
    """Of the others none asks for a password."""
    with Postgres(start=False) as server:
        rules = server.folder / "data/pg_hba.conf"
        rules.write_text("local all guarded scram-sha-256\n" + rules.read_text())
        server.start()
        with server.connect() as connection:
            connection.cursor().execute("CREATE ROLE guarded SUPERUSER LOGIN")
        yield server


@pytest.mark.parametrize("password", ["plain", "two  blanks", " blanks around ", "a\ttab",
                                      "'quotes'", "\\' ", "back\\slash", " \\ ", "a=b c='d'",
                                      "ñ🕷", "#%&?@:/"])
def test_a_password_arrives_whole_and_only_that_one_opens(guarded_server, tmp_path, password):
    with guarded_server.connect() as connection:
        connection.cursor().execute("ALTER ROLE guarded PASSWORD %s", [password])
    world = World(guarded_server, tmp_path, guarded_server.url().replace("=postgres", "=guarded"))
    world.sections["database"]["password"] = password + "x"
    refused = world.run("migrate")
    assert refused.code == 3
    assert "password authentication failed" in refused.err
    assert password not in refused.err
    world.sections["database"]["password"] = password
    result = world.run("migrate")
    assert result.code == 0, result.err
    del world.sections["database"]["password"]
    assert world.run("migrate", env={"DB_PASSWORD": password}).code == 0
    (tmp_path / ".env").write_text("DB_PASSWORD=" + json.dumps(password, ensure_ascii=False))
    assert world.run("migrate").code == 0
