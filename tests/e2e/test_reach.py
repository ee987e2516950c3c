"""What psql reaches is reached: every list of hosts, services with all that they say."""

import socket
import subprocess
import time

import pytest

from postgres import Postgres
from test_time_limits import BOUND, UNSHARE, Listener
from world import World


def place_of(world):
    """The directory of the server's socket, and the name of the world's database."""
    return (world.url.partition("host=")[2].partition("&")[0],
            world.url.partition(":///")[2].partition("?")[0])


def service(world, text, name="jobs"):
    path = world.home / ".pg_service.conf"
    path.write_text(f"# ours\n[other]\nhost=nowhere\n\n[{name}]\n{text}\n")
    path.chmod(0o600)


def by_url(world, hosts, ports, name):
    world.sections["database"]["url"] = (
        f"postgresql:///{name}?host={hosts}&port={ports}&user=postgres")
    return {}


def by_environment(world, hosts, ports, name):
    del world.sections["database"]["url"]
    return {"PGHOST": hosts, "PGPORT": ports, "PGDATABASE": name, "PGUSER": "postgres"}


def by_dotenv(world, hosts, ports, name):
    settings = by_environment(world, hosts, ports, name)
    (world.directory / ".env").write_text("".join(f"{key}={value}\n" for key, value in settings.items()))
    return {}


def by_service(world, hosts, ports, name):
    service(world, f"host={hosts}\nport={ports}\ndbname={name}\nuser=postgres")
    world.sections["database"]["url"] = "postgresql:///?service=jobs"
    return {}


def by_service_of_the_environment(world, hosts, ports, name):
    by_service(world, hosts, ports, name)
    world.sections["database"]["url"] = "postgresql://nowhere/"
    return {"PGSERVICE": "jobs"}


@pytest.mark.parametrize("named", [by_url, by_environment, by_dotenv, by_service,
                                   by_service_of_the_environment])
def test_behind_a_silent_host_the_next_one_is_found_however_they_are_named(world, named):
    world.spider("a").add_run("1 hour")
    directory, name = place_of(world)
    with Listener() as silent:
        env = named(world, f"127.0.0.1,{directory}", f"{silent.port},5432", name)
        result = world.run(env=env)
        assert silent.connections
    assert "Recent run detected" in result.err, result.err
    assert world.ran() == []


def test_behind_three_silent_hosts_the_fourth_is_found_in_a_limit_that_has_room(world):
    world.spider("a").add_run("1 hour")
    world.sections["database"]["connect_timeout"] = "8s"
    directory, name = place_of(world)
    with Listener() as a, Listener() as b, Listener() as c:
        env = by_environment(world, f"127.0.0.1,127.0.0.1,127.0.0.1,{directory}",
                             f"{a.port},{b.port},{c.port},5432", name)
        assert "Recent run detected" in world.run(env=env).err


HOSTS = ["sh", "-c", 'mount --bind hosts /etc/hosts && exec "$@"', "sh"]


@pytest.fixture
def two_addresses(tmp_path):
    """A world whose database has a name with two addresses, of which the first is silent."""
    if subprocess.run([*UNSHARE[:-1], "true"], check=False, capture_output=True).returncode != 0:
        pytest.skip("this machine allows no namespaces")
    with socket.create_server(("127.0.0.2", 0)) as silent:
        port = silent.getsockname()[1]
        with Postgres(listen_addresses="127.0.0.3", port=str(port)) as server:
            hba = server.directory / "data/pg_hba.conf"
            hba.write_text("host all all 127.0.0.0/8 trust\n" + hba.read_text())
            with server.connect() as connection:
                connection.cursor().execute("SELECT pg_reload_conf()")
            world = World(server, tmp_path, server.create_database())
            assert world.run("migrate").code == 0
            (tmp_path / "hosts").write_text("127.0.0.1 localhost\n127.0.0.2 db.test\n127.0.0.3 db.test\n")
            name = place_of(world)[1]
            world.sections["database"]["url"] = f"postgresql://postgres@db.test:{port}/{name}"
            yield world
            world.close()


def test_of_one_name_with_two_addresses_the_second_is_found(two_addresses):
    world = two_addresses
    world.spider("a").add_run("1 hour")
    begin = time.monotonic()
    result = world.start(before=[*UNSHARE[:-1], *HOSTS]).end()
    assert "Recent run detected" in result.err, result.err
    assert time.monotonic() - begin < BOUND


def test_a_limit_of_the_users_own_is_that_of_each_address(two_addresses):
    world = two_addresses
    world.spider("a").add_run("1 hour")
    begin = time.monotonic()
    result = world.start(before=[*UNSHARE[:-1], *HOSTS], env={"PGCONNECT_TIMEOUT": "3"}).end()
    assert "Recent run detected" in result.err, result.err
    assert 2 <= time.monotonic() - begin < BOUND


def test_the_options_of_a_service_are_kept_beside_ours(empty_world):
    world = empty_world
    directory, name = place_of(world)
    world.sql("create schema jobs")
    service(world, f"host={directory}\ndbname={name}\nuser=postgres\noptions=-csearch_path=jobs")
    world.sections["database"]["url"] = "postgresql:///?service=jobs"
    assert world.run("migrate").code == 0
    assert world.sql("select schemaname::text from pg_tables where tablename = 'scheduler_state'") == [("jobs",)]
    assert world.spider("a").run().code == 0
    assert "Recent run detected" in world.run().err
    world.sql("drop schema jobs cascade")


def test_pgoptions_are_kept_beside_a_service_without_options(empty_world):
    world = empty_world
    directory, name = place_of(world)
    world.sql("create schema jobs")
    service(world, f"host={directory}\ndbname={name}\nuser=postgres")
    world.sections["database"]["url"] = "postgresql:///?service=jobs"
    assert world.run("migrate", env={"PGOPTIONS": "-csearch_path=jobs"}).code == 0
    assert world.sql("select schemaname::text from pg_tables where tablename = 'scheduler_state'") == [("jobs",)]
    world.sql("drop schema jobs cascade")


def test_our_own_limits_hold_with_a_service_that_has_options(world):
    directory, name = place_of(world)
    service(world, f"host={directory}\ndbname={name}\nuser=postgres\noptions=-cwork_mem=5MB")
    world.sections["database"] = {"url": "postgresql:///?service=jobs", "statement_timeout": "1s"}
    with world.server.connect(world.url) as connection:
        connection.autocommit = False
        connection.cursor().execute("LOCK TABLE scheduler_state")
        result = world.run("history")
    assert result.code == 3
    assert "canceling statement due to statement timeout" in result.err


def test_what_is_configured_beside_a_service_wins_as_in_libpq(world):
    directory, name = place_of(world)
    service(world, f"host=nowhere\ndbname={name}\nuser=nobody_at_all")
    world.sections["database"]["url"] = f"postgresql:///?service=jobs&host={directory}&user=postgres"
    assert world.run("history").code == 0


def test_a_service_file_that_is_named_elsewhere_is_read_too(world):
    directory, name = place_of(world)
    service(world, f"host={directory}\ndbname={name}\nuser=postgres")
    moved = (world.home / ".pg_service.conf").rename(world.directory / "services")
    world.sections["database"]["url"] = "postgresql:///?service=jobs"
    assert world.run("history", env={"PGSERVICEFILE": str(moved)}).code == 0


def test_the_spiders_get_the_service_of_the_environment_as_it_was(world):
    directory, name = place_of(world)
    service(world, f"host={directory}\ndbname={name}\nuser=postgres")
    world.spider("a", f"echo \"$PGSERVICE\" >{world.directory}/seen")
    world.sections["database"]["url"] = "postgresql:///?service=jobs"
    assert world.run().code == 0
    assert (world.directory / "seen").read_text() == "\n"
    del world.sections["database"]["url"]
    assert world.run("--force", env={"PGSERVICE": "jobs"}).code == 0
    assert (world.directory / "seen").read_text() == "jobs\n"
