"""A database that does not answer is waited for no longer than is configured, whatever is silent."""

import contextlib
import os
import signal
import socket
import struct
import subprocess
import threading
import time

import pytest

from postgres import Postgres
from world import World, wait_until

# Where a limit does not hold, what is tested here lasts for minutes, if it ever ends.
BOUND = 15

# Resolves names by a server that takes every question and answers none, in a network of its own.
UNSHARE = ("unshare", "--map-root-user", "--mount", "--net")
SILENT_RESOLVER = r"""
import os, socket, subprocess, sys
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
with open("resolv.conf", "w") as file:
    file.write("nameserver 127.0.0.53\nnameserver 127.0.0.54\n")
subprocess.run(["mount", "--bind", "resolv.conf", os.path.realpath("/etc/resolv.conf")], check=True)
silent = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
for number, one in enumerate(silent):
    one.bind((f"127.0.0.{53 + number}", 53))
    one.set_inheritable(False)
sys.exit(subprocess.run(sys.argv[1:]).returncode)
"""


class Listener:
    """Takes every connection, and says to each what `talk` says."""

    def __init__(self, talk=None):
        self._talk = talk
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.connections = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                self.connections.append(connection)
                if self._talk:
                    self._talk(connection)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()
        for connection in self.connections:
            connection.close()


def message(kind, body):
    return kind + struct.pack("!i", len(body) + 4) + body


def receive(connection, kind=True):
    """A message of the client's, its first ones without a kind."""
    head = b""
    while len(head) < (5 if kind else 4):
        more = connection.recv((5 if kind else 4) - len(head))
        assert more, "the client went away"
        head += more
    (length,) = struct.unpack("!i", head[-4:])
    return connection.recv(length - 4)


READY = message(b"Z", b"I")
WELCOME = (message(b"R", struct.pack("!i", 0)) + message(b"S", b"server_version\x0015.0\0")
           + message(b"S", b"client_encoding\0UTF8\0")
           + message(b"K", struct.pack("!ii", 4711, 1)) + READY)


def start_up(connection):
    if len(receive(connection, kind=False)) == 4:  # asks for TLS
        connection.sendall(b"N")
        receive(connection, kind=False)
    connection.sendall(WELCOME)


def nothing_after_the_start_up(connection):
    start_up(connection)


def nothing_after_the_first_statement(connection):
    start_up(connection)
    receive(connection)
    connection.sendall(message(b"C", b"SET\0") + READY)


def half_an_answer(connection):
    nothing_after_the_first_statement(connection)
    receive(connection)
    connection.sendall(message(b"1", b"") + b"T\0\0")


@pytest.fixture
def limited(shared):
    """With limits of one second, and whatever place the test names."""
    def limit(place, **more):
        shared.sections["database"] = {"url": place, "connect_timeout": "1s",
                                       "statement_timeout": "1s", **more}
        return shared
    return limit


def assert_gives_up(world, *args, limit, before=()):
    begin = time.monotonic()
    result = world.start(*args, before=before).end()
    assert time.monotonic() - begin < BOUND
    assert result.code == 3, result.err
    assert f"the database did not answer within {limit}" in result.err
    return result


COMMANDS = pytest.mark.parametrize("command", ["status", "migrate"])


@COMMANDS
def test_a_server_that_takes_the_connection_and_never_answers(limited, command):
    with Listener() as silent:
        world = limited(f"postgresql://me:hunter2@127.0.0.1:{silent.port}/db")
        result = assert_gives_up(world, command, limit="1s (connect_timeout)")
    assert f"host=127.0.0.1 port={silent.port}" in result.err
    assert "hunter2" not in result.err


def test_a_server_that_takes_the_connection_to_its_socket_file_and_never_answers(limited):
    world = limited("")
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(world.directory / ".s.PGSQL.5432"))
        silent.listen()
        world.sections["database"]["url"] = f"postgresql:///db?host={world.directory}"
        assert_gives_up(world, "status", limit="1s (connect_timeout)")


def test_a_server_that_answers_the_start_up_and_then_no_more(limited):
    with Listener(nothing_after_the_start_up) as silent:
        assert_gives_up(limited(f"postgresql://me@127.0.0.1:{silent.port}/db"), "status",
                        limit="1s (connect_timeout)")


@pytest.mark.parametrize("talk", [nothing_after_the_first_statement, half_an_answer])
def test_a_server_that_falls_silent_during_a_statement(limited, talk):
    with Listener(talk) as silent:
        assert_gives_up(limited(f"postgresql://me@127.0.0.1:{silent.port}/db"), "status",
                        limit="1s (statement_timeout)")


def test_several_silent_hosts_together(limited):
    with Listener() as a, Listener() as b, Listener() as c:
        world = limited(f"postgresql://me@127.0.0.1:{a.port},127.0.0.1:{b.port},"
                        f"127.0.0.1:{c.port}/db")
        assert_gives_up(world, "status", limit="1s (connect_timeout)")


def test_behind_a_silent_host_the_next_one_is_found_within_the_limit(limited, shared_url):
    directory = shared_url.partition("host=")[2].partition("&")[0]
    name = shared_url.partition(":///")[2].partition("?")[0]
    with Listener() as silent:
        world = limited(f"postgresql:///{name}?host=127.0.0.1,{directory}&port={silent.port},5432"
                        "&user=postgres", connect_timeout="10s", statement_timeout="5s")
        result = world.run("status")
    assert result.code == 0, result.err


@pytest.fixture
def full():
    """The port of a server whose queue is full, so that the kernel swallows what knocks."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server, contextlib.ExitStack() as all:
        for _ in range(16):
            client = all.enter_context(socket.socket())
            client.settimeout(0.5)
            try:
                client.connect(server.getsockname())
            except TimeoutError:
                yield server.getsockname()[1]
                return
        pytest.fail("the queue is never full")


def test_an_address_that_swallows_everything(limited, full):
    assert_gives_up(limited(f"postgresql://me@127.0.0.1:{full}/db"), "status",
                    limit="1s (connect_timeout)")


def test_several_addresses_that_swallow_everything(limited, full):
    hosts = ",".join([f"127.0.0.1:{full}"] * 5)
    assert_gives_up(limited(f"postgresql://me@{hosts}/db"), "status",
                    limit="1s (connect_timeout)")


def test_a_name_that_nobody_resolves(limited):
    if subprocess.run([*UNSHARE, "ip", "link"], check=False, capture_output=True).returncode != 0:
        pytest.skip("this machine allows no namespaces")
    world = limited("postgresql://me@db.example,other.example/db")
    script = world.directory / "silent_resolver.py"
    script.write_text(SILENT_RESOLVER)
    result = assert_gives_up(world, "status", limit="1s (connect_timeout)",
                             before=[*UNSHARE, "/usr/bin/python3", script])
    assert "host=db.example,other.example" in result.err


def test_the_signal_of_the_limit_may_come_blocked_or_ignored(limited):
    with Listener() as silent:
        world = limited(f"postgresql://me@127.0.0.1:{silent.port}/db")
        assert_gives_up(world, "status", limit="1s (connect_timeout)",
                        before=["/usr/bin/env", "--ignore-signal=ALRM", "--block-signal=ALRM"])


@pytest.fixture
def own_world(tmp_path):
    """With a server that the test may stop."""
    with Postgres() as server:
        world = World(server, tmp_path, server.create_database())
        assert world.run("migrate").code == 0
        world.sections["database"].update(connect_timeout="1s", statement_timeout="1s")
        yield world
        world.close()


@contextlib.contextmanager
def frozen(pid):
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def test_a_server_that_is_frozen_as_a_whole(own_world):
    postmaster = int((own_world.server.directory / "data/postmaster.pid").read_text().split()[0])
    with frozen(postmaster):
        assert_gives_up(own_world, "status", limit="1s (connect_timeout)")
    assert own_world.run("status").code == 0


def test_a_session_that_is_frozen_during_a_statement(own_world):
    own_world.sections["database"]["statement_timeout"] = "5s"
    with own_world.server.connect(own_world.url) as connection:
        connection.autocommit = False
        connection.cursor().execute("LOCK TABLE scheduler_state")
        begin = time.monotonic()
        running = own_world.start("status")
        waiting = wait_until(lambda: own_world.sql(
            "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock'"), "the statement")
        with frozen(waiting[0].pid):
            result = running.end()
            assert time.monotonic() - begin < BOUND + 5
    assert result.code == 3
    assert "the database did not answer within 5s (statement_timeout)" in result.err


def test_the_servers_own_limit_comes_first_where_it_still_answers(own_world):
    with own_world.server.connect(own_world.url) as connection:
        connection.autocommit = False
        connection.cursor().execute("LOCK TABLE scheduler_state")
        result = own_world.run("status")
    assert result.code == 3
    assert "statement timeout" in result.err


def test_a_session_that_is_frozen_in_mid_run_is_made_again(own_world):
    gate = own_world.gate()
    own_world.spider("a", gate.script).spider("b")
    running = own_world.start()
    gate.wait()
    (session,) = own_world.sessions()
    with frozen(session):
        gate.open()
        running.says("did not answer within 1s")
        running.says("Spider 'b' ok")
    result = running.end()
    assert result.code == 0, result.err
    assert own_world.only_run().status == "completed"
    assert sorted(outcome.spider for outcome in own_world.outcomes()) == ["a", "b"]


def test_a_migration_may_take_longer_than_a_statement(own_world):
    """On a big table, say: here the server takes its time for one of them."""
    own_world.url = own_world.sections["database"]["url"] = own_world.server.create_database()
    own_world.sql("CREATE SEQUENCE naps; CREATE FUNCTION nap() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN "
                  "IF nextval('public.naps') = 1 THEN PERFORM pg_sleep(4); END IF; END $$")
    own_world.sql("CREATE EVENT TRIGGER nap ON ddl_command_end WHEN TAG IN ('CREATE INDEX') EXECUTE FUNCTION nap()")
    result = own_world.run("migrate")
    assert (result.code, result.err) == (0, "")
    assert own_world.sql("SELECT last_value FROM naps")[0].last_value > 1


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_the_program_can_be_ended_meanwhile(limited, end):
    with Listener() as silent:
        world = limited(f"postgresql://me@127.0.0.1:{silent.port}/db", connect_timeout="50s")
        running = world.start("status")
        wait_until(lambda: silent.connections, "the connection")
        running.signal(end)
        assert running.end().code == -end
