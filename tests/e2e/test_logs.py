"""`spider-check logs`: shows and follows the logs of a spider."""

import os
import pathlib
import signal
import subprocess
import tty

import pytest

from world import HARD_TIMEOUT, as_from_a_terminal, program_path, wait_until

HOSTILE = b"\x1b[2J\x1b]0;mine\x07\xc2\x9b31m\x9b5m \xff over\rwritten\x08\x00 \xc3\xa9 end\n"


def write_log(world, spider, run, text, attempt=1, schedule="default"):
    """As a run of the past left it; `spider` is the directory's name."""
    path = world.log_dir / schedule / spider / f"run-{run}-attempt-{attempt}.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def shown(world, *args):
    result = world.run("logs", *args)
    assert (result.code, result.err) == (0, "")
    return result.out


def refusal(world, *args):
    result = world.run("logs", *args)
    assert (result.code, result.out) == (2, "")
    (line,) = result.err.splitlines()
    return line


def shows(running, text):
    """Waits until it has shown exactly this."""
    def is_there():
        assert running.process.poll() is None or running.out == text, (running.out, running.err)
        return running.out == text
    wait_until(is_there, repr(text))


def interrupt(running):
    running.signal(signal.SIGINT)
    result = running.end()
    assert result.code == -signal.SIGINT
    return result


# --- Showing ------------------------------------------------------------------------------------


def test_the_log_of_a_run_is_shown(world):
    world.spider("a", "echo to stdout; echo to stderr >&2").run()
    assert shown(world, "a") == "to stdout\nto stderr\n"


def test_the_newest_is_the_last_attempt_at_the_newest_run(shared):
    for run, attempt in [(9, 1), (10, 1), (10, 2), (9, 3)]:
        write_log(shared, "a", run, f"run {run} attempt {attempt}\n", attempt)
    write_log(shared, "b", 11, "another spider's\n")
    os.utime(write_log(shared, "a", 2, "old\n"), (2_000_000_000, 2_000_000_000))
    assert shown(shared, "a") == "run 10 attempt 2\n"
    assert shown(shared, "a", "--run", "9") == "run 9 attempt 3\n"
    assert shown(shared, "a", "--attempt", "1") == "run 10 attempt 1\n"
    assert shown(shared, "--run=9", "a", "--attempt=1") == "run 9 attempt 1\n"


def test_logs_of_runs_without_the_database_are_found_and_each_has_its_own(world):
    world.spider("a", "echo $PPID").add_run("1 hour")
    there, away = world.url, "postgresql://localhost:1/nowhere"
    logs = set()
    for _ in range(2):
        world.sections["database"]["url"] = away
        assert world.run("--spider", "a").code == 0
        world.sections["database"]["url"] = there
        assert "Recorded from the journal" in world.run().err
        newest = max(world.outcomes(), key=lambda outcome: outcome.run_id).log_path
        logs.add(newest)
        assert shown(world, "a") == pathlib.Path(newest).read_text()
        run = newest.split("/run-")[1].split("-")[0]
        assert shown(world, "a", "--run", run) == pathlib.Path(newest).read_text()
    assert len(logs) == len(world.outcomes()) == 2


def test_neither_a_database_nor_spiders_are_needed(shared):
    shared.sections["database"] = {"url": "postgresql:///x?host=/nonexistent"}
    write_log(shared, "a", 1, "text\n")
    assert shown(shared, "a") == "text\n"


def test_each_schedule_has_logs_of_its_own(shared):
    write_log(shared, "a", 1, "default's\n")
    write_log(shared, "a", 1, "other's\n", schedule="the%20other")
    shared.top["name"] = "the other"
    assert shown(shared, "a") == "other's\n"


@pytest.mark.parametrize("name", ["a/b", "..", "é b", "%", "-x", "a" * 300, ""])
def test_any_name_finds_its_log(world, name):
    if name:
        world.spider(name, "echo here").run()
    else:
        write_log(world, "%", 1, "here\n")
    assert shown(world, "--", name) == "here\n"


def test_a_long_name_is_also_found_as_it_is_listed(shared):
    cut = "a" * 111 + "~019ebb34"
    write_log(shared, cut, 1, "here\n")
    assert cut in refusal(shared, "b")
    assert shown(shared, cut) == shown(shared, "a" * 121) == "here\n"


def test_an_empty_log_is_shown_as_nothing(shared):
    write_log(shared, "a", 1, "")
    assert shown(shared, "a") == ""


def test_a_big_log_is_shown_whole(shared):
    text = "".join(f"line {number}\n" for number in range(100_000))
    write_log(shared, "a", 1, text)
    assert shown(shared, "a") == text


def test_a_pipe_gets_the_very_bytes(shared):
    everything = HOSTILE + bytes(range(256))
    write_log(shared, "a", 1, everything)
    shared.write_config()
    said = subprocess.run([program_path(), "logs", "a"], cwd=shared.directory, timeout=HARD_TIMEOUT,
                          env=shared.environment(), capture_output=True, check=True)
    assert said.stdout == everything


class Terminal:
    """A terminal of our own, on which the program writes as it is; we see what it gets."""

    def __init__(self):
        self._ours, self.theirs = os.openpty()
        tty.setraw(self.theirs)
        self.seen = b""

    def read_until(self, end):
        while not self.seen.endswith(end):
            self.seen += os.read(self._ours, 65536)
        return self.seen

    def close(self):
        os.close(self._ours)
        os.close(self.theirs)


@pytest.fixture
def terminal():
    terminal = Terminal()
    yield terminal
    terminal.close()


@pytest.mark.parametrize("flags", [[], ["-f"]], ids=["shown", "followed"])
def test_hostile_bytes_do_not_steer_a_terminal(shared, terminal, flags):
    write_log(shared, "a", 1, b"\tbegin\n" + HOSTILE)
    shared.write_config()
    with subprocess.Popen([program_path(), "logs", "a", *flags], cwd=shared.directory,
                          env=shared.environment(), stdout=terminal.theirs,
                          preexec_fn=as_from_a_terminal) as program:
        seen = terminal.read_until(b" end\n")
        program.send_signal(signal.SIGINT) if flags else program.wait(HARD_TIMEOUT)
    assert seen == (
        b"\tbegin\n" rb"\x1b[2J\x1b]0;mine\x07\xc2\x9b31m\x9b5m \xff over\x0dwritten\x08\x00 "
        b"\xc3\xa9 end\n")


# --- What there is not --------------------------------------------------------------------------


def test_without_any_log_it_says_where_it_looked(shared):
    assert f"there are no logs in {shared.log_dir}/default" in refusal(shared, "a")


def test_without_a_name_and_any_log_it_says_so_beside_the_names_that_completions_read(shared):
    assert shared.run("logs") == (0, "", "spider-check: no spider has a log yet\n")


def test_without_a_name_it_lists_the_spiders_that_have_logs(shared):
    shared.sections["database"] = {"url": "postgresql:///x?host=/nonexistent"}
    for name in ("b", "a%2Fx", "a"):
        write_log(shared, name, 1, "")
    assert shown(shared) == "a\na/x\nb\n"


def test_an_unknown_spider_is_refused_with_those_that_have_logs(shared):
    write_log(shared, "a%2Fb", 1, "")
    write_log(shared, "listing", 1, "")
    line = refusal(shared, "lsting")
    assert "'lsting'" in line
    assert line.endswith("; did you mean 'listing'? There are logs of: a/b, listing")
    assert "did you mean" not in refusal(shared, "something")


def test_at_most_ten_spiders_are_named(shared):
    for number in range(12):
        write_log(shared, f"spider-{number:02}", 1, "")
    line = refusal(shared, "nothing-like-it")
    assert line.endswith("spider-08, spider-09, …")


def test_a_hostile_name_is_named_harmlessly(shared):
    write_log(shared, "%1B%5B2J", 1, "")
    line = refusal(shared, "\x1b[31mx")
    assert "\x1b" not in line
    assert r"'\x1b[31mx'" in line and r"\x1b[2J" in line


def test_a_run_without_a_log_is_refused_with_those_that_have_one(shared):
    for run in (3, 5, 12):
        write_log(shared, "a", run, "")
    write_log(shared, "b", 7, "")
    assert refusal(shared, "a", "--run", "7").endswith(
        "there is no log of run 7 of 'a'; there are logs of run: 12, 5, 3")


def test_an_attempt_without_a_log_is_refused_with_those_that_have_one(shared):
    write_log(shared, "a", 3, "", attempt=1)
    write_log(shared, "a", 3, "", attempt=2)
    assert refusal(shared, "a", "--attempt", "4").endswith(
        "there is no log of attempt 4 at run 3 of 'a'; there are logs of attempt: 2, 1")


@pytest.mark.parametrize("args, place", [
    (["-f"], "SPIDER"), (["--run", "1"], "SPIDER"), (["a", "b"], "b"), (["a", "--run"], "--run"), (["a", "--run", "x"], "--run"),
    (["a", "--run", "0"], "--run"), (["a", "--run", "1.05"], "--run"),
    (["a", "--run", "99999999999999999999"], "--run"), (["a", "--attempt", "-1"], "--attempt"),
    (["a", "--attempt", ""], "--attempt"), (["a", "--force"], "--force"), (["a", "--json"], "--json"),
])
def test_wrong_flags_are_refused(shared, args, place):
    write_log(shared, "a", 1, "")
    line = refusal(shared, *args)
    assert place in line and "; " in line


def test_what_is_no_log_is_not_shown(shared):
    secret = shared.directory / "secret"
    secret.write_text("secret\n")
    log = write_log(shared, "a", 1, "log\n")
    (log.parent / "run-2-attempt-1.log").symlink_to(secret)
    (log.parent / "run-3-attempt-1.log").mkdir()
    os.mkfifo(log.parent / "run-4-attempt-1.log")
    (log.parent / "run-5-attempt-1.report").write_text("report\n")
    (log.parent / "run-6-attempt-1.log.gz").write_text("packed\n")
    elsewhere = shared.directory / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "run-7-attempt-1.log").write_text("secret\n")
    (log.parents[1] / "b").symlink_to(elsewhere)
    assert shown(shared, "a") == "log\n"
    assert "there are logs of: a" in refusal(shared, "b")


# --- Following ----------------------------------------------------------------------------------


def test_what_a_spider_writes_is_shown_as_it_writes(world):
    first, second = world.gate(), world.gate()
    world.spider("a", f"echo one; {first.script}; printf two; {second.script}; echo; echo three")
    run = world.start()
    first.wait()
    following = world.start("logs", "-f", "a")
    shows(following, "one\n")
    first.open()
    second.wait()
    shows(following, "one\ntwo")
    second.open()
    assert run.end().code == 0
    shows(following, "one\ntwo\nthree\n")
    assert interrupt(following).err == ""


def test_it_goes_on_with_the_next_attempt_and_the_next_run(world):
    world.spider("a", "n=$(ls | grep -c ^went-); : >went-$n; echo log $n; [ $n != 0 ]")
    assert world.run().code == 1
    following = world.start("logs", "a", "--follow")
    shows(following, "log 0\n")
    world.sql("UPDATE scheduler_state SET next_attempt_at = now()")
    assert world.run().code == 0
    shows(following, "log 0\nlog 1\n")
    assert world.run("--force").code == 0
    shows(following, "log 0\nlog 1\nlog 2\n")
    second, third = interrupt(following).err.splitlines()
    directory = world.log_dir / "default/a"
    assert second.endswith(f"Going on with {directory}/run-1-attempt-2.log")
    assert third.endswith(f"Going on with {directory}/run-2-attempt-1.log")


def test_several_new_logs_are_shown_in_their_order(shared):
    write_log(shared, "a", 9, "nine\n")
    following = shared.start("logs", "a", "-f", "-q")
    shows(following, "nine\n")
    directory = shared.log_dir / "default/a"
    for name in ("run-10-attempt-2.log", "run-10-attempt-1.log", "run-8-attempt-9.log"):
        (shared.directory / name).write_text(name + "\n")
    following.signal(signal.SIGSTOP)
    wait_until(lambda: is_stopped(following.pid), "the program to stand still")
    for path in shared.directory.glob("run-*"):
        path.rename(directory / path.name)
    with (directory / "run-9-attempt-1.log").open("a") as file:
        file.write("and a half\n")
    following.signal(signal.SIGCONT)
    shows(following, "nine\nand a half\nrun-10-attempt-1.log\nrun-10-attempt-2.log\n")
    assert interrupt(following).err == ""


def is_stopped(pid):
    stat = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    return stat.rpartition(")")[2].split()[0] == "T"


def test_a_named_run_is_followed_through_its_own_attempts_only(shared):
    write_log(shared, "a", 1, "1\n")
    write_log(shared, "a", 2, "2\n")
    following = shared.start("logs", "a", "--run", "1", "-f")
    shows(following, "1\n")
    write_log(shared, "a", 3, "3\n")
    write_log(shared, "a", 1, "again\n", attempt=2)
    shows(following, "1\nagain\n")
    interrupt(following)


def test_a_log_that_was_emptied_is_shown_anew(shared):
    log = write_log(shared, "a", 1, "long enough\n")
    following = shared.start("logs", "a", "-f")
    shows(following, "long enough\n")
    os.truncate(log, 0)
    with log.open("a") as file:
        file.write("new\n")
    shows(following, "long enough\nnew\n")
    interrupt(following)


def test_it_does_not_go_on_with_a_link(shared):
    log = write_log(shared, "a", 1, "one\n")
    following = shared.start("logs", "a", "-f")
    shows(following, "one\n")
    (shared.directory / "secret").write_text("secret\n")
    (log.parent / "run-2-attempt-1.log").symlink_to(shared.directory / "secret")
    write_log(shared, "a", 3, "three\n")
    shows(following, "one\nthree\n")
    interrupt(following)


def test_it_ends_when_the_directory_goes(shared):
    log = write_log(shared, "a", 1, "one\n")
    following = shared.start("logs", "a", "-f")
    shows(following, "one\n")
    log.parent.rename(shared.directory / "moved")
    assert following.end().code == 0


def start_on_pipe(world, *args):
    world.write_config()
    read_end, write_end = os.pipe()
    program = subprocess.Popen([program_path(), "logs", *args], cwd=world.directory, stdout=write_end,
                               stderr=subprocess.PIPE, env=world.environment(),
                               preexec_fn=as_from_a_terminal)
    os.close(write_end)
    return program, read_end


@pytest.mark.parametrize("flags", [[], ["-f"]], ids=["shown", "followed"])
def test_a_closed_pipe_ends_it_quietly(shared, flags):
    write_log(shared, "a", 1, "x" * 1_000_000)
    program, pipe = start_on_pipe(shared, "a", *flags)
    assert os.read(pipe, 1) == b"x"
    os.close(pipe)
    assert program.communicate(timeout=HARD_TIMEOUT) == (None, b"")
    assert program.returncode == 0


def test_a_pipe_that_is_closed_while_it_waits_ends_it_at_once(shared):
    write_log(shared, "a", 1, "x")
    program, pipe = start_on_pipe(shared, "a", "-f")
    assert os.read(pipe, 1) == b"x"
    os.close(pipe)
    assert program.communicate(timeout=HARD_TIMEOUT) == (None, b"")
    assert program.returncode == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_also_when_nobody_reads_what_it_shows(shared, number):
    write_log(shared, "a", 1, "x" * 1_000_000)
    program, pipe = start_on_pipe(shared, "a", "-f")
    assert os.read(pipe, 1) == b"x"
    program.send_signal(number)
    assert program.communicate(timeout=HARD_TIMEOUT) == (None, b"")
    assert program.returncode == -number
    os.close(pipe)
