"""A world whose spiders themselves note when they start, so that nothing has to be believed."""

import shlex
import time
from collections import namedtuple

from world import World

Note = namedtuple("Note", "what spider pid log at")

# Each spider holds the lock as long as it lives, whatever ends it: with concurrency 1 it is free when
# one starts, or two run at once. Only the spider itself has it, and not what it starts.
NOTING = """#!/bin/sh
note() {{ echo "$1" {name} $$ "$(readlink /proc/$$/fd/1)" "$(date +%s.%N)" >>{notes}; }}
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
    """World.spider()'s scripts run in a subshell; what they append to is {folder}/notes."""

    def __init__(self, *args):
        super().__init__(*args)
        self.notes_path = self.folder / "notes"

    def spider(self, name, script=":", *, command=None):
        path = self.folder / f"spider-{len(self.spiders)}.sh"
        path.write_text(NOTING.format(
            name=shlex.quote(name), notes=self.notes_path, script=script,
            alive=self.folder / f"alive-{self.top.get('name', 'default')}"), encoding="utf-8")
        self.spiders.append({"name": name, "command": command or ["/bin/sh", str(path)]})
        return self

    def failing_once(self, name):
        """A spider that fails the first time that it gets to its end."""
        mark = self.folder / f"failed-{name}"
        return self.spider(name, f"[ -e {mark} ] || {{ touch {mark}; exit 3; }}")

    def gated(self, name, gate):
        """A spider that waits at the gate the first time, and passes it later."""
        mark = self.folder / f"passed-{name}"
        return self.spider(name, f"[ -e {mark} ] || {{ touch {mark}; {gate.script}; }}")

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

    def settle(self, start=None, ticks=40):
        """Ticks as cron does, until the newest whole run is completed and carried; gives the results.

        start: what starts a tick; World.start where nothing is said.
        """
        results = []
        for number in range(ticks):
            results.append((start or self.start)().end())
            runs = self.runs()
            if runs and all(run.status == "completed" for run in runs) and results[-1].code == 0:
                # Once more: what is settled stays as it is.
                before = self.ran(), len(runs)
                results.append((start or self.start)().end())
                assert (self.ran(), len(self.runs())) == before, results[-1].err
                return results
            self.retry_now()
            if number > 5:
                time.sleep(0.05)  # a session or a warden that is slow to go
        said = "\n".join(f"{result.code}: {result.err}" for result in results[-4:])
        raise AssertionError(f"not settled after {ticks} ticks:\n{self.runs()}\n{said}")
