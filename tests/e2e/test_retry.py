"""A failed run is tried again, as itself and with backoff, and then left until it is due anew."""

import datetime
import re

MINUTES = datetime.timedelta(minutes=1)


def fail_once(world):
    """A run of which `b` failed, and `a` did not; returns its row."""
    world.spider("a").spider("b", f"[ ! -e {world.directory}/broken ] || exit 1")
    (world.directory / "broken").touch()
    assert world.run().code == 1
    world.forget_what_ran()
    return world.only_run()


def backoff_is_over(world):
    world.sql("UPDATE scheduler_state SET next_attempt_at = now()")


def test_a_tick_before_the_backoff_is_over_skips_and_says_until_when(world):
    run = fail_once(world)
    before = world.dump()
    result = world.run()
    assert result.code == 0
    assert re.search(rf"Retry of (failed )?run {run.id}\b.* is due {run.next_attempt_at:%F %T} UTC "
                     r"\(in 14 min.*\).*attempt 2 of 3.*; skipping$", result.err, re.M), result.err
    assert world.ran() == []
    assert world.dump() == before
    assert world.run("-q") == (0, "", "")


def test_the_retry_is_the_same_run_and_only_what_failed(world):
    first = fail_once(world)
    backoff_is_over(world)
    (world.directory / "broken").unlink()
    result = world.run()
    assert result.code == 0, result.err
    assert world.ran() == ["b"]
    run = world.only_run()
    assert (run.id, run.run_uuid, run.last_run_at) == (first.id, first.run_uuid, first.last_run_at)
    assert (run.status, run.attempt, run.spider_count) == ("completed", 2, 2)
    assert [(outcome.spider, outcome.attempt, outcome.verdict) for outcome in world.outcomes()
            ] == [("a", 1, "ok"), ("b", 1, "failed"), ("b", 2, "ok")]


def test_the_backoff_doubles_with_each_attempt(world):
    first = fail_once(world)
    backoff_is_over(world)
    assert world.run().code == 1
    second = world.only_run()
    assert first.next_attempt_at - first.finished_at == 15 * MINUTES
    assert second.next_attempt_at - second.finished_at == 30 * MINUTES


def test_retry_after_is_what_the_configuration_says(world):
    world.top["retry_after"] = "1m"
    run = fail_once(world)
    assert run.next_attempt_at - run.finished_at == MINUTES


def test_an_attempt_that_would_come_after_the_next_run_is_none_that_is_left(world):
    world.top |= {"retry_after": "3h", "interval": "1h"}
    broken = world.directory / "broken"
    broken.touch()
    world.spider("b", f"[ ! -e {broken} ]")
    result = world.run()
    assert result.code == 1
    assert "no attempts are left in this interval" in result.err
    run = world.only_run()
    assert run.next_attempt_at is None
    assert "No attempts left for failed" in world.run().err
    assert world.run("health").code == 2
    world.sql("UPDATE scheduler_state SET last_run_at = now() - interval '1 hour'")
    broken.unlink()
    assert world.run().code == 0
    assert [run.status for run in world.runs()] == ["failed", "completed"]


def test_without_an_attempt_left_nothing_runs_before_the_interval_is_over(world):
    run = fail_once(world)
    for _ in range(2):
        backoff_is_over(world)
        assert world.run().code == 1
    assert world.only_run().attempt == 3
    assert world.ran() == ["b", "b"]
    backoff_is_over(world)
    result = world.run()
    assert result.code == 0
    due = run.last_run_at + 240 * MINUTES
    assert re.search(rf"No attempts left for (failed )?run {run.id}\b.*; "
                     rf"next run is due {due:%F %T} UTC \(in .*\); skipping$", result.err, re.M)
    assert world.ran() == ["b", "b"]


def test_when_the_interval_is_over_a_new_run_starts_all_spiders(world):
    failed = fail_once(world)
    world.sql("UPDATE scheduler_state SET attempt = 3, last_run_at = now() - interval '4 hours'")
    (world.directory / "broken").unlink()
    result = world.run()
    assert result.code == 0, result.err
    assert world.ran() == ["a", "b"]
    old, new = world.runs()
    assert (old.id, old.status, new.status, new.attempt) == (failed.id, "failed", "completed", 1)


def test_max_attempts_of_one_means_no_retry(world):
    world.top["max_attempts"] = 1
    fail_once(world)
    backoff_is_over(world)
    assert "No attempts left" in world.run().err
    assert world.ran() == []


def test_a_run_completed_by_its_retry_counts_from_its_first_start(world):
    fail_once(world)
    (world.directory / "broken").unlink()
    world.sql("UPDATE scheduler_state SET next_attempt_at = now(), "
              "last_run_at = last_run_at - interval '3 hours'")
    assert world.run().code == 0
    assert "Last run was 3.00 hours ago" in world.run().err
    world.sql("UPDATE scheduler_state SET last_run_at = last_run_at - interval '1 hour'")
    world.forget_what_ran()
    assert world.run().code == 0
    assert world.ran() == ["a", "b"]
