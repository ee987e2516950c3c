"""What a person sees who runs the program on a terminal."""

import os
import re
import signal

import pytest

from terminal import Terminal
from world import is_alive


@pytest.fixture
def terminal(world):
    started = []

    def start(*args, **options):
        started.append(Terminal(world, *args, **options))
        return started[-1]
    yield start
    for each in started:
        each.close()


def test_the_table_shows_what_runs_and_what_waits_and_leaves_a_summary(world, terminal):
    gate = world.gate()
    world.spider("news").spider("books", gate.script).spider("quotes", "exit 3")
    screen = terminal()
    gate.wait()
    screen.shows(r"^Run 1 · 1 running · 1 waiting · 1 ok · \d+ s$")
    screen.shows(r"^books +running +0:0\d$")
    screen.shows(r"^quotes +waiting +for a free place$")
    assert not screen.shows_cursor
    gate.open()
    assert screen.end() == 1
    assert screen.shows_cursor
    assert "Run 1 ·" not in screen.text
    assert re.search(r"^news +ok +0\.\d s$", screen.text, re.MULTILINE)
    assert re.search(r"^quotes +failed +0\.\d s: exit status 3; log /", screen.text, re.MULTILINE)
    assert re.search(r"^2 of 3 spiders ok, 1 failed, in \d", screen.text, re.MULTILINE)
