#!/usr/bin/python3
"""bench_query.py PROGRAM [ROWS…]: what the decision's query costs the server, with few rows and many.

The newest tenth of the rows are failures, so that the newest success lies deep. The query is the one
that the program itself sends, taken from the server's log. A missed goal is no failure of the
benchmark.
"""

import contextlib
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

FEW = 10
# Between the extremes, too: the planner chooses by size.
MANY = [100_000, 10_000_000]
GOAL = 1.10

# Loading is most of the benchmark's time: without WAL, and with memory for the indexes.
SETTINGS = {"wal_level": "minimal", "max_wal_senders": "0", "max_wal_size": "8GB",
            "maintenance_work_mem": "512MB", "shared_buffers": "256MB", "log_statement": "all"}


def tick(program, url, *args):
    with tempfile.TemporaryDirectory(prefix="spider-check-bench-") as directory:
        config = pathlib.Path(directory, "spider-check.toml")
        config.write_text(f'[database]\nurl = "{url}"\n[[spider]]\nname = "a"\ncommand = ["false"]\n')
        subprocess.run([program, "-c", config, *args], env={"HOME": directory, "PATH": "/usr/bin:/bin"},
                       cwd=directory, check=True, timeout=60, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)


def fill(server, url, rows):
    """One run a minute; the newest tenth failed."""
    with server.connect(url) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index "
                       "WHERE indrelid = 'scheduler_state'::regclass AND NOT indisprimary")
        indexes = cursor.fetchall()
        connection.autocommit = False
        for name, _ in indexes:
            cursor.execute(f"DROP INDEX {name}")
        cursor.execute("TRUNCATE scheduler_state CASCADE")  # in this transaction: rows without WAL
        cursor.execute(
            "INSERT INTO scheduler_state (last_run_at, spider_count, status) "
            "SELECT now() - n * interval '1 minute', 3, "
            "CASE WHEN n > %(rows)s / 10 THEN 'completed' ELSE 'failed' END "
            "FROM generate_series(%(rows)s, 1, -1) AS n", {"rows": rows})
        for _, definition in indexes:
            cursor.execute(definition)
        connection.commit()
        connection.autocommit = True
        cursor.execute("VACUUM ANALYZE scheduler_state")


def query_of(program, server, url):
    """The statement by which the program finds the newest success, with its values in it. In the same
    message, before it, the program sees to the search_path."""
    with server.connect(url) as connection:
        connection.cursor().execute("INSERT INTO scheduler_state (last_run_at, spider_count) "
                                    "VALUES (now() - interval '1 hour', 3)")
    before = len(server.log)
    tick(program, url)
    said = server.log[before:].replace("\n\t", " ")
    found = re.findall(r"LOG:  (?:statement|execute [^:]*): (SELECT\b.*\(epoch from last_run_at\).*)"
                       r"(?:\n.*DETAIL:  parameters: (.*))?", said, re.I)
    if len(found) != 1:
        raise RuntimeError(f"a skip asks {len(found)} queries, not one:\n{said}")
    query, parameters = found[0]
    for number, value in re.findall(r"\$(\d+) = ('(?:[^']|'')*'|NULL)", parameters):
        query = re.sub(rf"\${number}\b", lambda _, value=value: value, query)
    return query.rpartition("; ")[2]


def cost(cursor, query):
    """Planning and execution in ms, as the server measures them."""
    cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, SUMMARY ON, FORMAT JSON) {query}")
    (plan,) = cursor.fetchone()[0]
    return plan["Planning Time"], plan["Execution Time"]


def in_turns(rounds, urls):
    for number in range(rounds):
        yield from urls if number % 2 else reversed(urls)


def in_one_session(server, urls, query):
    """What the query costs once everything is warm: (planning, execution) for each database."""
    costs = {url: [] for url in urls}
    with contextlib.ExitStack() as stack:
        cursors = {url: stack.enter_context(server.connect(url)).cursor() for url in urls}
        for cursor in cursors.values():
            cursor.execute("SET log_statement = 'none'")
            cost(cursor, query)
        for url in in_turns(2000, urls):
            costs[url].append(cost(cursors[url], query))
    return costs


def in_new_sessions(server, urls, query):
    """What it costs a tick, which asks once in a session of its own, whose caches are empty."""
    costs = {url: [] for url in urls}
    for url in in_turns(200, urls):
        with server.connect(url) as connection:
            costs[url].append(cost(connection.cursor(), query))
    return costs


def plan_of(server, url, query):
    with server.connect(url) as connection:
        cursor = connection.cursor()
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF) {query}")
        return "\n".join(f"    {line}" for (line,) in cursor.fetchall())


def table(title, sizes, costs):
    lines = [f"{title:28}{'planning':>11}{'execution':>11}{'both':>11}{'ratio':>9}{'goal':>8}"]
    few = None
    for size, of_one in zip(sizes, costs.values()):
        values = [statistics.median(column) for column in zip(*((p, e, p + e) for p, e in of_one))]
        line = f"{size:23} rows" + "".join(f"{value:11.4f}" for value in values)
        if few:
            ratio = values[2] / few
            line += f"{ratio:9.3f}{GOAL:8.2f}  {'OK' if ratio <= GOAL else 'MISSED'}"
        few = few or values[2]
        lines.append(line)
    return "\n".join(lines)


def main():
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    program = os.path.abspath(sys.argv[1])
    sizes = [FEW, *(map(int, sys.argv[2:]) if len(sys.argv) > 2 else MANY)]
    with Postgres(**SETTINGS) as server:
        urls = [server.create_database() for _ in sizes]
        for url in urls:
            tick(program, url, "migrate")
        query = query_of(program, server, urls[0])
        for url, rows in zip(urls, sizes):
            fill(server, url, rows)
        print("The decision's query, medians in ms, the newest tenth of the rows being failures")
        print(f"    {query}")
        print(table("in sessions of their own", sizes, in_new_sessions(server, urls, query)))
        print(table("again and again in one", sizes, in_one_session(server, urls, query)))
        for url, rows in zip(urls, sizes):
            print(f"the plan with {rows} rows:")
            print(plan_of(server, url, query))
    return 0


if __name__ == "__main__":
    sys.exit(main())
