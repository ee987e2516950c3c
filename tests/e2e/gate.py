"""Lets a test and a spider wait for each other, without a sleep."""

import os
import select

PATIENCE = 20  # seconds


class Gate:
    """Two FIFOs. The test keeps both ends of both open, so that nobody's open() ever blocks."""

    def __init__(self, path):
        self._arrivals, self._passes = f"{path}-arrivals", f"{path}-passes"
        os.mkfifo(self._arrivals)
        os.mkfifo(self._passes)
        self._arrival = os.open(self._arrivals, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        self._pass = os.open(self._passes, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)

    @property
    def script(self):
        """What the spider does at the gate: says which process it is, and waits."""
        return f"echo $$ >'{self._arrivals}'; read _ <'{self._passes}'"

    @property
    def interruptible_script(self):
        """The same in a process beside it: only in `wait` a shell misses no trap.

        A signal that comes just before a shell blocks in read() would be heeded after it.
        """
        return f"{{ {self.script}; }} & wait $!"

    def wait(self):
        """Waits until a spider stands at the gate; returns its pid."""
        line = b""
        while not line.endswith(b"\n"):
            ready, _, _ = select.select([self._arrival], [], [], PATIENCE)
            assert ready, f"no spider came to the gate in {PATIENCE} s"
            line += os.read(self._arrival, 1)
        return int(line)

    def is_reached(self):
        return bool(select.select([self._arrival], [], [], 0)[0])

    def open(self):
        """Lets one spider through, one that stands there or the next to come."""
        os.write(self._pass, b"go\n")

    def close(self):
        os.close(self._arrival)
        os.close(self._pass)
