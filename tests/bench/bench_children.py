#!/usr/bin/python3
"""bench_children.py PROGRAM: what it costs to run spiders, and to keep what they write.

A thousand spiders that are /bin/true, eight at a time, each recorded in PostgreSQL, side by side with
`xargs -P 8`, which records nothing and keeps no logs (ours are kept in memory here, where there is
room for that, so that no disk is measured); and a spider that writes 1 GiB to stderr, with the CPU time and
the memory that the program itself takes meanwhile. Missing a goal is said, and fails nothing.
"""

import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from postgres import Postgres

ROUNDS = 5
SPIDERS = 1000
GIBIBYTE = 1 << 30


class Bench:
    def __init__(self, program, url):
        self.program, self.url = os.path.abspath(program), url
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.directory = tempfile.TemporaryDirectory(prefix="spider-check-bench-")
        self.logs = tempfile.TemporaryDirectory(prefix="spider-check-bench-", dir=memory)
        self.environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": self.directory.name,
                            "LANG": "C.UTF-8"}

    def configure(self, spiders, log_dir=None):
        lines = ["concurrency = 8", f'log_dir = "{log_dir or self.directory.name}/logs"', "[database]",
                 f'url = "{self.url}"']
        for name, command in spiders:
            lines += ["[[spider]]", f'name = "{name}"', f"command = {command}"]
        pathlib.Path(self.directory.name, "spider-check.toml").write_text("\n".join(lines) + "\n")

    def call(self, *args):
        """Wall seconds, CPU seconds and peak bytes of the command and of what it waited for."""
        start = time.perf_counter()
        process = subprocess.Popen(args, env=self.environment, cwd=self.directory.name,
                                   stdin=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        if status != 0:
            raise RuntimeError(f"{args} ended with {status}")
        return (time.perf_counter() - start, usage.ru_utime + usage.ru_stime,
                usage.ru_maxrss * 1024)

    def many(self):
        """The wall time of each, in turns."""
        self.configure([(f"s{n}", '["/bin/true"]') for n in range(SPIDERS)],
                       self.logs.name)
        xargs = ["sh", "-c", f"seq {SPIDERS} | xargs -P 8 -n 1 /bin/true"]
        times = {"xargs": [], "spider-check": []}
        self.call(self.program, "-q", "--force")  # makes a thousand directories for logs
        for _ in range(ROUNDS):
            times["xargs"].append(self.call(*xargs)[0])
            times["spider-check"].append(self.call(self.program, "-q", "--force")[0])
        return {name: statistics.median(values) for name, values in times.items()}


def tell(what, value, goal, text):
    print(f"{what:<58}{text:>12}   goal {goal}{'' if value <= goal else '   MISSED'}")


def main():
    program = os.path.abspath(sys.argv[1])
    with Postgres() as server:
        bench = Bench(program, server.create_database())
        bench.configure([("x", '["true"]')])
        bench.call(program, "migrate")
        many = bench.many()
        ratio = many["spider-check"] / many["xargs"]
        print(f"{SPIDERS} x /bin/true, 8 at a time: xargs {many['xargs']:.2f} s, "
              f"spider-check {many['spider-check']:.2f} s (medians of {ROUNDS})")
        tell("  wall, as a ratio to xargs, all recorded", ratio, 2.0, f"{ratio:.2f}")
        cpu, child, memory, quiet = loud(server, bench)
        tell("1 GiB to stderr: CPU of the program, of the child's", cpu / child, 0.02,
             f"{cpu / child:.2%}")
        more = (memory - quiet) / 1e6
        tell("  peak memory more than for a silent spider, MB", more, 1.0, f"{more:+.1f}")


def loud(server, bench):
    """CPU of the program and of its child, peak memory with the loud child and with a silent one."""
    write = f"yes 0123456789abcdef | head -c {GIBIBYTE} >&2"
    figures = {}
    bench.configure([("x", '["true"]')])
    bench.call(bench.program, "-q", "--force")  # forgets the thousand
    for name, script in (("silent", "exit 0"), ("loud", write)):
        bench.configure([("loud", f'["sh", "-c", "{script}"]')])
        figures[name] = own_usage(bench)
    with server.connect(bench.url) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT extract(epoch from cpu_time) FROM spider_run WHERE spider = 'loud' "
                       "ORDER BY run_id DESC LIMIT 1")
        child = float(cursor.fetchone()[0])
    cpu = figures["loud"][0] - figures["silent"][0]
    return max(cpu, 0), child, figures["loud"][1], figures["silent"][1]


def own_usage(bench):
    """The program's own CPU seconds and peak bytes, read at its end, without its children's."""
    process = subprocess.Popen([bench.program, "-q", "--force"], env=bench.environment,
                               cwd=bench.directory.name, stdin=subprocess.DEVNULL)
    # Waits without reaping: its /proc entry then still tells, in nanoseconds.
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    spent = int(pathlib.Path(f"/proc/{process.pid}/schedstat").read_text().split()[0])
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        raise RuntimeError(f"the program ended with {status}")
    return spent / 1e9, usage.ru_maxrss * 1024


main()
