#!/usr/bin/python3
"""bench.py PROGRAM BASELINE MEASURE [RUNS]: what a tick costs that finds nothing to do.

Side by side with a C program that only connects, sends one query and exits. The goals are ratios to
that one; missing one is said, and is no failure of the benchmark.
"""

import collections
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from postgres import Postgres
from round_trips import CountingProxy

RUNS = 300
GOALS = {"wall": 1.10, "CPU": 1.10, "instructions": 1.10, "peak memory": 1.30}
MAX_EXTRA_ROUND_TRIPS = 1

Run = collections.namedtuple("Run", "wall cpu memory")


class Bench:
    def __init__(self, program, baseline, measure, runs):
        self.program, self.baseline, self.measure = map(os.path.abspath, (program, baseline, measure))
        self.runs = runs
        self.directory = tempfile.TemporaryDirectory(prefix="spider-check-bench-")
        self.environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": self.directory.name,
                            "LANG": "C.UTF-8"}

    def commands(self, url):
        """The baseline, and the same tick with and without its log lines."""
        config = pathlib.Path(self.directory.name, "spider-check.toml")
        config.write_text(f'[database]\nurl = "{url}"\n[[spider]]\nname = "a"\ncommand = ["false"]\n')
        tick = [self.program, "-c", str(config)]
        return {"baseline": [self.baseline, url], "a skip with -q": [*tick, "-q"],
                "a skip that says so": tick}

    def call(self, command, **options):
        return subprocess.run(command, env=self.environment, cwd=self.directory.name, check=True,
                              timeout=600, **options)

    def prepare(self, server):
        url = server.create_database()
        self.call([*self.commands(url)["a skip that says so"], "migrate"], stdout=subprocess.DEVNULL)
        with server.connect(url) as connection:
            cursor = connection.cursor()
            cursor.execute("INSERT INTO scheduler_state (last_run_at, spider_count) "
                           "VALUES (now() - interval '1 hour', 3)")
            cursor.execute("ANALYZE")
        said = self.call(self.commands(url)["a skip that says so"], capture_output=True, text=True)
        if "Recent run detected" not in said.stderr:
            raise RuntimeError(f"the tick does not skip: {said.stderr}")
        return url

    def times(self, commands):
        arguments = []
        for command in commands.values():
            arguments += [*(["--"] if arguments else []), *command]
        output = self.call([self.measure, str(self.runs), *arguments], capture_output=True, text=True)
        runs = {name: [] for name in commands}
        for line in output.stdout.splitlines():
            number, *values = map(int, line.split())
            runs[list(commands)[number]].append(Run(*values))
        return {name: Run(*(statistics.median(column) for column in zip(*of_one)))
                for name, of_one in runs.items()}

    def instructions(self, command):
        out = pathlib.Path(self.directory.name, "callgrind.out")
        self.call(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}",
                   "--log-file=/dev/null", *command],
                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return int(re.search(r"^(?:totals|summary): (\d+)", out.read_text(), re.M)[1])

    def round_trips(self, server, database):
        with CountingProxy(server.directory) as proxy:
            url = database.replace(str(server.directory), proxy.directory)
            counts = {}
            for name, command in self.commands(url).items():
                with proxy.counting():
                    self.call(command, stderr=subprocess.DEVNULL)
                counts[name] = proxy.round_trips
        return counts

    def measure_all(self):
        """What was measured of each command, by name."""
        with Postgres() as server:
            url = self.prepare(server)
            commands = self.commands(url)
            times = self.times(commands)
            instructions = {name: self.instructions(command) for name, command in commands.items()}
            trips = self.round_trips(server, url)
        return {name: {"wall": times[name].wall / 1e6, "CPU": times[name].cpu / 1e3,
                       "instructions": instructions[name] / 1e6,
                       "peak memory": times[name].memory / 1024, "round trips": trips[name]}
                for name in commands}


UNITS = {"wall": "ms", "CPU": "ms", "instructions": "million", "peak memory": "MiB",
         "round trips": ""}


def table(measured):
    baseline = measured.pop("baseline")
    lines = []
    for name, values in measured.items():
        lines.append(f"{name:32}{'value':>10}{'baseline':>10}{'ratio':>9}{'goal':>9}")
        for key, value in values.items():
            what = f"  {key} {UNITS[key]}"
            if key == "round trips":
                extra = value - baseline[key]
                ratio, goal = f"{extra:+d}", f"{MAX_EXTRA_ROUND_TRIPS:+d}"
                met = extra <= MAX_EXTRA_ROUND_TRIPS
                what += f"{value:{42 - len(what)}d}{baseline[key]:10d}"
            else:
                ratio, goal = f"{value / baseline[key]:.3f}", f"{GOALS[key]:.2f}"
                met = value / baseline[key] <= GOALS[key]
                what += f"{value:{42 - len(what)}.3f}{baseline[key]:10.3f}"
            lines.append(f"{what}{ratio:>9}{goal:>9}  {'OK' if met else 'MISSED'}")
    return "\n".join(lines)


def main():
    if len(sys.argv) not in (4, 5):
        print(__doc__, file=sys.stderr)
        return 2
    runs = int(sys.argv[4]) if len(sys.argv) == 5 else RUNS
    bench = Bench(*sys.argv[1:4], runs)
    print(f"A tick that finds nothing to do, beside a bare query; medians of {runs} runs of each")
    print(table(bench.measure_all()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
