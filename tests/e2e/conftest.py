"""The end-to-end tests: the built program (SPIDER_CHECK) against a PostgreSQL of their own.

    SPIDER_CHECK=build/src/spider-check SPIDER_CHECK_INSTALLED_ROOT=/prefix/of/meson/install \\
        /usr/bin/python3 -m pytest tests/e2e
"""

import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import pytest

pytest.register_assert_rewrite("crawl_modes")

from fixtures import (databases, empty_world, migrated, pytest_configure, server, shared, shared_url,
                      world)
from telling import black_hole, certificate, receiver

LONGEST = ("test_bad_spiders.py", "test_crawls.py", "test_modes.py", "test_unendable.py")


def pytest_collection_modifyitems(items):
    """A file is one worker's, and no worker is to begin with one of these when the others are done."""
    items.sort(key=lambda item: item.path.name not in LONGEST)
