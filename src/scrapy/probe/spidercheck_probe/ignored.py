"""What is normal for this site, as SPIDERCHECK_IGNORE says: it is neither counted nor told."""

import json
import re

from spidercheck_probe import report

loggers = []  # names; their children are meant, too
patterns = []
statuses = set()
unusable = []


def _read(wishes):
    given = json.loads(wishes)
    statuses.update(int(status) for status in given.get("statuses", ()))
    for error in given.get("errors", ()):
        if not error.startswith("re:"):
            loggers.append(error)
            continue
        try:
            patterns.append(re.compile(error[3:]))
        except Exception as reason:
            unusable.append(report.text("%s: %s" % (error, reason)))


if report.wishes:
    try:
        _read(report.wishes)
    except Exception:
        pass


def is_meant(logger, texts):
    return (any(logger == name or logger.startswith(name + ".") for name in loggers)
            or any(pattern.search(text) for pattern in patterns for text in texts))


def is_given_up(record):
    """Scrapy says so of each page that came with such a status to the end."""
    if not statuses or not str(record.msg).startswith("Gave up retrying"):
        return False
    facts = record.args if isinstance(record.args, dict) else {}
    status = str(facts.get("reason", "")).split(" ")[0]
    return status.isdigit() and int(status) in statuses
