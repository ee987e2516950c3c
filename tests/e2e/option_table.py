"""The program's own option table, as `--help` prints it: what manuals and completions are held to."""

import re
import subprocess
from collections import namedtuple

from world import program_path

Option = namedtuple("Option", "names value")  # ("-c", "--config"), "FILE"; a flag has the value ""
Command = namedtuple("Command", "options positionals inherits")

OPTION = re.compile(r"^  (-[\w,-]+)(?: ([A-Z]+)(?: \.\.\.)?)?  ")
POSITIONAL = re.compile(r"^  ([A-Z]+)(?: REQUIRED)?  ")
NAME = re.compile(r"^  ([a-z]+)  ")
# The words of the program for what a command takes besides its own options.
INHERITS = "The options -c, -q and -v of spider-check are taken here, too."


def help_of(*words):
    return subprocess.run([program_path(), *words, "--help"], check=True, text=True,
                          capture_output=True, timeout=60).stdout


def chapter(text, name):
    """The lines of one chapter of the help."""
    found = re.search(rf"^{name}:\n(.*?)(?:\n\n|\Z)", text, re.M | re.S)
    return found[1].split("\n") if found else []


def read(text):
    options = []
    for line in chapter(text, "Options"):
        names, value = OPTION.match(line).groups()
        options.append(Option(tuple(names.split(",")), value or ""))
    positionals = [POSITIONAL.match(line)[1] for line in chapter(text, "Positionals")]
    return Command(options, positionals, INHERITS in text)


def commands():
    """By name; the tick's is empty."""
    top = help_of()
    names = [NAME.match(line)[1] for line in chapter(top, "Subcommands")]
    assert len(names) > 10
    return {"": read(top), **{name: read(help_of(name)) for name in names}}


def common(table):
    """The options that a command takes from the program."""
    wanted = re.findall(r"-\w\b", INHERITS)
    options = [option for option in table[""].options if option.names[0] in wanted]
    assert len(options) == len(wanted) == 3
    return options
