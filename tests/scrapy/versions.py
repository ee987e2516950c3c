"""The Scrapy versions that are tried, each with its programs in a directory of its own.

Debian's is installed with the system; the others get a virtual environment in build-tests/scrapy,
which is kept until its list of packages changes.
"""

import fcntl
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
from collections import namedtuple

from crawl_modes import failed, hangs

PYTHON = "/usr/bin/python3"
DIRECTORY = pathlib.Path(__file__).resolve().parents[2] / "build-tests/scrapy"
DEBIAN = pathlib.Path("/usr/bin")

Version = namedtuple("Version", "packages differences other_cases", defaults=[()])

# Without FILES_STORE they take the directory "None", and do not disable the pipeline.
NO_FILES_STORE = "scrapy.pipelines.files.FilesPipeline"

# What an old Scrapy needs besides itself is of its own time; a new one takes the newest. The
# differences are modes of crawl_modes.py that end otherwise, in both reactors or one; other_cases
# are parts of the names of other tests that cannot be there.
VERSIONS = {
    "2.8": Version(None, {}),  # Debian's
    "2.11": Version(["Scrapy==2.11.2", "Twisted==23.10.0", "w3lib==2.1.2"], {},
                    [NO_FILES_STORE]),
    "2.13": Version(["Scrapy==2.13.4"], {
        "both": [failed("start_raises_outright", "RuntimeError: no addresses", items=0)],
        "epoll": [failed("sys_exit", "0 items", items=0)],
        "asyncio": [failed("open_spider_raises", "ConnectionError: the database is away"),
                    hangs("sys_exit")],
    }, [NO_FILES_STORE]),
    "2.19": Version(["Scrapy==2.19.0"], {
        "both": [failed("start_raises_late", "start_error", finish_reason="start_error", items=20),
                 failed("start_raises_outright", "start_error", finish_reason="start_error")],
        "asyncio": [hangs("sys_exit")],
    }),
}
NEWEST = "2.19"
# What people run around the newest, and what makes their environments.
AROUND_IT = [
    "scrapy-playwright==0.0.48", "playwright==1.65.2", "spidermon==1.27.0", "scrapy-redis==0.9.1",
    "fakeredis[lua]==2.41.0", "moto[server]==5.2.5", "boto3==1.44.8", "psycopg2-binary==2.9.13",
    "attrs==26.1.0", "pydantic==2.14.4",
]
TOOLS = ["uv==0.13.9", "poetry==2.5.1", "pipenv==2026.10.3"]
REACTORS = {
    "epoll": "twisted.internet.epollreactor.EPollReactor",
    "asyncio": "twisted.internet.asyncioreactor.AsyncioSelectorReactor",
}


class NotInstalled(Exception):
    """Says what could not be installed, and why."""


def mode_of(mode, version, reactor):
    """How that mode ends there."""
    known = VERSIONS[version].differences
    for other in [*known.get("both", ()), *known.get(reactor, ())]:
        if other.name == mode.name:
            return other
    return mode


def extent():
    """Of the tests: the "newest" version, the "older" ones, "all", or "everything" on all of them."""
    return os.environ.get("SPIDER_CHECK_SCRAPY") or "newest"


def chosen():
    return [version for version in VERSIONS
            if extent() not in ("newest", "older") or (version == NEWEST) == (extent() == "newest")]


def environment(version, *more_packages):
    """The directory where that version's `scrapy` and `python3` are; made if it is not there."""
    packages = VERSIONS[version].packages
    if packages is None:
        assert not more_packages, "Debian's Scrapy is never changed"
        return DEBIAN
    packages = [*packages, *more_packages]
    return made(DIRECTORY / "-".join([version, *name_of(more_packages)]), packages)


def made(directory, packages):
    """Where its programs are; nobody else makes it at the same time."""
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    with open(f"{directory}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not is_made(directory, packages):
            make(directory, packages)
    return directory / "bin"


def tools():
    """The directory of the programs that make environments for others."""
    return made(DIRECTORY / "tools", TOOLS)


def name_of(packages):
    """Environments that differ do not replace each other."""
    return [hashlib.sha256(json.dumps(packages).encode()).hexdigest()[:8]] if packages else []


def is_made(directory, packages):
    list_file = directory / "packages.json"  # written last
    return list_file.exists() and json.loads(list_file.read_text()) == packages


def make(directory, packages):
    shutil.rmtree(directory, ignore_errors=True)
    run("venv", "--without-pip", directory)
    run("pip", "--python", directory / "bin/python3", "install", "--quiet", "--retries", "2",
        *packages)
    (directory / "packages.json").write_text(json.dumps(packages))


def run(*command):
    done = subprocess.run([PYTHON, "-m", *command], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    if done.returncode:
        said = " ".join(map(str, command))
        raise NotInstalled(f"{said} failed (is PyPI reachable?):\n{done.stdout}")


if __name__ == "__main__":
    # All that the tests will ask for.
    for version in chosen():
        environment(version)
    environment(NEWEST, *AROUND_IT)
    tools()
