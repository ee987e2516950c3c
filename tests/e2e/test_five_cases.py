"""The five cases that the schedule is made of, and the clock at its edge."""

import datetime

NOW = "2026-11-23 16:20:01+00"


def texts(err):
    """The lines of a log without the time, each as (level, text)."""
    return [(line[24:29].strip(), line[30:]) for line in err.splitlines()]


def test_no_row_at_all_runs_now(world):
    world.spider("a").spider("b")
    result = world.run()
    assert result.code == 0, result.err
    assert world.ran() == ["a", "b"]
    run = world.only_run()
    assert (run.status, run.spider_count, run.attempt, run.trigger) == ("completed", 2, 1, "tick")
    assert (run.schedule, run.partial, run.failure) == ("default", False, None)
    assert run.finished_at >= run.last_run_at
    assert (run.lateness, run.missed_intervals) == (None, None)
    lines = [text for _, text in texts(result.err)]
    assert lines[:2] == ["Starting scheduler with 4 hour interval", "No successful run is recorded"]
    assert "Starting spider run for 2 spider(s)" in lines
    assert lines[-1] == "Spider run completed successfully"


def test_last_success_8_hours_ago_runs_now(world):
    world.spider("a").freeze_clock(NOW)
    world.add_run("8 hours")
    result = world.run()
    assert result.code == 0, result.err
    assert world.ran() == ["a"]
    _, run = world.runs()
    assert run.status == "completed"
    assert run.lateness == datetime.timedelta(hours=4)
    assert run.missed_intervals == 1
    assert run.last_run_at == datetime.datetime.fromisoformat("2026-11-23T16:20:01+00:00")
    lines = [text for _, text in texts(result.err)]
    assert "Last run was 8.00 hours ago (required: 4 hours)" in lines
    assert "Time threshold met or exceeded, running spiders immediately" in lines
    order = [lines.index(line) for line in (
        "Starting scheduler with 4 hour interval",
        "Last run was 8.00 hours ago (required: 4 hours)",
        "Time threshold met or exceeded, running spiders immediately",
        "Starting spider run for 1 spider(s)",
        "Spider run completed successfully")]
    assert order == sorted(order)


def test_one_catch_up_and_never_a_backlog(world):
    world.spider("a")
    world.add_run("30 days")
    assert world.run().code == 0
    result = world.run()
    assert "Recent run detected, skipping immediate execution" in result.err
    assert world.ran() == ["a"]
    assert world.runs()[-1].missed_intervals == 30 * 6 - 1


def test_last_success_2_hours_ago_is_skipped(world):
    world.spider("a").freeze_clock(NOW)
    world.add_run("2 hours")
    before = world.dump()
    result = world.run()
    assert (result.code, result.out) == (0, "")
    assert texts(result.err) == [
        ("info", "Starting scheduler with 4 hour interval"),
        ("info", "Last run was 2.00 hours ago (required: 4 hours)"),
        ("info", "Recent run detected, skipping immediate execution; "
                 "next run is due 2026-11-23 18:20:01 UTC (in 2 h)")]
    assert world.ran() == []
    assert world.dump() == before


def test_a_skip_says_nothing_when_told_to_be_quiet(world):
    world.spider("a").add_run("2 hours")
    assert world.run("-q") == (0, "", "")
    assert "Recent run" in world.run().err


def test_exactly_4_hours_ago_is_due(world):
    world.spider("a").freeze_clock(NOW)
    world.add_run("4 hours")
    assert world.run().code == 0
    assert world.ran() == ["a"]
    assert world.runs()[-1].lateness == datetime.timedelta(0)
    assert world.runs()[-1].missed_intervals == 0


def test_a_tenth_of_a_second_less_than_4_hours_ago_is_not_due(world):
    world.spider("a").freeze_clock(NOW)
    world.add_run("3:59:59.9")
    result = world.run()
    assert result.code == 0
    assert "Recent run detected, skipping immediate execution" in result.err
    assert world.ran() == []


def test_slack_makes_a_little_less_than_4_hours_due(world):
    world.top["slack"] = "1m"
    world.spider("a")
    world.add_run("3:59:30")
    assert world.run().code == 0
    assert world.ran() == ["a"]


def test_a_spider_that_fails_fails_the_run_and_the_next_tick_works(world):
    broken = world.directory / "broken"
    broken.touch()
    world.spider("a").spider("b", f"[ ! -e {broken} ] || exit 3").spider("c")
    result = world.run()
    assert result.code == 1
    assert world.ran() == ["a", "b", "c"]
    assert any(level == "error" and "Spider 'b' failed" in text and "exit status 3" in text
               for level, text in texts(result.err)), result.err
    assert any(level == "error" and "1 of 3 spiders failed (b)" in text and "retry is due" in text
               for level, text in texts(result.err)), result.err
    failed = world.only_run()
    assert (failed.status, failed.spider_count) == ("failed", 3)
    assert "1 of 3 spiders failed (b)" in failed.failure
    assert failed.next_attempt_at - failed.finished_at == datetime.timedelta(minutes=15)
    assert [(outcome.spider, outcome.verdict, outcome.exit_code) for outcome in world.outcomes()
            ] == [("a", "ok", 0), ("b", "failed", 3), ("c", "ok", 0)]

    broken.unlink()
    world.forget_what_ran()
    world.sql("UPDATE scheduler_state SET next_attempt_at = now()")
    result = world.run()
    assert result.code == 0, result.err
    assert world.ran() == ["b"]
    run = world.only_run()
    assert (run.id, run.last_run_at) == (failed.id, failed.last_run_at)
    assert (run.status, run.attempt, run.failure) == ("completed", 2, None)
    assert run.next_attempt_at is None
    assert "Recent run detected" in world.run().err


def test_a_run_that_starts_in_the_future_counts_for_nothing_and_is_warned_about(world):
    world.spider("a").add_run("-3 hours")
    result = world.run()
    assert result.code == 0
    assert any(level == "warn" and "future" in text for level, text in texts(result.err))
    assert world.ran() == ["a"]
