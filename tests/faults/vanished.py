"""Hosts that vanish from the network with their connection open, and how long that holds their lock."""

import threading
import time

import pytest

from fault_world import FaultWorld
from hosts import Host, Network
from world import wait_until


def lock_is_held(world):
    return world.sql("SELECT 1 AS held FROM pg_locks l JOIN pg_database d ON d.oid = l.database "
                     "WHERE l.locktype = 'advisory' AND d.datname = current_database()")


class Watch(threading.Thread):
    """Notes when the lock is free."""

    def __init__(self, world):
        super().__init__(daemon=True)
        self._world = world
        self._over = threading.Event()
        self.since = time.monotonic()
        self.seconds = None
        self.start()

    def run(self):
        while lock_is_held(self._world):
            if self._over.wait(0.2):
                return
        self.seconds = time.monotonic() - self.since

    def close(self):
        """Before the server is."""
        self._over.set()
        self.join()


class VanishedHost:
    """Alpha in mid-run, its cable cut: while its session is idle, or while an answer is on its way."""

    def __init__(self, server, network, directory, answering):
        self.world = FaultWorld(server, directory, server.create_database())
        assert self.world.run("migrate").code == 0
        self.world.sections["database"] = {"url": Network.url(self.world.url),
                                           "statement_timeout": "60s"}
        self.alpha = Host(self.world, f"alpha-{answering}", network)
        gate = self.world.gate()
        self.world.spider("first").gated("second", gate).spider("last")
        self.tick = self.alpha.start()
        gate.wait()
        wait_until(lambda: ("first", 1) in self.world.verdicts(), "the outcome of the first")
        if answering:
            self._vanish_while_the_server_answers(network, gate)
        else:
            network.unplug(self.alpha)
        self.watch = Watch(self.world)

    def _vanish_while_the_server_answers(self, network, gate):
        with self.world.server.connect(self.world.url) as connection:
            cursor = connection.cursor()
            cursor.execute("BEGIN; LOCK TABLE spider_run IN ACCESS EXCLUSIVE MODE")
            gate.open()
            wait_until(lambda: self.world.sql(
                "SELECT 1 AS found FROM pg_stat_activity WHERE application_name LIKE 'spider-check%%' "
                "AND datname = current_database() AND wait_event_type = 'Lock'"),
                "the outcome to arrive at the server")
            network.unplug(self.alpha)
            cursor.execute("COMMIT")

    def close(self):
        self.watch.close()
        self.alpha.close()
        self.world.close()


@pytest.fixture(scope="session")
def vanished(tmp_path_factory):
    hosts = []
    with Network() as network, network.server() as server:
        try:
            for answering in (False, True):
                directory = tmp_path_factory.mktemp("vanished")
                hosts.append(VanishedHost(server, network, directory, answering))
            yield network, hosts
        finally:
            for host in hosts:
                host.close()
