"""The program is killed, and what it had started is not gone at once."""

import invariants
from proxy import Proxy
from world import wait_until


def test_no_spider_starts_while_one_of_a_killed_program_is_still_stopping(world):
    """It has its grace to store what it has; until then it works on the same files and sites."""
    gate = world.gate()
    mark = world.folder / "second-time"
    world.spider("deaf", f"[ -e {mark} ] || {{ touch {mark}; {gate.script}; sleep 1000; }}",
                 before="trap '' TERM")
    world.sections["spiders"] = {"grace": "500ms"}  # and five seconds from the second SIGTERM on
    tick = world.start()
    gate.wait()
    tick.stop()
    wait_until(lambda: not world.sessions(), "the server to see that it is gone")
    world.settle()
    invariants.check(world)


def test_nor_without_the_database(world, server):
    gate = world.gate()
    mark = world.folder / "second-time"
    world.spider("deaf", f"[ -e {mark} ] || {{ touch {mark}; {gate.script}; sleep 1000; }}",
                 before="trap '' TERM")
    world.sections["spiders"] = {"grace": "500ms"}
    with Proxy(server) as proxy:
        world.sections["database"]["url"] = proxy.url(world.url)
        proxy.refuse()
        tick = world.start()
        gate.wait()
        tick.stop()
        for _ in range(20):
            world.run()
        proxy.heal()
        world.settle()
        invariants.check(world)


def test_the_shipped_program_cannot_be_told_to_die(world):
    """Its fault points are of the build for these tests only."""
    with open(world.program, "rb") as program:
        assert b"SPIDER_CHECK_DIE_AT" not in program.read()
