"""What Scrapy reads besides its project's directory: variables, several [settings], a directory above."""

import re

import pytest

from shop import SCRAPY, Shop
from test_check import problems, warnings
from test_init import config_of, cron_command, fresh, init, run_as_cron
from test_scrapy import scrapy_world, spiders_of

__all__ = ["fresh", "scrapy_world"]


def split_in_two(world):
    """The project's settings have two names now, and none is the default."""
    (world.project / "scrapy.cfg").write_text("[settings]\none = tiny.settings\nother = gone.settings\n")


@pytest.fixture
def two(scrapy_world):
    split_in_two(scrapy_world)
    return scrapy_world


def no_default(world):
    return (f"{world.project}/scrapy.cfg has no [settings] default (one, other): "
            "set SCRAPY_PROJECT in env")


def test_several_settings_without_a_default_are_named(two):
    assert no_default(two) in problems(two.run("check"))[0]
    result = two.run("--force")
    assert result.code == 1 and no_default(two) in two.only_run().failure
    two.sections["spiders.env"] = {"SCRAPY_PROJECT": "three"}
    assert "has no [settings] three (one, other)" in problems(two.run("check"))[0]
    two.sections["spiders.env"] = {"SCRAPY_PROJECT": "one"}
    result = two.run("check")
    assert result.code == 0 and "Everything is fine" in result.out, result.out


def test_init_says_why_the_spiders_are_not_known(fresh):
    split_in_two(fresh)
    assert no_default(fresh) in init(fresh).out


def test_what_a_shell_says_to_scrapy_is_told_to_cron(two):
    env = {"SCRAPY_PROJECT": "one", "PYTHONPATH": "/srv/my \"lib\""}
    text = 'write env = { SCRAPY_PROJECT = "one", PYTHONPATH = "/srv/my \\"lib\\"" } into [spiders]'
    result = two.run("check", env=env)
    assert result.code == 0
    (line,) = warnings(result)
    assert line.startswith("cron and systemd do not have ") and text in line
    assert re.search("^ +of the environment: SCRAPY_PROJECT, PYTHONPATH$", result.out, re.MULTILINE)
    result = two.run("init", "--cron", env=env)
    assert result.err.startswith("spider-check: cron does not have ") and text in result.err
    two.sections["spiders.env"] = env
    assert warnings(two.run("check", env=env)) == []
    assert two.run("init", "--cron", env=env).err == ""


def test_other_programs_do_not_need_what_scrapy_reads(world):
    result = world.spider("a").run("check", env={"PYTHONPATH": "/srv/lib"})
    assert "PYTHONPATH" not in result.out
    assert world.run("init", "--cron", env={"PYTHONPATH": "/srv/lib"}).err == ""


def test_what_init_writes_works_where_the_shell_is_not(fresh):
    world = fresh
    split_in_two(world)
    library = world.directory / "library"
    library.mkdir()
    (world.project / "tiny").rename(library / "tiny")
    env = {"SCRAPY_PROJECT": "one", "PYTHONPATH": str(library)}
    result = init(world, env=world.variables | env)
    assert config_of(world.config)["spiders"] == {"env": env}
    assert "with SCRAPY_PROJECT, PYTHONPATH of this shell" in result.out
    assert re.search("^  Spiders +2: jobs, news$", result.out, re.MULTILINE), result.out
    line = world.run("init", "--cron", "-c", world.config, keep_config=True, env=env)
    assert world.run("migrate", "-c", world.config, keep_config=True, env=world.variables).code == 0
    done = run_as_cron(world, cron_command(line), world.variables)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert spiders_of(world) == ["jobs", "news"]


def test_somewhere_in_a_project_is_as_good_as_in_its_directory(fresh):
    world, below = fresh, fresh.project / "tiny/spiders"
    checked = world.run("check", keep_config=True, cwd=below, env=world.variables)
    assert checked.code == 0, checked.out
    assert f"no file, so the defaults apply, to the project in {world.project}" in checked.out
    result = init(world, cwd=below)
    assert result.code == 0 and world.config.exists(), result.err
    assert config_of(world.config)["scrapy"]["project"] == "."
    checked = world.run("check", keep_config=True, cwd=below, env=world.variables)
    assert checked.code == 0 and str(world.config) in checked.out, checked.out
    result = world.run("--spider", "news", keep_config=True, cwd=below, env=world.variables)
    assert result.code == 0, result.err
    assert spiders_of(world) == ["news"]


@pytest.fixture
def shop(world):
    world.sections["scrapy"] = {"project": "shop", "command": [SCRAPY]}
    return Shop(world.directory / "shop")


def test_a_log_that_is_elsewhere_is_named(world, shop):
    (shop.directory / "logs").mkdir()
    shop.settings('LOG_FILE = "logs/shop.log"\n')
    assert world.run("--force").code == 0
    result = world.run("logs", "books")
    assert result.out == (f"spider-check: the project logs to {shop.directory}/logs/shop.log "
                          "(LOG_FILE)\n")
    shop.spider("        import os\n        os._exit(0)\n")
    assert world.run("--force").code == 1
    assert f"the project logs to {shop.directory}/logs/shop.log (LOG_FILE)" in world.outcomes()[-1].reasons


def test_ten_thousand_spiders_and_one(world, shop):
    shop.spider("\n\n" + "for number in range(10_000):\n"
                "    name = f'S{number}'\n"
                "    globals()[name] = type(name, (scrapy.Spider,), "
                "{'name': name, '__module__': __name__})\n")
    result = world.run("check")
    assert result.code == 0, result.out[-2000:]
    assert f"in {shop.directory}: 10001 spiders\n" in result.out
    assert warnings(result) == []
