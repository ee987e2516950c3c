"""A wrong command line gives one line that names the flag, exit 2, and nothing runs.

`health`, which answers monitoring by a table of its own, is in test_monitoring.py.
"""

import pytest

WRONG = [
    (["--frce"], "--frce"),
    (["-x"], "-x"),
    (["nonsense"], "nonsense"),
    (["migrat"], "migrat"),
    (["status", "extra"], "extra"),
    (["--spider"], "--spider"),
    (["-c"], "-c"),
    (["--config"], "--config"),
    (["-c", ""], "-c"),
    (["--spider", ""], "--spider"),
    (["--force=perhaps"], "force"),
    (["-q", "-v"], "-q"),
    (["status", "--force"], "--force"),
    (["check", "--force"], "--force"),
    (["check", "extra"], "extra"),
    (["metrics", "extra"], "extra"),
    (["metrics", "--force"], "--force"),
    (["--max-age", "5h"], "--max-age"),
    (["status", "health"], "health"),
    (["--stdout"], "--stdout"),
    (["status", "--dry-run"], "--dry-run"),
    (["migrate", "--spider", "a"], "--spider"),
    (["--wait", "5s"], "--wait"),
    (["--json"], "--json"),
    (["status", "migrate"], "migrate"),
    (["migrate", "--wait"], "--wait"),
    *((["migrate", "--wait", wrong], "--wait") for wrong in
      ["", "5", "s", "-5s", "5 s", "5x", "1h1h", "30m1h", "1.5h", "99999999999999999999h"]),
]


@pytest.mark.parametrize("args, place", WRONG, ids=[" ".join(args) for args, _ in WRONG])
def test_a_wrong_command_line_is_refused(shared, args, place):
    result = shared.spider("a").run(*args)
    assert (result.code, result.out) == (2, "")
    (line,) = result.err.splitlines()
    assert line.startswith("spider-check: ")
    assert place in line
    assert "; " in line  # … what would be right


@pytest.mark.parametrize("args", [["--help"], ["-h"], ["status", "--help"], ["migrate", "-h"],
                                  ["--version"]])
def test_help_and_version_need_no_configuration(shared, args):
    shared.write_config("nonsense = 1")
    result = shared.run(*args, keep_config=True)
    assert (result.code, result.err) == (0, "")
    assert result.out.strip()


def test_help_names_every_flag_and_command(shared):
    out = shared.run("--help").out
    for word in ("-c", "--force", "--spider", "--dry-run", "-q", "-v", "--version", "--help",
                 "migrate", "status", "health", "metrics", "logs", "check", "init"):
        assert word in out
    assert max(map(len, out.splitlines())) <= 80
    assert "--wait" in shared.run("migrate", "--help").out
    assert "--json" in shared.run("status", "--help").out
    assert "--max-age" in shared.run("health", "--help").out
    assert "--follow" in shared.run("logs", "--help").out
