"""spider-check status, for people and as JSON."""

import json
import re
import socket

ISO_UTC = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"


def text(world):
    result = world.run("status")
    assert (result.code, result.err) == (0, "")
    return result.out


def as_json(world):
    result = world.run("status", "--json")
    assert (result.code, result.err) == (0, "")
    status = json.loads(result.out)
    assert {"schedule", "now", "last_run", "running", "next_due", "due", "reason"} <= set(status)
    assert re.fullmatch(ISO_UTC, status["now"])
    assert status["next_due"] is None or re.fullmatch(ISO_UTC, status["next_due"])
    assert isinstance(status["due"], bool)
    assert status["reason"]
    return status


def test_a_schedule_that_never_ran(world):
    world.spider("a")
    status = as_json(world)
    assert (status["schedule"], status["last_run"], status["running"]) == ("default", None, None)
    assert status["due"] is True
    assert re.search(r"^Last run +none$", text(world), re.M)
    assert "never succeeded" in text(world)


def test_a_fresh_schedule(world):
    world.spider("a").spider("b")
    assert world.run().code == 0
    run = world.only_run()
    status = as_json(world)
    assert status["due"] is False
    assert "Recent run detected" in status["reason"]
    last = status["last_run"]
    assert (last["id"], last["status"], last["spider_count"], last["attempt"], last["failure"]) == (
        run.id, "completed", 2, 1, None)
    assert last["started_at"][:19] == f"{run.last_run_at:%FT%T}"
    assert last["finished_at"][:19] == f"{run.finished_at:%FT%T}"
    spiders = {spider["spider"]: spider for spider in last["spiders"]}
    assert sorted(spiders) == ["a", "b"]
    assert (spiders["a"]["verdict"], spiders["a"]["reasons"], spiders["a"]["exit_code"],
            spiders["a"]["signal"]) == ("ok", [], 0, None)
    assert spiders["a"]["log_path"].startswith(str(world.log_dir))
    assert status["running"] is None
    said = text(world)
    assert "fresh" in said and f"run {run.id} completed" in said and "(in 3 h 59 min)" in said


def without_database(world, *args):
    """The command, while nobody listens where the database is."""
    url = world.sections["database"]["url"]
    world.sections["database"]["url"] = f"postgresql:///gone?host={world.home}"
    result = world.run(*args)
    world.sections["database"]["url"] = url
    return result


def test_while_the_database_is_away_it_is_what_the_journal_knows(world):
    world.spider("a")
    assert world.run().code == 0
    result = without_database(world, "status")
    assert result.code == 3
    assert len(result.err.splitlines()) == 1 and str(world.home) in result.err
    assert re.search(r"^Schedule +default, fresh: the data is ", result.out, re.M)
    assert re.search(r"^Database +cannot be used", result.out, re.M)
    assert "wait" not in result.out
    assert f"run {world.only_run().id} completed" in result.out and "(in 3 h 59 min)" in result.out

    failed = without_database(world, "--force")
    assert failed.code == 0, failed.err
    result = without_database(world, "status")
    assert re.search(r"^Last run +run that is not recorded yet, completed", result.out, re.M), result.out
    assert re.search(r"^Journal +1 attempt waits", result.out, re.M)
    assert re.search(r"^Journal +1 attempt waits", text(world), re.M)
    assert as_json(world)["waiting_attempts"] == 1
    assert world.run().code == 0
    assert "Journal" not in text(world)
    assert as_json(world)["waiting_attempts"] == 0


def test_json_is_the_whole_state_or_none(world):
    world.spider("a")
    assert world.run().code == 0
    result = without_database(world, "status", "--json")
    assert (result.code, result.out) == (3, "")


def test_a_journal_that_knows_nothing_adds_no_word(world):
    result = without_database(world, "status")
    assert (result.code, result.out) == (3, "")
    assert len(result.err.splitlines()) == 1


def test_a_stale_schedule(world):
    world.spider("a").add_run("5 hours")
    status = as_json(world)
    assert status["due"] is True
    assert "Time threshold met or exceeded" in status["reason"]
    assert "stale" in text(world)


def test_the_time_that_it_is_due_at(world):
    world.spider("a").freeze_clock("2026-11-23 16:20:01+00")
    world.add_run("2 hours")
    status = as_json(world)
    assert status["next_due"][:19] == "2026-11-23T18:20:01"
    assert status["now"][:19] == "2026-11-23T16:20:01"
    assert "2026-11-23 18:20:01 UTC (in 2 h)" in text(world)
    world.top["timezone"] = "America/Bogota"
    assert "2026-11-23 13:20:01" in text(world)
    assert as_json(world)["next_due"][:19] == "2026-11-23T18:20:01"


def test_a_run_that_is_going_on(world):
    gate = world.gate()
    world.spider("a", gate.script)
    running = world.start()
    gate.wait()
    status = as_json(world)
    assert (status["running"]["host"], status["running"]["pid"]) == (
        socket.gethostname(), running.pid)
    assert re.fullmatch(ISO_UTC, status["running"]["since"])
    assert (status["last_run"]["status"], status["due"]) == ("running", False)
    said = re.search(r"^Running +(.*)$", text(world), re.M)[1]
    assert socket.gethostname() in said and f"pid {running.pid}" in said
    gate.open()
    assert running.end().code == 0
    assert as_json(world)["running"] is None


def test_a_forced_run_of_some_spiders_that_is_going_on(world):
    gate = world.gate()
    world.spider("a", gate.script).add_run("1 hour")
    running = world.start("--spider", "a")
    gate.wait()
    assert as_json(world)["running"]["pid"] == running.pid
    assert f"pid {running.pid}" in text(world)
    gate.open()
    assert running.end().code == 0


def test_a_failed_run_with_its_next_retry(world):
    world.spider("a").spider("b", "kill -SEGV $$")
    assert world.run().code == 1
    run = world.only_run()
    status = as_json(world)
    assert status["due"] is False
    assert status["next_due"][:19] == f"{run.next_attempt_at:%FT%T}"
    assert "attempt 2 of 3" in status["reason"]
    assert status["last_run"]["status"] == "failed"
    assert "1 of 2 spiders failed (b)" in status["last_run"]["failure"]
    (failed,) = [spider for spider in status["last_run"]["spiders"] if spider["spider"] == "b"]
    assert (failed["verdict"], failed["exit_code"], failed["signal"]) == ("failed", None, 11)
    assert "SIGSEGV" in failed["reasons"][0]
    said = text(world)
    assert f"{run.next_attempt_at:%F %T} UTC (in 1" in said
    assert "1 of 2 spiders failed (b)" in said and "SIGSEGV" in said
    assert failed["log_path"] in said


def test_a_disabled_schedule(world):
    world.top["enabled"] = False
    world.spider("a").add_run("5 hours")
    status = as_json(world)
    assert status["due"] is False
    assert status["next_due"] is None
    assert "disabled" in status["reason"]
    assert "disabled" in text(world)


def test_a_run_whose_owner_is_gone(world):
    world.spider("a").freeze_clock()  # a server that has just started waits for its clients to come back
    run = world.add_run("30 minutes", "running", host="elsewhere", pid=4711)
    before = world.dump()
    status = as_json(world)
    assert (status["running"], status["due"]) == (None, True)
    assert re.search(rf"run {run} was interrupted", text(world))
    assert world.dump() == before


def test_hostile_names_stay_data(world):
    name = 'a"\n\x1b[31m\\ </script>'
    world.spider(name, "exit 1").run()
    assert as_json(world)["last_run"]["spiders"][0]["spider"] == name
    said = text(world)
    assert "\x1b" not in said
    assert len([line for line in said.splitlines() if line.startswith("  a\"")]) == 1


def test_status_and_migrate_take_the_common_flags_on_either_side(world):
    world.spider("a")
    elsewhere = world.write_config(path=world.home / "other.toml")
    (world.directory / "spider-check.toml").write_text("nonsense = 1")
    for args in (["-c", elsewhere, "status"], ["status", "-c", elsewhere],
                 ["status", "-q", "-c", elsewhere], ["-v", "status", "-c", elsewhere]):
        result = world.run(*args, keep_config=True)
        assert result.code == 0, (args, result.err)
        assert result.out.startswith("Schedule"), args
