"""docs/migrate.md, as somebody follows it who has a scheduler that keeps its timer in memory; and back."""

import re

import pytest

from debian_root import TOP, await_
from readers import INSTALL, a_readers_machine, chapter, commands, rows, typed
from test_adoption import COUNT_BY_STATUS, NEWEST_COMPLETED, OLD_TABLE

GUIDE = (TOP / "docs/migrate.md").read_text(encoding="utf-8")

ENV = """\
DB_HOST=127.0.0.1
DB_PORT=5432
DB_NAME=scraping
DB_USER=scraper
DB_PASSWORD=secret
SCHEDULER_ENABLED=true
SCHEDULER_INTERVAL_HOURS=4
SCHEDULER_TIMEZONE=America/Bogota
SCHEDULER_MAX_INSTANCES=1
"""

# What such a program does: it looks once, at its start, and from then on knows by itself.
SCHEDULER = """#!/bin/bash
set -eu
cd /home/me/jobs
export PGHOST=$DB_HOST PGPORT=$DB_PORT PGDATABASE=$DB_NAME PGUSER=$DB_USER PGPASSWORD=$DB_PASSWORD
record() {
  psql -Xqc "INSERT INTO scheduler_state (last_run_at, spider_count, status, updated_at) VALUES (now(), 3, '$1', now())"
}
wait=$(psql -XqAt -c "SELECT greatest(0, ceil(EXTRACT(EPOCH FROM last_run_at - now()) + $SCHEDULER_INTERVAL_HOURS * 3600))
  FROM scheduler_state WHERE status = 'completed' ORDER BY last_run_at DESC LIMIT 1")
while :; do
  sleep "$wait"
  record running
  for spider in $(scrapy list); do scrapy crawl "$spider"; done
  record completed
  wait=$((SCHEDULER_INTERVAL_HOURS * 3600))
done
"""
SERVICE = """[Service]
User=me
EnvironmentFile=/home/me/jobs/.env
ExecStart=/srv/scheduler
"""
# In the machine the scheduler is no container, so there is none to be stopped.
DOCKER = """#!/bin/sh
[ "$1 $3" = "compose scheduler" ] && exec sudo systemctl "$2" scheduler.service
exit 2
"""
OLD_COLUMNS = "SELECT id, last_run_at, spider_count, status, created_at, updated_at FROM scheduler_state ORDER BY id"
COLUMNS = "SELECT attname FROM pg_attribute WHERE attrelid = 'scheduler_state'::regclass AND attnum > 0 AND NOT attisdropped"


@pytest.fixture
def machine(package):
    with a_readers_machine(package) as machine:
        root = machine.root
        root.write("/home/me/jobs/.env", ENV)
        root.write("/srv/scheduler", SCHEDULER, 0o755)
        root.write("/usr/local/bin/docker", DOCKER, 0o755)
        root.write("/etc/systemd/system/scheduler.service", SERVICE)
        machine.run("chown", "me", "/home/me/jobs/.env")
        machine.run("psql", "-Xqc", "CREATE ROLE scraper LOGIN PASSWORD 'secret'", user="postgres")
        machine.run("createdb", "--owner=scraper", "scraping", user="postgres")
        # As that program has left it, which made its table by itself.
        as_scraper(machine, OLD_TABLE)
        as_scraper(machine, "INSERT INTO scheduler_state (last_run_at, status) VALUES (now() - interval '5 hours', 'completed')")
        machine.run("systemctl", "start", "scheduler.service")
        await_(lambda: len(rows(machine, OLD_COLUMNS)) == 3, "a run of the scheduler",
               lambda: machine.run("journalctl", "-u", "scheduler.service").stdout)
        yield machine


def as_scraper(machine, statements):
    machine.run("psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-U", "scraper", "-d", "scraping", "-c",
                statements, env={"PGPASSWORD": "secret"})


def grow_old(machine):
    as_scraper(machine, "UPDATE scheduler_state SET last_run_at = last_run_at - interval '4 hours',"
                        " updated_at = updated_at - interval '4 hours'")


def is_active(machine):
    return machine.run("systemctl", "is-active", "scheduler.service", check=False).stdout.strip() == "active"


def what_cron_runs(machine):
    (line,) = machine.run("crontab", "-l", "-u", "me").stdout.splitlines()
    return re.fullmatch(r"\*/5 \* \* \* \* (.*)", line)[1]


def test_there_and_back_again(machine):
    before = rows(machine, OLD_COLUMNS)
    at_first = rows(machine, COLUMNS)
    typed(machine, [INSTALL])

    said = typed(machine, commands(chapter(GUIDE, "There")))
    assert not is_active(machine)
    assert rows(machine, OLD_COLUMNS) == before
    kept = machine.root.at("/home/me/jobs/scheduler_state.sql").read_text()
    assert kept.partition("FROM stdin;\n")[2].partition("\\.\n")[0].count("\n") == 3
    assert re.search(r"fresh: the data is [\d.]+ s old, the interval is 4h", said), said
    assert "Recent run detected, skipping immediate execution" in said

    grow_old(machine)
    assert typed(machine, [what_cron_runs(machine)]) == ""
    after = rows(machine, OLD_COLUMNS)
    assert [row[2:4] for row in after] == [["0", "completed"], ["3", "running"], ["3", "completed"], ["3", "completed"]]
    assert [row[0] for row in after[:3]] == [row[0] for row in before]
    assert rows(machine, COUNT_BY_STATUS) == [["completed", "3"], ["running", "1"]]
    assert rows(machine, NEWEST_COMPLETED)[0][0] == after[-1][1]

    # Back: it waits, since spider-check has run just now; and runs when that is long ago.
    *stop, remove = commands(chapter(GUIDE, "Back"))
    typed(machine, ["cd jobs", *stop])
    assert is_active(machine)
    assert machine.run("crontab", "-l", "-u", "me", check=False).stdout == ""
    assert rows(machine, OLD_COLUMNS) == after

    typed(machine, ["cd jobs", "docker compose stop scheduler", remove])
    assert rows(machine, COLUMNS) == at_first
    assert rows(machine, OLD_COLUMNS) == after
    grow_old(machine)
    typed(machine, ["docker compose start scheduler"])
    await_(lambda: [row[3] for row in rows(machine, OLD_COLUMNS)][4:] == ["running", "completed"], "a run of the scheduler",
           lambda: machine.run("journalctl", "-u", "scheduler.service").stdout)
