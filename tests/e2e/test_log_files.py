"""A log is one attempt's alone, and which file is a log is not for the database to say."""

import os
import pathlib
import stat
import subprocess

import pytest

from telling import tell

IS_ROOT = os.geteuid() == 0
only_root_gives_files_away = pytest.mark.skipif(not IS_ROOT, reason="only root gives files away")


def logs_of(world, spider="a"):
    return sorted(path.name for path in (world.log_dir / "default" / spider).iterdir())


def begin_anew(world):
    """As a database that was made anew beside the old logs."""
    world.sql("TRUNCATE scheduler_state, spider_run, spider_check_told RESTART IDENTITY CASCADE")


def shown(world, *args):
    result = world.run("logs", *args)
    assert (result.code, result.err) == (0, "")
    return result.out


def only_log(world):
    (outcome,) = world.outcomes()
    return pathlib.Path(outcome.log_path)


# --- One attempt's alone --------------------------------------------------------------------------


def test_a_new_database_beside_old_logs_writes_logs_of_its_own(world):
    world.spider("a", "echo $PPID first").spider("b")
    for _ in range(3):
        assert world.run("--force").code == 0
    old = {path.name: path.read_text() for path in (world.log_dir / "default/a").iterdir()}
    begin_anew(world)
    world.spiders.clear()
    world.spider("a", "echo second")
    assert world.run().code == 0
    assert only_log(world).name == "run-1-attempt-1.2.log"
    assert shown(world, "a") == shown(world, "a", "--run", "1") == "second\n"
    assert shown(world, "a", "--run", "3") == old["run-3-attempt-1.log"]
    assert shown(world, "a", "--run", "1.1") == old["run-1-attempt-1.log"]
    assert world.run("--force").code == 0
    assert set(logs_of(world)) == {*old, "run-1-attempt-1.2.log", "run-2-attempt-1.2.log"}
    assert {name: (world.log_dir / "default/a" / name).read_text() for name in old} == old


def test_also_where_the_old_logs_are_of_later_runs_only(world):
    world.spider("a", "echo new")
    directory = world.log_dir / "default/b"
    directory.mkdir(parents=True)
    (directory / "run-40-attempt-2.log").write_text("old\n")
    assert world.run().code == 0
    assert only_log(world).name == "run-1-attempt-1.2.log"


def test_a_restore_does_not_append_to_the_logs_of_what_it_took_back(world):
    world.spider("a", "echo attempt; exit 1")
    assert world.run().code == 1
    world.sql("CREATE TABLE before AS SELECT * FROM scheduler_state")
    world.sql("CREATE TABLE tries AS SELECT * FROM spider_run")
    world.sql("UPDATE scheduler_state SET next_attempt_at = now()")
    assert world.run().code == 1
    world.sql("TRUNCATE scheduler_state, spider_run")
    world.sql("INSERT INTO scheduler_state SELECT * FROM before")
    world.sql("INSERT INTO spider_run SELECT * FROM tries")
    world.sql("DROP TABLE before; DROP TABLE tries")
    world.sql("UPDATE scheduler_state SET next_attempt_at = now()")
    assert world.run().code == 1
    assert logs_of(world) == ["run-1-attempt-1.log", "run-1-attempt-2.2.log", "run-1-attempt-2.log"]
    assert shown(world, "a") == "attempt\n"


def test_retries_and_runs_of_some_spiders_are_no_new_series(world):
    world.spider("a", "exit 1").spider("b")
    assert world.run().code == 1
    assert world.run("--force", "--spider", "b").code == 0
    world.sql("UPDATE scheduler_state SET next_attempt_at = now()")
    assert world.run().code == 1
    assert logs_of(world) == ["run-1-attempt-1.log", "run-1-attempt-2.log"]


@pytest.mark.parametrize("obstacle", ["fifo", "link", "dangling", "directory", "file"])
def test_what_has_the_name_of_a_log_is_left_alone(world, obstacle):
    world.spider("a", "echo here")
    assert world.run().code == 0
    secret = world.directory / "secret"
    secret.write_text("secret\n")
    path = world.log_dir / "default/a/run-2-attempt-1.log"
    {"fifo": lambda: os.mkfifo(path), "link": lambda: path.symlink_to(secret),
     "dangling": lambda: path.symlink_to(world.directory / "nowhere"), "directory": path.mkdir,
     "file": lambda: path.write_text("there\n")}[obstacle]()
    before = path.lstat()
    assert world.run("--force").code == 0
    assert world.outcomes()[-1].log_path == str(path.with_name("run-2-attempt-1.2.log"))
    assert shown(world, "a") == "here\n"
    assert path.lstat() == before or stat.S_ISDIR(before.st_mode)
    assert secret.read_text() == "secret\n" and not (world.directory / "nowhere").exists()


def test_a_report_that_is_there_already_is_no_new_crawls(world):
    (world.log_dir / "default/a").mkdir(parents=True)
    os.mkfifo(world.log_dir / "default/a/run-1-attempt-1.report")
    world.spider("a")
    assert world.run().code == 0
    assert only_log(world).name == "run-1-attempt-1.2.log"


def test_two_projects_of_one_name_share_no_logs(world):
    other = world.directory / "other"
    other.mkdir()
    world.spider("a", command=["/bin/echo", "second"])
    config = world.write_config(path=other / "spider-check.toml")
    world.spiders[0]["command"] = ["/bin/echo", "first"]
    assert world.run().code == 0
    assert world.run("-c", config, "--force").code == 0
    first, second = [pathlib.Path(outcome.log_path) for outcome in world.outcomes()]
    assert first == world.log_dir / "default/a/run-1-attempt-1.log"
    assert second.parents[1].name.startswith("default-") and second.name == "run-2-attempt-1.log"
    for flags, text in (([], "first\n"), (["-c", config], "second\n")):
        result = world.run(*flags, "logs", "a")
        assert (result.code, result.out) == (0, text)


# --- Whose directory it is -----------------------------------------------------------------------------


def spares(world):
    return sorted(world.directory.glob("tmp/spider-check-*"))


@pytest.fixture
def tidy(world):
    (world.directory / "tmp").mkdir()
    return world.spider("a", "echo here")


def refused(world, why):
    """The logs are elsewhere, and one line says why."""
    result = world.run("-q", env={"TMPDIR": str(world.directory / "tmp")})
    assert result.code == 0
    (line,) = result.err.splitlines()
    assert why in line
    assert spares(world)[-1] in only_log(world).parents and only_log(world).read_text() == "here\n"


def test_a_spiders_directory_that_is_a_link_is_not_followed(tidy):
    elsewhere = tidy.directory / "elsewhere"
    elsewhere.mkdir()
    directory = tidy.log_dir / "default"
    directory.mkdir(parents=True)
    (directory / "a").symlink_to(elsewhere)
    refused(tidy, f"logs cannot be written in {directory}/a: it is a symbolic link; remove the link: "
                  f"rm {directory}/a; this run's are in ")
    assert list(elsewhere.iterdir()) == []


def test_a_directory_that_others_may_write_in_is_refused(tidy):
    tidy.log_dir.mkdir(parents=True)
    tidy.log_dir.chmod(0o777)
    refused(tidy, f"logs cannot be written in {tidy.log_dir}: other users may write in it; forbid "
                  f"it: chmod go-w {tidy.log_dir}; ")


@only_root_gives_files_away
def test_a_directory_of_another_user_is_refused(tidy):
    directory = tidy.log_dir / "default"
    directory.mkdir(parents=True)
    os.chown(directory, 4711, 4711)
    refused(tidy, f"logs cannot be written in {directory}: it belongs to another user (uid 4711); give "
                  f"it to this one: chown -R root {directory}; ")
    assert list(directory.iterdir()) == []


# --- What a row says --------------------------------------------------------------------------------


SECRET = "a-secret-of-this-host"


def places_of_secrets(world):
    """Files that no row may make anybody read, each with the name of a log or near it."""
    directory = world.log_dir / "default/a"
    elsewhere = world.directory / "elsewhere" / "default" / "a"
    elsewhere.mkdir(parents=True)
    plain = world.directory / "shadow"
    log = elsewhere / "run-1-attempt-1.log"
    for path in (plain, log, directory / "secret.log", world.log_dir / "run-1-attempt-1.log"):
        path.write_text(SECRET + "\n")
    link = directory / "run-5-attempt-1.log"
    link.symlink_to(plain)
    (directory.parent / "link").symlink_to(elsewhere)
    fifo = directory / "run-6-attempt-1.log"
    os.mkfifo(fifo)
    up = os.path.relpath(log, directory)
    return [plain, log, directory / "secret.log", world.log_dir / "run-1-attempt-1.log", link,
            directory.parent / "link/run-1-attempt-1.log", fifo, directory / up, "/proc/self/environ",
            "/dev/zero", "relative/run-1-attempt-1.log", up]


def test_no_row_makes_the_page_read_what_is_no_log_of_ours(world):
    world.spider("a", f"echo {SECRET[::-1]}; exit 1")
    assert world.run().code == 1
    assert SECRET[::-1] in world.run("report").out
    for path in places_of_secrets(world):
        world.sql("UPDATE spider_run SET log_path = %s", str(path))
        result = world.run("report")
        assert result.code == 0, result.err
        assert SECRET not in result.out and SECRET[::-1] not in result.out
        assert "Its log is empty, or not here" in result.out


def test_no_row_makes_a_check_in_send_what_is_no_log_of_ours(world, receiver, certificate):
    tell(world, receiver, certificate, "ping")
    world.spider("a", f"echo {SECRET[::-1]}; exit 1")
    assert world.run().code == 1
    assert SECRET[::-1] in receiver.requests[-1].body
    for path in places_of_secrets(world):
        world.sql("UPDATE spider_run SET log_path = %s", str(path))
        world.sql("TRUNCATE spider_check_notification")
        receiver.requests.clear()
        assert world.run("-q").code == 0
        (request,) = receiver.requests
        assert "failed" in request.body and SECRET not in request.body


def test_no_row_makes_prune_remove_what_is_no_log_of_ours(world):
    world.spider("a", "exit 1")
    for _ in range(2):
        world.run("--force")
    places = [path for path in places_of_secrets(world) if isinstance(path, pathlib.Path)]
    world.sql("UPDATE spider_run SET log_path = %s, started_at = started_at - interval '1 year'",
              str(places[0]))
    world.sql("UPDATE scheduler_state SET last_run_at = last_run_at - interval '1 year'")
    assert world.run("prune").code == 0
    assert all(os.path.lexists(path) for path in places if ".." not in str(path))


@only_root_gives_files_away
def test_a_hard_link_to_somebody_elses_file_is_not_shown(world):
    world.spider("a", "exit 1")
    assert world.run().code == 1
    secret = world.directory / "secret"
    secret.write_text(SECRET)
    os.chown(secret, 4711, 4711)
    log = only_log(world)
    log.unlink()
    os.link(secret, log)
    assert SECRET not in world.run("report").out
    result = world.run("logs", "a")
    assert SECRET not in result.out and result.code != 0
    assert f"{log} does not belong to this user" in result.err


def test_a_new_log_hangs_on_nothing_when_the_directory_is_full_of_pipes(world):
    directory = world.log_dir / "default/a"
    directory.mkdir(parents=True)
    for run in range(1, 4):
        for kind in ("log", "report"):
            os.mkfifo(directory / f"run-{run}-attempt-1.{kind}")
    world.spider("a", "echo here")
    assert world.run().code == 0
    assert shown(world, "a") == "here\n"
    assert subprocess.run(["find", directory, "-type", "p"], capture_output=True, text=True,
                          check=True).stdout.count("\n") == 6
