#!/usr/bin/python3
"""bench_reports.py PROGRAM MEASURE [ROWS [RUNS]]: what status and health cost beside a tick that
finds nothing to do, with ROWS rows (ten million) in spider_run.

Ten spiders a run; the newest tenth of the runs failed but for the very newest one, so that most
successes lie deep. A missed goal is no failure of the benchmark.
"""

import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from postgres import Postgres

ROWS = 10_000_000
RUNS = 200
SPIDERS = 10
GOAL = 2.0

# Loading is most of the benchmark's time: without WAL, and with memory for the indexes.
SETTINGS = {"wal_level": "minimal", "max_wal_senders": "0", "max_wal_size": "8GB",
            "maintenance_work_mem": "512MB", "shared_buffers": "1GB"}

RUN_ROWS = """
INSERT INTO scheduler_state (last_run_at, spider_count, status, owner_token, trigger, finished_at)
SELECT now() - n * interval '4 hours' - interval '1 minute', %(spiders)s,
       CASE WHEN n > %(runs)s / 10 OR n = 0 THEN 'completed' ELSE 'failed' END,
       gen_random_uuid(), 'tick', now() - n * interval '4 hours'
FROM generate_series(%(runs)s - 1, 0, -1) AS n
"""

SPIDER_ROWS = """
INSERT INTO spider_run (run_id, spider, attempt, started_at, finished_at, status, verdict, reasons,
                        exit_code, items, pages, errors, log_path)
SELECT s.id, 'spider-' || n, 1, s.last_run_at, s.last_run_at + interval '1 minute', s.status,
       CASE s.status WHEN 'completed' THEN 'ok' ELSE 'failed' END, '{}', 0, 100 + n, 10, 0, '/logs/x'
FROM scheduler_state s CROSS JOIN generate_series(1, %(spiders)s) AS n ORDER BY s.id, n
"""


def fill(server, url, rows):
    with server.connect(url) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index "
                       "WHERE indrelid IN ('scheduler_state'::regclass, 'spider_run'::regclass) "
                       "AND NOT indisprimary")
        indexes = cursor.fetchall()
        connection.autocommit = False
        for name, _ in indexes:
            cursor.execute(f"DROP INDEX {name}")
        cursor.execute("TRUNCATE scheduler_state CASCADE")  # in this transaction: rows without WAL
        numbers = {"spiders": SPIDERS, "runs": rows // SPIDERS}
        cursor.execute(RUN_ROWS, numbers)
        cursor.execute(SPIDER_ROWS, numbers)
        for _, definition in indexes:
            cursor.execute(definition)
        connection.commit()
        connection.autocommit = True
        cursor.execute("VACUUM ANALYZE scheduler_state")
        cursor.execute("VACUUM ANALYZE spider_run")


def medians(measure, runs, commands, environment, directory):
    """(wall in ms, CPU in ms) of each."""
    arguments = []
    for command in commands:
        arguments += [*(["--"] if arguments else []), *command]
    said = subprocess.run([measure, str(runs), *arguments], env=environment, cwd=directory, check=True,
                          capture_output=True, text=True)
    times = [[] for _ in commands]
    for line in said.stdout.splitlines():
        number, wall, cpu, _ = map(int, line.split())
        times[number].append((wall / 1e6, cpu / 1e3))
    return [tuple(map(statistics.median, zip(*of_one))) for of_one in times]


def main():
    if len(sys.argv) < 3:
        print(__doc__, file=sys.stderr)
        return 2
    program, measure = map(os.path.abspath, sys.argv[1:3])
    rows, runs = [*map(int, sys.argv[3:]), *[ROWS, RUNS][len(sys.argv) - 3:]]
    with tempfile.TemporaryDirectory(prefix="spider-check-bench-") as directory, \
            Postgres(**SETTINGS) as server:
        url = server.create_database()
        config = pathlib.Path(directory, "spider-check.toml")
        config.write_text(f'[database]\nurl = "{url}"\n[[spider]]\nname = "a"\ncommand = ["false"]\n')
        environment = {"HOME": directory, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
        base = [program, "-c", str(config)]
        subprocess.run([*base, "migrate"], env=environment, check=True, stdout=subprocess.DEVNULL)
        fill(server, url, rows)
        commands = {"a tick that skips": base, "status": [*base, "status"],
                    "health": [*base, "health"]}
        measured = medians(measure, runs, commands.values(), environment, directory)
    print(f"Beside a tick that finds nothing to do, {rows} rows in spider_run; medians of {runs} runs")
    print(f"{'':20}{'wall ms':>10}{'ratio':>8}{'CPU ms':>10}{'ratio':>8}{'goal':>8}")
    tick = measured[0]
    for name, (wall, cpu) in zip(commands, measured):
        line = f"{name:20}{wall:10.3f}{wall / tick[0]:8.2f}{cpu:10.3f}{cpu / tick[1]:8.2f}"
        if name != "a tick that skips":
            line += f"{GOAL:8.2f}  {'OK' if wall <= GOAL * tick[0] else 'MISSED'}"
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
