"""The program on a terminal of its own: a real pseudo terminal, and pyte for what its screen shows."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

import pyte

from world import HARD_TIMEOUT, die_with_parent, program_path

PATIENCE = 20  # seconds


class Display(pyte.Screen):
    """pyte's, but a screen that becomes lower loses lines as xterm's does: the cursor keeps its own."""

    def resize(self, lines=None, columns=None):
        lines = lines or self.lines
        lost = max(0, self.cursor.y + 1 - lines)
        kept = [(row - lost, self.buffer[row]) for row in sorted(self.buffer)
                if lost <= row < lost + lines]
        self.buffer.clear()
        self.buffer.update(kept)
        self.cursor.y -= lost
        self.lines = lines
        super().resize(lines, columns)


class Terminal:
    """stdin, stdout and stderr of one program, or of a bash script that starts it as "$@"."""

    def __init__(self, world, *args, columns=80, lines=24, env=None, script=None,
                 controls=True, untold=False):
        world.write_config()
        self.raw = b""
        self.screen = Display(columns, lines)
        self._stream = pyte.ByteStream(self.screen)
        self._master, slave = pty.openpty()
        if not untold:
            self._tell_size(columns, lines)
        command = [program_path(), *map(str, args)]
        if script:
            command = ["bash", "-c", script, "bash", *command]
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave,
            cwd=world.directory, env=world.environment({"TERM": "xterm-256color", **(env or {})}),
            start_new_session=True, preexec_fn=lambda: as_its_terminal(controls))
        os.close(slave)
        self.pid = self.process.pid

    def _tell_size(self, columns, lines):
        size = struct.pack("HHHH", lines, columns, 0, 0)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, size)

    def resize(self, columns, lines):
        self.screen.resize(lines, columns)
        self._tell_size(columns, lines)

    def type(self, text):
        os.write(self._master, text.encode())

    def hang_up(self):
        """As the window that is closed."""
        os.close(self._master)
        self._master = -1

    def read(self, seconds=0.1):
        """Shows what comes within that time; False once nothing more can come."""
        if not select.select([self._master], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self._master, 1 << 16)
        except OSError:  # the program, and all that it started, is gone
            return False
        self.raw += data
        self._stream.feed(data)
        return bool(data)

    @property
    def lines(self):
        """What the screen shows, without the empty lines at its end."""
        lines = [line.rstrip() for line in self.screen.display]
        while lines and not lines[-1]:
            lines.pop()
        return lines

    @property
    def text(self):
        return "\n".join(self.lines)

    def cells(self, row):
        """A character for each column of a line; the second column of a wide one is empty."""
        return [self.screen.buffer[row][column].data for column in range(self.screen.columns)]

    @property
    def shows_cursor(self):
        return not self.screen.cursor.hidden

    def shows(self, pattern):
        return self.until(lambda: re.search(pattern, self.text, re.MULTILINE), repr(pattern))

    def until(self, condition, what):
        deadline = time.monotonic() + PATIENCE
        while not (found := condition()):
            more = self.read()
            assert time.monotonic() < deadline and (more or condition()), (
                f"the screen does not show {what}:\n{self.text}")
        return found

    def end(self):
        """Waits for the end of the program; returns its exit code (-N: killed by signal N)."""
        deadline = time.monotonic() + HARD_TIMEOUT
        while self.read():
            assert time.monotonic() < deadline, f"does not end; the screen shows:\n{self.text}"
        return self.process.wait(PATIENCE)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self._master >= 0:
            os.close(self._master)


def as_its_terminal(controls):
    """In the child: what it inherited as stdin becomes the terminal that signals come from."""
    die_with_parent()
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    if controls:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
