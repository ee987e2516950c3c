"""A precheck that objects puts a run off: it costs no attempt, and not for ever."""

import re
import signal

import pytest

from world import is_alive, wait_until


def precheck(world, script):
    """A program that notes that it was asked; its script's end is its answer."""
    path = world.directory / "precheck"
    path.write_text(f"#!/bin/sh\necho x >>{world.directory}/asked\n{script}\n", encoding="utf-8")
    path.chmod(0o700)
    world.top["precheck"] = [str(path), "-q"]
    return path


def asked(world):
    path = world.directory / "asked"
    return len(path.read_text().splitlines()) if path.exists() else 0


@pytest.fixture
def due(world):
    world.spider("a").add_run("5 hours")
    return world


def test_an_objection_defers_the_run_and_says_why(due):
    path = precheck(due, "echo 'no network' >&2; exit 1")
    before = due.dump()
    result = due.run()
    assert result.code == 0, result.err
    assert re.search(rf" info .*Deferred: precheck `{path} -q` exited with 1: no network; "
                     "the next tick tries again", result.err)
    assert due.ran() == []
    assert due.dump() == before
    assert due.run("-q").err == ""
    assert (due.dump(), due.ran(), asked(due)) == (before, [], 2)


def test_the_first_tick_without_an_objection_runs(due):
    precheck(due, f"[ -e {due.directory}/online ]")
    for _ in range(3):
        assert due.run().code == 0
    assert (due.ran(), asked(due)) == ([], 3)
    (due.directory / "online").touch()
    result = due.run()
    assert (result.code, due.ran()) == (0, ["a"])
    assert "Deferred" not in result.err
    assert [(run.status, run.attempt) for run in due.runs()] == [("completed", 1)] * 2


def test_a_deferred_retry_costs_no_attempt(world):
    world.top["retry_after"] = "0s"
    world.spider("a", f"[ -e {world.directory}/mended ]").add_run("23 hours")
    precheck(world, f"[ ! -e {world.directory}/asleep ]")
    assert world.run().code == 1
    (world.directory / "asleep").touch()
    failed = world.dump()
    for _ in range(4):
        result = world.run()
        assert (result.code, "Deferred: " in result.err) == (0, True)
    assert world.dump() == failed
    (world.directory / "asleep").unlink()
    (world.directory / "mended").touch()
    assert world.run().code == 0
    run = world.runs()[-1]
    assert (run.status, run.attempt) == ("completed", 2)
    assert world.ran() == ["a", "a"]


def test_force_does_not_ask(due):
    precheck(due, "exit 1")
    assert due.run("--force").code == 0
    assert due.run("--spider", "a").code == 0
    assert (due.ran(), asked(due)) == (["a", "a"], 0)


def test_data_that_is_too_old_does_not_wait(world):
    path = precheck(world, "exit 1")
    world.spider("a").add_run("25 hours")
    result = world.run("-q")
    assert (result.code, world.ran()) == (0, ["a"])
    (line,) = result.err.splitlines()
    assert line.endswith(f"The precheck `{path} -q` exited with 1, but the data is older than "
                         "precheck_max_age (1d); running anyway")


def test_how_old_is_configured(due):
    precheck(due, "exit 1")
    due.top["precheck_max_age"] = "4h30m"
    assert due.run().code == 0
    assert (due.ran(), asked(due)) == (["a"], 1)


def test_without_any_success_nothing_waits(world):
    precheck(world, "exit 1")
    world.top["max_attempts"] = 1
    result = world.spider("a").run()
    assert (result.code, world.ran()) == (0, ["a"])
    assert "but nothing has succeeded yet; running anyway" in result.err


def test_a_skip_does_not_ask(world):
    precheck(world, "exit 1")
    world.spider("a").add_run("1 hour")
    assert world.run().code == 0
    world.top["enabled"] = False
    assert world.run().code == 0
    assert (world.ran(), asked(world)) == ([], 0)


def test_a_dry_run_does_not_ask(due):
    precheck(due, "exit 1")
    assert due.run("--dry-run").code == 0
    assert asked(due) == 0


def test_one_that_cannot_be_started_objects(due):
    due.top["precheck"] = ["./none"]
    result = due.run()
    assert (result.code, due.ran()) == (0, [])
    assert f"precheck `{due.directory}/none` was not started: cannot execute" in result.err
    check = due.run("check")
    assert check.code == 2
    assert re.search(r"spider-check\.toml:\d+: precheck: cannot execute .*/none: there is no such "
                     "file", check.out)


def test_check_shows_it_and_does_not_start_it(due):
    path = precheck(due, "exit 1")
    result = due.run("check")
    assert result.code == 0, result.out
    assert re.search(rf"^Precheck +{path}, until the data is 1d old$", result.out, re.MULTILINE)
    assert asked(due) == 0


def test_it_has_what_the_program_was_started_with_and_no_password(due):
    due.sections["database"]["password"] = "hunter2"
    precheck(due, f"env >{due.directory}/environment; exit 1")
    assert due.run(env={"OWN": "1"}).code == 0
    environment = (due.directory / "environment").read_text()
    assert "OWN=1" in environment
    assert "hunter2" not in environment


def test_a_stop_while_it_works_ends_both(due):
    gate = due.gate()
    precheck(due, gate.script)
    before = due.dump()
    running = due.start()
    asked_process = gate.wait()
    running.signal(signal.SIGTERM)
    assert running.end().code == -signal.SIGTERM
    wait_until(lambda: not is_alive(asked_process), "the precheck to end")
    assert (due.ran(), due.dump()) == ([], before)
