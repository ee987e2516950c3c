"""--force, --spider and --dry-run: what a person types."""

import re


def test_force_runs_in_spite_of_a_recent_success(world):
    world.spider("a").spider("b").add_run("1 hour")
    result = world.run("--force")
    assert result.code == 0, result.err
    assert world.ran() == ["a", "b"]
    run = world.runs()[-1]
    assert (run.trigger, run.partial, run.status) == ("force", False, "completed")


def test_force_runs_in_spite_of_a_backoff(world):
    world.spider("a", f"[ -e {world.directory}/mended ] || exit 1")
    assert world.run().code == 1
    (world.directory / "mended").touch()
    assert world.run("--force").code == 0
    assert [run.status for run in world.runs()] == ["failed", "completed"]


def test_a_disabled_schedule_does_nothing_but_when_forced(world):
    world.top["enabled"] = False
    world.spider("a")
    result = world.run()
    assert result.code == 0
    assert "Scheduler is disabled; skipping" in result.err
    assert (world.ran(), world.runs()) == ([], [])
    assert world.run("--force").code == 0
    assert world.ran() == ["a"]


def test_a_forced_run_moves_the_schedule(world):
    world.spider("a").add_run("3:59:00")
    assert world.run("--force").code == 0
    assert "Last run was 0.00 hours ago" in world.run().err


def test_a_forced_run_that_fails_says_so(world):
    world.spider("a", "exit 1")
    assert world.run("--force").code == 1


def test_only_the_named_spiders_run_and_the_schedule_does_not_move(world):
    world.spider("a").spider("b").spider("c").add_run("3 hours")
    result = world.run("--spider", "c", "a")
    assert result.code == 0, result.err
    assert sorted(world.ran()) == ["a", "c"]
    run = world.runs()[-1]
    assert (run.trigger, run.partial, run.status, run.spider_count) == (
        "force", True, "completed", 2)
    assert "Last run was 3.00 hours ago" in world.run().err


def test_a_partial_success_does_not_make_a_schedule_fresh(world):
    world.spider("a").spider("b")
    assert world.run("--spider", "a").code == 0
    result = world.run()
    assert "No successful run is recorded" in result.err
    assert world.ran() == ["a", "a", "b"]


def test_a_partial_failure_is_not_retried_by_ticks(world):
    world.spider("a", "exit 1").add_run("1 hour")
    assert world.run("--spider", "a").code == 1
    world.sql("UPDATE scheduler_state SET next_attempt_at = now() WHERE partial")
    assert "Recent run detected" in world.run().err
    assert world.ran() == ["a"]


def test_spider_may_be_given_more_than_once(world):
    world.spider("a").spider("b").spider("c")
    assert world.run("--spider", "a", "--spider", "b", "--spider", "a").code == 0
    assert sorted(world.ran()) == ["a", "b"]


def test_an_unknown_spider_runs_nothing_and_names_those_that_there_are(world):
    world.spider("listing").spider("sitemap")
    before = world.dump()
    result = world.run("--spider", "listing", "lsting")
    assert result.code == 2
    assert len(result.err.splitlines()) == 1
    assert "'lsting'" in result.err
    assert "listing, sitemap" in result.err
    assert world.ran() == []
    assert world.dump() == before


def dry_run(world, *flags):
    before = world.dump()
    result = world.run("--dry-run", *flags)
    assert result.code == 0, result.err
    assert world.dump() == before
    assert world.ran() == []
    assert not world.log_dir.exists()
    return result.out


def test_a_dry_run_says_that_it_would_run_for_the_first_time(world):
    assert re.search("for the first time|Time threshold met", dry_run(world.spider("a")))


def test_a_dry_run_says_that_it_would_run_and_why(world):
    world.spider("a").add_run("5 hours")
    out = dry_run(world)
    assert "Last run was 5.00 hours ago (required: 4 hours)" in out
    assert "Time threshold met or exceeded, running spiders immediately" in out


def test_a_dry_run_says_that_it_would_skip_and_until_when(world):
    world.spider("a").add_run("1 hour")
    out = dry_run(world)
    assert "Recent run detected, skipping immediate execution; next run is due" in out
    assert "(in 2 h 59 min)" in out


def test_a_dry_run_of_a_disabled_schedule_says_so(world):
    world.top["enabled"] = False
    assert "disabled" in dry_run(world.spider("a"))


def test_a_dry_run_names_the_failed_run_that_it_would_retry(world):
    world.spider("a")
    run = world.add_run("1 hour", "failed", next_attempt_at="2020-01-01", failure="a broke")
    assert re.search(rf"[Rr]etry.* run {run}\b.*attempt 2 of 3", dry_run(world))


def test_a_dry_run_says_who_runs_now(world):
    gate = world.gate()
    world.spider("a", gate.script)
    running = world.start()
    gate.wait()
    before = world.dump()
    assert f"pid {running.pid}" in world.run("--dry-run").out
    assert world.dump() == before
    gate.open()
    assert running.end().code == 0


def test_a_dry_run_says_which_run_it_would_mark_as_interrupted(world):
    world.spider("a")
    run = world.add_run("30 minutes", "running", host="elsewhere", pid=4711)
    out = dry_run(world)
    assert re.search(rf"[Rr]un {run} .*interrupted.*elsewhere.*4711", out), out


def test_a_dry_run_of_named_spiders_refuses_a_name_that_is_unknown(world):
    world.spider("a")
    assert world.run("--dry-run", "--spider", "b").code == 2
    assert "Decision" in dry_run(world, "--spider", "a")
