"""packaging/build-deb: what it makes, and what it says when it cannot."""

import re
import shutil
import subprocess
import tarfile

import pytest

from debian_package import build_deb
from debian_root import TOP


def test_the_build_runs_the_unit_and_process_tests_of_the_release_tarball(package):
    for test in ("unit", "process", "journal"):
        assert re.search(rf"^ *\d+/\d+ (?:spider-check:)?\S* ?/? ?{test} +OK", package.log, re.M), test
    assert package.tarball.name == f"spider-check-{package.version}.tar.gz"


def test_it_compiles_without_a_warning(package):
    # debhelper's own are about what a debugger would read.
    said = [line for line in package.log.splitlines() if not line.startswith("dh_")]
    assert [line for line in said if re.search(r"\bwarning:", line)] == []


def test_the_program_is_hardened_and_loads_no_library_that_it_could_do_without(package, tmp_path):
    subprocess.run(["dpkg-deb", "--extract", package.deb, tmp_path], check=True)
    said = subprocess.run(["readelf", "--dynamic", "--wide", tmp_path / "usr/bin/spider-check"], check=True, text=True,
                          stdout=subprocess.PIPE).stdout
    assert set(re.findall(r"\(NEEDED\).*\[(\w+)", said)) - {"ld"} == {"libpq", "libc"}
    assert re.search(r"\(FLAGS_1\) +Flags: NOW PIE$", said, re.M)


def test_an_unpacked_release_tarball_makes_the_same_tarball_again(package, tmp_path):
    subprocess.run(["tar", "-xzf", package.tarball, "-C", tmp_path], check=True)
    (top,) = tmp_path.iterdir()
    for name in ("build", "build-dev", "src/__pycache__"):
        (top / name).mkdir()
        (top / name / "x").touch()
    ended = build_deb("--tarball", top=top)
    assert ended.returncode == 0, ended.stdout
    assert contents(top / f"build-packaging/deb/{top.name}.tar.gz") == contents(package.tarball)


def contents(tarball):
    with tarfile.open(tarball) as file:
        return {member.name: (member.mode & 0o111, file.extractfile(member).read()) for member in file if member.isfile()}


@pytest.fixture
def copied(tmp_path):
    """Of the project, what build-deb looks at before it builds."""
    shutil.copytree(TOP / "packaging", tmp_path / "packaging")
    shutil.copy(TOP / "meson.build", tmp_path)
    return tmp_path


def change(file, old, new):
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new, 1))


def refusal(copied, *words):
    ended = build_deb(*words, top=copied)
    assert ended.returncode == 1
    (line,) = ended.stdout.splitlines()
    return line


def test_it_names_what_is_missing_and_the_command_that_installs_it(copied):
    change(copied / "packaging/debian/control", "libpq-dev,", "libpq-dev,\n               not-there-dev (>= 3),")
    assert refusal(copied) == ("build-deb: missing: not-there-dev (>= 3); as root, type: "
                               f"apt-get build-dep --no-install-recommends {copied}/packaging")


def test_without_tests_it_needs_nothing_that_only_tests_need(copied):
    change(copied / "packaging/debian/control", "tzdata <!nocheck>", "not-there <!nocheck>")
    assert "missing: not-there;" in refusal(copied, "--tarball")
    ended = build_deb("--no-tests", "--tarball", top=copied)
    assert ended.returncode == 0, ended.stdout


def test_dependencies_deb_installs_what_a_build_without_tests_needs():
    script = (TOP / "packaging/dependencies").read_text()
    names = {name for array in ("build", "deb") for name in re.search(rf"(?m)^{array}=\(([^)]*)\)", script)[1].split()}
    asked = subprocess.run(["dpkg-query", "--show", "--showformat=${Provides}, ", *names], check=True, text=True,
                           stdout=subprocess.PIPE).stdout
    provided = {name.split()[0] for name in asked.split(",") if name.strip()}
    control = (TOP / "packaging/debian/control").read_text()
    needed = re.search(r"(?ms)^Build-Depends: (.*?)^\S", control)[1].split(",")
    lacking = [line for line in needed if line.strip() and "<!nocheck>" not in line and not
               {re.match(r"[a-z0-9+.-]+", other.strip())[0] for other in line.split("|")} & (names | provided)]
    assert lacking == []
    # What build-deb itself calls.
    assert {"debhelper", "lintian", "build-essential", "meson"} <= names


def test_the_program_and_its_package_have_one_version(copied):
    change(copied / "packaging/debian/changelog", "spider-check (", "spider-check (9.")
    assert "packaging/debian/changelog 9.0.1.0; they have to be one" in refusal(copied)


def test_it_says_how_it_is_used():
    asked, wrong = build_deb("--help"), build_deb("--wrong")
    assert (asked.returncode, wrong.returncode) == (0, 2)
    assert asked.stdout == wrong.stdout
    assert asked.stdout.startswith("usage: packaging/build-deb ")
