"""The next Debian's compilers and libraries take the source without a warning, and what they make works."""

import subprocess

import debian_root
from debian_root import TOP

BUILD = ("g++", "meson", "ninja-build", "pkg-config", "libsoci-dev", "libboost-dev", "libpq-dev", "libcli11-dev",
         "libspdlog-dev", "libfmt-dev", "libtomlplusplus-dev", "nlohmann-json3-dev", "libcurl4-openssl-dev",
         "python3", "doctest-dev")


def test_it_builds_without_a_warning_and_its_unit_tests_pass():
    with debian_root.Root(debian_root.base(BUILD, suite="trixie")) as root:
        source = subprocess.run(["git", "-C", TOP, "archive", "HEAD"], check=True, stdout=subprocess.PIPE).stdout
        root.at("/srv/source").mkdir()
        subprocess.run(["tar", "-x", "-C", root.at("/srv/source")], input=source, check=True)
        root.run("meson", "setup", "-Dtests=enabled", "-Dwerror=true", "-Ddebug=false", "/srv/build", "/srv/source")
        root.run("ninja", "-C", "/srv/build", "src/spider-check", "tests/unit/unit-tests", timeout=3600)
        assert root.run("/srv/build/src/spider-check", "--version").stdout.startswith("spider-check ")
        assert "0 failed" in root.run("/srv/build/tests/unit/unit-tests").stdout
