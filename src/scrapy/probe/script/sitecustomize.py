"""Loads the probe where a program uses Scrapy that is not Scrapy's own: a script that crawls.

Python imports it at its start, because its directory is on PYTHONPATH. It hides another of that name,
which it runs. Any Python reads it, since any may be started below.
"""

import os
import sys


class _Finder(object):
    """Waits for Scrapy."""

    def find_spec(self, name, path=None, target=None):
        if name != "scrapy.crawler":
            return None
        for finder in sys.meta_path:
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                self.load_probe_after(spec.loader)
                return spec
        return None

    def load_probe_after(self, loader):
        original = loader.exec_module

        def exec_module(module):
            loader.exec_module = original
            original(module)
            if self in sys.meta_path:
                sys.meta_path.remove(self)
            try:
                import spidercheck_probe  # noqa: F401
            except Exception:
                pass

        try:
            loader.exec_module = exec_module
        except Exception:
            pass


def _run_the_hidden_one():
    """Python's search once more, without this directory; what it raises goes to Python."""
    here = os.path.dirname(os.path.abspath(__file__))
    mine = [(place, directory) for place, directory in enumerate(sys.path)
            if os.path.abspath(directory) == here]
    sys.path[:] = [directory for directory in sys.path if os.path.abspath(directory) != here]
    this = sys.modules.pop("sitecustomize", None)  # Python 2 empties a module that nobody holds
    try:
        import sitecustomize  # noqa: F401
    finally:
        for place, directory in mine:
            sys.path.insert(place, directory)
        del this


if os.environ.get("SPIDERCHECK_REPORT") and sys.version_info >= (3, 5):
    sys.meta_path.insert(0, _Finder())
_run_the_hidden_one()
