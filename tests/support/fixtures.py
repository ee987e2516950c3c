"""What the tests of the built program share: a server, databases as its migrations leave them, worlds.

A conftest.py imports what its directory uses.
"""

import os
import subprocess

import pytest

from databases import Databases
from postgres import Postgres
from world import World, program_path


def pytest_configure(config):
    try:
        program = program_path()
    except RuntimeError as error:
        raise pytest.UsageError(str(error)) from None
    if not os.access(program, os.X_OK) or os.path.isdir(program):
        raise pytest.UsageError(f"SPIDER_CHECK: {program} is no program")


@pytest.fixture(scope="session")
def server():
    with Postgres() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def migrated(server, tmp_path_factory):
    """The name of a database that the program has prepared, to make others from."""
    url = server.create_database()
    directory = tmp_path_factory.mktemp("migrated")
    (directory / "config.toml").write_text(f'[database]\nurl = "{url}"\n')
    subprocess.run([program_path(), "migrate", "-c", "config.toml"], cwd=directory, check=True,
                   env={"HOME": str(directory)}, timeout=60)
    return url.partition(":///")[2].partition("?")[0]


@pytest.fixture(scope="session")
def databases(server, migrated):
    return Databases(server, migrated)


@pytest.fixture
def world(server, databases, migrated, tmp_path):
    """With a database that `spider-check migrate` has prepared."""
    url = databases.take()
    world = World(server, tmp_path, url, migrated)
    yield world
    world.close()
    databases.give_back(url)


@pytest.fixture(scope="session")
def shared_url(server, migrated):
    return server.create_database(migrated)


@pytest.fixture
def shared(server, shared_url, tmp_path):
    """For input that is refused: no spider may run, and the database must stay as it is."""
    world = World(server, tmp_path, shared_url)
    before = world.dump()
    yield world
    world.close()
    assert world.ran() == []
    assert world.dump() == before


@pytest.fixture
def empty_world(server, tmp_path):
    """With a database in which nothing is."""
    world = World(server, tmp_path, server.create_database())
    yield world
    world.close()
    server.drop_database(world.url)
