"""Schedules on a machine that systemd runs, with the program in it and a database beside it."""

import json
import pathlib
from collections import namedtuple

from debian_root import await_

PEER = {"url": "postgresql:///scraping?host=/run/postgresql"}
Run = namedtuple("Run", "schedule attempt status failure finished late")


class Services:
    """What a test changes on the machine is taken back by reset()."""

    def __init__(self, machine):
        self.machine = machine
        self.root = machine.root
        self._made = []
        self._enabled = []

    # --- The machine ----------------------------------------------------------------------------

    def prepare_database(self):
        for user in ("spider-check", "me"):
            self._as_postgres("createuser", user)
            self._as_postgres("createdb", f"--owner={user}", "scraping" if user != "me" else "mine")
        self.config(spiders={"x": ["true"]})
        self.machine.run("spider-check", "-c", "/etc/spider-check/config.toml", "migrate", user="spider-check")
        self.reset()

    def reset(self):
        run = self.machine.run
        for timer in self._enabled:
            run("systemctl", "disable", "--now", timer)
        run("systemctl", "kill", "--signal=KILL", "spider-check*.service", check=False)
        run("systemctl", "stop", "spider-check*")
        for path in self._made:
            path.unlink(missing_ok=True)
        run("rm", "-rf", "/run/spider-check-failed", *(f"/var/{kind}/spider-check{who}" for kind in ("lib", "log") for who in ("", "-me")))
        run("systemctl", "daemon-reload")
        run("systemctl", "reset-failed")
        self.sql("TRUNCATE scheduler_state CASCADE")
        self._made, self._enabled = [], []

    def write(self, path, text, mode=0o644):
        """A file that is gone after the test."""
        file = self.root.write(path, text, mode)
        self._made.append(file)
        return file

    def _as_postgres(self, *command):
        return self.machine.run(*command, user="postgres").stdout

    def sql(self, statement, database="scraping"):
        """Rows of texts; each column one."""
        out = self._as_postgres("psql", "-AtXq", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", statement)
        return [line.split("|") for line in out.splitlines()]

    # --- A schedule -----------------------------------------------------------------------------

    def config(self, file="config", *, spiders=(), rules=None, path=None, **sections):
        """Spiders are {name: command}, rules what applies to all; others are the configuration's own."""
        path = path or f"/etc/spider-check/{file}.toml"
        sections = {"database": PEER, **sections, "spiders": rules or {}}
        keys = [f"{key} = {json.dumps(value)}" for key, value in sections.items() if not isinstance(value, dict)]
        for section, values in sections.items():
            if isinstance(values, dict):
                keys += [f"[{section}]", *(f"{key} = {json.dumps(value)}" for key, value in values.items())]
        for spider, command in dict(spiders).items():
            keys += ["[[spider]]", f'name = "{spider}"', f"command = {json.dumps(command)}"]
        return self.write(path, "\n".join(keys) + "\n")

    def script(self, name, text):
        """A program for a spider."""
        return [str(pathlib.Path("/") / self.write(f"/srv/{name}", text, 0o755).relative_to(self.root.path))]

    def drop_in(self, unit, text, directory="/etc/systemd/system"):
        self.write(f"{directory}/{unit}.d/test.conf", text)
        if directory.startswith("/etc/systemd"):
            self.machine.run("systemctl", "daemon-reload")

    def calendar(self, timer, when, *more, **options):
        """Another calendar for a timer than every five minutes."""
        self.drop_in(timer, "\n".join(["[Timer]", "OnCalendar=", f"OnCalendar={when}", *more, ""]), **options)

    def enable(self, timer):
        self._enabled.append(timer)
        self.machine.run("systemctl", "enable", "--now", timer)

    def tick(self, *units, check=True):
        """Starts it as a timer does, and waits for its end."""
        return self.machine.run("systemctl", "start", "--wait", *(units or ["spider-check.service"]), check=check)

    def show(self, unit, what):
        return self.machine.run("systemctl", "show", "--value", f"--property={what}", unit).stdout.strip()

    def journal(self, unit, *options):
        self.machine.run("journalctl", "--sync")
        return self.machine.run("journalctl", "-b", "--output=cat", "--no-pager", f"--unit={unit}", *options).stdout

    # --- What became of it ----------------------------------------------------------------------

    def runs(self, database="scraping"):
        rows = self.sql("SELECT schedule, attempt, status, coalesce(failure, ''), finished_at IS NOT NULL,"
                        " lateness IS NOT NULL FROM scheduler_state ORDER BY id", database)
        return [Run(schedule, int(attempt), status, failure, finished == "t", late == "t")
                for schedule, attempt, status, failure, finished, late in rows]

    def completed(self, number, database="scraping"):
        """Waits for so many runs that completed."""
        return await_(lambda: [*map(lambda run: run.status, self.runs(database))].count("completed") == number,
                      f"{number} runs that completed", lambda: str(self.runs(database)))

    def age(self, hours):
        """As if everything had happened so long before."""
        earlier = ", ".join(f"{{0}} = {{0}} - interval '{hours} hours'".format(column) for column in
                            ("last_run_at", "created_at", "updated_at", "finished_at"))
        self.sql(f"UPDATE scheduler_state SET {earlier}")
        self.sql(f"UPDATE spider_run SET started_at = started_at - interval '{hours} hours',"
                 f" finished_at = finished_at - interval '{hours} hours'")

    def log(self, spider, schedule="default", directory="/var/log/spider-check"):
        """The newest one."""
        return max(self.root.at(f"{directory}/{schedule}/{spider}").iterdir()).read_text()

    def note(self, name):
        """A file that spiders write in their state directory."""
        return self.root.at(f"/var/lib/spider-check/{name}")


def shell(text):
    """A spider's command that is a line of shell."""
    return ["/bin/sh", "-c", text]
