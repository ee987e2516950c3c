"""What people write for "always" and "never" is understood: no command fails because of it."""

import pytest

COMMANDS = (["status"], ["status", "--json"], ["history"], ["history", "--json"], ["report"], ["metrics"],
            ["--dry-run"], ["health"])


def works(world):
    for command in COMMANDS:
        result = world.run(*command)
        assert result.code in ((0, 1, 2) if command == ["health"] else (0,)), (command, result)
        assert result.err == "", (command, result)


def test_a_last_run_of_minus_infinity_is_due(world):
    world.spider("a").add_run("1 hour")
    world.sql("UPDATE scheduler_state SET last_run_at = '-infinity', created_at = '-infinity', "
              "updated_at = '-infinity', finished_at = '-infinity'")
    works(world)
    assert world.run("health").code == 2
    result = world.run()
    assert result.code == 0
    assert "Time threshold met or exceeded" in result.err and "late" not in result.err
    assert world.ran() == ["a"]
    assert world.run("-q") == (0, "", "")
    works(world)
    assert world.run("prune").code == 0


def test_a_last_run_of_infinity_is_of_the_future_and_counts_for_nothing(world):
    world.spider("a").add_run("1 hour")
    world.sql("UPDATE scheduler_state SET last_run_at = 'infinity', created_at = 'infinity', "
              "updated_at = 'infinity', finished_at = 'infinity'")
    works(world)
    result = world.run("-q")
    assert result.code == 0 and "1 run(s) start in the future" in result.err
    assert world.ran() == ["a"]


@pytest.mark.parametrize("far", ["290000-01-01", "4000-01-01 BC"])
def test_instants_as_far_as_postgresql_has_them(world, far):
    world.spider("a").add_run("1 hour")
    world.sql(f"UPDATE scheduler_state SET last_run_at = '{far}', finished_at = '{far}', "
              f"next_attempt_at = '{far}'")
    works(world)
    assert world.run("-q").code == 0
    assert world.ran() == ["a"]


def failed_run(world, next_attempt):
    world.spider("a").add_run("1 hour", "failed")
    world.sql("UPDATE scheduler_state SET next_attempt_at = %s", next_attempt)
    works(world)


def test_a_next_attempt_of_minus_infinity_is_due_at_once(world):
    failed_run(world, "-infinity")
    assert world.run("-q").code == 0
    assert world.ran() == ["a"]
    run = world.only_run()
    assert (run.status, run.attempt) == ("completed", 2)


def test_a_next_attempt_of_infinity_never_comes_and_the_next_run_does(world):
    failed_run(world, "infinity")
    assert world.run("-q") == (0, "", "")
    assert world.ran() == []
    world.sql("UPDATE scheduler_state SET last_run_at = last_run_at - interval '3 hours'")
    assert world.run("-q").code == 0
    assert world.ran() == ["a"]
    assert len(world.runs()) == 2


@pytest.mark.parametrize("at", ["infinity", "-infinity"])
def test_a_running_row_whose_heartbeat_is_infinite_ends_nothing(world, at):
    world.spider("a").add_run("1 hour", "running", host="elsewhere", pid=1, boot_id="b")
    world.sql("UPDATE scheduler_state SET updated_at = %s", at)
    works(world)
    assert world.run("-q").code == 0


def test_an_outcome_that_never_ended_is_shown(world):
    world.spider("a")
    assert world.run("-q").code == 0
    world.sql("UPDATE spider_run SET finished_at = 'infinity'")
    works(world)
