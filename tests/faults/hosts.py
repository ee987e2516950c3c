"""Several hosts on one machine: each with a name, processes, a boot id and a state directory of its own,
and on request a network of its own that can be unplugged. They share a database.

    with Network() as network:
        host = Host(world, "alpha", network)
        tick = host.start()
        network.unplug(host)
        host.lose_power()

Namespaces of Linux do it, so it needs root. Nothing of the machine's own network is touched.
"""

import contextlib
import hashlib
import os
import pathlib
import signal
import subprocess
import time
import uuid

from postgres import Postgres, die_with_parent
from world import wait_until

BOOT_ID = "/proc/sys/kernel/random/boot_id"
MACHINE_ID = "/etc/machine-id"
# SIGCHLD is ignored, so that orphans leave no zombies to a first process that does nothing.
IDLE = ["env", "--ignore-signal=CHLD", "sleep", "infinity"]


def require_root():
    assert os.geteuid() == 0, "hosts of their own (namespaces) need root: run these tests as root"


class Namespace:
    """A process that holds namespaces, which are gone when it is."""

    def __init__(self, *options, setup=":"):
        require_root()
        self._unshare = subprocess.Popen(
            ["unshare", *options, "--fork", "--kill-child", "sh", "-c",
             f'set -e; {setup}; echo done; exec "$@" >&-', "sh", *IDLE],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, preexec_fn=die_with_parent)
        assert self._unshare.stdout.readline() == b"done\n", f"cannot set up {options}: {setup}"
        children = f"/proc/{self._unshare.pid}/task/{self._unshare.pid}/children"
        self.pid = int(pathlib.Path(children).read_text(encoding="ascii"))

    def enter(self, *namespaces):
        """What comes before a command, to have it run in there."""
        return ["nsenter", f"--target={self.pid}", *namespaces, "--"]

    def close(self):
        self._unshare.kill()
        self._unshare.wait()
        self._unshare.stdout.close()


class Network:
    """A server's network, and a cable from it to each host."""

    SERVER = "10.99.0.1"

    def __init__(self):
        # The switch has no address of its own, so that what comes out of a cable goes nowhere else.
        self._switch = Namespace("--net", setup="ip link add hub type bridge; ip link set hub up")
        self._server = Namespace("--net")
        self._ports = []
        self._connect(self._server, self.SERVER)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._server.close()
        self._switch.close()

    @contextlib.contextmanager
    def server(self, **settings):
        """A PostgreSQL in it, which everybody in it may use."""
        with Postgres(start=False, before=self._server.enter("--net"),
                      listen_addresses=self.SERVER, **settings) as server:
            with open(server.directory / "data/pg_hba.conf", "a", encoding="ascii") as access:
                access.write("host all all 10.99.0.0/24 trust\n")
            server.start()
            yield server

    @classmethod
    def url(cls, url):
        """By cable, and not by the socket file."""
        database, _, options = url.partition("?")
        options = [option for option in options.split("&") if not option.startswith("host=")]
        return f"{database}?host={cls.SERVER}&" + "&".join(options)

    def connect(self, host):
        self._connect(host, f"10.99.0.{len(self._ports) + 1}")

    def _connect(self, there, address):
        self._ports.append(there)
        port = self._port(there)
        self._ip(self._switch, "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns",
                 str(there.pid))
        self._ip(there, "link", "set", "lo", "up")
        self._ip(there, "link", "set", "eth0", "up")
        self._ip(there, "address", "add", f"{address}/24", "dev", "eth0")
        self._ip(self._switch, "link", "set", port, "master", "hub", "up")

    def unplug(self, host):
        """Within the switch: no kernel is told, and what is sent is lost."""
        self._ip(self._switch, "link", "set", self._port(host), "nomaster")

    def plug_in(self, host):
        self._ip(self._switch, "link", "set", self._port(host), "master", "hub")

    def _port(self, there):
        """Of its last boot."""
        return f"port{len(self._ports) - 1 - self._ports[::-1].index(there)}"

    @staticmethod
    def _ip(where, *words):
        subprocess.run([*where.enter("--net"), "ip", *words], check=True)


def clocks_from_zero():
    """For unshare(1): clocks that say that the host was just booted."""
    clocks = {"boottime": time.CLOCK_BOOTTIME, "monotonic": time.CLOCK_MONOTONIC}
    return ["--time", *(f"--{name}=-{int(time.clock_gettime(clock))}"
                        for name, clock in clocks.items())]


class Host:
    """Where ticks of a world run. `home` is what the host's disk is, and survives a loss of power.

    called: its host name, where that is not what the test calls it by.
    machine: what it shares with its clones; its own where nothing is said.
    """

    def __init__(self, world, name, network=None, *, called=None, machine=None):
        self.world = world
        self.name = name
        self._called = called or name
        self._machine = machine or hashlib.md5(name.encode()).hexdigest()
        self.home = world.directory / f"home-{name}"
        self.home.mkdir()
        self._network = network
        self._namespace = None
        self.boot()

    def boot(self):
        """With another boot id, as every boot has, and clocks that begin anew."""
        boot_id = self.home.parent / f"boot-id-{self.name}"
        boot_id.write_text(f"{uuid.uuid4()}\n", encoding="ascii")
        machine = self.home.parent / f"machine-id-{self.name}"
        machine.write_text(f"{self._machine}\n", encoding="ascii")
        options = ["--uts", "--pid", "--mount", "--mount-proc", *clocks_from_zero()]
        if self._network:
            options.append("--net")
        self._namespace = Namespace(
            *options, setup=f"hostname {self._called}; mount --bind {boot_id} {BOOT_ID}; "
                            f"mount --bind {machine} {MACHINE_ID}")
        if self._network:
            self._network.connect(self)

    def rename(self, called):
        """As a laptop that is given another name by another network."""
        self._called = called
        subprocess.run([*self.enter("--uts"), "hostname", called], check=True)

    @property
    def pid(self):
        return self._namespace.pid

    def enter(self, *namespaces):
        return self._namespace.enter(*namespaces)

    def command(self):
        """What comes before a program for it to run here, in the world's directory."""
        return self.enter("--uts", "--pid", "--mount", "--time", f"--wd={self.world.directory}",
                          *(["--net"] if self._network else []))

    def start(self, *args, env=None, **options):
        """A tick of this host, as World.start()."""
        return self.world.start(*args, env={"HOME": str(self.home), **(env or {})},
                                before=self.command(), **options)

    def run(self, *args, **options):
        return self.start(*args, **options).end()

    def lose_power(self):
        """Every process of its is gone, and its kernel says goodbye to nobody (on a network)."""
        if self._network:
            self._network.unplug(self)
        os.kill(self.pid, signal.SIGKILL)
        wait_until(lambda: not pathlib.Path(f"/proc/{self.pid}").exists(), "the end of the host")

    def signal(self, tick, number):
        """To the program of a tick, and to nothing else."""
        (program,) = children(tick.pid)
        os.kill(program, number)

    def kill(self, tick):
        self.signal(tick, signal.SIGKILL)
        return tick.end()

    def close(self):
        self._namespace.close()


def children(pid):
    with contextlib.suppress(FileNotFoundError):
        text = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
        return [int(child) for child in text.split()]
    return []
