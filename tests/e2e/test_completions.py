"""What bash, zsh and fish offer is what the program takes: its option table, by its own --help."""

import re
import subprocess

import pytest

import option_table
from shells import Fish, Shell, unquoted
from world import program_path, toml

SHELLS = ["bash", "zsh", "fish"]
# A name that a shell would take for more than a name, if it were let.
SPIDERS = ["news", "two words", "$(touch evil)", "it's"]


@pytest.fixture(scope="module")
def table():
    return option_table.commands()


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    """With files, and with spiders that have logs."""
    directory = tmp_path_factory.mktemp("completions")
    for name, spiders in (("spider-check", SPIDERS), ("other", ["elsewhere"])):
        logs = directory / f"{name}-state/logs/default"
        for spider in spiders:
            (logs / spider).mkdir(parents=True)
            (logs / spider / "run-1-attempt-1.log").touch()
        (directory / f"{name}.toml").write_text(f"state_dir = {toml(f'{name}-state')}\n")
    (directory / "a directory").mkdir()
    return directory


@pytest.fixture(scope="module", params=SHELLS)
def shell(request, directory):
    shell = Fish(directory) if request.param == "fish" else Shell(request.param, directory)
    shell.name = request.param
    yield shell
    shell.close()


def about_options(table, name):
    """The words that may stand behind a command, each with what --help says about it."""
    text = option_table.help_of(name) if name else option_table.help_of()
    lines = option_table.chapter(text, "Options")
    if name and table[name].inherits:
        shared = {word for option in option_table.common(table) for word in option.names}
        lines += [line for line in option_table.chapter(option_table.help_of(), "Options")
                  if shared & set(line.split()[0].split(","))]
    return {word: re.split(" {2,}", line)[-1] for line in lines for word in line.split()[0].split(",")}


def check_about(shell, offered, expected):
    assert set(offered) == set(expected)
    if shell.name != "bash":  # which shows words only
        assert offered == expected


def test_every_command_is_offered_and_nothing_else(shell):
    lines = option_table.chapter(option_table.help_of(), "Subcommands")
    check_about(shell, shell.offers("spider-check "),
                {line.split()[0]: re.split(" {2,}", line)[-1] for line in lines})


def test_each_command_is_offered_its_options_and_no_other(shell, table):
    for name in table:
        line = " ".join(["spider-check", *filter(None, [name]), "-"])
        check_about(shell, shell.offers(line), about_options(table, name))


def test_a_long_option_is_completed(shell):
    assert list(shell.offers("spider-check history --st")) == ["--status"]


def test_an_option_before_the_command_is_no_command(shell):
    for options in ("-q", "-c other.toml", "--config other.toml", "--config=other.toml"):
        assert list(shell.offers(f"spider-check {options} hist")) == ["history"]
    assert "--since" in shell.offers("spider-check -c other.toml history --")


def test_values_of_a_fixed_set_are_offered(shell):
    refused = subprocess.run([program_path(), "history", "--status", "?"], text=True, check=False,
                             capture_output=True, timeout=60).stderr
    known = re.search("; write (.*)", refused)[1].replace(" or ", ", ").split(", ")
    assert sorted(shell.offers("spider-check history --status ")) == sorted(known)
    assert len(shell.offers("spider-check history --status=r")) == 1


@pytest.mark.parametrize("line", ["-c ", "--config ", "report -o ", "init --output ", "status -c "])
def test_files_are_offered_where_a_file_is_named(shell, line):
    offered = {unquoted(word).rstrip("/") for word in shell.offers(f"spider-check {line}")}
    assert {"spider-check.toml", "other.toml", "a directory"} <= offered


def test_a_directory_is_offered_where_the_project_is_looked_for(shell):
    offered = {unquoted(word).rstrip("/") for word in shell.offers("spider-check init ")}
    assert "a directory" in offered and "other.toml" not in offered


@pytest.mark.parametrize("line", ["logs ", "--spider ", "--spider news ", "-q --spider news -v --spider ",
                                  "history --spider ", "logs -f "])
def test_the_spiders_that_have_logs_are_offered(shell, directory, line):
    assert {unquoted(word) for word in shell.offers(f"spider-check {line}")} == set(SPIDERS)
    assert not (directory / "evil").exists()


@pytest.mark.parametrize("line", ["-c other.toml logs ", "--config other.toml --spider ", "logs -c other.toml ",
                                  "--config=other.toml logs ", "-c ~/other.toml logs ", "-c 'other.toml' logs "])
def test_the_spiders_are_those_of_the_configuration_that_is_named(shell, line):
    assert set(shell.offers(f"spider-check {line}")) == {"elsewhere"}


def test_nothing_that_is_typed_is_run(shell, directory):
    for word in ('"$(touch evil)"', '"`touch evil`"', '"x;$(touch evil)"'):
        shell.offers(f"spider-check -c {word} logs ")
    assert not (directory / "evil").exists()


def test_a_name_is_completed_from_its_beginning(shell):
    assert list(shell.offers("spider-check logs ne")) == ["news"]
    assert [unquoted(word) for word in shell.offers("spider-check --spider tw")] == ["two words"]


def test_nothing_is_offered_where_nobody_knows(shell):
    for line in ("history --since ", "show ", "nonsense "):
        assert shell.offers(f"spider-check {line}") == {}
    # Where no word can be, zsh shows the options.
    offered = shell.offers("spider-check metrics ")
    assert all(word.startswith("-") for word in offered) if shell.name == "zsh" else offered == {}
