"""Why the database cannot be reached is told by cause, with where the value is from and what to type."""

from test_check import place, problems
from test_reach import place_of

COMMANDS = [["migrate"], ["status"], ["history"], ["show", "1"], ["report"], ["metrics"], ["prune"],
            ["--dry-run"], []]


def complaints(world, env=None):
    """What each command says, which is the same."""
    said = set()
    for command in COMMANDS:
        result = world.run("-q", *command, env=env)
        assert result.code == 3, (command, result)
        (line,) = result.err.splitlines()
        said.add(line.removeprefix("spider-check: "))
    health = world.run("health", env=env)
    assert health.code == 3
    check = world.run("check", env=env)
    assert check.code == 3
    (line,) = said
    assert line in health.out
    assert line == problems(check)[0]
    return line


def configure(world, **database):
    world.spider("a").top["on_database_error"] = "skip"
    world.sections = {"database": database} if database else {}
    world.write_config()


def test_a_server_that_does_not_answer_is_named_with_who_named_it(shared):
    configure(shared, host="127.0.0.1", name="x")
    source = place(shared, "host").removesuffix(": ")
    assert complaints(shared, {"DB_PORT": "1"}) == (
        f"no PostgreSQL answers at 127.0.0.1:1 (database.host of {source}, DB_PORT of the environment): "
        "Connection refused; start it, or name another")


def test_so_is_one_by_libpqs_variables_and_by_its_defaults(shared):
    configure(shared)
    assert "127.0.0.1:1 (PGHOST of the environment, PGPORT of the environment): " in complaints(
        shared, {"PGHOST": "127.0.0.1", "PGPORT": "1"})
    line = complaints(shared, {"PGDATABASE": "x"})
    assert ".s.PGSQL.5432 (libpq's default): No such file or directory; start it, or name" in line


def test_a_role_that_is_not_there_is_told_with_what_makes_it(shared):
    directory, name = place_of(shared)
    configure(shared, host=directory, name=name)
    (shared.directory / ".env").write_text("\nDB_USER=no one\n")
    assert complaints(shared) == (
        f'PostgreSQL at {directory}/.s.PGSQL.5432: role "no one" does not exist '
        f"(DB_USER of {shared.directory}/.env:2); "
        f"type: sudo -u postgres createuser --host {directory} 'no one'")


def test_a_database_that_is_not_there_is_told_with_what_makes_it_or_names_it(shared):
    directory, _ = place_of(shared)
    configure(shared, host=directory, name="nosuch", user="postgres")
    source = place(shared, "name").removesuffix(": ")
    assert complaints(shared) == (
        f'PostgreSQL at {directory}/.s.PGSQL.5432: database "nosuch" does not exist '
        f"(database.name of {source}); "
        f"type: sudo -u postgres createdb --host {directory} --owner postgres nosuch")


def test_a_database_by_default_is_to_be_named(shared, server):
    directory, _ = place_of(shared)
    configure(shared, host=directory, user="newcomer")
    with server.connect() as connection:
        connection.cursor().execute("CREATE ROLE newcomer LOGIN")
    try:
        assert complaints(shared).endswith(
            'database "newcomer" does not exist (libpq\'s default); '
            f"name it: DB_NAME=… in {shared.directory}/.env")
    finally:
        with server.connect() as connection:
            connection.cursor().execute("DROP ROLE newcomer")
