"""What a person sees who runs the program on a terminal."""

import os
import pathlib
import re
import signal

import pytest

from site_server import Site
from terminal import Terminal
from world import is_alive, wait_until

ESCAPE = b"\x1b"
COLOUR = re.compile(rb"\x1b\[[0-9;]*m")


@pytest.fixture
def terminal(world):
    started = []

    def start(*args, **options):
        started.append(Terminal(world, *args, **options))
        return started[-1]
    yield start
    for each in started:
        each.close()


@pytest.fixture
def held(world, terminal):
    """`b` stands at a gate, `a` is done, `c` waits."""
    world.top["concurrency"] = 1
    gate = world.gate()
    world.spider("a").spider("b", gate.script).spider("c")

    def start(*args, **options):
        screen = terminal(*args, **options)
        screen.spider = gate.wait()
        return screen, gate
    return start


def has(screen, pattern):
    return re.search(pattern, screen.text, re.MULTILINE)


def is_given_back(screen):
    """No table is left, and the cursor is there."""
    return screen.shows_cursor and "Run 1 ·" not in screen.text


# --- The table --------------------------------------------------------------------------------


def test_the_table_shows_what_runs_and_what_waits_and_leaves_a_summary(world, terminal):
    world.top["concurrency"] = 1
    gate = world.gate()
    world.spider("news").spider("books", gate.script).spider("quotes", "exit 3")
    screen = terminal()
    gate.wait()
    screen.shows(r"^Run 1 · 1 running · 1 waiting · 1 ok · \d+ s$")
    assert has(screen, r"^spider +state +elapsed$")
    assert has(screen, r"^news +ok +0:00$")
    assert has(screen, r"^books +running +0:0\d$")
    assert has(screen, r"^quotes +waiting +for a free place$")
    assert not screen.shows_cursor
    gate.open()
    assert screen.end() == 1
    assert is_given_back(screen)
    assert has(screen, r"^news +ok +0\.\d s$")
    assert has(screen, r"^quotes +failed +0\.\d s: exit status 3; see: spider-check logs quotes$")
    assert has(screen, r"^2 of 3 spiders ok, 1 failed, in \d")


def test_states_and_times_change_where_they_stand(held):
    screen, gate = held()
    screen.shows(r"^b +running +0:01$")
    screen.shows(r"^b +running +0:02$")
    assert screen.text.count("Run 1 ·") == 1
    gate.open()
    assert screen.end() == 0
    assert has(screen, r"^3 of 3 spiders ok, in ")


def test_nothing_is_logged_of_each_spider_beside_the_table(held):
    screen, gate = held()
    gate.open()
    screen.end()
    assert b"Spider '" not in screen.raw
    assert b"Starting spider run for 3 spider(s)" in screen.raw
    assert b"Spider run completed successfully" in screen.raw


def test_a_spider_that_takes_too_long_is_shown_as_it_stops(world, terminal):
    gate = world.gate()
    world.spider("slow", f"trap '' TERM; {gate.script}")
    world.sections["spiders"] = {"timeout": "1s", "grace": "20s"}
    screen = terminal(columns=100)
    gate.wait()
    screen.shows(r"^slow +stopping +0:0\d +for its end: SIGTERM sent \(timeout\), SIGKILL in \d+ s$")
    gate.open()
    assert screen.end() == 1
    assert has(screen, r"^slow +failed ") and has(screen, r"see:\s+spider-check\s+logs\s+slow$")


def test_what_a_crawl_has_done_so_far(world, terminal):
    """It has read one page, and waits for one that never comes."""
    with Site() as site:
        world.sections["scrapy"] = {"project": str(pathlib.Path(__file__).parent / "modes"),
                                    "command": ["/usr/bin/python3", "-m", "scrapy"],
                                    "include": ["too_slow"]}
        world.sections["spiders"] = {"grace": "1s"}
        screen = terminal(env={"SITE": site.url, "OUT": str(world.directory),
                               "PYTHONDONTWRITEBYTECODE": "1"})
        screen.shows(r"^spider +state +elapsed +items +pages +errors$")
        screen.shows(r"^too_slow +running +0:\d\d +20 +1 +0$")
        screen.type("\x03")
        screen.shows(r"^too_slow +stopping .* for its end: SIGTERM sent")
        screen.type("\x03")
        assert screen.end() == -signal.SIGINT
    assert has(screen, r"^too_slow +stopped +\d.* s,\s+20\s+items,\s+1\s+page:")


def test_200_spiders_fit_on_a_screen(world, terminal):
    world.top["concurrency"] = 8
    gate = world.gate()
    names = [f"spider-{number:03}" for number in range(200)]
    for name in names:
        world.spider(name, gate.script)
    screen = terminal()
    for _ in range(8):
        gate.wait()
    screen.shows(r"^Run 1 · 8 running · 192 waiting · \d+ s$")
    screen.until(lambda: all(has(screen, rf"^{name} +running") for name in names[:8]), "the first")
    table = screen.lines.index(has(screen, r"^Run 1 .*")[0])
    assert re.fullmatch(r"… \d+ waiting", screen.lines[-1])
    assert len(screen.lines) - table < 24
    gate.open()
    screen.shows(r"^Run 1 · 8 running · 191 waiting · 1 ok ")
    screen.shows(r"^spider-\d+ +ok ")
    for _ in range(199):
        gate.open()
    assert screen.end() == 0
    assert is_given_back(screen)
    assert has(screen, r"^200 of 200 spiders ok, in ")
    assert not has(screen, r"^spider-")


# --- Sizes --------------------------------------------------------------------------------------


def test_a_terminal_that_becomes_narrow_and_wide_again(held):
    screen, gate = held(columns=100)
    screen.shows(r"^c +waiting +for a free place$")
    screen.resize(30, 24)
    screen.shows(r"^Run 1 · 1 running · 1 waitin…$")
    assert has(screen, r"^c +waiting$")
    assert screen.text.count("running") == 2 and screen.text.count("waiting") == 1
    screen.resize(20, 24)
    screen.shows(r"^Run 1 · 1 running …$")
    screen.resize(100, 24)
    screen.shows(r"^c +waiting +for a free place$")
    assert screen.text.count("Run 1 ·") == 1
    gate.open()
    assert screen.end() == 0
    assert is_given_back(screen)


def test_a_terminal_that_becomes_low_and_high_again(held):
    screen, gate = held(columns=80)
    screen.shows(r"^c +waiting")
    screen.resize(80, 3)
    screen.until(lambda: has(screen, r"^Run 1 ·.*\nb +running +\d:\d\d$"), "two lines")
    screen.resize(80, 24)
    screen.shows(r"^c +waiting +for a free place$")
    assert screen.text.count("Run 1 ·") == 1
    gate.open()
    assert screen.end() == 0
    assert is_given_back(screen)


def test_a_terminal_that_does_not_tell_its_size(held):
    screen, gate = held(columns=80, lines=24, untold=True)
    screen.shows(r"^c +waiting +for a free place$")
    gate.open()
    assert screen.end() == 0


# --- Colour, and none ----------------------------------------------------------------------------


@pytest.mark.parametrize("env, coloured", [
    ({}, True), ({"NO_COLOR": ""}, True), ({"NO_COLOR": "1"}, False)])
def test_colour_unless_no_color_is_set(held, env, coloured):
    screen, gate = held(env=env)
    screen.shows(r"^b +running")
    gate.open()
    screen.end()
    assert bool(COLOUR.search(screen.raw)) == coloured
    assert has(screen, r"^3 of 3 spiders ok")


@pytest.mark.parametrize("args, env", [
    ([], {"TERM": "dumb"}), ([], {"TERM": None}), (["-q"], {}), (["-v"], {})])
def test_plain_lines_where_a_table_cannot_be_or_is_not_wanted(held, args, env):
    screen, gate = held(*args, env=env)
    gate.open()
    assert screen.end() == 0
    assert ESCAPE not in screen.raw
    assert (b"Spider 'b' started" in screen.raw) == (args != ["-q"])


def test_off_a_terminal_there_is_one_line_for_each_event_and_nothing_else(world):
    world.spider("a").spider("b", "exit 1")
    result = world.run()
    assert "\x1b" not in result.err + result.out and "\r" not in result.err
    assert result.out == ""
    for event in ("'a' started", "'a' ok", "'b' started", "'b' failed"):
        assert len(re.findall(f" Spider {event}", result.err)) == 1
    for line in result.err.splitlines():
        assert re.match(r"20\d\d-\d\d-\d\d [0-9:.]{12} (info |warn |error) ", line), line


def test_in_the_background_of_a_shell_there_are_plain_lines(world, terminal):
    world.spider("a")
    screen = terminal(script='set -m; "$@" & wait $!')
    assert screen.end() == 0
    assert ESCAPE not in screen.raw and b"Spider 'a' ok" in screen.raw


# --- What others write ----------------------------------------------------------------------------


HOSTILE = ["\x1b[2Jclear", "\u009b31mred", "\u202egnp.exe", "two\nlines", "蜘蛛🕷", "e\u0301" * 30,
           "x" * 300, "\u200b", "\tt"]


def test_names_do_not_steer_the_terminal_and_stay_in_their_column(world, terminal):
    world.top["concurrency"] = 1
    gate = world.gate()
    world.spider("held", gate.script)
    for name in HOSTILE:
        world.spider(name)
    screen = terminal(columns=100)
    gate.wait()
    screen.shows(r"^held +running")
    rows = [row for row in range(24) if has_state(screen, row)]
    assert len(rows) == len(HOSTILE) + 1
    gate.open()
    assert screen.end() == 0
    for bad in ("\x1b[2J", "\u009b", "\u202e"):
        assert bad.encode() not in screen.raw


def has_state(screen, row):
    """In its column, behind 40 of the name."""
    cells = screen.cells(row)
    return "".join(cells[42:49]) in ("waiting", "running") and cells[40:42] == [" ", " "]


def test_what_is_logged_meanwhile_appears_above_the_table(world, terminal):
    world.top["concurrency"] = 1
    first, second = world.gate(), world.gate()
    world.spider("a", first.script).spider("b", second.script)
    screen = terminal(columns=120)
    first.wait()
    screen.shows(r"^a +running")
    for pid in world.sessions():
        world.sql("SELECT pg_terminate_backend(%s, 10000)", pid)
    first.open()
    second.wait()
    screen.shows("Connected again: run 1 is still ours")
    screen.shows(r"^b +running")
    lines = screen.lines
    table = next(row for row, line in enumerate(lines) if line.startswith("Run 1 ·"))
    logged = [row for row, line in enumerate(lines)
              if "The database went away" in line or "Connected again" in line]
    assert len(logged) == 2 and max(logged) < table
    assert len(lines) == table + 4 and screen.text.count("Run 1 ·") == 1
    second.open()
    assert screen.end() == 0
    assert "The database went away" in screen.text


# --- The end --------------------------------------------------------------------------------------


def test_ctrl_c_leaves_a_clean_screen(world, held):
    screen, _ = held()
    screen.shows(r"^b +running")
    screen.type("\x03")
    assert screen.end() == -signal.SIGINT
    assert is_given_back(screen)
    assert has(screen, r"^a +ok ") and has(screen, r"^b +stopped ") and has(screen, r"^c +not run$")
    assert has(screen, r"^1 of 3 spiders ok, 1 stopped, 1 not run, in ")
    assert not is_alive(screen.spider)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGABRT])
def test_a_signal_gives_the_cursor_back(held, number):
    screen, _ = held()
    screen.shows(r"^b +running")
    os.kill(screen.pid, number)
    assert screen.end() == -number
    assert is_given_back(screen)


def test_a_program_that_is_stopped_by_the_keyboard_gives_the_cursor_back_and_draws_again(held):
    screen, gate = held(script='set -m; "$@"; echo stopped; read; fg >/dev/null')
    screen.shows(r"^b +running")
    screen.type("\x1a")
    screen.shows("stopped$")
    assert is_given_back(screen)
    screen.type("\n")
    screen.shows(r"^b +running")
    assert not screen.shows_cursor
    gate.open()
    assert screen.end() == 0
    assert is_given_back(screen)
    assert has(screen, r"^3 of 3 spiders ok")


def test_a_window_that_is_closed_stops_the_run(world, held):
    screen, _ = held()
    screen.shows(r"^b +running")
    screen.hang_up()
    assert screen.process.wait(20) == -signal.SIGHUP
    assert not is_alive(screen.spider)
    assert world.only_run().status == "failed"


def test_a_terminal_that_goes_away_does_no_harm_to_a_run_that_is_not_of_its_session(world, held):
    screen, gate = held(controls=False)
    screen.shows(r"^b +running")
    screen.hang_up()
    gate.open()
    assert screen.process.wait(20) == 0
    assert world.only_run().status == "completed"


def test_a_terminal_that_is_held_holds_up_no_spider(world, held):
    screen, gate = held()
    screen.shows(r"^b +running")
    screen.type("\x13")  # Ctrl-S
    gate.open()
    wait_until(lambda: len(world.outcomes()) == 3, "the spiders to be recorded")
    wait_until(lambda: world.only_run().status == "completed", "the run to be recorded")
    screen.type("\x11")  # Ctrl-Q
    assert screen.end() == 0
    assert is_given_back(screen)
