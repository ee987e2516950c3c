"""Exceptions that end the process."""

import sys

from spidercheck_probe import crawls, report


def watch():
    original = sys.excepthook

    def hook(exc_type, exception, trace):
        if issubclass(exc_type, Exception):
            try:
                _tell(exception, trace)
            except Exception:
                pass
        original(exc_type, exception, trace)

    sys.excepthook = hook


def _tell(exception, trace):
    from spidercheck_probe import faults

    crawl = crawls.that_failed_by(exception)
    report.emit("crash", **dict(faults.fault(exception, trace),
                                **({"crawl": crawl.number} if crawl else {})))
