"""spider-check history and show: runs, the times in which nothing ran, and why."""

import json
import pathlib

import pytest
from jsonschema import Draft202012Validator

SCHEMA = json.loads(
    (pathlib.Path(__file__).resolve().parents[2] / "docs/reports.schema.json").read_text())


def validate(kind, document):
    Draft202012Validator({**SCHEMA, "oneOf": [{"$ref": f"#/$defs/{kind}"}]}).validate(document)
    return document


def history(world, *args):
    result = world.run("history", *args)
    assert (result.code, result.err) == (0, "")
    return result.out


def history_json(world, *args):
    return validate("history", json.loads(history(world, "--json", *args)))


def causes(document):
    return [gap["cause"] for gap in document["gaps"]]


def test_nothing_has_run(world):
    world.spider("a")
    assert "No run is recorded." in history(world)
    document = history_json(world)
    assert (document["runs"], document["gaps"], document["cut"]) == ([], [], False)


def test_runs_are_listed_the_newest_first(world):
    world.spider("a").spider("b", "exit 3")
    old = world.add_run("30 hours", spider_count=2)
    assert world.run().code == 1
    document = history_json(world)
    assert [run["id"] for run in document["runs"]] == [world.runs()[-1].id, old]
    newest = document["runs"][0]
    assert (newest["status"], newest["ok"], newest["failed"], newest["trigger"]) == (
        "failed", 1, 1, "tick")
    assert "1 of 2 spiders failed (b)" in newest["failure"]
    assert newest["late_seconds"] == pytest.approx(26 * 3600, abs=60)
    said = history(world)
    assert f"run {newest['id']} " in said and "failed       1 ok, 1 failed" in said
    assert said.index(f"run {newest['id']} ") < said.index(f"run {old} ")


def test_a_history_is_narrowed_by_age_spider_and_status(world):
    world.spider("a").spider("b", "exit 3")
    old = world.add_run("30 hours", spider_count=2)
    assert world.run().code == 1
    newest = world.runs()[-1].id
    ids = lambda *args: [run["id"] for run in history_json(world, *args)["runs"]]
    assert ids("--since", "1d") == [newest]
    assert ids("--status", "completed") == [old]
    assert ids("--spider", "b") == [newest]
    assert ids("--spider", "b' OR '1'='1") == []


def test_a_gap_without_a_run_after_it_lasts_until_now(world):
    world.spider("a").add_run("9 hours")
    (gap,) = history_json(world)["gaps"]
    assert (gap["cause"], gap["open"]) == ("unknown", True)
    assert "until now: nothing ran" in history(world)
    # Also when the success is older than what is asked for.
    (gap,) = history_json(world, "--since", "2h")["gaps"]
    assert gap["open"]


def test_a_late_run_says_what_its_host_noticed(world):
    world.spider("a").add_run("30 hours")
    world.top["enabled"] = False
    assert world.run().code == 0
    world.top["enabled"] = True
    noted = next((world.home / ".local/state/spider-check/journal").rglob("known"))
    assert "disabled" in noted.read_text()
    assert world.run().code == 0
    # Disabled for a moment only; and this host has been up for less than that, or for more.
    run = history_json(world)["runs"][0]
    up = float(pathlib.Path("/proc/uptime").read_text().split()[0])
    expected = ["off"] if up < 26 * 3600 - 60 else []
    assert [each["cause"] for each in run["hindrances"]] == expected


def test_after_a_boot_a_while_ago_the_host_was_off_until_then(world):
    world.spider("a").add_run("30 hours")
    up = float(pathlib.Path("/proc/uptime").read_text().split()[0])
    # Up for an hour, by the clock that counts since boot.
    before = ("unshare", "--time", f"--boottime={3600 - int(up)}", "--")
    assert world.start(before=before).end().code == 0
    (gap,) = [gap for gap in history_json(world)["gaps"] if gap["cause"] == "off"]
    (run,) = [run for run in history_json(world)["runs"] if run["hindrances"]]
    assert run["hindrances"][0]["cause"] == "off"
    assert ": the machine was off" in history(world)
    assert gap["from"] < gap["to"] < run["started_at"]
    shown = world.run("show", run["id"]).out
    assert "the machine was off" in shown and "Late        1 d 2 h, 6 intervals" in shown


def test_a_run_is_shown_attempt_by_attempt(world):
    world.top["retry_after"] = "0s"
    world.spider("a").spider("b", f"test -e {world.directory}/mended || exit 3")
    assert world.run().code == 1
    (world.directory / "mended").touch()
    assert world.run().code == 0
    run = world.only_run().id
    document = validate("show", json.loads(world.run("show", str(run), "--json").out))
    assert [(each["attempt"], each["spider"], each["verdict"]) for each in document["spiders"]] == [
        (1, "a", "ok"), (1, "b", "failed"), (2, "b", "ok")]
    assert (document["run"]["ok"], document["run"]["failed"], document["run"]["attempt"]) == (2, 0, 2)
    said = world.run("show", run).out
    assert said.index("Attempt 1") < said.index("exit status 3") < said.index("Attempt 2")


def test_what_the_failure_says_is_not_said_once_more_as_a_fault(world):
    run = world.add_run("1 hour", "failed", failure="cannot list the spiders: x",
                        faults=["cannot list the spiders: x", "another fault"])
    for said in (history(world), world.run("show", run).out):
        assert said.count(" cannot list the spiders: x") == 1 and "another fault" in said, said


def test_a_run_that_another_replaced_has_no_next_try(world):
    old = world.add_run("3 hours", "failed", failure="x", attempt=1)
    world.sql("UPDATE scheduler_state SET next_attempt_at = now() + interval '10 minutes'")
    assert "Next try" in world.run("show", old).out
    world.add_run("1 hour", "failed", failure="x")
    assert "Next try" not in world.run("show", old).out


def test_a_run_that_is_not_there(world):
    world.spider("a")
    result = world.run("show", "12345")
    assert (result.code, result.out) == (2, "")
    assert result.err == ("spider-check: there is no run 12345 of the schedule default; "
                          "spider-check history lists them\n")


def test_status_is_as_its_schema_says_and_knows_each_spider(world):
    world.spider("a").spider("b", "exit 3")
    validate("status", json.loads(world.run("status", "--json").out))
    assert world.run().code == 1
    status = validate("status", json.loads(world.run("status", "--json").out))
    assert [spider["spider"] for spider in status["spiders"]] == ["a", "b"]
    assert (status["spiders"][0]["last_success"], status["spiders"][1]["last_success"]) != (None, None)
    assert status["spiders"][1]["last_success"] is None
    assert (status["fresh"], status["failed_runs"]) == (False, 1)
    said = world.run("status").out
    assert "exit status 3" in said and "·" in said and "×" in said


def test_without_the_database_each_says_so(world):
    world.spider("a")
    world.sections["database"]["url"] = "postgresql://nobody@127.0.0.1:1/none"
    for words in (["history"], ["show", "1"], ["status"]):
        result = world.run(*words)
        assert (result.code, result.out) == (3, "")
        assert result.err.count("\n") == 1
