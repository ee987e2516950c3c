"""The end-to-end tests: the built program (SPIDER_CHECK) against a PostgreSQL of their own.

    SPIDER_CHECK=build/src/spider-check SPIDER_CHECK_INSTALLED_ROOT=/prefix/of/meson/install \\
        /usr/bin/python3 -m pytest tests/e2e
"""

import os
import pathlib
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

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
    folder = tmp_path_factory.mktemp("migrated")
    (folder / "config.toml").write_text(f'[database]\nurl = "{url}"\n')
    subprocess.run([program_path(), "migrate", "-c", "config.toml"], cwd=folder, check=True,
                   env={"HOME": str(folder)}, timeout=60)
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
