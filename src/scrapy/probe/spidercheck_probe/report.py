"""The report: a file to which each record is one line of JSON."""

import json
import os
import stat

MAX_STATS = 5000
MAX_TEXT = 1000
MAX_NAME = 200
MAX_RECORD = 1 << 20  # bytes

# Taken out of the environment: what the crawl starts must not report in its place.
path = os.environ.pop("SPIDERCHECK_REPORT", None)
token = os.environ.pop("SPIDERCHECK_TOKEN", "")
wishes = os.environ.pop("SPIDERCHECK_IGNORE", "")
pid = os.getpid()

try:
    here = os.path.join(os.path.realpath(os.getcwd()), "")
except OSError:
    here = "/nowhere/"


def text(value, longest=MAX_TEXT):
    """Valid Unicode without NUL, which is what PostgreSQL keeps."""
    try:
        said = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    except Exception:
        said = "<%s>" % type(value).__name__
    said = said[:longest].encode("utf-8", "replace").decode("utf-8")
    return said.replace("\0", "\ufffd")


def value(given, depth=0):
    """Something that JSON, and every reader of JSON, can hold."""
    if given is None or isinstance(given, bool):
        return given
    if isinstance(given, int):
        return given if abs(given) < 1 << 53 else text(given)
    if isinstance(given, float):
        return given if given - given == 0 else text(given)
    if isinstance(given, dict) and depth < 3:
        pairs = list(given.items())
        if len(pairs) > MAX_STATS:
            # Scrapy's own keys are short; what makes thousands of them is the project.
            pairs = sorted(pairs, key=lambda pair: len(str(pair[0])))[:MAX_STATS]
        return {text(key, MAX_NAME): value(inner, depth + 1) for key, inner in pairs}
    if isinstance(given, (list, tuple)) and depth < 3:
        return [value(inner, depth + 1) for inner in list(given)[:MAX_STATS]]
    return text(given)


def emit(kind, **facts):
    """One write to a file that is only appended to: never mixed with another, never blocking."""
    if not path or os.getpid() != pid:
        return
    try:
        facts.update(kind=kind, token=token, process=pid)
        line = json.dumps(facts).encode("ascii") + b"\n"
        if len(line) > MAX_RECORD and "stats" in facts:
            facts["stats"] = _without_long_ones(facts["stats"])
            line = json.dumps(facts).encode("ascii") + b"\n"
        # The file is made by the program; whatever else is in its place is not written to.
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            if stat.S_ISREG(os.fstat(descriptor).st_mode):
                os.write(descriptor, line)
        finally:
            os.close(descriptor)
    except Exception:
        pass


def adopt():
    """For a process that was forked by one which reports and crawls nothing itself."""
    global pid
    forked = bool(path) and pid != os.getpid()
    pid = os.getpid()
    return forked


def _without_long_ones(stats):
    short = [(key, inner) for key, inner in stats.items()
             if len(key) <= 100 and len(json.dumps(inner)) <= 100]
    return dict(short[:2000])


def first_line(said):
    """The first line that says something: no rule, no empty one; a mere [tag] stays before it."""
    lines = [line.strip() for line in said.splitlines()]
    telling = [line for line in lines if any(char.isalnum() for char in line)]
    if len(telling) > 1 and telling[0].startswith("[") and telling[0].endswith("]"):
        return " ".join(telling[:2])
    return "".join((telling or lines)[:1])
