"""Processes that SIGKILL does not end: in the kernel, or of another user."""

import contextlib
import ctypes
import os
import pathlib
import shutil
import subprocess

PTRACE_SEIZE, PTRACE_DETACH, PTRACE_O_TRACEEXIT = 0x4206, 17, 0x40

# Like sudo: setuid root, becomes root whole, then runs the command.
AS_ROOT = """
#include <unistd.h>
int main(int c, char** v) { return setgid(0) != 0 || setuid(0) != 0 || execvp(v[1], v + 1) != 0; }
"""


def as_root_program(directory):
    """A program that anybody may run, and that runs its words as root."""
    source, program = directory / "as-root.c", directory / "as-root"
    source.write_text(AS_ROOT)
    subprocess.run([os.environ.get("CC", "cc").split()[0], "-o", program, source], check=True)
    os.chown(program, 0, 0)
    program.chmod(0o4755)
    return program


class FrozenDirectory:
    """A file system on a loop device; while it is frozen, whoever writes there is in the D state."""

    state = "D"

    def __init__(self, directory):
        self._mount = directory / "frozen"
        self._mount.mkdir()
        image = directory / "image"
        with open(image, "wb") as file:
            file.truncate(16 << 20)
        subprocess.run(["mkfs.ext4", "-q", "-F", image], check=True)
        subprocess.run(["mount", "-o", "loop", image, self._mount], check=True)
        self._run("-f")

    @property
    def script(self):
        return f"echo x >{self._mount}/file"

    def catch(self, _):
        """Nothing is to be done: it is caught."""

    def release(self):
        with contextlib.suppress(subprocess.CalledProcessError):
            self._run("-u")

    def close(self):
        self.release()
        subprocess.run(["umount", self._mount], check=True)

    def _run(self, option):
        subprocess.run(["fsfreeze", option, self._mount], check=True, stderr=subprocess.DEVNULL)


class TracedExit:
    """What is traced so stops in the middle of its end, and no signal takes it any further."""

    state = "t"
    script = "while :; do sleep 1; done"

    def __init__(self):
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
        self._libc.ptrace.restype = ctypes.c_long
        self._caught = []

    def catch(self, pid):
        if self._libc.ptrace(PTRACE_SEIZE, pid, None, PTRACE_O_TRACEEXIT) != 0:
            raise OSError(ctypes.get_errno(), "cannot trace a process")
        self._caught.append(pid)

    def release(self):
        while self._caught:
            self._libc.ptrace(PTRACE_DETACH, self._caught.pop(), None, None)

    def close(self):
        self.release()


def frozen_or_traced(directory):
    """Where there is no loop device to be had, as in most containers, the other one."""
    try:
        return FrozenDirectory(directory)
    except (subprocess.CalledProcessError, FileNotFoundError):
        shutil.rmtree(directory / "frozen", ignore_errors=True)
        return TracedExit()


def alive(name):
    """The pids of the processes that were started with exactly these words."""
    found = []
    for path in pathlib.Path("/proc").glob("[1-9]*/cmdline"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            if path.read_bytes().rstrip(b"\0").split(b"\0") == name.encode().split(b" "):
                found.append(int(path.parent.name))
    return found
