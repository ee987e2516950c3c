"""A database that cannot hold every text is refused before anything is made in it."""

import pytest

from test_check import problems


@pytest.fixture
def database_of(empty_world):
    """The world with a database of this encoding instead."""
    made = []

    def make(encoding):
        name = f"encoded_{encoding.lower()}"
        empty_world.sql(f"create database {name} encoding '{encoding}' template template0 "
                        "lc_collate 'C' lc_ctype 'C'")
        made.append(name)
        empty_world.sections["database"]["url"] = empty_world.server.url(name)
        return empty_world

    yield make
    for name in made:
        empty_world.sql(f"drop database {name} with (force)")


@pytest.mark.parametrize("encoding", ["LATIN1", "WIN1251", "EUC_JP"])
def test_an_encoding_without_every_letter_is_refused(database_of, encoding):
    world = database_of(encoding).spider("a")
    why = (f"the encoding {encoding} has no letters for every name and message; make a database that "
           "has: createdb --encoding=UTF8 --template=template0 NAME")
    result = world.run("migrate")
    assert result.code == 3
    assert result.err == f"spider-check: {why}\n"
    assert problems(world.run("check"))[0] == f"the database: {why}"
    with world.server.connect(world.sections["database"]["url"]) as connection:
        cursor = connection.cursor()
        cursor.execute("select count(*) from pg_class where relnamespace = 'public'::regnamespace")
        assert cursor.fetchone() == (0,)


def test_an_encoding_that_leaves_text_alone_is_fine(database_of):
    world = database_of("SQL_ASCII").spider("новости")
    assert world.run("migrate").code == 0
    assert world.run().code == 0
    assert "Everything is fine" in world.run("check").out
