"""A password of the database's reaches the database, and nothing and nobody else."""

import json
import pathlib
import stat

import pytest

from postgres import Postgres
from world import World

PASSWORD = "hunter2 with 'quotes' \\ and spaces"


def in_config(world):
    world.sections["database"]["password"] = PASSWORD


def in_password_file(world):
    (world.directory / "secret").write_text(PASSWORD + "\n")
    world.sections["database"]["password_file"] = "secret"


def in_url(world):
    world.sections["database"]["url"] += "&password=hunter2%20x"


def in_dotenv(world):
    value = PASSWORD.replace("\\", "\\\\")
    (world.directory / ".env").write_text(f'DB_PASSWORD="{value}"\n')


PLACES = pytest.mark.parametrize("give_password", [in_config, in_password_file, in_url, in_dotenv])


@PLACES
def test_it_does_not_reach_a_spider_or_the_log(world, give_password):
    world.spider("a", "env; tr '\\0' ' ' </proc/$PPID/cmdline; exit 1").add_run("5 hours")
    give_password(world)
    result = world.run("-v")
    assert result.code == 1
    log = pathlib.Path(world.outcomes()[-1].log_path).read_text()
    assert f"HOME={world.home}" in log  # … or it would show nothing
    assert "hunter2" not in log
    assert "hunter2" not in result.out + result.err
    for args in (["status"], ["status", "--json"], ["health"], ["metrics"], ["--dry-run"],
                 ["migrate"], ["check"]):
        result = world.run("-v", *args)
        assert "hunter2" not in result.out + result.err, args
    assert "hunter2" not in str(world.dump())
    activity = world.sql("SELECT * FROM pg_stat_activity")
    assert "hunter2" not in str(activity)


@PLACES
def test_it_is_in_no_error_of_a_database_that_cannot_be_reached(world, give_password):
    world.spider("a").sections["database"]["url"] = (
        f"postgresql:///nothing?host={world.home}&user=me")
    give_password(world)
    for args, code in (([], 0), (["status"], 3), (["health"], 3), (["metrics"], 3),
                       (["migrate"], 3), (["check"], 3), (["--force"], 0)):
        result = world.run("-v", *args)
        assert result.code == code
        assert "hunter2" not in result.out + result.err
    assert len(world.journal()) == 3
    assert "hunter2" not in str(world.journal())


@pytest.mark.parametrize("variable", ["DB_PASSWORD", "PGPASSWORD"])
def test_one_from_the_environment_is_said_nowhere(world, variable):
    world.spider("a")
    for url in (world.url, f"postgresql:///nothing?host={world.home}&user=me"):
        world.sections["database"]["url"] = url
        result = world.run("-v", env={variable: PASSWORD})
        assert result.code == 0
        assert "hunter2" not in result.out + result.err
    assert world.ran() == ["a"]


def make_private(world):
    """All that may hold the password."""
    world.write_config()
    for name in ("spider-check.toml", "secret", ".env"):
        if (world.directory / name).exists():
            (world.directory / name).chmod(0o600)


def holder(world):
    """The file that the password is in."""
    names = ("secret", ".env", "spider-check.toml")
    return next(path for path in map(world.directory.joinpath, names) if path.exists())


@PLACES
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_file_that_others_can_read_is_warned_about(world, give_password, mode):
    world.spider("a")
    give_password(world)
    make_private(world)
    file = holder(world)
    file.chmod(mode)
    warning = (f"{file}: holds a password, and others can get at it (mode 0{mode:o}); "
               f"type chmod 600 {file}")
    check = world.run("check", keep_config=True)
    assert check.code == 0, check.out
    assert check.out.count(warning) == 1
    result = world.run("-q", keep_config=True)
    assert (result.code, world.ran()) == (0, ["a"])
    (line,) = result.err.splitlines()
    assert line.endswith(warning) and " warn " in line
    # A skip has nothing to say.
    assert world.run("-q", keep_config=True).err == ""


@PLACES
def test_a_private_file_is_not_warned_about(world, give_password):
    world.spider("a")
    give_password(world)
    make_private(world)
    assert "chmod" not in world.run("check", keep_config=True).out
    result = world.run("-q", keep_config=True)
    assert (result.code, result.err) == (0, "")


def test_a_file_without_a_password_may_be_read_by_all(world):
    world.spider("a").write_config().chmod(0o644)
    assert "chmod" not in world.run("check", keep_config=True).out
    assert world.run("-q", keep_config=True).err == ""


def test_what_is_written_is_private_whatever_the_umask_is(world):
    world.spider("a").spider("b", "exit 1")
    assert world.run(before=["sh", "-c", 'umask 0; exec "$@"', "sh"]).code == 1
    paths = list((world.home / ".local").rglob("*"))
    assert len([path for path in paths if path.suffix == ".log"]) == 2
    for path in (world.home / ".local", *paths):
        wanted = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path


@PLACES
def test_ps_never_shows_it(world, give_password):
    gate = world.gate()
    world.spider("a", gate.script)
    give_password(world)
    running = world.start()
    spider = gate.wait()
    for pid in (running.pid, spider):
        for file in ("cmdline", "environ", "comm"):
            assert b"hunter2" not in pathlib.Path(f"/proc/{pid}/{file}").read_bytes()
    gate.open()
    assert running.end().code == 0


@pytest.fixture(scope="module")
def guarded_server():
    """Of the others none asks for a password."""
    with Postgres(start=False) as server:
        rules = server.directory / "data/pg_hba.conf"
        rules.write_text("local all guarded scram-sha-256\n" + rules.read_text())
        server.start()
        with server.connect() as connection:
            connection.cursor().execute("CREATE ROLE guarded SUPERUSER LOGIN")
        yield server


@pytest.mark.parametrize("password", ["plain", "two  blanks", " blanks around ", "a\ttab",
                                      "'quotes'", "\\' ", "back\\slash", " \\ ", "a=b c='d'",
                                      "ñ🕷", "#%&?@:/"])
def test_a_password_arrives_whole_and_only_that_one_opens(guarded_server, tmp_path, password):
    with guarded_server.connect() as connection:
        connection.cursor().execute("ALTER ROLE guarded PASSWORD %s", [password])
    world = World(guarded_server, tmp_path, guarded_server.url().replace("=postgres", "=guarded"))
    world.sections["database"]["password"] = password + "x"
    refused = world.run("migrate")
    assert refused.code == 3
    assert "password authentication failed" in refused.err
    assert password not in refused.err
    world.sections["database"]["password"] = password
    result = world.run("migrate")
    assert result.code == 0, result.err
    del world.sections["database"]["password"]
    assert world.run("migrate", env={"DB_PASSWORD": password}).code == 0
    (tmp_path / ".env").write_text("DB_PASSWORD=" + json.dumps(password, ensure_ascii=False))
    assert world.run("migrate").code == 0


def test_one_that_systemd_hands_over_reaches_the_database_alone(world):
    (world.directory / "credentials").mkdir()
    file = world.directory / "credentials/database-password"
    file.write_text(PASSWORD + "\n")
    file.chmod(0o400)
    handed = {"CREDENTIALS_DIRECTORY": str(file.parent)}
    world.spider("a", "env").add_run("5 hours")
    assert f"{file} has the database's password" in world.run("check", env=handed).out
    for url in (world.url, f"postgresql:///nothing?host={world.home}&user=me"):
        world.sections["database"]["url"] = url
        result = world.run("-v", "--force", env=handed)
        assert result.code == 0
        assert "hunter2" not in result.out + result.err
    logs = [path.read_text() for path in world.log_dir.rglob("*.log")]
    assert len(logs) == 2
    for log in logs:
        assert f"HOME={world.home}" in log  # … or it would show nothing
        assert "CREDENTIALS_DIRECTORY" not in log
        assert "hunter2" not in log
