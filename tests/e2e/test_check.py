"""`spider-check check`: what is known, the spiders, and what is wrong in the order to mend it."""

import os
import re

import pytest

from test_scrapy import SCRAPY, break_project, scrapy_world

__all__ = ["scrapy_world"]


def everything(directory):
    """The files in a directory, to be compared; what Python and the test itself leave aside."""
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in directory.rglob("*")
            if path.is_file() and path.suffix != ".pyc" and not path.name.startswith("stderr-")}


def findings(result, title):
    """The lines of a chapter."""
    _, _, rest = result.out.partition(f"\n{title}")
    return rest.partition("\n\n")[0].splitlines()[1:]


def problems(result):
    lines = findings(result, "Problems")
    assert [line[:5] for line in lines] == [f"  {i}. " for i in range(1, len(lines) + 1)]
    return [line[5:] for line in lines]


def warnings(result):
    return [line.removeprefix("  - ") for line in findings(result, "Warnings")]


def place(world, text):
    """FILE:LINE of the configuration's first line that holds the text."""
    path = world.directory / "spider-check.toml"
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        if text in line:
            return f"{path}:{number}: "
    raise AssertionError(f"no {text!r} in {path}")


def test_a_configuration_that_works_is_fine_and_nothing_is_changed(scrapy_world):
    world = scrapy_world
    world.spider("plain")
    world.write_config()
    files, rows = everything(world.directory), world.dump()
    result = world.run("check", keep_config=True)
    assert (result.code, result.err) == (0, ""), result.out
    assert str(world.directory / "spider-check.toml") in result.out
    assert re.search(r'^Database +PostgreSQL 1\d\.\d+, database "\w+", user "\w+", schema version \d+$',
                     result.out, re.MULTILINE)
    assert re.search(rf"^Scrapy +\d+\.\d+\.\d+, {SCRAPY}$", result.out, re.MULTILINE)
    assert re.search(r"^  jobs +crawl +1h +10m +1m +0 +1 +any$", result.out, re.MULTILINE)
    assert re.search(r"^  plain +program +1h +none +1m +0 +- +-$", result.out, re.MULTILINE)
    assert result.out.splitlines()[-1] == (
        "Everything is fine: a tick runs 3 spiders when the last success is 4h old; "
        "spider-check status says when that is.")
    assert everything(world.directory) == files
    assert world.dump() == rows
    assert world.ran() == []


def test_what_differs_is_shown_without_values_that_may_be_secret(scrapy_world):
    world = scrapy_world
    world.sections["spiders.news"] = {
        "timeout": "2h", "min_items": 20, "max_errors": 3, "nice": 5, "min_items_ratio": 0.25,
        "max_time_ratio": 1.5, "optional_fields": ["note", "salary"],
        "finish_reasons": ["finished", "enough"], "arguments": ["-a", "q=a b"],
        "working_directory": str(world.home)}
    world.sections["spiders.news.env"] = {"TOKEN": "hunter2", "PROXY": "hunter2"}
    result = world.run("check")
    assert result.code == 0
    assert re.search(r"^  news +crawl +2h +10m +1m +5 +20 +3$", result.out, re.MULTILINE)
    for key, value in {"min_items_ratio": "0.25", "max_time_ratio": "1.5", "optional_fields": "note, salary",
                       "finish_reasons": "finished, enough",
                       "arguments": "-a 'q=a b'", "env": "PROXY, TOKEN",
                       "working_directory": world.home}.items():
        assert re.search(rf"^      {key} +{re.escape(str(value))}$", result.out, re.MULTILINE)
    assert "hunter2" not in result.out
    assert result.out.count("min_items_ratio") == 1


def test_problems_come_in_the_order_in_which_to_mend_them(scrapy_world):
    world = scrapy_world
    (world.directory / "file").touch()
    world.top["log_dir"] = "file/logs"
    world.sections["database"]["url"] = "postgresql://me:hunter2@127.0.0.1:1/db"
    world.sections["scrapy"]["command"] = ["/nonexistent/scrapy"]
    world.sections["spiders"] = {"working_directory": "elsewhere"}
    world.spider("a", command=["no-such-program"]).spider("b", command=["/usr"])
    world.spider("c", command=["./file"])
    result = world.run("check")
    assert (result.code, result.err) == (2, "")
    expected = [
        (place(world, "log_dir"), f"{world.directory}/file is not a directory"),
        ("", "Connection refused"),
        (place(world, "/nonexistent/scrapy"), "there is no such file"),
        (place(world, "no-such-program"), "not found in PATH"),
        (place(world, '["/usr"]'), "it is a directory"),
        (place(world, "./file"), "not executable"),
        (place(world, "elsewhere"), f"there is not a directory {world.directory}/elsewhere"),
    ]
    found = problems(result)
    assert len(found) == len(expected), found
    for line, (start, part) in zip(found, expected):
        assert line.startswith(start) and part in line and "; " in line, line
    assert "hunter2" not in result.out


def test_a_wrong_configuration_is_the_first_thing_to_mend(shared):
    path = shared.write_config("intervall = '4h'\n")
    result = shared.run("check", keep_config=True)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(f"spider-check: {path}:1: ")
    assert len(result.err.splitlines()) == 1


def test_nothing_to_run_is_a_problem(shared):
    result = shared.run("check")
    assert result.code == 2
    (line,) = problems(result)
    assert "nothing to run" in line and "spider-check init" in line


def test_without_a_file_it_says_what_applies(scrapy_world, server):
    world = scrapy_world
    database = world.url.partition(":///")[2].partition("?")[0]
    env = {"DB_HOST": str(server.directory), "DB_USER": "postgres", "DB_NAME": database}
    result = world.run("check", cwd=world.project, keep_config=True, env=env)
    assert result.code == 0, result.out
    assert "no file" in result.out
    assert "DB_HOST, DB_NAME, DB_USER" in result.out
    assert f"{world.home}/.config/spider-check/config.toml" in result.out


def test_a_database_alone_is_another_exit_status(scrapy_world):
    world = scrapy_world
    world.sections["database"]["url"] = "postgresql://me:hunter2@127.0.0.1:1/db"
    result = world.run("check")
    assert result.code == 3
    (line,) = problems(result)
    assert "Connection refused" in line and "hunter2" not in result.out
    assert re.search(r"^  news ", result.out, re.MULTILINE)  # the rest is looked at all the same


def test_a_database_that_is_not_prepared(empty_world):
    world = empty_world.spider("a")
    result = world.run("check")
    assert result.code == 3
    (line,) = problems(result)
    assert line.endswith("type: spider-check migrate")
    assert world.dump() == {}
    assert world.run("migrate").code == 0
    assert world.run("check").code == 0


def test_a_user_without_rights_is_told_what_to_type(empty_world, server):
    world = empty_world.spider("a")
    if not world.sql("SELECT rolname FROM pg_roles WHERE rolname = 'nobody'"):
        world.sql("CREATE ROLE nobody LOGIN")
    url = world.url
    as_nobody = re.sub(r"user=\w+|(?<=//)\w+(?=@)", lambda m: m[0].replace("postgres", "nobody"), url)
    assert as_nobody != url
    world.sections["database"]["url"] = as_nobody
    result = world.run("check")
    assert result.code == 3
    first, second = problems(result)
    statement = re.search(r"type: (GRANT CREATE ON SCHEMA .*)$", first)
    assert statement, first
    assert "spider-check migrate" in second
    world.sql(statement[1])
    assert len(problems(world.run("check"))) == 1
    world.sections["database"]["url"] = url
    assert world.run("migrate").code == 0
    world.sections["database"]["url"] = as_nobody
    (line,) = problems(world.run("check"))
    world.sql(re.search(r"type: (GRANT SELECT.*)$", line)[1])
    assert world.run("check").code == 0
    assert world.run().code == 0
    assert world.ran() == ["a"]


def test_a_project_that_cannot_be_listed_is_named_with_file_and_line(scrapy_world):
    world = scrapy_world
    path = break_project(world)
    world.sections["spiders.nwes"] = {"timeout": "2h"}
    result = world.run("check")
    assert result.code == 2
    (line,) = problems(result)
    assert f"{path}:3" in line and f"`cd {world.project} && {SCRAPY} list`" in line
    assert warnings(result) == []  # nobody knows whether there is a spider "nwes"


def test_a_virtual_environment_that_was_moved(scrapy_world):
    world = scrapy_world
    scrapy = world.directory / "scrapy"
    scrapy.write_text("#!/old/venv/bin/python\n")
    scrapy.chmod(0o755)
    world.sections["scrapy"]["command"] = ["./scrapy"]
    result = world.run("check")
    assert result.code == 2
    (line,) = problems(result)
    assert line.startswith(place(world, "./scrapy")) and "/old/venv/bin/python" in line


def test_a_scrapy_without_the_probe_is_a_warning(scrapy_world):
    world = scrapy_world
    world.sections["scrapy"]["command"] = ["/usr/bin/env", "-u", "PYTHONPATH", SCRAPY]
    result = world.run("check")
    assert result.code == 0
    (line,) = warnings(result)
    assert "logs are read instead" in line and "PYTHONPATH" in line
    assert result.out.splitlines()[-1].startswith("It works: ")


def test_metrics_that_nobody_will_read_are_warnings(world):
    world.spider("a").sections["metrics"] = {"path": "nowhere/x.txt"}
    result = world.run("check")
    assert result.code == 0
    there, named = warnings(result)
    assert there.startswith(place(world, "nowhere/x.txt")) and "it is not there" in there
    assert named.startswith(place(world, "nowhere/x.txt")) and ".prom" in named
    (world.directory / "nowhere").mkdir()
    world.sections["metrics"] = {"path": "nowhere/x.prom"}
    result = world.run("check")
    assert (result.code, warnings(result)) == (0, [])
    assert re.search(rf"^Metrics +{world.directory}/nowhere/x\.prom$", result.out, re.MULTILINE)
    assert list((world.directory / "nowhere").iterdir()) == []


def test_a_program_that_only_a_terminal_finds_is_a_warning(world):
    directory = world.directory / "bin"
    directory.mkdir()
    os.symlink("/bin/true", directory / "mine")
    world.spider("a", command=["mine"])
    result = world.run("check", env={"PATH": f"{directory}:/usr/bin:/bin"})
    assert result.code == 0
    (line,) = warnings(result)
    assert line.startswith(place(world, '"mine"')) and str(directory / "mine") in line


ODD = [
    ({}, {"spiders.nwes": {"timeout": "2h"}}, "[spiders.nwes]", ["jobs, news, plain"]),
    ({}, {"spiders.plain": {"min_items": 3}}, "min_items", ['"plain"', "Scrapy"]),
    ({}, {"spiders": {"timeout": "30s", "grace": "2m"}}, "grace", ["2m", "30s"]),
    ({"run_timeout": "10m"}, {"spiders.news": {"timeout": "20m"}}, 'timeout = "20m"', ["run_timeout", "10m"]),
    ({"interval": "1h", "retry_after": "2h"}, {}, "retry_after", ["interval", "1h"]),
    ({}, {"report": {"path": "www/page.html"}}, "path = \"www", ["www", "it is not there"]),
    ({}, {"spiders.news": {"timeout": "5m", "stall_timeout": "6m"}}, "stall_timeout", ["5m"]),
]


@pytest.mark.parametrize("top, sections, where, parts", ODD, ids=[case[2] for case in ODD])
def test_what_is_hardly_meant_is_a_warning(scrapy_world, top, sections, where, parts):
    world = scrapy_world
    world.spider("plain")
    world.top |= top
    world.sections |= sections
    result = world.run("check")
    assert result.code == 0, result.out
    (line,) = warnings(result)
    assert line.startswith(place(world, where)), line
    for part in parts:
        assert part in line


def test_names_cannot_steer_a_terminal(world):
    world.spider("evil\x1b[2J\nname")
    result = world.run("check")
    assert result.code == 0
    assert "\x1b" not in result.out
    assert "evil\\x1b[2J\\nname" in result.out


def test_a_disabled_schedule_says_that_nothing_will_run(world):
    world.spider("a").top["enabled"] = False
    result = world.run("check")
    assert result.code == 0
    assert "enabled is false" in result.out.splitlines()[-1]


def test_two_spiders_of_one_name(scrapy_world):
    world = scrapy_world.spider("news")
    result = world.run("check")
    assert result.code == 2
    (line,) = problems(result)
    assert line.startswith(place(world, "spider-0.sh")) and '"news"' in line


def test_a_spider_that_no_command_line_can_name_is_a_warning(scrapy_world):
    world = scrapy_world.spider("plain")
    module = (world.project / "tiny/spiders/news.py").read_text().replace("news", "ne\\0ws")
    (world.project / "tiny/spiders/odd.py").write_text(module)
    result = world.run("check")
    assert result.code == 0, result.out
    (line,) = warnings(result)
    assert "no command line can hold" in line and line.endswith("; rename it")
