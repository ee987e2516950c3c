"""The Scrapy versions that are tried, each with its programs in a folder of its own.

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

PYTHON = "/usr/bin/python3"
FOLDER = pathlib.Path(__file__).resolve().parents[2] / "build-tests/scrapy"
DEBIAN = pathlib.Path("/usr/bin")

Version = namedtuple("Version", "packages")

# What an old Scrapy needs besides itself is of its own time; a new one takes the newest.
VERSIONS = {
    "2.8": Version(None),  # Debian's
    "2.11": Version(["Scrapy==2.11.2", "Twisted==23.10.0", "w3lib==2.1.2"]),
    "2.13": Version(["Scrapy==2.13.4"]),
    "2.19": Version(["Scrapy==2.19.0"]),
}
NEWEST = "2.19"
REACTORS = {
    "epoll": "twisted.internet.epollreactor.EPollReactor",
    "asyncio": "twisted.internet.asyncioreactor.AsyncioSelectorReactor",
}


class NotInstalled(Exception):
    """Says what could not be installed, and why."""


def chosen():
    """The versions that SPIDER_CHECK_SCRAPY wants: only the newest, or all."""
    return list(VERSIONS) if os.environ.get("SPIDER_CHECK_SCRAPY") == "all" else [NEWEST]


def environment(version, *more_packages):
    """The folder where that version's `scrapy` and `python3` are; made if it is not there."""
    packages = VERSIONS[version].packages
    if packages is None:
        assert not more_packages, "Debian's Scrapy is never changed"
        return DEBIAN
    packages = [*packages, *more_packages]
    folder = FOLDER / "-".join([version, *name_of(more_packages)])
    FOLDER.mkdir(parents=True, exist_ok=True)
    with open(f"{folder}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not is_made(folder, packages):
            make(folder, packages)
    return folder / "bin"


def name_of(packages):
    """Environments that differ do not replace each other."""
    return [hashlib.sha256(json.dumps(packages).encode()).hexdigest()[:8]] if packages else []


def is_made(folder, packages):
    list_file = folder / "packages.json"  # written last
    return list_file.exists() and json.loads(list_file.read_text()) == packages


def make(folder, packages):
    shutil.rmtree(folder, ignore_errors=True)
    run("venv", "--without-pip", folder)
    run("pip", "--python", folder / "bin/python3", "install", "--quiet", "--retries", "2", *packages)
    (folder / "packages.json").write_text(json.dumps(packages))


def run(*command):
    done = subprocess.run([PYTHON, "-m", *command], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    if done.returncode:
        raise NotInstalled(f"{' '.join(map(str, command))} failed (is PyPI reachable?):\n{done.stdout}")
