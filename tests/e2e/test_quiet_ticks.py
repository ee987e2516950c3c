"""What cron would mail: a quiet tick that has nothing to do prints nothing and writes nothing."""

import os

import pytest

from telling import make_due, switch, tell


def state_of(world):
    """Everything that the program could have written, but for its locks and times."""
    directory = world.home / ".local"
    return {path: (path.stat().st_mtime_ns, path.stat().st_size)
            for path in directory.rglob("*") if path.is_file()}, world.dump()


def is_quiet(world, times=3, **options):
    for _ in range(times):
        before = state_of(world)
        result = world.run("-q", **options)
        assert (result.code, result.out, result.err) == (0, "", "")
        assert state_of(world) == before


def fresh(world):
    world.spider("a")
    assert world.run("-q").code == 0


def test_after_a_recent_run(world):
    fresh(world)
    is_quiet(world)


def test_after_a_failure_that_is_not_tried_again_yet(world):
    switch(world)
    assert world.run("-q").code == 1
    is_quiet(world)


def test_with_runs_of_the_future(world):
    switch(world)
    assert world.run("-q").code == 1
    world.sql("INSERT INTO scheduler_state (last_run_at, updated_at, status, spider_count) VALUES "
              "(now() + interval '1 year', now(), 'completed', 1)")
    is_quiet(world)


def test_disabled(world):
    fresh(world)
    world.top["enabled"] = False
    world.run("-q")
    is_quiet(world)


def test_with_old_messages_and_a_receiver_that_is_away(world, receiver, certificate):
    tell(world, receiver, certificate)
    receiver.answers = [500] * 100
    switch(world)
    assert world.run("-q").code == 1
    is_quiet(world)
    # A try that fails again is no news.
    make_due(world)
    result = world.run("-q")
    assert (result.code, result.err) == (0, "")
    is_quiet(world)
    # Nor is it one that it is given up.
    world.sql("UPDATE spider_check_notification SET created_at = now() - interval '2 days'")
    make_due(world)
    result = world.run("-q")
    assert (result.code, result.err) == (0, "")
    is_quiet(world)


def test_with_a_publication_that_cannot_be_written(world):
    os.mkfifo(world.directory / "metrics.prom")
    world.sections["metrics"] = {"path": str(world.directory / "metrics.prom")}
    world.spider("a")
    result = world.run("-q")
    (line,) = result.err.splitlines()
    assert f"cannot write {world.directory}/metrics.prom, which is no file but a pipe" in line
    is_quiet(world)


def test_with_a_publication_that_cannot_be_written_while_disabled(world):
    fresh(world)
    os.mkfifo(world.directory / "page.html")
    world.sections["report"] = {"path": str(world.directory / "page.html")}
    world.top["enabled"] = False
    assert "page.html, which is no file but a pipe" in world.run("-q").err
    is_quiet(world)


def test_without_zone_files_and_with_logs_in_a_strange_place(world):
    world.top["timezone"] = "US/Eastern"
    directory = world.log_dir / "default"
    directory.mkdir(parents=True)
    (directory / "a").symlink_to(world.directory)
    world.spider("a")
    env = {"TZDIR": str(world.directory / "nowhere"), "TMPDIR": str(world.directory)}
    result = world.run("-q", env=env)
    assert result.code == 0 and len(result.err.splitlines()) == 2, result.err
    is_quiet(world, env=env)


@pytest.mark.parametrize("more", [{}, {"max_attempts": 1}])
def test_in_an_outage_after_its_first_tick(world, more):
    world.top.update(more)
    fresh(world)
    world.sections["database"] = {"url": "postgresql://localhost:1/nowhere"}
    result = world.run("-q")
    assert result.code == 0 and len(result.err.splitlines()) == 1
    for _ in range(3):
        result = world.run("-q")
        assert (result.code, result.out, result.err) == (0, "", "")


def test_where_logs_cannot_be_listed(world):
    fresh(world)
    log_dir = world.log_dir / "default"
    log_dir.rename(world.directory / "moved")
    log_dir.symlink_to(world.directory / "moved")
    is_quiet(world)
