"""`spider-check init`: finds a Scrapy project and writes a configuration that works."""

import re
import shlex
import subprocess
import tomllib

import pytest

from test_scrapy import SCRAPY, break_project, scrapy_world, spiders_of
from world import program_path

__all__ = ["scrapy_world"]


@pytest.fixture
def fresh(scrapy_world, server):
    """A project and a database that the environment names, and no configuration."""
    world = scrapy_world
    database = world.url.partition(":///")[2].partition("?")[0]
    world.variables = {"DB_HOST": str(server.directory), "DB_USER": "postgres", "DB_NAME": database}
    world.config = world.project / "spider-check.toml"
    return world


def init(world, *args, env=None, cwd=None):
    return world.run("init", *args, keep_config=True, env=env, cwd=cwd)


def config_of(path):
    return tomllib.loads(path.read_text())


def test_a_persons_own_directory_for_configurations_is_made(fresh):
    file = fresh.home / ".config/spider-check/config.toml"
    result = init(fresh, "-o", file, env=fresh.variables)
    assert (result.code, result.err) == (0, "")
    assert config_of(file)["scrapy"]["project"] == str(fresh.project)
    assert "systemctl --user enable --now spider-check.timer" in result.out
    assert fresh.run("--dry-run", keep_config=True, env=fresh.variables, cwd=fresh.home).code == 0


def check_refusal(result, *parts):
    assert (result.code, result.out) == (2, "")
    (line,) = result.err.splitlines()
    assert line.startswith("spider-check: ") and "; " in line
    for part in parts:
        assert str(part) in line


def test_init_migrate_check_and_a_tick(fresh):
    world, env = fresh, fresh.variables
    result = init(world, env=env)
    assert (result.code, result.err) == (0, "")
    assert config_of(world.config) == {
        "name": "project", "interval": "4h", "database": {}, "spiders": {},
        "scrapy": {"project": ".", "command": [SCRAPY]}}
    assert world.config.stat().st_mode & 0o777 == 0o600
    assert re.search(r"^  Spiders +2: jobs, news$", result.out, re.MULTILINE)
    assert world.ran() == [] and world.runs() == []
    steps = re.findall(r"^  spider-check (.*?)  +# ", result.out, re.MULTILINE)
    assert [step.split()[0] for step in steps] == ["migrate", "check", "--force"]
    for step in steps:
        done = world.run(*shlex.split(step), keep_config=True, env=env)
        assert done.code == 0, done.out + done.err
    assert spiders_of(world) == ["jobs", "news"]


def test_the_line_for_cron_works_as_it_is(fresh):
    result = init(fresh, env=fresh.variables)
    (line,) = re.findall(r"^  \*/5 \* \* \* \* (.*)$", result.out, re.MULTILINE)
    # Of this person the home is not the one that cron knows.
    home, program, *args = shlex.split(line)
    assert home == f"HOME={fresh.home}"
    assert program == program_path()
    assert args == ["-q", "-c", str(fresh.config)]
    done = run_as_cron(fresh, line, fresh.variables)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert spiders_of(fresh) == ["jobs", "news"]
    (added,) = re.findall(r"^  \(crontab -l; (.*)\) \| crontab -$", result.out, re.MULTILINE)
    again = fresh.run(*shlex.split(added)[1:], keep_config=True)
    assert (again.code, again.out, again.err) == (0, f"*/5 * * * * {line}\n", "")


def run_as_cron(world, command, variables=None):
    """A command of a crontab, with what cron gives to it."""
    words = [f"{name}={value}" for name, value in (variables or {}).items()]
    return subprocess.run(
        ["env", "-i", "PATH=/usr/bin:/bin", "HOME=/", "SHELL=/bin/sh", *words, "/bin/sh", "-c",
         re.sub(r"\\%", "%", command)],
        cwd="/", text=True, capture_output=True, check=False, timeout=60)


def cron_command(result):
    assert result.code == 0, result.err
    (line,) = result.out.splitlines()
    assert line.startswith("*/5 * * * * ")
    return line.removeprefix("*/5 * * * * ")


def test_what_cron_lacks_is_in_the_line(world):
    """A program of a virtual environment, directories of the shell's, a .env file; odd names."""
    directory = world.directory / "it's 100 % ~ \\% \"odd\""
    program = directory / "venv/bin/fetch"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho fetch >>{shlex.quote(str(world.home))}/ran\n")
    program.chmod(0o755)
    database = world.url.partition(":///")[2].partition("?")[0]
    (directory / ".env").write_text(
        f"DB_HOST={world.server.directory}\nDB_USER=postgres\nDB_NAME={database}\n")
    config = directory / "sub/spider-check.toml"
    config.parent.mkdir()
    config.write_text('[[spider]]\nname = "a"\ncommand = ["fetch"]\n')
    state = world.directory / "my state"
    env = {"PATH": f"{program.parent}/:/usr/local/bin:/usr/bin:/bin", "XDG_STATE_HOME": str(state)}
    result = world.run("init", "--cron", "-c", config, cwd=directory, env=env, keep_config=True)
    assert result.err == ""
    done = run_as_cron(world, cron_command(result))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (world.home / "ran").read_text() == "fetch\n"
    assert [row.verdict for row in world.outcomes()] == ["ok"]
    assert (state / "spider-check/logs/default/a").is_dir()


def test_the_line_names_the_configuration_that_is_found(shared):
    config = shared.write_config()
    assert cron_command(shared.run("init", "--cron")).endswith(f" -q -c {config}")
    there = shared.run("init", "--cron", "-c", "spider-check.toml", keep_config=True)
    assert cron_command(there).endswith(f" -q -c {config}")
    other = shared.write_config(path=shared.home / "other.toml")
    named = shared.run("init", "--cron", keep_config=True, env={"SPIDER_CHECK_CONFIG": str(other)})
    assert cron_command(named).endswith(f" -q -c {other}")


def test_without_a_configuration_there_is_no_line_but_what_to_do(shared):
    check_refusal(shared.run("init", "--cron", cwd=shared.home), "spider-check init", "-c FILE")
    check_refusal(shared.run("init", "--cron", "-c", "nowhere.toml"), "nowhere.toml")
    shared.write_config("nonsense = 1")
    check_refusal(shared.run("init", "--cron", keep_config=True), "spider-check.toml:1", "nonsense")


def test_what_only_this_shell_knows_is_warned_about_beside_the_line(shared):
    result = shared.run("init", "--cron", env={"PGPASSWORD": "hunter2"})
    assert cron_command(result)
    (line,) = result.err.splitlines()
    assert "PGPASSWORD" in line and str(shared.directory / ".env") in line
    assert "hunter2" not in result.out + result.err


def test_in_the_project_itself_the_commands_are_short(fresh):
    result = init(fresh, cwd=fresh.project)
    assert re.search(r"^  spider-check migrate +# ", result.out, re.MULTILINE)
    checked = fresh.run("check", keep_config=True, cwd=fresh.project, env=fresh.variables)
    assert checked.code == 0, checked.out
    assert str(fresh.config) in checked.out


@pytest.mark.parametrize("args", [[], ["-o", "project/spider-check.toml"]])
def test_nothing_is_ever_overwritten(fresh, args):
    fresh.config.write_text("mine")
    check_refusal(init(fresh, *args), fresh.config, "-o FILE", "--stdout")
    assert fresh.config.read_text() == "mine"
    fresh.config.unlink()
    fresh.config.symlink_to(fresh.directory / "nowhere")
    check_refusal(init(fresh, *args), fresh.config)
    assert not (fresh.directory / "nowhere").exists()


def test_stdout_gets_the_configuration_and_no_file_is_written(fresh):
    result = init(fresh, "--stdout")
    assert (result.code, result.err) == (0, "")
    assert not fresh.config.exists()
    assert init(fresh).code == 0
    assert result.out == fresh.config.read_text()
    assert init(fresh, "--stdout").code == 0  # a file that exists is no matter


def test_a_file_elsewhere_names_the_project_as_it_is_seen_from_there(fresh):
    assert init(fresh, "-o", "x.toml").code == 0
    assert config_of(fresh.directory / "x.toml")["scrapy"]["project"] == "project"
    assert init(fresh, "-o", fresh.home / "x.toml").code == 0
    assert config_of(fresh.home / "x.toml")["scrapy"]["project"] == str(fresh.project)
    for path in (fresh.directory / "x.toml", fresh.home / "x.toml"):
        done = fresh.run("check", "-c", path, keep_config=True, env=fresh.variables)
        assert done.code == 0, done.out


def test_several_projects_are_named_and_one_is_asked_for(fresh):
    other = fresh.directory / "a/b/c/other"
    other.mkdir(parents=True)
    (other / "scrapy.cfg").touch()
    check_refusal(init(fresh), f"{other}, {fresh.project}", "spider-check init DIRECTORY")
    assert init(fresh, "project").code == 0
    assert fresh.config.exists()


def test_what_is_no_place_for_a_project_is_passed_over(fresh):
    for directory in (".hidden", "node_modules/x", "__pycache__", "python/lib", "1/2/3/4/5"):
        (fresh.directory / directory).mkdir(parents=True)
        (fresh.directory / directory / "scrapy.cfg").touch()
    (fresh.directory / "python/pyvenv.cfg").touch()
    (fresh.directory / "link").symlink_to(fresh.project)
    result = init(fresh)
    assert result.code == 0, result.err


def test_no_project_is_told_with_what_to_do(world):
    check_refusal(init(world), world.directory, "init DIRECTORY", "[[spider]]")
    check_refusal(init(world, "nowhere"), world.directory / "nowhere")
    check_refusal(init(world, "-o", "nowhere/x.toml"), world.directory)


@pytest.mark.parametrize("directory, name", [("project", ".venv"), ("project", "venv"), (".", "env")])
def test_a_virtual_environment_goes_before_path(fresh, directory, name):
    scrapy = (fresh.directory / directory / name / "bin/scrapy").resolve()
    scrapy.parent.mkdir(parents=True)
    scrapy.symlink_to(SCRAPY)
    assert init(fresh).code == 0
    assert config_of(fresh.config)["scrapy"]["command"] == [str(scrapy)]
    checked = fresh.run("check", "-c", fresh.config, keep_config=True, env=fresh.variables)
    assert checked.code == 0, checked.out


def test_without_scrapy_the_configuration_is_written_all_the_same(fresh):
    env = fresh.variables | {"PATH": str(fresh.home)}
    result = init(fresh, env=env)
    assert result.code == 0
    assert "not found" in result.out
    assert config_of(fresh.config)["scrapy"]["command"] == ["scrapy"]
    checked = fresh.run("check", "-c", fresh.config, keep_config=True, env=env)
    assert checked.code == 2
    assert f"{fresh.config}:" in checked.out and "not found in PATH" in checked.out


def test_a_project_that_cannot_be_listed_is_written_all_the_same(fresh):
    path = break_project(fresh)
    result = init(fresh)
    assert result.code == 0
    assert f"{path}:3" in result.out
    assert '#[spiders."news"]' in fresh.config.read_text()


def test_where_the_database_is_known_from_is_said_without_its_password(fresh):
    env = fresh.variables | {"PGPASSWORD": "hunter2"}
    result = init(fresh, env=env)
    text = fresh.config.read_text()
    assert "DB_HOST, DB_NAME, DB_USER, PGPASSWORD" in text and "the environment" in text
    assert "cron and systemd" in text
    assert "hunter2" not in text + result.out


def test_a_dotenv_file_beside_it_is_enough(fresh):
    lines = [f"{name}={value}\n" for name, value in fresh.variables.items()]
    (fresh.project / ".env").write_text("".join(lines) + "DB_PASSWORD=hunter2\nOTHER=1\n")
    result = init(fresh)
    text = fresh.config.read_text()
    assert "DB_HOST, DB_NAME, DB_USER, DB_PASSWORD" in text and "no url is needed" in text
    assert "cron and systemd" not in text
    assert "hunter2" not in text + result.out and "OTHER" not in text
    checked = fresh.run("check", "-c", fresh.config, keep_config=True, cwd=fresh.home)
    assert checked.code == 0, checked.out


def test_paths_that_shells_and_toml_take_for_more_than_text(fresh):
    directory = fresh.directory / "it's 100% \"odd\" \\ \x1b"
    directory.mkdir()
    project = fresh.project.rename(directory / "project")
    fresh.config = project / "spider-check.toml"
    target = fresh.home / "x.toml"
    result = init(fresh, directory)
    assert result.code == 0, result.err
    assert "\x1b" not in result.out
    assert "100\\% " in result.out
    assert init(fresh, directory, "-o", target).code == 0
    assert config_of(target)["scrapy"]["project"] == str(project)
    checked = fresh.run("check", "-c", target, keep_config=True, env=fresh.variables)
    assert checked.code == 0, checked.out


@pytest.mark.parametrize("args, part", [
    (["-c", "x.toml"], "-o FILE"), (["-o", "x", "--stdout"], "exclude"), (["-o", ""], "empty"),
    ([""], "empty"), (["--force"], "--force"), (["a", "b"], "b"),
    (["--cron", "a"], "DIRECTORY"), (["--cron", "--stdout"], "--stdout"), (["--cron", "-o", "x"], "-o")])
def test_a_wrong_command_line_is_refused(fresh, args, part):
    check_refusal(init(fresh, *args), part)
    assert not fresh.config.exists()


def scrapy_of(directory):
    """A Scrapy in an environment that is laid out as the tool's own are."""
    scrapy = directory / "bin/scrapy"
    scrapy.parent.mkdir(parents=True)
    scrapy.symlink_to(SCRAPY)
    return scrapy


@pytest.mark.parametrize("place", ["miniconda3/envs/jobs", "elsewhere/jobs", "active/jobs"])
def test_the_environment_that_conda_names_is_taken(fresh, place):
    (fresh.project / "environment.yml").write_text("name: jobs\ndependencies:\n  - scrapy\n")
    said = "environment.yml is here, and no environment: run `conda env create`"
    result = init(fresh)
    assert f"\n              {said}\n" in result.out and SCRAPY in result.out
    scrapy = scrapy_of(fresh.home / place)
    scrapy_of(fresh.home / "miniconda3/envs/other")
    (fresh.home / ".conda").mkdir()
    listed = [fresh.home / "elsewhere/other", fresh.home / "elsewhere/jobs"]
    (fresh.home / ".conda/environments.txt").write_text("".join(f"{path}\n" for path in listed))
    fresh.config.unlink()
    env = {"CONDA_PREFIX": str(fresh.home / "active/jobs")}
    assert init(fresh, env=env).code == 0
    assert config_of(fresh.config)["scrapy"]["command"] == [str(scrapy)]


def test_the_environment_that_pyenv_names_is_taken(fresh):
    (fresh.project / ".python-version").write_text("jobs\n")
    scrapy = scrapy_of(fresh.home / ".pyenv/versions/jobs")
    assert init(fresh).code == 0
    assert config_of(fresh.config)["scrapy"]["command"] == [str(scrapy)]


def test_the_environment_that_is_active_goes_before_path(fresh):
    scrapy = scrapy_of(fresh.home / "venv")
    assert init(fresh, env={"VIRTUAL_ENV": str(fresh.home / "venv")}).code == 0
    assert config_of(fresh.config)["scrapy"]["command"] == [str(scrapy)]
