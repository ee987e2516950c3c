"""What people read on a terminal of 80 and of 60 columns: no word is broken, and columns stay."""

import re

import pytest

from terminal import Terminal

WIDTHS = pytest.mark.parametrize("columns", [80, 60])


@pytest.fixture
def seen(world):
    """What a command shows on a terminal, and whether any line of it is too long."""
    terminals = []

    def see(columns, *args, env=None, code=0):
        terminal = Terminal(world, *args, columns=columns, lines=100, env=env)
        terminals.append(terminal)
        assert terminal.end() == code, terminal.text
        plain = re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]", b"", terminal.raw).decode()
        for line in plain.splitlines():
            # A word that is longer than a line of the terminal is broken by that.
            assert len(line) <= columns or len(line.split()[-1]) > columns - 12, (columns, line)
        return terminal

    yield see
    for terminal in terminals:
        terminal.close()


def prepare(world):
    """A history with a gap, a failure, and long words."""
    world.log_dir = world.directory / "l"
    world.spider("listing").spider("prices", "exit 3").spider("some-longer-name-of-one", "exit 4")
    world.freeze_clock("2026-11-23 16:20:01+00")
    world.add_run("30 hours", spider_count=3)
    world.add_run("26 hours", "failed", spider_count=3, failure=(
        "2 of 3 spiders failed (prices, some-longer-name-of-one); and that in a sentence that is long"))


@WIDTHS
def test_history_keeps_its_columns(world, seen, columns):
    prepare(world)
    lines = seen(columns, "history").lines
    assert lines[0].startswith("Schedule default, since 2026-11-16 16:20:01 UTC")
    rows = [line for line in lines if re.match(r"2026-11-2\d \d\d:\d\d:\d\d  (run|gap) ", line)]
    assert len(rows) >= 3, lines
    at = {found.end() for row in rows if (found := re.search(r"^.{32}(\S.*?)  +(?=\S)", row))}
    assert at == {45}, rows
    follow = [line for line in lines if line.startswith(" " * 45)]
    assert columns == 80 or follow, lines
    assert not any("UTC" in row or "ago" in row for row in rows)


@WIDTHS
def test_status_breaks_no_word_and_no_bars(world, seen, columns):
    prepare(world)
    assert world.run().code == 1
    for _ in range(6):
        assert world.run("--force").code == 1
    terminal = seen(columns, "status")
    rows = [line for line in terminal.lines if re.match("  (listing|prices|some)", line)]
    assert len(rows) == 3 and all(re.search(r"(never| ago|·|×)$", row) for row in rows), rows
    assert ("×××××××" in terminal.text) is (columns == 80)
    assert "see: spider-check logs prices" in terminal.text
    assert "see: spider-check logs some-longer-name-of-one" in terminal.text


def test_status_has_the_colours_of_the_live_table_and_only_on_a_terminal(world, seen):
    prepare(world)
    assert world.run().code == 1
    raw = seen(80, "status").raw.decode()
    assert "\x1b[32mok" in raw and "\x1b[31mfailed" in raw and "\x1b[31mstale" in raw
    for env in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        assert b"\x1b[3" not in seen(80, "status", env=env).raw
    assert "\x1b" not in world.run("status").out


def test_of_another_configuration_the_command_for_the_logs_names_it(world, seen):
    prepare(world)
    assert world.run().code == 1
    world.write_config(path=world.directory / "other.toml")
    text = seen(80, "-c", "other.toml", "status").text
    assert "see: spider-check -c other.toml logs prices" in text


@WIDTHS
def test_other_answers_and_complaints_break_no_word(world, seen, columns):
    prepare(world)
    assert world.run().code == 1
    run = world.runs()[-1].id
    seen(columns, "show", run)
    seen(columns, "check")
    seen(columns, "--help")
    seen(columns, "history", "--help")
    seen(columns, "--dry-run")
    seen(columns, "-v")
    seen(columns, "stauts", code=2)
    seen(columns, "--force", code=1)
    world.sections["database"]["url"] = "postgresql://127.0.0.1:1/x"
    seen(columns, "history", code=3)
