"""A PgBouncer of the tests' own in front of their PostgreSQL: on a socket file only, gone at the end.

    with PgBouncer(server, pool_mode="transaction") as pooler:
        url = pooler.url(database)
"""

import contextlib
import os
import pathlib
import shutil
import subprocess
import tempfile
import time
from urllib.parse import quote

from postgres import SUPERUSER, die_with_parent, server_account

BINARY = pathlib.Path("/usr/sbin/pgbouncer")
PORT = 6432  # in the name of the socket file
PATIENCE = 60  # seconds, for it to start or to stop

SETTINGS = {
    "listen_addr": "",
    "listen_port": PORT,
    "auth_type": "trust",
    "admin_users": SUPERUSER,
}


class PgBouncer:
    """From the construction to close(); `settings` go into the section [pgbouncer] of its file."""

    def __init__(self, server, **settings):
        if not BINARY.exists():
            raise RuntimeError(f"PgBouncer is missing: there is no {BINARY}; "
                               "type: apt install pgbouncer")
        # The path of a socket has 107 bytes at most, so not below a TMPDIR of any length.
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="spider-check-", dir="/tmp"))
        self._process = None
        try:
            self._start(server, {**SETTINGS, "unix_socket_dir": self.directory,
                                 "auth_file": self.directory / "users", **settings})
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def url(self, database):
        return (f"postgresql:///{quote(database)}?host={self.directory}&port={PORT}"
                f"&user={SUPERUSER}")

    @property
    def log(self):
        return (self.directory / "log").read_text(errors="replace")

    def close(self):
        if self._process is not None:
            self._process.terminate()  # it closes its connections at once
            self._process.wait(PATIENCE)
        shutil.rmtree(self.directory, ignore_errors=True)

    @contextlib.contextmanager
    def connect(self, database):
        """A psycopg2 connection through the pooler that commits each statement."""
        import psycopg2

        connection = psycopg2.connect(self.url(database))
        connection.autocommit = True
        try:
            yield connection
        finally:
            connection.close()

    def _start(self, server, settings):
        account = server_account()  # PgBouncer refuses to run as root, too
        lines = ["[databases]", f"* = host={server.directory}", "[pgbouncer]"]
        lines += [f"{name} = {value}" for name, value in settings.items()]
        (self.directory / "pgbouncer.ini").write_text("\n".join(lines) + "\n")
        (self.directory / "users").write_text(f'"{SUPERUSER}" ""\n')
        if account:
            os.chown(self.directory, account["user"], account["group"])
        with open(self.directory / "log", "wb") as log:
            self._process = subprocess.Popen(
                [BINARY, self.directory / "pgbouncer.ini"], cwd=self.directory, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
                start_new_session=True, preexec_fn=die_with_parent, **account)
        deadline = time.monotonic() + PATIENCE
        while not self._is_ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PgBouncer did not start: {self.log}")
            time.sleep(0.02)

    def _is_ready(self):
        import psycopg2

        try:
            with self.connect("pgbouncer") as connection:
                connection.cursor().execute("SHOW VERSION")
                return True
        except psycopg2.OperationalError:
            return False
