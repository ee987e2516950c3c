"""Projects of uv, poetry and pipenv, made by the tools themselves: their Scrapy, found and run."""

import os
import pathlib
import shutil
import subprocess

import pytest

import versions
from shop import Shop
from test_check import warnings
from test_init import config_of, fresh, init
from test_scrapy import SCRAPY, scrapy_world

__all__ = ["fresh", "scrapy_world"]

PYPROJECT = '[project]\nname = "Jobs"\nversion = "1"\nrequires-python = ">=3.9"\n'
# What a person types to lock, what makes the environment, and what says where that is.
TOOLS = {
    "uv": ("pyproject.toml", "uv lock", "uv sync", None),
    "poetry": ("pyproject.toml", "poetry lock", "poetry install", "poetry env info -p"),
    "pipenv": ("Pipfile", None, "pipenv install", "pipenv --venv"),
}
SIGNS = {"uv": "uv.lock", "poetry": "poetry.lock", "pipenv": "Pipfile"}


@pytest.fixture(scope="session")
def programs():
    """The directory where the tools are."""
    return versions.tools()


class Project:
    """A project of one of the tools, without packages: so nothing is fetched."""

    def __init__(self, world, programs, tool):
        self.world = world
        self.programs = programs
        file, lock, self.make, self.question = TOOLS[tool]
        (world.project / file).write_text("[packages]\n" if file == "Pipfile" else PYPROJECT)
        if lock:
            self.run(lock)
        # poetry makes one to lock.
        shutil.rmtree(world.home / ".cache/pypoetry/virtualenvs", ignore_errors=True)

    @property
    def env(self):
        return self.world.variables | {"PATH": f"{self.programs}:/usr/bin:/bin"}

    def run(self, command):
        # poetry wants to install what is no package, unless it is told that there is none.
        words = command.split() + (["--no-root"] if command == "poetry install" else [])
        words[0] = str(self.programs / words[0])
        env = self.world.environment(self.env) | {"UV_PYTHON": "/usr/bin/python3"}
        return subprocess.run(words, cwd=self.world.project, env=env, text=True, check=True,
                              stdout=subprocess.PIPE, timeout=120).stdout.strip()

    def environment(self):
        """Makes it, and gives the path of a `scrapy` in it."""
        self.run(self.make)
        directory = self.run(self.question) if self.question else self.world.project / ".venv"
        scrapy = pathlib.Path(directory) / "bin/scrapy"
        scrapy.symlink_to(SCRAPY)
        return str(scrapy)

    def command(self, **env):
        """As `init` writes it."""
        self.world.config.unlink(missing_ok=True)
        assert init(self.world, env=self.env | env).code == 0
        (command,) = config_of(self.world.config)["scrapy"]["command"]
        return command


@pytest.mark.parametrize("tool", TOOLS)
def test_a_tool_that_has_no_environment_yet_is_named_with_what_makes_it(fresh, programs, tool):
    project = Project(fresh, programs, tool)
    said = f"{SIGNS[tool]} is here, and no environment: run `{project.make}`"
    result = init(fresh, env=project.env)
    assert result.code == 0 and f"\n              {said}\n" in result.out, result.out
    checked = fresh.run("check", "-c", fresh.config, keep_config=True, env=project.env)
    assert warnings(checked) == [said]


@pytest.mark.parametrize("tool", TOOLS)
def test_the_scrapy_of_a_tools_environment_is_taken(fresh, programs, tool):
    project = Project(fresh, programs, tool)
    scrapy = project.environment()
    assert project.command() == scrapy
    checked = fresh.run("check", "-c", fresh.config, keep_config=True, env=project.env)
    assert warnings(checked) == []
    # Where the tool is not in PATH, its environment is where it usually is.
    assert project.command(PATH="/usr/bin:/bin") == scrapy


@pytest.mark.parametrize("tool", TOOLS)
def test_the_scrapy_in_path_is_another_one(fresh, programs, tool):
    project = Project(fresh, programs, tool)
    scrapy = pathlib.Path(project.environment())
    scrapy.unlink()
    scrapy.write_text(f"#!/bin/sh\nexec {SCRAPY} \"$@\"\n")
    scrapy.chmod(0o755)
    fresh.sections["scrapy"]["command"] = ["scrapy"]
    (line,) = [line for line in warnings(fresh.run("check", env=project.env)) if "another" in line]
    assert SIGNS[tool] in line and f'command = ["{scrapy}"]' in line
    scrapy.unlink()
    said = f"{SIGNS[tool]} is here, and no Scrapy in its environment: run `{project.make}`"
    assert said in warnings(fresh.run("check", env=project.env))


@pytest.mark.parametrize("tool", TOOLS)
def test_a_crawl_that_a_tool_runs_is_judged_as_one(fresh, programs, tool):
    project = Project(fresh, programs, tool)
    project.environment()
    shop = Shop(fresh.project)
    del fresh.sections["scrapy"]
    fresh.sections["spiders"] = {"working_directory": str(shop.directory)}
    fresh.spiders = [{"name": "books", "command": [tool, "run", "scrapy", "crawl", "books"]}]
    env = project.env | {"UV_PYTHON": "/usr/bin/python3"}
    assert fresh.run("--force", env=env).code == 0
    shop.settings("ITEM_PIPELINES = {'shop.missing.Store': 1}\n")
    assert fresh.run("--force", env=env).code == 1
    assert [(outcome.verdict, outcome.items) for outcome in fresh.outcomes()][0] == ("ok", 2)
    assert "No module named 'shop.missing'" in fresh.outcomes()[1].reasons[0]


def test_two_environments_of_one_name_are_told_apart_by_poetry_only(fresh, programs):
    project = Project(fresh, programs, "poetry")
    scrapy = project.environment()
    directory = pathlib.Path(scrapy).parents[1]
    other = directory.with_name("jobs-ABCDEFGH-py3.11")
    os.makedirs(other / "bin")
    (other / "bin/scrapy").symlink_to(SCRAPY)
    assert project.command() == scrapy
    assert project.command(PATH="/usr/bin:/bin") == SCRAPY
