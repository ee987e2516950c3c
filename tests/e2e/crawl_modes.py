"""Every way in which a crawl is known to go wrong, and good ones that look as if they did."""

import contextlib
import pathlib
import re
import subprocess
from collections import namedtuple

from world import World

PROJECT = pathlib.Path(__file__).resolve().parent / "modes"
PATIENCE = 900  # seconds, for a hundred crawls on a slow machine
LIMITS = {"timeout": "60s", "stall_timeout": "0s", "grace": "2s"}
OWN_LIMITS = {
    "empty_allowed": {"min_items": 0},
    "too_slow": {"timeout": "8s", "grace": "1s"},
    "stalls": {"stall_timeout": "6s", "grace": "1s"},
    "sys_exit": {"timeout": "20s", "grace": "1s"},
}

Mode = namedtuple("Mode", "name verdict reason columns")


def ok(name, **columns):
    return Mode(name, "ok", None, {"exit_code": 0, "items": 20, "errors": 0, **columns})


def degraded(name, reason, **columns):
    return Mode(name, "degraded", reason, {"exit_code": 0, **columns})


def failed(name, reason, **columns):
    return Mode(name, "failed", reason, {"exit_code": 0, **columns})


def killed(name, signal_name, number):
    return failed(name, signal_name, exit_code=None, signal=number)


def broken(name, reason):
    """The crawl never began: the one case that Scrapy's exit status tells."""
    return failed(name, reason, exit_code=1)


def stopped(name, reason):
    """By the program; what it had to do to the crawl is tested elsewhere."""
    return Mode(name, "failed", reason, {"items": 20})


def hangs(name):
    return Mode(name, "failed", "timeout|too long", {"items": 0})


MODES = [
    # Pages.
    ok("success", finish_reason="finished", pages=1),
    failed("empty", "0 items", finish_reason="finished", items=0, pages=1),
    ok("empty_allowed", items=0),
    failed("login_redirect", "0 items", items=0, errors=0),
    ok("field_gone", field_counts={"title": 20, "pay": 0}),
    failed("connection_refused", "dead|not one item", items=0, pages=0),
    failed("no_such_host", "dead|not one item", items=0, pages=0),
    failed("status_500", "refused", items=0),
    failed("status_429", "refused", items=0),
    failed("status_403", "refused", items=0, errors=0),
    failed("status_404", "refused", items=0, errors=0),
    degraded("some_refused", "refused", items=20, pages=3, errors=0),
    failed("redirect_loop", "0 items", items=0, pages=0, errors=0),
    ok("passed_over", pages=1),
    failed("forbidden", "robots.txt forbids every page", items=0, errors=0),
    failed("hang", "dead|not one item", items=0, pages=0),
    # The spider's own code.
    failed("all_pages_raise", "KeyError", items=0, pages=5, errors=5),
    degraded("some_pages_raise", "KeyError", items=7, pages=10, errors=3),
    failed("start_raises_at_once", "no addresses", items=0, pages=0),
    degraded("start_raises_late", "no more addresses", items=20),
    broken("start_raises_outright", "status 1"),
    broken("init_raises", "status 1"),
    degraded("logged_errors", "looks odd", items=20, errors=1),
    failed("error_in_closed", "while the crawl closed", items=20),
    failed("raises_in_closed", "while the crawl closed", items=20),
    degraded("late_monitor", "the mail server is away", items=20, errors=1),
    failed("banned", "banned", finish_reason="banned", items=20),
    failed("too_many_errors", "closespider_errorcount", finish_reason="closespider_errorcount"),
    failed("enough_items", "closespider_itemcount", finish_reason="closespider_itemcount"),
    # What becomes of the items.
    broken("open_spider_raises", "status 1"),
    failed("process_item_raises", "nobody can keep", items=0, errors=20),
    failed("all_dropped", "0 items", items=0, errors=0),
    degraded("half_dropped", "dropped", items=10, errors=0),
    failed("close_spider_raises", "while the crawl closed", items=20, errors=1),
    ok("feed_kept"),
    failed("feed_lost", "1 feed could not be stored", items=20),
    failed("feed_unopened", "1 feed could not be stored.*Not a directory", items=20),
    failed("feed_off", r"1 feed could not be stored \(parcel://depot/items.csv: unknown feed storage",
           items=20),
    failed("pipeline_off", "SwitchedOff was disabled: the account is missing; its items are lost",
           items=20),
    degraded("middleware_off", "the spider middleware modes.pipelines.SwitchedOff was disabled",
             items=20),
    # Ends.
    failed("os_exit", "final statistics"),
    failed("sys_exit", "SystemExit", items=0),
    failed("term_once", "shutdown", finish_reason="shutdown", items=20),
    failed("int_once", "shutdown", finish_reason="shutdown", items=20),
    failed("term_twice", "final statistics"),
    failed("int_then_term", "final statistics"),
    killed("term_early", "SIGTERM", 15),
    killed("killed", "SIGKILL", 9),
    killed("hung_up", "SIGHUP", 1),
    killed("quit", "SIGQUIT", 3),
    killed("usr1", "SIGUSR1", 10),
    stopped("too_slow", "timeout|too long"),
    stopped("stalls", "stall|no progress"),
    # Good crawls that say nothing on stderr, or not enough.
    ok("no_stats_dump"),
    ok("log_level_error"),
    ok("log_file"),
    ok("no_log"),
    ok("no_core_stats", finish_reason="finished"),
    ok("dummy_stats"),
    ok("dummy_stats_and_robots", pages=2),
    failed("lost_without_a_word", "while the crawl closed", items=20),
    failed("refused_without_a_word", "not one item|0 items", items=0),
]
NAMES = [mode.name for mode in MODES]


def configure(world, site, include, command):
    """A tick of `world` is to run these spiders of the project."""
    world.out = world.directory / "out"
    world.out.mkdir()
    world.top["concurrency"] = 2
    world.sections["scrapy"] = {"project": str(PROJECT), "command": command, "include": include}
    world.sections["spiders"] = LIMITS
    for name, limits in OWN_LIMITS.items():
        world.sections[f'spiders."{name}"'] = limits
    world.crawl_env = {"SITE": site.url, "OUT": str(world.out), "PYTHONDONTWRITEBYTECODE": "1"}
    return world


def crawl(world, *args, **env):
    """One tick, however long it takes."""
    running = world.start(*args, env={**world.crawl_env, **env})
    with contextlib.suppress(subprocess.TimeoutExpired):
        running.process.wait(PATIENCE)
    return running.end()


@contextlib.contextmanager
def a_world(server, databases, migrated, directory):
    """Like the fixture, for more than one test."""
    url = databases.take()
    world = World(server, directory, url, migrated)
    try:
        yield world
    finally:
        world.close()
        databases.give_back(url)


def check(outcome, mode):
    assert outcome.verdict == mode.verdict, outcome.reasons
    if mode.reason is None:
        assert outcome.reasons == []
    else:
        assert any(re.search(mode.reason, reason) for reason in outcome.reasons), outcome.reasons
    columns = {name: getattr(outcome, name) for name in mode.columns}
    assert columns == mode.columns
