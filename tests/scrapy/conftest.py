"""The built program (SPIDER_CHECK) with each version of Scrapy that people run.

    SPIDER_CHECK=build/src/spider-check /usr/bin/python3 -m pytest tests/scrapy

Only the newest is tried, unless SPIDER_CHECK_SCRAPY is "older", "all" or "everything".
"""

import concurrent.futures
import pathlib
import sys
import threading

sys.dont_write_bytecode = True
TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "support"), str(TESTS / "e2e")]

import pytest

pytest.register_assert_rewrite("crawl_modes")

import fixtures
import versions
from fixtures import databases, migrated, server, world


def pytest_configure(config):
    """What cannot be installed is one failure, not one of every test."""
    fixtures.pytest_configure(config)
    if hasattr(config, "workerinput"):
        return
    try:
        with concurrent.futures.ThreadPoolExecutor() as pool:
            list(pool.map(versions.environment, versions.chosen()))
    except versions.NotInstalled as error:
        raise pytest.UsageError(str(error)) from None
    # The largest one is made while others are used; who needs it says what is wrong with it.
    import software

    threading.Thread(target=software.environment, daemon=True).start()


def pytest_collection_modifyitems(config, items):
    others = [item for item in items if is_other_case(item)]
    items[:] = sorted((item for item in items if item not in others), key=uses_software)
    config.hook.pytest_deselected(items=others)


def uses_software(item):
    return any(getattr(value, "__module__", "") == "software"
               for value in vars(item.module).values())


def is_other_case(item):
    scrapy = getattr(item, "callspec", None) and item.callspec.params.get("each_scrapy")
    return scrapy and any(case in item.name
                          for case in versions.VERSIONS[scrapy.version].other_cases)
