"""A wrong value in the environment or in .env is refused with its place, and nothing runs."""

import pytest

WRONG = [
    *(("SCHEDULER_INTERVAL_HOURS", value) for value in
      ["four", "4h", "0", "-4", "nan", "inf", "1e99", "4 5", " 4", "0x4", "4,5"]),
    *(("SCHEDULER_ENABLED", value) for value in ["perhaps", "2", "-1", "truee"]),
    *(("SCHEDULER_MAX_INSTANCES", value) for value in
      ["one", "0", "-1", "1.5", "99999999999999999999"]),
    *(("SCHEDULER_TIMEZONE", value) for value in ["Mars/Base", "/etc/passwd", "../passwd"]),
    *(("DB_PORT", value) for value in ["x", "0", "-1", "65536", "5432x", "99999999999999999999"]),
]
IDS = [f"{name}={value}" for name, value in WRONG]


def check(result, place, value):
    assert (result.code, result.out) == (2, "")
    (line,) = result.err.splitlines()
    assert line.startswith("spider-check: ")
    assert place in line
    assert value in line
    assert "expected" in line


@pytest.mark.parametrize("name, value", WRONG, ids=IDS)
def test_a_wrong_value_in_the_environment_is_refused(shared, name, value):
    check(shared.spider("a").run(env={name: value}), name, value)


@pytest.mark.parametrize("name, value", WRONG, ids=IDS)
def test_a_wrong_value_in_a_dotenv_file_is_refused_with_its_line(shared, name, value):
    dotenv = shared.directory / ".env"
    dotenv.write_text(f"# settings\n\nexport {name}='{value}'\n")
    check(shared.spider("a").run(), f"{dotenv}:3: {name}", value)


def test_a_quote_that_is_not_closed_is_refused(shared):
    dotenv = shared.directory / ".env"
    dotenv.write_text("OTHER=1\nDB_PASSWORD='hunter2\n")
    result = shared.spider("a").run()
    assert result.code == 2
    assert f"{dotenv}:2: DB_PASSWORD" in result.err
    assert "hunter2" not in result.err
    assert len(result.err.splitlines()) == 1


def test_empty_values_are_as_good_as_none(world):
    names = {name for name, _ in WRONG}
    (world.directory / ".env").write_text("".join(f"{name}=\n" for name in names))
    assert world.spider("a").run(env={name: "" for name in names}).code == 0
    assert world.ran() == ["a"]


def test_other_peoples_lines_in_a_dotenv_file_are_no_concern(world):
    (world.directory / ".env").write_text("API_KEY=x\nnot a line of that kind\n=x\nA-B=c\n")
    assert world.spider("a").run().code == 0
    assert world.ran() == ["a"]
