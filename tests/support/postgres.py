"""A PostgreSQL 15 of the tests' own: in a directory of its own, on a socket file only, gone at the end.

    with Postgres() as server:
        url = server.create_database()
        with server.connect(url) as connection: ...

The server is the child of a keeper (this file, started as a program), which stops it and removes the
directory as soon as the pipe from the tests is closed: at a clean end, after an exception, and also when
the tests are killed. If the keeper itself is killed, the kernel stops the server.
"""

import contextlib
import ctypes
import functools
import itertools
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from urllib.parse import quote

BINARIES = pathlib.Path("/usr/lib/postgresql/15/bin")
SUPERUSER = "postgres"
PR_SET_PDEATHSIG = 1
READY, REJECTING = 0, 1  # how pg_isready ends
CLONE_NEWNS, MS_REC, MS_PRIVATE = 0x20000, 0x4000, 0x40000
PATIENCE = 60  # seconds, for a server to start or to stop

SETTINGS = {
    "listen_addresses": "",
    "max_connections": "100",
    # The data is thrown away anyway.
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "log_line_prefix": "%m [%p] ",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class PostgresError(RuntimeError):
    """There is no server to test against: never a reason to skip a test."""


class Postgres:
    """A cluster, from the construction to close(); `settings` go into its postgresql.conf.

    before: a command that starts the keeper, such as nsenter with the network to live in.
    copy_of: another of these, of which it becomes a standby.
    disk: the size of a small disk, `disk` in the directory, for a tablespace ("32m"); needs root.
    """

    def __init__(self, *, start=True, before=(), copy_of=None, disk=None, **settings):
        special = {"copy_of": copy_of and copy_of.directory, "disk": disk}
        settings.update({name: value for name, value in special.items() if value})
        options = [f"{name}={value}" for name, value in settings.items()]
        self._port = settings.get("port")
        self._keeper = subprocess.Popen(
            [*before, "/usr/bin/python3", os.path.abspath(__file__), *options],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            start_new_session=True)  # so that Ctrl-C does not reach it
        self._numbers = itertools.count(1)
        try:
            self.directory = pathlib.Path(self._answer())
            if start:
                self.start()
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Stops the server and removes its directory; may be called more than once."""
        if not self._keeper.stdin.closed:
            with contextlib.suppress(BrokenPipeError):
                self._keeper.stdin.close()
        self._keeper.wait()
        self._keeper.stdout.close()

    def start(self):
        self._ask("start")

    def stop(self):
        """Ends every session, as a restart or a shutdown of the host does."""
        self._ask("stop")

    def launch(self):
        """Starts it, and does not wait until it takes connections: it may never."""
        self._ask("launch")

    def crash(self):
        """An immediate shutdown: nothing is put in order, as when the power goes."""
        self._ask("crash")

    @property
    def postmaster(self):
        """The pid of its first process, as its own host counts."""
        return int((self.directory / "data/postmaster.pid").read_text().split("\n", 1)[0])

    @property
    def log(self):
        """What the server has logged so far."""
        return (self.directory / "log").read_text(errors="replace")

    def url(self, database=SUPERUSER):
        port = f"&port={self._port}" if self._port else ""
        return f"postgresql:///{quote(database)}?host={self.directory}&user={SUPERUSER}{port}"

    def create_database(self, template="template1"):
        """The URL of a fresh database."""
        name = f"test_{next(self._numbers)}"
        with self.connect() as connection:
            connection.cursor().execute(f'CREATE DATABASE {name} TEMPLATE "{template}"')
        return self.url(name)

    def drop_database(self, url):
        """With the sessions that are left in it."""
        name = url.partition(":///")[2].partition("?")[0]
        with self.connect() as connection:
            connection.cursor().execute(f"DROP DATABASE {name} WITH (FORCE)")

    @contextlib.contextmanager
    def connect(self, url=None):
        """A psycopg2 connection that commits each statement and is closed at the end."""
        import psycopg2  # here, since the keeper and with-postgres do without

        connection = psycopg2.connect(url or self.url())
        connection.autocommit = True
        try:
            yield connection
        finally:
            connection.close()

    def _ask(self, request):
        print(request, file=self._keeper.stdin, flush=True)
        self._answer()

    def _answer(self):
        line = self._keeper.stdout.readline().rstrip("\n")
        word, _, text = line.partition(" ")
        if word != "ok":
            raise PostgresError(text or "the keeper of PostgreSQL ended without a word")
        return text


def die_with_parent(number=signal.SIGKILL):
    """For preexec_fn: what is executed gets this signal when the process that started it ends."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number)


def server_account():
    """Who runs the server: this user, but for root, as whom PostgreSQL refuses to run."""
    if os.geteuid() != 0:
        return {}
    for name in (SUPERUSER, "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise PostgresError("PostgreSQL refuses to run as root, and there is no user postgres or nobody")


def mount_disk(directory, size, account):
    """A file system of that size, which nobody but this process and its children sees."""
    libc = ctypes.CDLL(None, use_errno=True)
    private = MS_REC | MS_PRIVATE
    options = f"size={size},mode=700,uid={account['user']},gid={account['group']}".encode()
    if (libc.unshare(CLONE_NEWNS) or libc.mount(b"none", b"/", None, private, None)
            or libc.mount(b"tmpfs", bytes(directory), b"tmpfs", 0, options)):
        raise PostgresError(f"cannot mount a disk of its own: {os.strerror(ctypes.get_errno())}")


class Cluster:
    """What the keeper keeps."""

    def __init__(self, directory, settings):
        self.directory = pathlib.Path(directory)
        self.data = self.directory / "data"
        self.account = server_account()
        self.server = None
        self.port = settings.get("port", "5432")
        if self.account:
            os.chown(directory, self.account["user"], self.account["group"])
        settings = dict(settings)
        if size := settings.pop("disk", None):
            disk = self.directory / "disk"
            disk.mkdir()
            mount_disk(disk, size, self.account)
        original = settings.pop("copy_of", None)
        if original:
            self._copy(original)
        else:
            self._initialize()
        self._configure({**SETTINGS, "unix_socket_directories": directory, **settings})

    def start(self):
        self._start(until=(READY,))

    def launch(self):
        self._start(until=(READY, REJECTING))

    def _start(self, until):
        with open(self.directory / "log", "ab") as log:
            self.server = self._spawn(["postgres", "-D", str(self.data)], log)
        deadline = time.monotonic() + PATIENCE
        while self._answers() not in until:
            if self.server.poll() is not None or time.monotonic() > deadline:
                raise PostgresError(f"PostgreSQL did not start: {self._end_of_log()}")
            time.sleep(0.02)

    def stop(self):
        self._stop(signal.SIGINT)  # a fast shutdown

    def crash(self):
        self._stop(signal.SIGQUIT)

    def _stop(self, number):
        if self.server is None:
            return
        self.server.send_signal(number)
        try:
            self.server.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.server.kill()
            self.server.wait()
        self.server = None

    def _initialize(self):
        self._make("initdb", f"--pgdata={self.data}", f"--username={SUPERUSER}", "--auth=trust",
                   "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions")

    def _copy(self, original):
        self._make("pg_basebackup", f"--pgdata={self.data}", f"--host={original}",
                   f"--username={SUPERUSER}", "--write-recovery-conf", "--checkpoint=fast",
                   "--no-sync")

    def _make(self, program, *options):
        if not (BINARIES / program).exists():
            raise PostgresError(f"PostgreSQL 15 is missing: there is no {BINARIES}/{program}; "
                                "type: apt install postgresql-15")
        with open(self.directory / "log", "ab") as log:
            made = self._spawn([program, *options], log)
        if made.wait() != 0:
            raise PostgresError(f"{program} failed: {self._end_of_log()}")

    def _configure(self, settings):
        with open(self.data / "postgresql.conf", "a", encoding="utf-8") as file:
            for name, value in settings.items():
                file.write(f"{name} = '{value}'\n")

    def _spawn(self, command, log):
        environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
        return subprocess.Popen(
            [BINARIES / command[0], *command[1:]], cwd=self.directory, env=environment,
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            # Where the keeper is killed: SIGQUIT makes the server end all of its processes.
            preexec_fn=functools.partial(die_with_parent, signal.SIGQUIT), **self.account)

    def _answers(self):
        command = [BINARIES / "pg_isready", "-q", "-h", self.directory, "-p", self.port,
                   "-U", SUPERUSER]
        return subprocess.run(command, check=False).returncode

    def _end_of_log(self):
        lines = (self.directory / "log").read_text(errors="replace").split("\n")
        return " / ".join(line for line in lines[-8:] if line)


def keep(settings):
    """The keeper: obeys its stdin, a word a line, until that is closed."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    # The path of a socket has 107 bytes at most, so not below a TMPDIR of any length.
    directory = tempfile.mkdtemp(prefix="spider-check-", dir="/tmp")
    cluster = None
    try:
        cluster = Cluster(directory, settings)
        print("ok", directory, flush=True)
        for request in sys.stdin:
            getattr(cluster, request.strip())()
            print("ok", flush=True)
    except PostgresError as error:
        print("error", error, flush=True)
    finally:
        if cluster is not None:
            cluster.stop()
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    keep(dict(option.split("=", 1) for option in sys.argv[1:]))
