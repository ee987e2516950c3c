"""How a spider is started, what it gets, and what is recorded of it."""

import datetime
import os
import pathlib
import re
import stat

import pytest

from world import is_alive


def outcome(world):
    (only,) = world.outcomes()
    return only


def log_of(world):
    return pathlib.Path(outcome(world).log_path)


@pytest.mark.parametrize("script, verdict, exit_code, signal, reason", [
    (":", "ok", 0, None, None),
    ("exit 1", "failed", 1, None, "exit status 1"),
    ("exit 255", "failed", 255, None, "exit status 255"),
    ("kill -KILL $$", "failed", None, 9, "killed by SIGKILL"),
    ("kill -TERM $$", "failed", None, 15, "killed by SIGTERM"),
    ("ulimit -c 0; kill -ABRT $$", "failed", None, 6, "killed by SIGABRT"),
])
def test_the_end_of_a_spider_is_recorded(world, script, verdict, exit_code, signal, reason):
    world.spider("a", script)
    assert world.run().code == (0 if verdict == "ok" else 1)
    found = outcome(world)
    assert (found.verdict, found.exit_code, found.signal) == (verdict, exit_code, signal)
    assert found.status == ("completed" if verdict == "ok" else "failed")
    assert found.reasons == ([reason] if reason else [])


@pytest.mark.parametrize("command, why", [
    (["/nonexistent/program"], "No such file or directory"),
    (["no-such-program-anywhere"], "No such file or directory"),
    (["/etc/passwd"], "Permission denied"),
    (["/"], "Permission denied"),
])
def test_a_program_that_cannot_be_started_fails_and_the_others_run(world, command, why):
    world.spider("a", command=command).spider("b")
    result = world.run()
    assert result.code == 1
    assert world.ran() == ["b"]
    failed = world.outcomes()[0]
    assert (failed.spider, failed.verdict, failed.exit_code, failed.signal) == (
        "a", "failed", None, None)
    assert why in failed.reasons[0] and command[0] in failed.reasons[0]


def test_output_and_errors_go_to_the_log_file_and_nowhere_else(world):
    world.spider("a", "echo to stdout; echo to stderr >&2")
    result = world.run()
    assert log_of(world).read_text() == "to stdout\nto stderr\n"
    assert "to std" not in result.out + result.err
    assert f"log {log_of(world)}" in result.err
    assert stat.S_IMODE(log_of(world).stat().st_mode) == 0o600
    assert stat.S_IMODE(log_of(world).parent.stat().st_mode) == 0o700


def test_each_attempt_has_a_log_file_of_its_own(world):
    world.spider("a", f"[ -e {world.directory}/mended ] || {{ echo broken; exit 1; }}; echo mended")
    world.run()
    (world.directory / "mended").touch()
    world.sql("UPDATE scheduler_state SET next_attempt_at = now()")
    world.run()
    paths = [pathlib.Path(found.log_path) for found in world.outcomes()]
    assert [path.name for path in paths] == ["run-1-attempt-1.log", "run-1-attempt-2.log"]
    assert [path.read_text() for path in paths] == ["broken\n", "mended\n"]


def test_standard_input_is_empty(world):
    world.spider("a", "readlink /proc/self/fd/0; cat")
    assert world.run().code == 0
    assert log_of(world).read_text() == "/dev/null\n"


def test_no_file_of_the_programs_own_is_left_open_in_a_spider(world):
    # Not by a shell, which has files of its own open while it lists them.
    world.spider("a", command=["/bin/ls", "-l", "/proc/self/fd"])
    world.run()
    log = str(log_of(world))
    *files, listed = re.findall(r" -> (.*)$", log_of(world).read_text(), re.MULTILINE)
    assert files == ["/dev/null", log, log]
    assert re.fullmatch(r"/proc/\d+/fd", listed)


def test_signals_are_as_a_shell_would_give_them(world):
    world.spider("a", "grep -E '^Sig(Blk|Ign)' /proc/self/status")
    world.run()
    masks = [line.split()[1] for line in log_of(world).read_text().splitlines()]
    assert masks == ["0" * 16, "0" * 16]


def test_each_spider_has_a_session_of_its_own(world):
    world.spider("a", "echo $$ $(cut -d' ' -f5,6 /proc/$$/stat)")
    world.run()
    pid, group, session = log_of(world).read_text().split()
    assert pid == group == session


def test_a_spider_gets_the_environment_that_the_program_was_started_with(world):
    world.spider("a", "env")
    world.run(env={"MY_SETTING": "a b", "DB_PASSWORD": "for the spider's own database"})
    lines = log_of(world).read_text().splitlines()
    assert "MY_SETTING=a b" in lines
    assert "DB_PASSWORD=for the spider's own database" in lines
    expected = {**world.environment(), "MY_SETTING": "", "DB_PASSWORD": ""}
    extra = {line.partition("=")[0] for line in lines} - set(expected) - {"PWD", "OLDPWD", "SHLVL", "_"}
    # By which a program that turns out to be a crawl is looked into.
    assert extra == {"PYTHONPATH", "SPIDERCHECK_REPORT", "SPIDERCHECK_TOKEN"}


def test_arguments_are_passed_on_without_a_shell(world):
    script = world.directory / "arguments.sh"
    script.write_text('#!/bin/sh\nfor word; do printf "<%s>" "$word"; done\n')
    script.chmod(0o755)
    world.spider("a", command=["./arguments.sh", "a b", "$HOME", "*", "", "'", "🕷"])
    assert world.run().code == 0, log_of(world).read_text()
    assert log_of(world).read_text() == "<a b><$HOME><*><><'><🕷>"


def test_a_process_that_a_spider_leaves_behind_is_ended(world):
    world.spider("a", f"sleep 1000 & echo $! >{world.directory}/pid")
    assert world.run().code == 0
    assert not is_alive(int((world.directory / "pid").read_text()))


def test_time_memory_and_duration_are_recorded(world):
    world.spider("a", "i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done")
    world.run()
    found = outcome(world)
    zero = datetime.timedelta(0)
    assert zero < found.cpu_time < datetime.timedelta(seconds=20)
    assert 500_000 < found.peak_memory < 500_000_000
    assert found.started_at < found.finished_at
    run = world.only_run()
    assert run.last_run_at <= found.started_at
    assert found.finished_at <= run.finished_at


def test_a_log_directory_that_cannot_be_made_is_named(world):
    (world.directory / "file").touch()
    world.top["log_dir"] = "file/logs"
    result = world.spider("a").run()
    assert result.code == 0
    assert f"{world.directory}/file" in world.only_run().faults[0]


def test_without_a_home_or_a_state_directory_it_still_runs(world):
    world.top["log_dir"] = "logs"
    assert world.spider("a").run(env={"HOME": None}).code == 0
    assert log_of(world).is_relative_to(world.directory / "logs")


@pytest.mark.parametrize("env, directory", [
    ({"STATE_DIRECTORY": "{}/s"}, "s/logs"),
    ({"STATE_DIRECTORY": "{0}/s:{0}/t"}, "s/logs"),
    ({"STATE_DIRECTORY": "{}/s", "LOGS_DIRECTORY": "{}/l"}, "l"),
    ({"XDG_STATE_HOME": "{}/x"}, "x/spider-check/logs"),
])
def test_logs_go_where_systemd_and_xdg_say(world, env, directory):
    world.spider("a").run(env={name: value.format(world.directory) for name, value in env.items()})
    assert log_of(world).is_relative_to(world.directory / directory)


def test_configured_directories_win(world):
    world.top["state_dir"] = "mine"
    world.spider("a").run(env={"STATE_DIRECTORY": str(world.directory / "s"), "LOGS_DIRECTORY": ""})
    assert log_of(world).is_relative_to(world.directory / "mine/logs")
    assert not os.path.exists(world.directory / "s")
