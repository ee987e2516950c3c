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
import pyte.modes

from world import HARD_TIMEOUT, die_with_parent, program_path

PATIENCE = 20  # seconds


class Display(pyte.Screen):
    """Loses lines as xterm does when it becomes lower: the cursor keeps its line."""

    def resize(self, lines=None, columns=None):
        lost = max(0, self.cursor.y - lines + 1) if lines else 0
        for _ in range(lost):
            self.index_at_bottom()
        self.cursor.y -= lost
        super_lines, self.lines = self.lines, min(self.lines, lines or self.lines)
        for row in [row for row in self.buffer if row >= self.lines]:
            del self.buffer[row]
        self.lines = self.lines if lines is None else min(super_lines, lines)
        super().resize(lines, columns)

    def index_at_bottom(self):
        for row in range(self.lines):
            self.buffer[row] = self.buffer[row + 1]
        self.buffer.pop(self.lines, None)


class Terminal:
    """stdin, stdout and stderr of one program, and the keyboard."""

    def __init__(self, world, *args, columns=80, lines=24, env=None, **options):
        world.write_config()
        self.raw = b""
        self.screen = Display(columns, lines)
        self._stream = pyte.ByteStream(self.screen)
        self._master, slave = pty.openpty()
        self._tell_size(columns, lines)
        self.process = subprocess.Popen(
            [program_path(), *map(str, args)], stdin=slave, stdout=slave, stderr=slave,
            cwd=world.folder, env=world.environment({"TERM": "xterm-256color", **(env or {})}),
            start_new_session=True, preexec_fn=as_its_terminal, **options)
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
        """Waits for the end of the program; returns its exit code."""
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


def as_its_terminal():
    """In the child: what it inherited as stdin becomes the terminal that signals come from."""
    die_with_parent()
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
