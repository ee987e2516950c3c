"""No process that a spider started outlives the run, however the run ends."""

import signal

import pytest

from world import is_alive, kill, wait_until

HIDING = """
trap '' TERM
(trap '' TERM HUP; setsid sh -c 'trap "" TERM; echo $$ >{directory}/daemon; exec sleep 1000' &) &
while ! [ -s {directory}/daemon ]; do sleep 0.01; done
"""


def hiding(world):
    """Starts a daemon in a session of its own that heeds no SIGTERM, and is no child any more."""
    return HIDING.format(directory=world.directory)


def daemon(world):
    return int((world.directory / "daemon").read_text())


def start(world):
    gate = world.gate()
    world.spider("a", hiding(world) + gate.script + "; exec sleep 1000")
    world.sections["spiders"] = {"grace": "100ms"}
    running = world.start()
    return running, gate.wait()


def test_a_spider_that_ends_well_leaves_no_daemon(world):
    assert world.spider("a", hiding(world)).run().code == 0
    assert not is_alive(daemon(world))


def test_a_spider_that_is_stopped_leaves_no_daemon(world):
    running, spider = start(world)
    running.signal(signal.SIGTERM)
    assert running.end().code == -signal.SIGTERM
    assert not is_alive(spider)
    assert not is_alive(daemon(world))
    assert world.outcomes()[0].signal == signal.SIGKILL


def test_a_second_signal_leaves_no_daemon(world):
    world.sections["spiders"] = {"grace": "1h"}
    gate = world.gate()
    world.spider("a", hiding(world) + gate.script + "; exec sleep 1000")
    running = world.start()
    spider = gate.wait()
    running.signal(signal.SIGINT)
    running.says("Stopping spider")
    running.signal(signal.SIGINT)
    assert running.end().code == -signal.SIGINT
    assert not is_alive(spider)
    assert not is_alive(daemon(world))


def test_a_program_that_is_killed_leaves_no_spider_and_no_daemon(world):
    running, spider = start(world)
    kill(running)
    assert not is_alive(spider)
    assert not is_alive(daemon(world))


def test_while_spiders_of_a_killed_program_still_end_no_tick_starts_others(world):
    gate = world.gate()
    world.spider("a", f"trap '' TERM; {gate.script}; {gate.script}")
    world.sections["spiders"] = {"grace": "1h"}
    running = world.start()
    spider = gate.wait()
    running.signal(signal.SIGKILL)
    running.end()
    wait_until(lambda: not world.sessions(), "the server to see that the program is gone")
    result = world.run()
    assert result.code == 0
    assert "may be reconnecting" in result.err
    assert world.ran() == ["a"]
    gate.open()
    gate.wait()
    gate.open()
    wait_until(lambda: not is_alive(spider), "the end of the spider")
    world.spiders = []
    world.spider("a")
    wait_until(lambda: "was interrupted" in world.run().err, "the owner to be gone")
    assert world.only_run().status == "completed"


@pytest.mark.parametrize("script, verdict", [
    ("(sleep 0.3; exit 3) & exit 0", "ok"),
    ("exec >&- 2>&-; exit 0", "ok"),
    ("sh -c 'kill -STOP $$' & exit 0", "ok"),
    ("for i in 1 2 3 4 5 6 7 8 9; do setsid sh -c 'trap \"\" TERM; sleep 1000' & done; exit 3",
     "failed"),
])
def test_what_is_left_does_not_hold_up_the_end(world, script, verdict):
    world.spider("a", script).run()
    assert world.outcomes()[0].verdict == verdict


LOST = "the process that watches over it was killed; its own processes were ended"


def test_a_spider_that_kills_what_watches_over_it_is_ended_before_it_is_tried_again(world):
    alive = world.directory / "alive"
    world.spider("a", "trap '' TERM\n"
                      f"exec 9>>{alive}; flock -n 9 || touch {world.directory}/twice\n"
                      f"[ -e {world.directory}/again ] && exit 0; touch {world.directory}/again\n"
                      "kill -9 $PPID; while :; do sleep 1; done")
    world.spider("b")
    world.sections["spiders"] = {"grace": "100ms"}
    result = world.run()
    assert result.code == 1, result.err
    a, b = world.outcomes()
    assert (a.verdict, a.reasons, a.exit_code, a.signal) == ("failed", [LOST], None, None)
    assert b.verdict == "ok"
    assert "not started" not in result.err
    assert LOST in world.run("show", "1").out
    world.sql("UPDATE scheduler_state SET next_attempt_at = now()")
    assert world.run().code == 0
    assert world.ran() == ["a", "b", "a"]
    assert not (world.directory / "twice").exists()


def test_a_spider_that_stops_what_watches_over_it_has_its_timeout(world):
    world.spider("a", "kill -STOP $PPID; exec sleep 1000").spider("b")
    world.sections["spiders"] = {"timeout": "500ms"}
    assert world.run().code == 1
    a, b = world.outcomes()
    assert (a.reasons, b.verdict) == (
        ["stopped because it took too long (timeout): killed by SIGTERM"], "ok")


def test_two_signals_end_a_run_whose_spider_stops_what_watches_over_it(world):
    gate = world.gate()
    world.sections["spiders"] = {"grace": "1h"}
    world.spider("a", f"trap '' TERM; kill -STOP $PPID; {gate.script}; exec sleep 1000")
    running = world.start()
    spider = gate.wait()
    running.signal(signal.SIGTERM)
    running.says("(?i)stopp|told to stop")
    running.signal(signal.SIGTERM)
    assert running.end().code == -signal.SIGTERM
    assert not is_alive(spider)
    assert world.outcomes()[0].signal == signal.SIGKILL
