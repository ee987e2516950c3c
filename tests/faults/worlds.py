"""Many worlds at the same time, each with a directory and a database of its own."""

import contextlib
import itertools
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor

from fault_world import FaultWorld

AT_ONCE = 4  # most of a case is waiting


class Worlds:
    def __init__(self, server, databases, template, directory):
        self._server = server
        self._databases = databases
        self._template = template
        self._directory = directory
        self._numbers = itertools.count()
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def take(self):
        with self._lock:
            directory = self._directory / str(next(self._numbers))
            url = self._databases.take()
        directory.mkdir()
        world = FaultWorld(self._server, directory, url, self._template)
        try:
            yield world
        finally:
            world.close()
            with self._lock:
                self._databases.give_back(url)
        shutil.rmtree(directory)  # what failed stays, to be looked at


def sweep(case, numbers, what=str):
    """case(number) for each, several at once; fails with all that failed, each named by what(number)."""
    def tried(number):
        try:
            return case(number)
        except Exception as error:  # an assertion of pytest's, too; named below
            return error

    numbers = list(numbers)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        results = list(pool.map(tried, numbers))
    failed = [f"--- {what(number)}: {type(error).__name__}: {error}"
              for number, error in zip(numbers, results) if isinstance(error, BaseException)]
    assert not failed, f"{len(failed)} of {len(numbers)} failed\n" + "\n".join(failed)
    return results
