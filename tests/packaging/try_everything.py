#!/usr/bin/python3
"""A spider that tries what spiders do, and what they should not, and prints what came of it as JSON."""

import ctypes
import json
import mmap
import multiprocessing
import multiprocessing.shared_memory
import os
import pathlib
import socket
import sqlite3
import ssl
import subprocess
import tempfile
import threading
import time

LIBC = ctypes.CDLL(None, use_errno=True)
ADDR_NO_RANDOMIZE, AF_PACKET = 0x0040000, 17
STATE = pathlib.Path(os.environ["STATE_DIRECTORY"])


def call(name, *arguments):
    if getattr(LIBC, name)(*arguments) < 0:
        raise OSError(ctypes.get_errno(), name)


def expect(wanted, what):
    if wanted != what:
        raise AssertionError(what)


def output(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def niceness():
    return os.getpriority(os.PRIO_PROCESS, 0) - os.getpriority(os.PRIO_PROCESS, os.getppid())


def database():
    with sqlite3.connect(STATE / "spider.sqlite") as connection:
        connection.execute("PRAGMA journal_mode = wal")
        connection.execute("CREATE TABLE t (x)")
        connection.execute("INSERT INTO t VALUES (1)")


def thread():
    began = threading.Event()
    threading.Thread(target=began.set).start()
    began.wait()


def callback():
    """Code that is made while the program runs, as libraries with callbacks do."""
    array = (ctypes.c_int * 2)(2, 1)
    compare = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)(lambda *_: 1)
    LIBC.qsort(array, 2, ctypes.sizeof(ctypes.c_int), compare)


def shared_memory():
    memory = multiprocessing.shared_memory.SharedMemory(create=True, size=10)
    memory.close()
    memory.unlink()


def lend_out_rights():
    file = STATE / "mine"
    file.touch()
    file.chmod(0o4755)


CAN = {
    "be nice": lambda: expect(5, niceness()),
    "look up a name": lambda: socket.getaddrinfo("localhost", 80),
    "have threads": thread,
    "run programs": lambda: expect("x", output("sh", "-c", "echo x")),
    "have processes": lambda: multiprocessing.Pool(2).map(abs, [1, 2]),
    "share memory": shared_memory,
    "have a database": database,
    "have temporary files": lambda: tempfile.TemporaryFile().write(b"x"),
    "use certificates": ssl.create_default_context,
    "be called back": callback,
    "compile": lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC),
    "write where a drop-in lets it": lambda: pathlib.Path("/srv/jobs/out/file").write_text("x"),
    "read a clock": lambda: time.clock_gettime(time.CLOCK_BOOTTIME),
}
CANNOT = {
    "write in /etc": lambda: pathlib.Path("/etc/x").write_text("x"),
    "write where everybody may": lambda: pathlib.Path("/srv/open/x").write_text("x"),
    "read a home": lambda: pathlib.Path("/home/me/public").read_text(),
    "list homes": lambda: expect(["me"], os.listdir("/home")),
    "read the password": lambda: pathlib.Path("/etc/spider-check/database-password").read_text(),
    "gain rights": lambda: expect("0", output("/srv/open/id", "-u")),
    "lend out rights": lend_out_rights,
    # In a process of its own: where a thread still ends, the kernel refuses it for that.
    "make a container": lambda: output("unshare", "--user", "true"),
    "see packets": lambda: socket.socket(AF_PACKET, socket.SOCK_RAW),
    "set the clock": lambda: time.clock_settime(time.CLOCK_REALTIME, time.time()),
    "change the kernel": lambda: pathlib.Path("/proc/sys/kernel/domainname").write_text("x"),
    "change the personality": lambda: call("personality", ADDR_NO_RANDOMIZE),
    "take the machine": lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)),
}


def end_of(attempt):
    try:
        attempt()
    except Exception as error:  # whatever it is, it is told
        return repr(error)
    return "works"


print(json.dumps({kind: {name: end_of(attempt) for name, attempt in attempts.items()}
                  for kind, attempts in (("can", CAN), ("cannot", CANNOT))}))
