"""What one end-to-end test works with: a directory, a database, a configuration, the program."""

import json
import os
import pathlib
import re
import shlex
import signal
import subprocess
import time
from collections import namedtuple

from gate import Gate
from postgres import die_with_parent

HARD_TIMEOUT = 60  # seconds; nothing here takes a tenth of it
ROOT = pathlib.Path(__file__).resolve().parents[2]

Result = namedtuple("Result", "code out err")


def program_path():
    path = os.environ.get("SPIDER_CHECK")
    if not path:
        raise RuntimeError("SPIDER_CHECK is not set: name the program to test in it")
    return os.path.abspath(path)


def installed_root():
    path = os.environ.get("SPIDER_CHECK_INSTALLED_ROOT")
    if not path:
        raise RuntimeError("SPIDER_CHECK_INSTALLED_ROOT is not set: name the prefix of a "
                           "`meson install` in it")
    return pathlib.Path(path).resolve()


def toml(value):
    """A TOML value: JSON's texts, numbers, booleans and lists are TOML's, too."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def wait_until(condition, what, seconds=20):
    """For what announces itself by no event: asks until it is true; returns what it then is."""
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        assert time.monotonic() < deadline, f"waited {seconds} s in vain for {what}"
        time.sleep(0.01)
    return answer


def as_from_a_terminal():
    """In the child, before it becomes the program: the tests may have been started by nohup or in
    the background of a shell."""
    die_with_parent()
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


class Running:
    """The program while it runs; its stderr goes to a file, so that it never waits for a reader."""

    def __init__(self, command, *, errors, **options):
        self._errors = errors
        self._output = errors.with_suffix(".out")
        with open(errors, "wb") as stderr, open(self._output, "wb") as stdout:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr,
                preexec_fn=as_from_a_terminal, **options)
        self.pid = self.process.pid

    @property
    def err(self):
        return self._errors.read_text(errors="replace")

    @property
    def out(self):
        return self._output.read_text(errors="replace")

    def says(self, pattern):
        """Waits for a line on stderr."""
        def said():
            assert re.search(pattern, self.err) or self.process.poll() is None, self.err
            return re.search(pattern, self.err)
        return wait_until(said, repr(pattern))

    def signal(self, number):
        os.kill(self.pid, number)

    def end(self):
        """Waits for the end; returns exit code (-N: killed by signal N), stdout and stderr."""
        try:
            self.process.wait(HARD_TIMEOUT)
        except subprocess.TimeoutExpired:
            self.stop()
            raise AssertionError(f"did not end in {HARD_TIMEOUT} s; it said:\n{self.err}") from None
        return Result(self.process.returncode, self._output.read_text(errors="replace"), self.err)

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class World:
    """Reads and writes the database, writes the configuration, runs the program."""

    def __init__(self, server, directory, url, template=None):
        self.program = program_path()
        self.server = server
        self.directory = directory
        self.url = url
        self.template = template
        self.home = directory / "home"
        self.home.mkdir()
        self.log_dir = self.home / ".local/state/spider-check/logs"
        self.top = {"concurrency": 1}  # most tests rely on the order of their spiders
        self.sections = {"database": {"url": url}}
        self.spiders = []
        self._now = "now()"
        self._started = []
        self._gates = []

    # --- The configuration ----------------------------------------------------------------------

    def spider(self, name, script=":", *, command=None):
        """A spider that is a shell script; it also writes its name to what ran() reads."""
        path = self.directory / f"spider-{len(self.spiders)}.sh"
        note = f"printf '%s\\0' {shlex.quote(name)} >>{self.directory}/ran\n"
        path.write_text(f"#!/bin/sh\n{note}{script}\n", encoding="utf-8")
        self.spiders.append({"name": name, "command": command or ["/bin/sh", str(path)]})
        return self

    def gate(self):
        """A place in a spider's script where it waits until the test lets it go on."""
        self._gates.append(Gate(self.directory / f"gate-{len(self._gates)}"))
        return self._gates[-1]

    def config_text(self):
        lines = [f"{key} = {toml(value)}" for key, value in self.top.items()]
        for section, keys in self.sections.items():
            lines += [f"[{section}]", *(f"{key} = {toml(value)}" for key, value in keys.items())]
        for spider in self.spiders:
            lines += ["[[spider]]", *(f"{key} = {toml(value)}" for key, value in spider.items())]
        return "\n".join(lines) + "\n"

    def write_config(self, text=None, path=None):
        path = path or self.directory / "spider-check.toml"
        path.write_text(self.config_text() if text is None else text, encoding="utf-8")
        return path

    # --- The program ----------------------------------------------------------------------------

    def environment(self, env=None):
        """Nothing of the caller's; what is None in `env` is not set."""
        clean = {"HOME": str(self.home), "PATH": "/usr/local/bin:/usr/bin:/bin", "TZ": "UTC",
                 "LANG": "C.UTF-8"}
        return {name: value for name, value in {**clean, **(env or {})}.items() if value is not None}

    def start(self, *args, env=None, cwd=None, keep_config=False, new_session=False, before=()):
        """Starts the program in the directory where the configuration is, which is written afresh."""
        if not keep_config:
            self.write_config()
        self._started.append(Running(
            [*before, self.program, *map(str, args)], env=self.environment(env),
            cwd=cwd or self.directory,
            errors=self.directory / f"stderr-{len(self._started)}", start_new_session=new_session))
        return self._started[-1]

    def run(self, *args, **options):
        return self.start(*args, **options).end()

    def ran(self):
        """The names of the spiders that were started, in order."""
        path = self.directory / "ran"
        return path.read_text(encoding="utf-8").split("\0")[:-1] if path.exists() else []

    def forget_what_ran(self):
        (self.directory / "ran").unlink(missing_ok=True)

    def journal(self):
        """The journal's files by name, as they are."""
        return {path.name: path.read_text(encoding="utf-8", errors="replace")
                for path in self.home.glob(".local/state/spider-check/journal/*/*")
                if path.suffix != ".lock" and path.name != ".configuration"}

    # --- The database ---------------------------------------------------------------------------

    def sql(self, text, *values):
        """The rows, each by column name; values take the place of %s."""
        with self.server.connect(self.url) as connection:
            cursor = connection.cursor()
            cursor.execute(text, values or None)
            if cursor.description is None:
                return []
            row = namedtuple("row", [column.name for column in cursor.description])
            return [row(*values) for values in cursor.fetchall()]

    def runs(self):
        return self.sql("SELECT * FROM scheduler_state ORDER BY id")

    def only_run(self):
        (run,) = self.runs()
        return run

    def outcomes(self):
        return self.sql("SELECT * FROM spider_run ORDER BY run_id, attempt, spider")

    def add_run(self, ago, status="completed", spider_count=1, **columns):
        """A run of the past, as this program records it; returns its id."""
        columns = {"status": status, "spider_count": spider_count, **columns}
        names, values = ", ".join(columns), list(columns.values())
        places = ", ".join(["%s"] * len(values))
        return self.sql(
            f"INSERT INTO scheduler_state (last_run_at, updated_at, {names}) VALUES "
            f"({self._now} - %s::interval, {self._now} - %s::interval, {places}) RETURNING id",
            ago, ago, *values)[0].id

    def dump(self):
        """All rows of all tables, to be compared."""
        names = self.sql("SELECT relname FROM pg_class WHERE relkind = 'r' "
                         "AND relnamespace = 'public'::regnamespace ORDER BY 1")
        return {name: self.sql(f"SELECT * FROM {name} ORDER BY 1") for (name,) in names}

    def freeze_clock(self, at="2026-11-23 16:20:01+00"):
        """From now on the program's now() is this instant (PostgreSQL's own is found later), and
        the server has run for a day."""
        self.sql("CREATE SCHEMA clock; CREATE TABLE clock.hands (at timestamptz); "
                 "CREATE FUNCTION clock.now() RETURNS timestamptz STABLE LANGUAGE sql "
                 "AS 'SELECT at FROM clock.hands'; "
                 "CREATE FUNCTION clock.pg_postmaster_start_time() RETURNS timestamptz STABLE "
                 "LANGUAGE sql AS $$ SELECT at - interval '1 day' FROM clock.hands $$")
        self.sql("INSERT INTO clock.hands VALUES (%s)", at)
        self._now = "(SELECT at FROM clock.hands)"
        frozen = self.url + "&options=-csearch_path%3Dclock,pg_catalog,public"
        self.sections["database"]["url"] = frozen

    def set_clock(self, at):
        self.sql("UPDATE clock.hands SET at = %s", at)

    def sessions(self):
        """The pids of the server's processes that the program's sessions have."""
        found = self.sql("SELECT pid FROM pg_stat_activity WHERE datname = current_database() "
                         "AND application_name LIKE 'spider-check%%' ORDER BY pid")
        return [row.pid for row in found]

    def close(self):
        for running in self._started:
            running.stop()
        for gate in self._gates:
            gate.close()


def is_alive(pid):
    """A zombie is not alive."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def supervisors(pid):
    """The processes that end the spiders of a program, also when it was killed."""
    return [path for path in pathlib.Path("/proc").glob("[1-9]*/comm")
            if name_of(path) == f"superv-{pid}"]


def name_of(path):
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except (FileNotFoundError, ProcessLookupError):
        return None


def kill(running):
    """And waits until its spiders have ended, too."""
    running.signal(signal.SIGKILL)
    assert running.end().code == -signal.SIGKILL
    wait_until(lambda: not supervisors(running.pid), "the end of its spiders")
