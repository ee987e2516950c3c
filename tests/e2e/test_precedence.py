"""Flag beats environment beats .env beats file."""

import pytest


@pytest.fixture
def four(world, server):
    """Databases whose last success is 1, 2 and 3 hours ago, so that a skip tells which it was."""
    world.sections["database"] = {"host": str(server.directory), "user": "postgres"}
    world.names = {}
    for place in ("file", "dotenv", "environment"):
        name = f"{world.url.partition(':///')[2].partition('?')[0]}_{place}"
        with server.connect() as connection:
            connection.cursor().execute(f"CREATE DATABASE {name} TEMPLATE {world.template}")
        with server.connect(server.url(name)) as connection:
            connection.cursor().execute(
                "INSERT INTO scheduler_state (last_run_at, spider_count) "
                "VALUES (now() - %s * interval '1 hour', 1)", [len(world.names) + 1])
        world.names[place] = name
    yield world.spider("a")
    for name in world.names.values():
        server.drop_database(server.url(name))


def database_of(world, **options):
    err = world.run("-v", **options).err
    for number, place in enumerate(world.names, 1):
        if f"Last run was {number}.00 hours ago" in err:
            return place
    raise AssertionError(err)


def dotenv(world, text):
    (world.directory / ".env").write_text(text)


def test_the_name_of_the_database(four):
    four.sections["database"]["name"] = four.names["file"]
    assert database_of(four) == "file"
    dotenv(four, f"DB_NAME={four.names['dotenv']}\n")
    assert database_of(four) == "dotenv"
    assert database_of(four, env={"DB_NAME": four.names["environment"]}) == "environment"


def test_the_name_of_the_database_beats_the_one_in_the_url(four, server):
    four.sections["database"] = {"url": server.url(four.names["file"])}
    assert database_of(four) == "file"
    dotenv(four, f'export DB_NAME="{four.names["dotenv"]}" # comment\n')
    assert database_of(four) == "dotenv"
    assert database_of(four, env={"DB_NAME": four.names["environment"]}) == "environment"


def test_libpqs_variables_beat_the_file(four, server):
    four.sections["database"] = {"url": server.url(four.names["file"])}
    assert database_of(four, env={"PGDATABASE": four.names["environment"]}) == "environment"


def test_libpqs_variables_alone_are_enough(four, server):
    del four.sections["database"]
    env = {"PGHOST": str(server.directory), "PGUSER": "postgres",
           "PGDATABASE": four.names["environment"]}
    assert database_of(four, env=env) == "environment"


def test_a_service_of_libpq_is_enough(four, server):
    del four.sections["database"]
    (four.directory / "services").write_text(
        f"[mine]\nhost={server.directory}\nuser=postgres\ndbname={four.names['environment']}\n")
    env = {"PGSERVICE": "mine", "PGSERVICEFILE": str(four.directory / "services")}
    assert database_of(four, env=env) == "environment"


def test_the_db_variables_alone_are_enough(four, server):
    del four.sections["database"]
    dotenv(four, f"DB_HOST={server.directory}\nDB_USER=postgres\nDB_PORT=5432\nDB_PASSWORD=x\n"
                 f"DB_NAME={four.names['dotenv']}\n")
    assert database_of(four) == "dotenv"


def hours(world, **options):
    return world.run("-v", **options).err.splitlines()[0].partition("scheduler with ")[2]


def test_the_interval(world):
    world.spider("a").add_run("1 hour")
    assert hours(world) == "4 hour interval"
    world.top["interval"] = "90m"
    assert hours(world) == "1.5 hour interval"
    dotenv(world, "SCHEDULER_INTERVAL_HOURS=6\n")
    assert hours(world) == "6 hour interval"
    assert hours(world, env={"SCHEDULER_INTERVAL_HOURS": "0.5"}) == "0.5 hour interval"


def test_enabled(world):
    world.spider("a").add_run("1 hour")
    world.top["enabled"] = False
    assert "disabled" in world.run().err
    dotenv(world, "SCHEDULER_ENABLED=true\n")
    assert "Recent run" in world.run().err
    for no in ("false", "False", "0", "no", "OFF"):
        assert "disabled" in world.run(env={"SCHEDULER_ENABLED": no}).err
    world.top["enabled"] = True
    dotenv(world, "SCHEDULER_ENABLED=0\n")
    assert "disabled" in world.run().err
    for yes in ("true", "1", "Yes", "on"):
        assert "Recent run" in world.run(env={"SCHEDULER_ENABLED": yes}).err
    assert "Running spiders now" in world.run("--force", env={"SCHEDULER_ENABLED": "0"}).err


def test_the_time_zone(world):
    world.spider("a").freeze_clock("2026-11-23 16:20:01+00")
    world.add_run("2 hours")
    assert "18:20:01 UTC" in world.run().err
    world.top["timezone"] = "Europe/Madrid"
    assert "19:20:01 CET" in world.run().err
    dotenv(world, "SCHEDULER_TIMEZONE=America/Bogota\n")
    assert "13:20:01 -05" in world.run().err
    assert "03:20:01 JST" in world.run(env={"SCHEDULER_TIMEZONE": "Asia/Tokyo"}).err


def test_max_instances(world):
    """Seen by a run that is longer than the interval: it holds back a second one or not."""
    gate = world.gate()
    world.spider("a", gate.script)
    running = world.start()
    gate.wait()
    world.sql("UPDATE scheduler_state SET last_run_at = now() - interval '5 hours'")
    assert "would" not in world.run("--dry-run").out
    dotenv(world, "SCHEDULER_MAX_INSTANCES=2\n")
    assert "Time threshold met" in world.run("--dry-run").out
    assert "Already running" in world.run("--dry-run", env={"SCHEDULER_MAX_INSTANCES": "1"}).out
    gate.open()
    assert running.end().code == 0


def test_where_the_configuration_is_looked_for(world):
    """From the last place to the first; each names another interval."""
    places = [(world.home / ".config/spider-check/config.toml", {}),
              (world.home / "xdg/spider-check/config.toml", {"XDG_CONFIG_HOME": f"{world.home}/xdg"}),
              (world.directory / "spider-check.toml", {}),
              (world.home / "named.toml", {"SPIDER_CHECK_CONFIG": f"{world.home}/named.toml"})]
    world.spider("a").add_run("1 minute")
    env = {}
    for number, (path, variables) in enumerate(places, 1):
        world.top["interval"] = f"{number}h"
        path.parent.mkdir(parents=True, exist_ok=True)
        world.write_config(path=path)
        env |= variables
        assert hours(world, env=env, keep_config=True) == f"{number} hour interval"
    world.top["interval"] = "9h"
    flag = world.write_config(path=world.home / "flag.toml")
    result = world.run("-c", flag, env=env, keep_config=True)
    assert "9 hour interval" in result.err


def test_the_dotenv_file_of_the_working_directory_beats_the_one_beside_the_configuration(world):
    world.spider("a").add_run("1 minute")
    config = world.write_config(path=world.home / "config.toml")
    (world.directory / "spider-check.toml").unlink(missing_ok=True)
    (world.home / ".env").write_text("SCHEDULER_INTERVAL_HOURS=2\n")
    result = world.run("-c", config, keep_config=True)
    assert "with 2 hour interval" in result.err
    dotenv(world, "SCHEDULER_INTERVAL_HOURS=3\n")
    assert "with 3 hour interval" in world.run("-c", config, keep_config=True).err
