"""The Debian package, which packaging/build-deb makes once in a run of the tests, for all who need it."""

import fcntl
import os
import pathlib
import subprocess
from collections import namedtuple

from debian_root import KEPT, TOP

DIRECTORY = KEPT / "deb"

# depends: what apt has to bring before it, as apt-get satisfy takes it. log: all that was said in the build.
Package = namedtuple("Package", "deb tarball version depends log")


def build_deb(*words, top=TOP, environment=None):
    return subprocess.run([top / "packaging/build-deb", *words], env={**os.environ, **(environment or {})}, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=3600)


def built(run):
    """What was built in this run of the tests, by whichever of its workers came first.

    SPIDER_CHECK_PACKAGE names what build-deb has made before, for whoever changes nothing but a test.
    """
    if directory := os.environ.get("SPIDER_CHECK_PACKAGE"):
        return _package(pathlib.Path(directory))
    KEPT.mkdir(exist_ok=True)
    marker = KEPT / "deb.run"
    with open(KEPT / "deb.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (marker.exists() and marker.read_text() == run):
            marker.unlink(missing_ok=True)
            _build()
            marker.write_text(run)
    return _package(DIRECTORY)


def _build():
    # Symbols for a debugger take their time, and show nothing here.
    ended = build_deb(environment={"DEB_BUILD_OPTIONS": "noautodbgsym", "DEB_CXXFLAGS_STRIP": "-g"})
    assert ended.returncode == 0, ended.stdout


def _package(directory):
    (deb,), (tarball,) = directory.glob("spider-check_*.deb"), directory.glob("spider-check-*.tar.gz")
    fields = [subprocess.run(["dpkg-deb", "--field", deb, name], check=True, text=True, stdout=subprocess.PIPE).stdout.strip()
              for name in ("Version", "Depends")]
    return Package(deb, tarball, *fields, (directory / "build.log").read_text())
