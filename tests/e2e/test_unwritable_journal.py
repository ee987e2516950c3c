"""Where the journal cannot be written a run needs the database, and the fault is named."""

import os
import shlex
import shutil
import socket
import stat
import subprocess

import pytest

from test_check import problems
from test_unwritable_logs import with_mounts
from world import kill


@pytest.fixture
def apart(world):
    """With logs that are not where the journal is."""
    world.top["log_dir"] = "logs"
    world.state = world.home / ".local/state/spider-check"
    return world.spider("a")


def file_in_its_place(world):
    world.state.mkdir(parents=True)
    (world.state / "journal").touch()
    return [], "Not a directory"


def read_only(world):
    world.state.mkdir(parents=True)
    return with_mounts(f"mount -t tmpfs -o ro none {shlex.quote(str(world.state))}"), (
        "Read-only file system")


def full(world):
    world.state.mkdir(parents=True)
    directory = shlex.quote(str(world.state))
    return with_mounts(f"mount -t tmpfs -o size=64k none {directory}",
                       f"mkdir -p {directory}/journal/default",
                       f"cat /dev/zero >{directory}/much 2>/dev/null || :"), "No space left on device"


def without_inodes(world):
    world.state.mkdir(parents=True)
    directory = shlex.quote(str(world.state))
    return with_mounts(f"mount -t tmpfs -o nr_inodes=4 none {directory}",
                       f"touch {directory}/1 {directory}/2 {directory}/3"), "No space left on device"


FAULTS = pytest.mark.parametrize("fault", [file_in_its_place, read_only, full, without_inodes])

# As a file system does on a server that has no locks.
NO_LOCKS = """
#include <errno.h>
int flock(int fd, int operation) {
  (void)fd, (void)operation;
  errno = ENOLCK;
  return -1;
}
"""


@pytest.mark.parametrize("fault, why", [
    (file_in_its_place, "journal is not a directory"), (read_only, "is on a read-only file system"),
    (full, "No space left on device"), (without_inodes, "No space left on device (or no inodes)")])
def test_check_finds_it(apart, fault, why):
    before, _ = fault(apart)
    result = apart.run("check", before=before)
    assert result.code == 2
    (problem,) = [text for text in problems(result) if why in text]
    assert str(apart.state) in problem
    assert apart.ran() == []


def test_check_finds_that_nothing_can_be_locked(apart):
    library = apart.directory / "no_locks.so"
    compiler = os.environ.get("CC", "cc").split()[0]
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, "-xc", "-"],
                   input=NO_LOCKS, text=True, check=True)
    result = apart.run("check", env={"LD_PRELOAD": str(library)})
    assert result.code == 2
    (problem,) = problems(result)
    assert "No locks available" in problem and "on a local file system" in problem


@FAULTS
def test_with_the_database_the_run_happens_and_the_fault_is_recorded(apart, fault):
    before, why = fault(apart)
    result = apart.run("-q", before=before)
    assert result.code == 0
    (warning,) = result.err.splitlines()
    assert " warn " in warning and why in warning and "the spiders run all the same" in warning
    run = apart.only_run()
    assert (run.status, run.spider_count) == ("completed", 1)
    (recorded,) = run.faults
    assert why in recorded and str(apart.state) in recorded
    assert len(apart.outcomes()) == 1


@FAULTS
def test_a_skip_says_nothing_of_it(apart, fault):
    before, _ = fault(apart)
    apart.add_run("1 hour")
    assert apart.run("-q", before=before) == (0, "", "")
    assert apart.ran() == []


@FAULTS
def test_without_the_database_nothing_is_run_and_both_faults_are_on_one_line(apart, fault):
    before, why = fault(apart)
    apart.sections["database"]["url"] = f"postgresql:///nothing?host={apart.directory}&user=me"
    result = apart.run("-q", before=before)
    assert (result.code, result.out) == (3, "")
    error = result.err.splitlines()[-1]
    assert str(apart.directory) in error and why in error
    assert apart.ran() == []


def test_a_journal_that_was_deleted_while_the_database_is_there_loses_nothing(apart):
    assert apart.run().code == 0
    shutil.rmtree(apart.state / "journal")
    assert apart.run().code == 0
    assert apart.ran() == ["a"]
    assert apart.journal()  # what is known of the success is noted again
    assert apart.only_run().status == "completed"


def test_it_is_private_and_empty_once_all_is_recorded(apart):
    assert apart.run().code == 0
    directory = apart.state / "journal/default"
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert {path.name for path in directory.iterdir()} == {".configuration", "known", "known.lock", "slot-0.lock"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()} == {0o600}


def test_what_cannot_be_read_is_kept_and_named_once_and_the_rest_is_recorded(apart):
    gate = apart.gate()
    apart.spider("b", f"[ -e {apart.directory}/again ] || {{ {gate.script}; }}")
    running = apart.start()
    gate.wait()
    kill(running)
    (apart.directory / "again").touch()
    (attempt,) = (apart.state / "journal/default").glob("*.attempt")
    attempt.write_bytes(attempt.read_bytes() + b"\xff\0 garbage\nand a torn ta")
    result = apart.run()
    assert result.code == 0, result.err
    assert f"{attempt}: 1 line(s) are damaged; the file is kept as {attempt.name}.kept" in result.err
    assert attempt.with_name(attempt.name + ".kept").exists()
    assert f"was interrupted: {socket.gethostname()}, pid {running.pid} is gone" in result.err
    assert [(outcome.spider, outcome.attempt) for outcome in apart.outcomes()] == [
        ("a", 1), ("b", 1), ("b", 2)]
    assert "damaged" not in apart.run().err
