"""A spider's name is data: in the database, in a path, in the log, on the command line."""

import os
import pathlib
import stat

import pytest

NAMES = [
    "plain",
    "it's \"quoted\"",
    "two  spaces ",
    "a\nnewline",
    "tab\tand \x1b[31mescape",
    "'; drop table spider_run; --",
    "$(touch /tmp/x) `id` && exit",
    "../../etc/x",
    "/etc/x",
    ".",
    "..",
    "a/b",
    "%s %d :name $1 {}",
    "{\"a\",NULL}",
    "\\",
    "NULL",
    "-rf",
    "🕷 araña 蜘蛛",
    "A", "a",
    "x" * 300,
    "x" * 299 + "y",
    "🕷" * 100,
]


@pytest.fixture
def named_world(world):
    for name in NAMES:
        world.spider(name)
    return world


def test_every_name_is_recorded_as_it_is(named_world):
    world = named_world
    result = world.run()
    assert result.code == 0, result.err
    assert world.ran() == NAMES
    assert sorted(outcome.spider for outcome in world.outcomes()) == sorted(NAMES)
    assert world.only_run().spider_count == len(NAMES)


def test_every_name_has_a_log_file_of_its_own_inside_the_log_directory(named_world):
    world = named_world
    world.run()
    paths = [pathlib.Path(outcome.log_path) for outcome in world.outcomes()]
    assert len({path.resolve() for path in paths}) == len(NAMES)
    for path in paths:
        assert path.resolve().is_relative_to(world.log_dir.resolve() / "default")
        assert path.parent.parent == world.log_dir / "default"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    found = [name for _, _, names in os.walk(world.directory) for name in names if name.endswith(".log")]
    assert len(found) == len(NAMES)


def test_a_name_never_breaks_a_line_of_the_log(named_world):
    err = named_world.run().err
    assert "\x1b" not in err
    assert err.count("started (") == len(NAMES)
    for line in err.splitlines():
        assert line[:2] == "20" and line[23:30] in (" info  ", " warn  ", " error "), line


def test_every_name_can_be_asked_for(named_world):
    world = named_world
    for name in NAMES:
        world.forget_what_ran()
        flags = [f"--spider={name}"] if name.startswith("-") else ["--spider", name]
        result = world.run(*flags)
        assert result.code == 0, result.err
        assert world.ran() == [name]


def test_a_failed_spider_of_any_name_is_retried_by_that_name(world):
    for name in NAMES:
        world.spider(name, f"[ -e {world.directory}/mended ] || exit 1")
    assert world.run().code == 1
    (world.directory / "mended").touch()
    world.forget_what_ran()
    world.sql("UPDATE scheduler_state SET next_attempt_at = now()")
    world.spider("one more")
    assert world.run().code == 0
    assert world.ran() == [*NAMES, "one more"]
    assert world.run("--force").code == 0


def test_the_name_of_a_schedule_is_data_too(world):
    for name in NAMES[:-1]:
        world.top["name"] = name
        world.spiders.clear()
        assert world.spider("a").run().code == 0
    assert [run.schedule for run in world.runs()] == NAMES[:-1]
    logs = {pathlib.Path(outcome.log_path).resolve() for outcome in world.outcomes()}
    assert len(logs) == len(NAMES) - 1
    assert all(log.is_relative_to(world.log_dir.resolve()) for log in logs)
