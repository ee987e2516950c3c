"""Nothing that others make in a schema of the search_path is used; each schema is a world of its own."""

import contextlib
import re

import pytest

from telling import make_old, switch, tell
from test_check import problems, warnings

# What SQL of ours might mean where PostgreSQL has no exact match of its own, or only a polymorphic
# one: operators between all of these types, and functions.
TYPES = ("text varchar bpchar name int2 int4 int8 float8 numeric bool timestamptz timestamp date "
         "interval jsonb json uuid oid regclass text[] varchar[]").split()
OPERATORS = "= <> < <= > >= + - * / || ~~ -> ->>".split()
FUNCTIONS = {
    "array_to_string": ["text[], text", "varchar[], text", "text[], varchar"],
    "unnest": ["text[]", "varchar[]"],
    "to_timestamp": ["int", "bigint", "numeric"],
    "now": ["int default 1", "text default ''"],
    "count": ["text", "int", "bigint"],
    "starts_with": ["varchar, varchar", "text, varchar", "varchar, text", "name, text"],
    "split_part": ["varchar, varchar, int", "text, text, bigint"],
    "make_interval": ["secs int", "secs bigint", "secs numeric"],
    "greatest": ["int, int"], "coalesce": ["text, text"], "nullif": ["text, text"],
    "set_config": ["name, name, bool", "varchar, varchar, bool"],
    "to_regclass": ["varchar", "name"],
    "pg_try_advisory_lock": ["oid, oid", "int2, int2", "int, bigint"],
    "jsonb_to_recordset": ["json", "text"],
    "quote_ident": ["name"], "current_setting": ["varchar", "name"],
    "has_table_privilege": ["regclass, text", "oid, varchar"],
    "cardinality": ["name[]"], "array_agg": ["bigint", "int"],
}

TRAP = ("language plpgsql as $$ begin if current_user <> 'mallory' then "
        "raise exception 'trapped by %', current_user; end if; return null; end $$")


def traps(schema):
    """The statements that set them all, without those that are PostgreSQL's own already."""
    for name, lists in FUNCTIONS.items():
        for arguments in lists:
            yield f'create function {schema}."{name}"({arguments}) returns text {TRAP}'
    for left in TYPES:
        for right in TYPES:
            yield f"create function {schema}.trap(a {left}, b {right}) returns boolean {TRAP}"
            for operator in OPERATORS:
                yield (f"create operator {schema}.{operator} (leftarg = {left}, rightarg = {right}, "
                       f"function = {schema}.trap)")


@contextlib.contextmanager
def role(world, name):
    """The URL of the world's database for an ordinary role, which is gone at the end."""
    world.sql(f"create role {name} login")
    try:
        yield world.url.replace("user=postgres", f"user={name}")
    finally:
        world.sql(f"drop owned by {name} cascade; drop role {name}")


@contextlib.contextmanager
def roles(world, *names):
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(role(world, name)) for name in names]


def use(world, url):
    """The program connects as another role; the test itself does not."""
    world.sections["database"]["url"] = url


def set_traps(world, url, schema="public"):
    with world.server.connect(url) as connection:
        connection.autocommit = False
        connection.cursor().execute("; ".join(traps(schema)))
        connection.commit()


def use_everything(world, receiver=None):
    """Each command, and what ticks do: runs, a retry, skips, messages, and a replay of the journal."""
    def fine(*args, codes=(0,)):
        result = world.run(*args)
        assert result.code in codes, (args, result.err, result.out)
        assert "trapped" not in result.err + result.out
        return result

    broken = world.directory / "broken"
    broken.touch()
    world.top["max_attempts"] = 2
    world.spider("shaky", f"[ ! -e {broken} ]")
    fine(codes=(1,))
    broken.unlink()
    world.sql("update scheduler_state set next_attempt_at = now()")
    fine("-v")
    assert "Recent run detected" in fine().err
    world.sql("alter role keeper nologin")
    make_old(world)
    assert "database cannot be used" in fine().err
    world.sql("alter role keeper login")
    fine()
    assert len(world.runs()) >= 2 and {run.status for run in world.runs()} == {"completed"}
    for command in ("status", "status --json", "history", "history --json", "health", "report",
                    "metrics", "prune", "prune --dry-run", "--dry-run", "check", "migrate"):
        fine(*command.split())
    fine("show", world.runs()[-1].id)
    fine("--spider", "shaky", "--force")
    if receiver:
        fine("notify", "--test")
        assert receiver.requests
    assert "Recent run detected" in fine().err


def keeper_migrates(world, url):
    use(world, url)
    assert world.run("migrate").code == 0


@pytest.fixture
def open_world(empty_world):
    """The schema public as it was before PostgreSQL 15: everybody may make things in it."""
    empty_world.sql("grant create on schema public to public")
    yield empty_world
    empty_world.sql("revoke create on schema public from public")


def assert_no_trap(world, before):
    assert "trapped" not in world.server.log[before:]


def test_nothing_that_others_make_in_the_schema_is_used(open_world, receiver, certificate):
    world = open_world
    with roles(world, "keeper", "mallory") as (keeper, mallory):
        keeper_migrates(world, keeper)
        set_traps(world, mallory)
        before = len(world.server.log)
        tell(world, receiver, certificate)
        use_everything(world, receiver)
        assert_no_trap(world, before)


def test_a_migration_uses_nothing_of_others_either(open_world):
    world = open_world
    with roles(world, "keeper", "mallory") as (keeper, mallory):
        set_traps(world, mallory)
        before = len(world.server.log)
        keeper_migrates(world, keeper)
        use_everything(world)
        assert_no_trap(world, before)


VIEWS = """
create function {0}.trap() returns boolean language plpgsql as $$ begin
  if current_user <> 'mallory' then raise exception 'trapped by %', current_user; end if; return true; end $$;
create view {0}.scheduler_state as select 1 as id, now() as last_run_at, 'default'::text as schedule,
  'completed'::varchar(50) as status, 3 as spider_count, false as partial where {0}.trap();
create view {0}.spider_check_told as select 'default'::text as schedule, now() as success where {0}.trap();
create view {0}.spider_check_notification as select 'default'::text as schedule, 'x' as channel,
  now() as next_try_at where {0}.trap();
create view {0}.spider_check_migration as select 8 as version where {0}.trap();
grant select on all tables in schema {0} to public;
"""


def test_tables_of_others_in_an_earlier_schema_are_not_used(empty_world, receiver, certificate):
    world = empty_world
    with roles(world, "keeper", "mallory") as (keeper, mallory):
        world.sql("grant create on schema public to keeper; create schema early; "
                  "grant usage, create on schema early to keeper, mallory")
        keeper_migrates(world, keeper)
        with world.server.connect(mallory) as connection:
            connection.cursor().execute(VIEWS.format("early"))
        use(world, keeper + "&options=-csearch_path%3Dearly,public")
        before = len(world.server.log)
        tell(world, receiver, certificate)
        use_everything(world, receiver)
        assert_no_trap(world, before)


def test_a_table_that_may_be_anybodys_is_refused(open_world):
    world = open_world
    with roles(world, "keeper", "mallory") as (keeper, mallory):
        with world.server.connect(mallory) as connection:
            connection.cursor().execute("create table scheduler_state (x int)")
        use(world, keeper)
        world.spider("a")
        for command in ("check", "migrate"):
            result = world.run(command)
            assert result.code == 3
            assert ('the table public.scheduler_state belongs to "mallory", and everybody may create '
                    "tables in the schema public; let its owner type: REVOKE CREATE ON SCHEMA "
                    '"public" FROM PUBLIC') in result.out + result.err


def test_check_and_migrate_warn_of_who_may_make_things_in_the_schema(open_world):
    world = open_world
    with roles(world, "keeper", "mallory") as (keeper, _):
        world.sql("grant create on schema public to mallory, keeper")
        expected = [
            "the schema public: everybody may create tables and functions in it; let its owner type: "
            'REVOKE CREATE ON SCHEMA "public" FROM PUBLIC',
            'the schema public: role "mallory" may create tables and functions in it; let its owner '
            'type: REVOKE CREATE ON SCHEMA "public" FROM "mallory"']
        use(world, keeper)
        said = world.run("migrate").err.splitlines()
        assert [line.partition(" warn  ")[2] for line in said] == expected
        assert warnings(world.spider("a").run("check")) == expected
        world.sql("revoke create on schema public from public, mallory")
        assert "Everything is fine" in world.run("check").out


@pytest.mark.parametrize("name", ["Ann's: \"jobs\"", "a\\b", "größe", "has space", "select"])
def test_a_schema_may_have_any_name(empty_world, name):
    world = empty_world
    quoted = '"' + name.replace('"', '""') + '"'
    with role(world, "keeper") as keeper:
        world.sql(f"create schema {quoted} authorization keeper".replace("%", "%%"))
        world.sql(f"alter role keeper set search_path = {quoted}".replace("%", "%%"))
        keeper_migrates(world, keeper)
        world.spider("a")
        assert world.run().code == 0
        assert "Recent run detected" in world.run().err
        assert world.run("status").code == 0
        (found,) = world.sql("select relnamespace::regnamespace::text as name from pg_class "
                             "where relname = 'scheduler_state'")
        assert world.sql("select to_regnamespace(%s)::text as name", quoted)[0].name == found.name
        world.sql(f"drop schema {quoted} cascade".replace("%", "%%"))


def test_schedules_in_two_schemas_do_not_hold_each_other_back(empty_world):
    world = empty_world
    with roles(world, "ann", "bob") as (ann, bob):
        world.sql("create schema authorization ann; create schema authorization bob")
        gate = world.gate()
        world.spider("a", gate.script)
        for url, state in ((ann, "ann"), (bob, "bob")):
            world.top["state_dir"] = str(world.directory / state)
            use(world, url)
            assert world.run("migrate").code == 0
        running = [world.start()]  # bob's
        gate.wait()
        world.top["state_dir"] = str(world.directory / "ann")
        use(world, ann)
        world.spiders.clear()
        for args in ((), ("--force",)):
            result = world.spider("b").run(*args)
            assert result.code == 0 and "Spider 'b' ok" in result.err, result.err
            world.spiders.clear()
        assert "Running     no" in world.spider("b").run("status").out
        gate.open()
        assert running[0].end().code == 0
        counts = world.sql("select (select count(*) from ann.scheduler_state) as ann, "
                           "(select count(*) from bob.scheduler_state) as bob")
        assert counts == [(2, 1)]


def test_who_does_not_find_the_tables_is_told_where_they_are(empty_world):
    world = empty_world
    with roles(world, "ann", "car", "dan") as (ann, car, dan):
        world.sql("create schema authorization ann")
        keeper_migrates(world, ann)
        world.sql("grant usage on schema ann to car; grant all on all tables in schema ann to car; "
                  "grant usage on all sequences in schema ann to car")
        told = ('spider-check\'s tables are in the schema "ann", which the search_path of user "car" '
                "does not name; add ?options=-csearch_path%3Dann to the url, or type: "
                'ALTER ROLE "car" SET search_path = "ann"')
        use(world, car)
        world.spider("a")
        assert problems(world.run("check")) == [told]
        assert told in world.run("status").out + world.run("history").err
        use(world, dan)  # who may not use them
        assert problems(world.run("check"))[-1].endswith("type: spider-check migrate")
        use(world, car + "&options=-csearch_path%3Dann")
        assert "Everything is fine" in world.run("check").out
        assert world.run().code == 0
        world.sql('alter role car set search_path = "ann"')
        use(world, car)
        assert "Recent run detected" in world.run().err


def test_what_a_path_puts_before_pg_catalog_is_meant_so(world):
    world.freeze_clock("2026-11-23 16:20:01+00")
    world.spider("a")
    assert world.run().code == 0
    assert str(world.only_run().last_run_at) == "2026-11-23 16:20:01+00:00"
    assert re.search(r"Last run was 0\.00 hours ago", world.run().err)
    assert world.run("status").code == 0


@pytest.mark.parametrize("told", [False, True])
def test_a_tick_that_has_nothing_to_do_sends_one_message(world, receiver, certificate, told):
    if told:
        tell(world, receiver, certificate)
    world.spider("a")
    assert world.run("-q").code == 0
    (name,) = world.sql("select current_database()")
    world.sql(f"alter database {name[0]} set log_statement = 'all'")
    before = len(world.server.log)
    assert world.run("-q") == (0, "", "")
    world.sql(f"alter database {name[0]} reset log_statement")
    said = re.findall(r"LOG:  (?:statement|execute [^:]*): (.*)", world.server.log[before:])
    ours = [line for line in said if not line.startswith(("alter database", "SET extra_float_digits"))]
    assert len(ours) == 1, said  # SOCI's own is the other one
