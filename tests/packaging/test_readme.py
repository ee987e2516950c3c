"""README, as its readers type it: each command in it is run here, or where ELSEWHERE says."""

import re

import pytest

import debian_root
from debian_root import TOP, await_

README = (TOP / "README.md").read_text(encoding="utf-8")
COMPOSE = "docker compose -f packaging/docker/compose.yaml"

# The test that runs it. What Docker's engine would do with the compose file, no test can; the image, its
# entrypoint and what the compose file says are run and read by that one.
ELSEWHERE = {
    "packaging/quickstart": "tests/e2e/test_quickstart.py",
    "packaging/build-deb": "tests/packaging/conftest.py",
    "packaging/build-deb --no-tests": "tests/packaging/conftest.py",
    "packaging/dependencies": "packaging/quickstart",
    "packaging/dependencies --tests": "tests/run",
    "tests/run": ".ci/run",
    f"{COMPOSE} up --build --detach": "tests/packaging/test_container.py",
    f"{COMPOSE} exec spider-check spider-check status": "tests/packaging/test_container.py",
}


def chapter(title):
    return README.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def blocks(text, language):
    return [re.sub(r"^ +", "", block, flags=re.M)
            for block in re.findall(rf"^ *```{language}\n(.*?)^ *```", text, re.M | re.S)]


def commands(text):
    lines = "\n".join(blocks(text, "sh")).splitlines()
    return [line for line in (re.sub(r"(^| )#.*", "", line).strip() for line in lines)
            if line and not re.fullmatch(r"[A-Z_]+=\S*", line)]


def typed(machine, lines):
    """One after another, by a person who has logged in and stops at the first that fails."""
    script = "\n".join(["set -e", *lines])
    return machine.run("su", "-l", "me", "-c", f"export EDITOR=/srv/editor SYSTEMD_PAGER=; {script}").stdout


@pytest.fixture
def machine(package):
    """Somebody's, with a user `me` who may become root, a checkout and two Scrapy projects."""
    with debian_root.Root(debian_root.base()) as root:
        root.run("useradd", "--create-home", "--shell=/bin/bash", "me")
        root.write("/etc/sudoers.d/me", "me ALL=(ALL) NOPASSWD: ALL\n", 0o440)
        root.apt("satisfy", package.depends)
        checkout = root.at("/home/me/spider-check/build-packaging/deb")
        checkout.mkdir(parents=True)
        (checkout / package.deb.name).write_bytes(package.deb.read_bytes())
        for place in ("/home/me/jobs", "/srv/jobs"):
            root.copy(TOP / "examples/jobs", place)
        root.run("rm", "-rf", "/home/me/jobs/output", "/srv/jobs/output")
        root.run("chown", "-R", "me:me", "/home/me")
        with debian_root.Machine(root) as machine:
            yield machine.boot()


def rows(machine, query):
    out = machine.run("psql", "-XqAt", "-d", "scraping", "-c", query, user="postgres").stdout
    return [line.split("|") for line in out.splitlines()]


def here(lines):
    return [line for line in lines if line not in ELSEWHERE]


def test_every_command_is_run_by_a_test():
    ours = {command for title in ("On your laptop", "On a server") for command in commands(chapter(title))}
    elsewhere = set(commands(README)) - ours
    assert elsewhere <= set(ELSEWHERE)
    assert set(ELSEWHERE) <= set(commands(README)), "it is not in README any more"
    for command, place in ELSEWHERE.items():
        program = next(word for word in command.split() if "/" in word)
        assert program.rpartition("/")[2] in (TOP / place).read_text(encoding="utf-8"), (command, place)


def test_on_your_laptop(machine):
    lines = here(commands(chapter("On your laptop")))
    assert len(lines) > 15
    said = typed(machine, ["cd ~/spider-check", *lines])
    assert "Spider run completed successfully" in said
    assert "jobs" not in rows(machine, "SELECT status FROM scheduler_state")
    assert rows(machine, "SELECT status, spider_count FROM scheduler_state") == [["completed", "3"]]
    assert re.search(r"listing +ok", said)
    assert machine.root.at("/home/me/jobs/page.html").read_text().startswith("<!doctype html>")
    # Both ways to let it tick are there now, and the timer is on.
    assert machine.run("crontab", "-l", "-u", "me").stdout.startswith("*/5 * * * * ")
    state = typed(machine, ["systemctl --user is-active spider-check.timer",
                            "systemctl --user start --wait spider-check.service",
                            "journalctl --user -u spider-check.service || true"])
    assert state.startswith("active\n")
    assert rows(machine, "SELECT count(*) FROM scheduler_state") == [["1"]]
    purge = typed(machine, re.findall(r"`(sudo apt purge [^`]*)`", chapter("On your laptop")))
    assert "Purging configuration files for spider-check" in purge
    assert rows(machine, "SELECT count(*) FROM scheduler_state") == [["1"]]
    assert machine.root.at("/home/me/.config/spider-check/config.toml").exists()


EDITOR = """#!/usr/bin/python3
import pathlib, re, sys

path = pathlib.Path(sys.argv[1])
text = path.read_text()
for line in {lines!r}:
    key = line.partition(" ")[0]
    text, count = re.subn(rf"^#?{{key}} = .*$", line, text, flags=re.M)
    assert count == 1, (key, count)
path.write_text(text)
"""


def test_on_a_server(machine):
    server = chapter("On a server")
    (toml,) = blocks(server, "toml")
    keys = [line.partition("  #")[0].rstrip() for line in toml.splitlines() if not line.startswith("[")]
    machine.root.write("/srv/editor", EDITOR.format(lines=keys), 0o755)
    lines = here(commands(server))
    switch_on = lines.index("sudo systemctl start spider-check.service")
    typed(machine, ["sudo apt install ./spider-check/build-packaging/deb/spider-check_*.deb", *lines[:switch_on]])
    typed(machine, lines[switch_on:switch_on + 1])
    await_(lambda: rows(machine, "SELECT status FROM scheduler_state") not in ([], [["running"]]), "the end of the run")
    said = typed(machine, lines[switch_on + 1:])
    assert rows(machine, "SELECT status, spider_count FROM scheduler_state") == [["completed", "3"]], said
    assert re.search(r"listing +ok", said)
    assert "Spider run completed successfully" in said
    assert "spider-check.timer" in said
    assert len(list(machine.root.at("/srv/jobs/output").glob("*.jsonl"))) == 3


def test_the_score_that_it_names_is_that_of_the_unit(machine):
    named = re.search(r"`systemd-analyze security spider-check.service` gives it (\d\.\d)", README)[1]
    typed(machine, ["sudo apt install ./spider-check/build-packaging/deb/spider-check_*.deb"])
    score = machine.run("systemd-analyze", "security", "spider-check.service", "--no-pager").stdout
    assert re.search(rf"Overall exposure level for spider-check.service: {re.escape(named)} ", score)
