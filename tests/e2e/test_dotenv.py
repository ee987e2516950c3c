"""The .env file of a project: mostly for others, and what is for us is found in it."""

import pytest

KEY = "-----BEGIN PRIVATE KEY-----\nDB_NAME=nowhere\nMIIEvQ==\n-----END PRIVATE KEY-----\n"


def outside(world):
    """What is for other programs, as people have it."""
    return (f'\ufeffPRIVATE_KEY="{KEY}"\r\n'
            "GOOGLE_CREDENTIALS='{\n  \"type\": \"service_account\",\n  \"DB_PORT\": 1\n}'\n"
            "export\tPATH_TO=${HOME}/x # a comment\n"
            "EMPTY\nexport ALSO\nset -a\nA B=c\n[section]\n"
            "UNCLOSED=\"it goes on\nNUL=a\0b\n")


def test_what_is_for_others_is_passed_over(world):
    url = world.sections.pop("database")["url"]
    world.spider("a")
    env = {"PGSERVICE": None}
    (world.directory / ".env").write_text(outside(world) + "SCHEDULER_INTERVAL_HOURS='2'\r\n"
                                       "SCHEDULER_INTERVAL_HOURS=3\r\n", encoding="utf-8")
    world.sections["database"] = {"url": url}
    result = world.run(env=env)
    assert (result.code, world.ran()) == (0, ["a"]), result.err
    assert "Starting scheduler with 3 hour interval" in result.err
    assert world.run("check", env=env).code == 0


@pytest.mark.parametrize("line, said", [
    ('DB_PASSWORD="s3cret', 'the quote is not closed; end the value with "'),
    ("PGPASSWORD='s3cret\nOTHER='x'", "the quote is not closed; end the value with '"),
    ("DB_HOST=a\0b", "holds a NUL character; take it out"),
    ("DB_PORT=x", "port"), ("SCHEDULER_ENABLED=perhaps", "expected true or false"),
    ("SCHEDULER_TIMEZONE='Moon/Base'", "is not a time zone")])
def test_what_is_for_us_and_wrong_is_named_with_its_line(world, line, said):
    (world.directory / ".env").write_text(outside(world) + line + "\n", encoding="utf-8")
    result = world.spider("a").run()
    assert (result.code, world.ran()) == (2, [])
    name = line.split("=")[0]
    number = (outside(world) + line).replace("\r\n", "\n").split("\n").index(line.split("\n")[0]) + 1
    assert f"/.env:{number}: {name}: " in result.err and said in result.err
    assert "s3cret" not in result.err
