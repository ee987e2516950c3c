"""A database that is reached over TCP: with TLS, certificates and SCRAM, or not at all."""

import contextlib
import os
import shutil
import socket
import subprocess

import pytest

from postgres import Postgres, server_account
from world import World

PASSWORD = "hunter2'\\ x"
QUOTED = "hunter2%27%5C%20x"

HBA = """\
local all all trust
hostssl all spiders 127.0.0.1/32 scram-sha-256
hostnossl all spiders 127.0.0.1/32 reject
"""


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, timeout=60)


class Authority:
    """Signs certificates of servers."""

    def __init__(self, directory, name):
        self.certificate = directory / f"{name}.crt"
        self._key = directory / f"{name}.key"
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj",
                f"/CN={name}", "-keyout", self._key, "-out", self.certificate)

    def sign(self, directory, host):
        """Writes server.crt and server.key, for a server of this name."""
        request, names = directory / "request", directory / "names"
        names.write_text(f"subjectAltName=DNS:{host}\n")
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={host}", "-keyout",
                directory / "server.key", "-out", request)
        openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self._key,
                "-set_serial", "1", "-days", "30", "-extfile", names, "-out",
                directory / "server.crt")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.fixture(scope="module")
def authorities(tmp_path_factory):
    if shutil.which("openssl") is None:
        pytest.fail("there is no openssl; type: apt install openssl")
    directory = tmp_path_factory.mktemp("authorities")
    return [Authority(directory, name) for name in ("ours", "another")]


@pytest.fixture(scope="module")
def tls_server(authorities, tmp_path_factory):
    """Only over TLS and with SCRAM; its name is localhost, at an address that is the same."""
    port = str(free_port())
    directory = tmp_path_factory.mktemp("server")
    authorities[0].sign(directory, "localhost")
    with Postgres(start=False, listen_addresses="127.0.0.1", port=port, ssl="on",
                  password_encryption="scram-sha-256") as server:
        data = server.directory / "data"
        for name in ("server.crt", "server.key"):
            shutil.copy(directory / name, data)
            give_to_server(data / name)
        (data / "pg_hba.conf").write_text(HBA)
        server.start()
        server.port = port
        with server.connect() as connection:
            connection.cursor().execute("CREATE ROLE spiders LOGIN PASSWORD %s", (PASSWORD,))
        yield server


def give_to_server(path):
    path.chmod(0o600)
    with contextlib.suppress(KeyError):
        os.chown(path, server_account()["user"], server_account()["group"])


@pytest.fixture
def tls_world(tls_server, tmp_path):
    world = World(tls_server, tmp_path, tls_server.create_database())
    world.sql("GRANT ALL ON SCHEMA public TO spiders")
    yield world
    world.close()
    tls_server.drop_database(world.url)


def connect_to(world, host, authority, password=QUOTED, port=None):
    name = world.sql("SELECT current_database() AS name")[0].name
    world.sections["database"]["url"] = (
        f"postgresql://spiders:{password}@{host}:{port or world.server.port}/{name}"
        f"?sslmode=verify-full&sslrootcert={authority.certificate}")


def assert_no_password(result):
    assert "hunter2" not in result.out + result.err


def test_a_whole_run_goes_over_a_connection_that_is_verified(tls_world, authorities):
    connect_to(tls_world, "localhost", authorities[0])
    gate = tls_world.gate()
    result = tls_world.run("migrate")
    assert (result.code, result.err) == (0, "")
    running = tls_world.spider("a", gate.script).start("-v")
    gate.wait()
    (session,) = tls_world.sql(
        "SELECT ssl, version, usename FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) "
        "WHERE datname = current_database() AND application_name LIKE 'spider-check%%'")
    assert session.ssl and session.version.startswith("TLS") and session.usename == "spiders"
    gate.open()
    result = running.end()
    assert result.code == 0, result.err
    assert tls_world.only_run().status == "completed"
    assert [outcome.verdict for outcome in tls_world.outcomes()] == ["ok"]
    assert_no_password(result)
    result = tls_world.run("status")
    assert result.code == 0
    assert_no_password(result)


@pytest.mark.parametrize("command", ["status", "migrate"])
@pytest.mark.parametrize("host, authority, password, reason", [
    ("localhost", 1, QUOTED, "certificate verify failed"),
    ("127.0.0.1", 0, QUOTED, 'does not match host name "127.0.0.1"'),
    ("localhost", 0, "hunter2", 'password authentication failed for user "spiders"'),
], ids=["another authority", "another name", "another password"])
def test_what_is_not_as_it_should_be_is_refused(tls_world, authorities, command, host, authority,
                                                password, reason):
    connect_to(tls_world, host, authorities[authority], password)
    result = tls_world.run("-v", command)
    assert result.code == 3
    assert reason in result.err
    assert result.err.count("\n") == 1, result.err
    assert_no_password(result)
    assert tls_world.dump() == {}


def test_a_server_that_speaks_no_tls_is_refused(world, authorities):
    """Somebody between us and the server may say so for it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        connect_to(world, "localhost", authorities[0], port=server.getsockname()[1])
        running = world.start("status")
        connection, _ = server.accept()
        with connection:
            connection.recv(8)
            connection.sendall(b"N")
            result = running.end()
    assert result.code == 3
    assert "server does not support SSL, but SSL was required" in result.err
    assert_no_password(result)
