#!/usr/bin/python3
"""bench_probe.py PROBE [RUNS]: what the probe costs a crawl, at its start and for each item.

The same crawl with and without it, one after the other, in processor time. Its modules are compiled
at each start, as where nobody may write what Python compiled; a second row has them compiled.
"""

import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

RUNS = 11
ITEMS = 5000
GOALS = {"start": (20, "ms"), "item": (15, "µs")}
SPIDER = """import scrapy


class Spider(scrapy.Spider):
    name = "many"
    start_urls = ["data:,x"]
    custom_settings = {"LOG_LEVEL": "WARNING", "TELNETCONSOLE_ENABLED": False,
                       "REQUEST_FINGERPRINTER_IMPLEMENTATION": "2.7"}

    def parse(self, response):
        for number in range(int(self.items)):
            yield {"title": "Job", "pay": number, "text": ""}
"""


class Bench:
    def __init__(self, probe, runs):
        self.runs = runs
        self.temporary = tempfile.TemporaryDirectory(prefix="spider-check-bench-")
        self.directory = pathlib.Path(self.temporary.name)
        shutil.copytree(probe, self.directory / "probe", ignore=shutil.ignore_patterns("__pycache__"))
        (self.directory / "many.py").write_text(SPIDER)
        (self.directory / "report").touch()

    def seconds(self, items, env):
        """Of processor time."""
        command = ["/usr/bin/scrapy", "runspider", "many.py", "-a", f"items={items}"]
        child = subprocess.Popen(command, cwd=self.directory, env={"PATH": "/usr/bin:/bin", **env},
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        if status != 0:
            raise RuntimeError("the crawl failed")
        return usage.ru_utime + usage.ru_stime

    def environments(self, compiled):
        probe = {"PYTHONPATH": str(self.directory / "probe"), "SPIDERCHECK_TOKEN": "t",
                 "SPIDERCHECK_REPORT": str(self.directory / "report")}
        if compiled:
            return [{}, probe]
        return [{"PYTHONDONTWRITEBYTECODE": "1", **more} for more in ({}, probe)]

    def extra(self, items, compiled):
        """The time without, and the median of what the probe adds to it."""
        pairs = [[self.seconds(items, env) for env in self.environments(compiled)]
                 for _ in range(self.runs)]
        return (statistics.median(without for without, _ in pairs),
                statistics.median(probed - without for without, probed in pairs))

    def rows(self):
        plain, start = self.extra(1, compiled=False)
        yield "start", "start, not compiled", plain * 1e3, start * 1e3
        self.extra(1, compiled=True)  # writes what Python compiles
        plain, start = self.extra(1, compiled=True)
        yield "start", "start, compiled", plain * 1e3, start * 1e3
        all_of_them, extra = self.extra(ITEMS, compiled=True)
        yield "item", "an item", (all_of_them - plain) / ITEMS * 1e6, (extra - start) / ITEMS * 1e6


def main():
    if len(sys.argv) not in (2, 3):
        print(__doc__, file=sys.stderr)
        return 2
    runs = int(sys.argv[2]) if len(sys.argv) == 3 else RUNS
    print(f"{'medians of ' + str(runs) + ' crawls':24}{'without':>12}{'probe':>12}{'ratio':>9}"
          f"{'goal':>12}")
    for kind, name, plain, extra in Bench(sys.argv[1], runs).rows():
        goal, unit = GOALS[kind]
        print(f"{name:24}{plain:9.1f} {unit}{extra:+9.1f} {unit}{(plain + extra) / plain:9.3f}"
              f"{goal:9} {unit}  {'OK' if extra <= goal else 'MISSED'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
