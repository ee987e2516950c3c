"""A world whose spiders themselves note when they start, so that nothing has to be believed."""

import fcntl
import shlex
import time
from collections import namedtuple

from world import World

PATIENCE = 40  # seconds

Note = namedtuple("Note", "what spider pid log at")

# Each spider holds the lock as long as it lives, whatever ends it: with concurrency 1 it is free when
# one starts, or two run at once. Only the spider itself has it, and not what it starts.
NOTING = """#!/bin/sh
note() {{ echo "$1" {name} $$ "$(readlink /proc/$$/fd/1)" "$(date +%s.%N)" >>{notes}; }}
{before}
exec 9>>{alive}
flock -n 9 || note overlap
note begin
(exec 9>&-
{script}
)
status=$?
note end$status
exit $status
"""


class FaultWorld(World):
    """World.spider()'s scripts run in a subshell, behind `before` in the spider's own shell."""

    def __init__(self, *args):
        super().__init__(*args)
        self.notes_path = self.directory / "notes"

    def spider(self, name, script=":", *, command=None, before=":"):
        path = self.directory / f"spider-{len(self.spiders)}.sh"
        path.write_text(NOTING.format(
            name=shlex.quote(name), notes=self.notes_path, script=script,
            before=before,
            alive=self.directory / f"alive-{self.top.get('name', 'default')}"), encoding="utf-8")
        self.spiders.append({"name": name, "command": command or ["/bin/sh", str(path)]})
        return self

    def a_spider_lives(self):
        """Wherever it is, and whoever started it."""
        with open(self.directory / f"alive-{self.top.get('name', 'default')}", "ab") as alive:
            try:
                fcntl.flock(alive, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def failing_once(self, name):
        """A spider that fails the first time that it gets to its end."""
        mark = self.directory / f"failed-{name}"
        return self.spider(name, f"[ -e {mark} ] || {{ touch {mark}; exit 3; }}")

    def gated(self, name, gate, before=":"):
        """A spider that waits at the gate the first time, and passes it later."""
        mark = self.directory / f"passed-{name}"
        return self.spider(name, f"[ -e {mark} ] || {{ touch {mark}; {gate.script}; }}",
                           before=before)

    def verdicts(self):
        """Of each start, by spider and attempt."""
        return {(row.spider, row.attempt): row.verdict for row in self.outcomes()}

    def notes(self):
        if not self.notes_path.exists():
            return []
        lines = self.notes_path.read_text(encoding="utf-8").splitlines()
        return [Note(*line.split(" ")) for line in lines]

    def ran(self):
        return [note.spider for note in self.notes() if note.what == "begin"]

    def retry_now(self):
        """What has to wait for its backoff does not have to any more."""
        self.sql("UPDATE scheduler_state SET next_attempt_at = now() "
                 "WHERE status = 'failed' AND next_attempt_at > now()")

    def settle(self, start=None):
        """Ticks as cron does, until the newest run is completed and nothing is left to replay.

        start: what starts a tick; World.start where nothing is said.
        """
        start = start or self.start
        deadline = time.monotonic() + PATIENCE
        while True:
            result = start().end()
            runs = self.runs()
            if result.code == 0 and runs and runs[-1].status == "completed":
                break
            assert time.monotonic() < deadline, (
                f"not settled in {PATIENCE} s: {[(run.id, run.status, run.attempt) for run in runs]}\n"
                f"{result.err}")
            self.retry_now()
            time.sleep(0.02)  # a session or a supervisor may need a moment to go
        before = self.ran()
        result = start().end()
        assert (self.ran(), self.runs()) == (before, runs), f"not settled: {result.err}"
