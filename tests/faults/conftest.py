"""The fault tests: the built program (SPIDER_CHECK) against real servers, networks and hosts that fail.

    SPIDER_CHECK=build/src/spider-check SPIDER_CHECK_FAULTY=build-faults/src/spider-check \\
        /usr/bin/python3 -m pytest tests/faults

SPIDER_CHECK_FAULTY is a program built with -Dfault_points=true, which can be told where to die.
"""

import os
import pathlib
import sys

sys.dont_write_bytecode = True
TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "support"), str(TESTS / "e2e")]

import pytest

from fault_world import FaultWorld
from fixtures import databases, migrated, pytest_configure, server
from vanished import vanished
from worlds import Worlds


@pytest.fixture
def world(server, databases, migrated, tmp_path):
    url = databases.take()
    world = FaultWorld(server, tmp_path, url, migrated)
    yield world
    world.close()
    databases.give_back(url)


@pytest.fixture(scope="module")
def worlds(server, databases, migrated, tmp_path_factory):
    """To be had from several threads at once."""
    return Worlds(server, databases, migrated, tmp_path_factory.mktemp("worlds"))


@pytest.fixture(scope="session")
def faulty():
    path = os.environ.get("SPIDER_CHECK_FAULTY")
    if not path or not os.access(path, os.X_OK):
        raise RuntimeError("SPIDER_CHECK_FAULTY names no program: build one with "
                           "-Dfault_points=true and name it")
    return os.path.abspath(path)


SLOW = "test_vanished_host.py"


def pytest_collection_modifyitems(items):
    """What only waits goes on behind all the others."""
    items.sort(key=lambda item: item.path.name == SLOW)


@pytest.fixture(scope="session", autouse=True)
def start_waiting_early(request):
    if any(item.path.name == SLOW for item in request.session.items):
        request.getfixturevalue("vanished")
