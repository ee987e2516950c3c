"""A host vanishes from the network with its connection open: its lock is free within two minutes.

With the real times, so it takes a minute: `vanished` is made before every other test, and this one
comes last (conftest.py).
"""

import re
import time

import pytest

import invariants
from hosts import Host

PROMISE = 120  # seconds


@pytest.mark.parametrize("answering", [False, True], ids=["idle", "while the server answers"])
def test_the_lock_of_a_host_that_vanished_is_free_within_two_minutes(vanished, answering):
    network, hosts = vanished
    host = hosts[answering]
    host.watch.join(max(0, host.watch.since + PROMISE - time.monotonic()))
    assert host.watch.seconds is not None, f"still held after {PROMISE} s"
    world = host.world
    beta = Host(world, f"beta-{answering}", network)
    # Its last words may be younger than what makes it gone for others.
    world.sql("UPDATE scheduler_state SET updated_at = now() - interval '121 seconds'")
    result = beta.run()
    assert result.code == 0, result.err
    assert re.search(r" warn .*was interrupted: alpha", result.err), result.err
    assert world.only_run().status == "completed"
    assert world.ran()[:2] == ["first", "second"] and world.ran()[-1] == "last"
    host.tick.stop()
    host.alpha.lose_power()
    host.alpha.close()
    host.alpha.boot()
    assert host.alpha.run().code == 0  # it carries what it had not been able to record
    invariants.check_each_start_is_recorded_once(world)
    invariants.check_settled(world)
    beta.close()
