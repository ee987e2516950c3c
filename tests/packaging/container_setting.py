"""What a container finds that is set up as packaging/docker/compose.yaml says, with a socket for a network."""

import contextlib
import os
import shutil

import psycopg2.extras

from container import Container
from debian_root import TOP
from gate import Gate
from postgres import Postgres

DOCKER = TOP / "packaging/docker"
USER = 1000
INSIDE = "/opt"  # where a container has the test's directory
PASSWORD = "not 'secret'"


class Setting:
    """What a container of the compose file finds: a project, a configuration, a database, a volume."""

    def __init__(self, image, server, database, directory):
        self._image = image
        self._server = server
        self._database = database
        self._containers = contextlib.ExitStack()
        self._gates = []
        self.directory = directory
        directory.chmod(0o755)
        self.state = self.volume("state")
        self._ran = self.volume("ran")
        self.config = directory / "config.toml"
        shutil.copy(DOCKER / "config.toml", self.config)
        self.project = self.volume("project")

    def close(self):
        self._containers.close()
        for gate in self._gates:
            gate.close()

    def volume(self, name):
        path = self.directory / name
        path.mkdir(mode=0o700)
        os.chown(path, USER, USER)
        return path

    def container(self, name="jobs-1", state=None, **environment):
        """As the compose file has it, but for these variables, and a socket instead of a host's name."""
        variables = {"DB_HOST": "/mnt", "DB_NAME": self._database, "DB_USER": "spider_check",
                     "DB_PASSWORD": PASSWORD, "SPIDER_CHECK_TICK": "5m", **environment}
        binds = {"/mnt": (self._server.directory, "ro"), "/srv/jobs": (self.project, "rw"),
                 "/etc/spider-check/config.toml": (self.config, "ro"),
                 "/var/lib/spider-check": (state or self.state, "rw"), INSIDE: (self.directory, "rw")}
        return self._containers.enter_context(Container(
            self._image, self.directory, environment=variables, binds=binds, name=name))

    def example(self):
        """The project is the repository's example."""
        shutil.copytree(TOP / "examples/jobs", self.project, dirs_exist_ok=True,
                        ignore=shutil.ignore_patterns("output", "__pycache__"))
        for path in self.project.rglob("*"):
            os.chown(path, USER, USER)

    def spider(self, name, script=":"):
        """A shell script; the first one takes the project's place. They run one after the other."""
        text = self.config.read_text()
        if "[scrapy]" in text:
            before, _, after = text.partition("[scrapy]")
            text = "concurrency = 1\n" + before + after[after.index("\n["):]
        path = self.directory / f"{name}.sh"
        path.write_text(f"echo >>{INSIDE}/ran/{name}\n{script}\n".replace(str(self.directory), INSIDE))
        self.config.write_text(f'{text}\n[[spider]]\nname = "{name}"\ncommand = ["/bin/sh", "{INSIDE}/{path.name}"]\n')

    def ran(self):
        """How often each script was started."""
        return {path.name: path.read_text().count("\n") for path in self._ran.iterdir()}

    def gate(self):
        self._gates.append(Gate(self.directory / f"gate-{len(self._gates)}"))
        for path in self.directory.glob("gate-*"):
            path.chmod(0o666)
        return self._gates[-1]

    def sql(self, text, *values):
        with self._server.connect(self._server.url(self._database)) as connection:
            cursor = connection.cursor(cursor_factory=psycopg2.extras.NamedTupleCursor)
            cursor.execute(text, values or None)
            return cursor.fetchall() if cursor.description else []

    def only_run(self):
        (run,) = self.sql("SELECT * FROM scheduler_state")
        return run

    def add_run(self, ago, status):
        self.sql("INSERT INTO scheduler_state (last_run_at, spider_count, status, updated_at) "
                 "VALUES (now() - %s::interval, 1, %s, now() - %s::interval)", ago, status, ago)


def new_server():
    """As the compose file's: one user, who needs a password."""
    server = Postgres()
    with server.connect() as connection:
        connection.cursor().execute("CREATE ROLE spider_check LOGIN PASSWORD %s", (PASSWORD,))
        (server.directory / "data/pg_hba.conf").write_text(
            "local all postgres trust\nlocal all all scram-sha-256\n")
        connection.cursor().execute("SELECT pg_reload_conf()")
    # The socket is in it; whoever may get there still needs the password.
    server.directory.chmod(0o711)
    return server


def new_setting(image, server, directory):
    database = f"of_{directory.name}".lower()
    with server.connect() as connection:
        connection.cursor().execute(f'CREATE DATABASE "{database}" OWNER spider_check')
    return contextlib.closing(Setting(image, server, database, directory))
