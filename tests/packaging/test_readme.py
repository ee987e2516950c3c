"""README and docs/install.md, as their readers type them: each command in them, and in CONTRIBUTING.md, is run here or
where ELSEWHERE says."""

import re

import pytest

from debian_root import TOP, await_
from readers import a_readers_machine, blocks, chapter, commands, rows, typed

DOCUMENTS = {name: (TOP / name).read_text(encoding="utf-8") for name in ("README.md", "docs/install.md", "CONTRIBUTING.md")}
# The chapters that are typed here.
LAPTOP = {"README.md": ["Install", "Use"], "docs/install.md": ["On your laptop"]}
SERVER, REMOVAL = (chapter(DOCUMENTS["docs/install.md"], title) for title in ("On a server", "Remove"))
COMPOSE = "docker compose -f packaging/docker/compose.yaml"

# The test that runs it. What Docker's engine would do with the compose file, no test can; the image, its
# entrypoint and what the compose file says are run and read by that one.
ELSEWHERE = {
    "packaging/quickstart": "tests/e2e/test_quickstart.py",
    "packaging/build-deb": "tests/packaging/conftest.py",
    "packaging/build-deb --no-tests": "tests/packaging/conftest.py",
    "packaging/dependencies --deb": "tests/packaging/test_build_deb.py",
    "tests/run": ".ci/run",
    f"{COMPOSE} up --build --detach": "tests/packaging/test_container.py",
    f"{COMPOSE} exec spider-check spider-check status": "tests/packaging/test_container.py",
    f"{COMPOSE} logs --follow spider-check": "tests/packaging/test_container.py",
    f"{COMPOSE} exec spider-check spider-check logs listing": "tests/packaging/test_container.py",
    f"{COMPOSE} stop": "tests/packaging/test_container.py",
    "docker build -t spider-check -f packaging/docker/Dockerfile .": "tests/packaging/test_container.py",
    "docker run -d --restart unless-stopped --stop-timeout 90 --env-file .env -v ~/jobs:/srv/jobs "
    "-v jobs:/var/lib/spider-check spider-check": "tests/packaging/test_container.py",
}

# Makes the changes that docs/install.md shows; the first key of a name is the one.
EDITOR = """#!/usr/bin/python3
import pathlib, re, sys

path = pathlib.Path(sys.argv[1])
text = path.read_text()
for line in {lines!r}:
    key = line.partition(" ")[0]
    text, count = re.subn(rf"^#?{{key}} = .*$", line, text, count=1, flags=re.M)
    assert count == 1, key
path.write_text(text)
"""


@pytest.fixture
def machine(package):
    with a_readers_machine(package) as machine:
        yield machine


def here(lines):
    return [line for line in lines if line not in ELSEWHERE]


def laptop(document):
    """What a person with a laptop types, one command a line."""
    return [line for title in LAPTOP[document] for line in commands(chapter(DOCUMENTS[document], title))]


def test_every_command_is_run_by_a_test():
    ours = {line for document in LAPTOP for line in laptop(document)} | {*commands(SERVER), *commands(REMOVAL)}
    written = {line for text in DOCUMENTS.values() for line in commands(text)}
    assert written - ours <= set(ELSEWHERE)
    assert set(ELSEWHERE) <= written, "no document has it any more"
    for command, place in ELSEWHERE.items():
        program = next(word for word in command.split() if "/" in word)
        assert program.rpartition("/")[2] in (TOP / place).read_text(encoding="utf-8"), (command, place)


@pytest.mark.parametrize("document", LAPTOP)
def test_on_your_laptop(machine, document):
    lines = here(laptop(document))
    assert len(lines) > 15
    said = typed(machine, lines, "~/spider-check")
    assert "Spider run completed successfully" in said
    assert rows(machine, "SELECT status, spider_count FROM scheduler_state") == [["completed", "3"]]
    assert re.search(r"listing +ok", said)
    assert machine.root.at("/home/me/jobs/page.html").read_text().startswith("<!DOCTYPE html>")
    assert typed(machine, ["systemctl --user is-active spider-check.timer"]) == "active\n"
    if document == "docs/install.md":  # which has both ways to let it tick
        assert machine.run("crontab", "-l", "-u", "me").stdout.startswith("*/5 * * * * ")
    remove_it_from_the_laptop(machine)


def remove_it_from_the_laptop(machine):
    *remove, remove_files = commands(REMOVAL)
    said = typed(machine, remove)
    assert "Purging configuration files for spider-check" in said
    assert machine.run("crontab", "-l", "-u", "me", check=False).stdout == ""
    typed(machine, ["! systemctl --user is-active --quiet spider-check.timer"])
    assert rows(machine, "SELECT count(*) FROM scheduler_state") == [["1"]]
    assert machine.root.at("/home/me/.config/spider-check/config.toml").exists()
    typed(machine, [remove_files])
    for directory in (".config/spider-check", ".local/state/spider-check"):
        assert not machine.root.at(f"/home/me/{directory}").exists()


def test_on_a_server(machine):
    (toml,) = blocks(SERVER, "toml")
    keys = [line.partition("  #")[0].rstrip() for line in toml.splitlines() if not line.startswith("[")]
    machine.root.write("/srv/editor", EDITOR.format(lines=keys), 0o755)
    lines = here(commands(SERVER))
    after_the_start = lines.index("sudo systemctl start spider-check.service") + 1
    typed(machine, lines[:after_the_start], "~/spider-check")
    await_(lambda: rows(machine, "SELECT status FROM scheduler_state") not in ([], [["running"]]), "the end of the run")
    said = typed(machine, lines[after_the_start:])
    assert rows(machine, "SELECT status, spider_count FROM scheduler_state") == [["completed", "3"]], said
    assert re.search(r"listing +ok", said)
    assert "Spider run completed successfully" in said
    assert "spider-check.timer" in said
    assert machine.root.at("/home/me/page.html").read_text().startswith("<!DOCTYPE html>")
    assert len(list(machine.root.at("/srv/jobs/output").glob("*.jsonl"))) == 3
