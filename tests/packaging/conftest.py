"""The packaging tests: packages, units and containers, each on a fresh system. They need root.

    /usr/bin/python3 -m pytest tests/packaging
"""

import os
import pathlib
import sys
import uuid

sys.dont_write_bytecode = True
TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "support"), str(TESTS / "e2e")]

import pytest

import debian_package


def pytest_configure(config):
    if os.geteuid() != 0:
        raise pytest.UsageError("tests/packaging makes whole systems, for which it has to be root")


@pytest.fixture(scope="session")
def package():
    """What packaging/build-deb makes: see debian_package.Package."""
    return debian_package.built(os.environ.get("PYTEST_XDIST_TESTRUNUID", uuid.uuid4().hex))
