"""The real cron: the file in /etc/cron.d and a person's own crontab tick, and mail comes only when something failed.

One start of cron tries it all side by side: two schedules that succeed, one that fails, several minutes of each.
"""

import os
import re

import pytest

from cron_machine import CronMachine
from fixtures import migrated, server
from world import installed_root, toml

__all__ = ["migrated", "server"]

# What crontabs and shells take for more than text, a program that only a shell's PATH has, a .env file.
JOBS = "/home/alice/it's 100 % \\% jobs"
PREPARE = r"""
adduser --system --group --home /var/lib/spider-check spider-check
install -d -o spider-check -g spider-check -m 0700 /var/log/spider-check
useradd --create-home --shell /bin/sh alice
mkdir -p "$1/venv/bin" /home/alice/failing
printf '#!/bin/sh\nid -un\npwd\n' >"$1/venv/bin/fetch"
chmod 755 "$1/venv/bin/fetch"
chown -R alice: /home/alice
"""


def config(name, url, command):
    """The schedule of one program."""
    database = f"[database]\nurl = {toml(url)}\n" if url else ""
    return f"name = {toml(name)}\n{database}[[spider]]\nname = {toml(f'spider of {name}')}\ncommand = {toml(command)}\n"


def rows(connection):
    cursor = connection.cursor()
    cursor.execute("SELECT schedule, status, attempt FROM scheduler_state ORDER BY schedule")
    return cursor.fetchall()


def install_cron_file(machine):
    """As `meson install` puts it there, but for its prefix, and every minute."""
    (file,) = [path for path in installed_root().rglob("spider-check") if path.parent.name == "cron.d"]
    text, count = re.subn(r"^\*/5 ", "* ", file.read_text(), flags=re.M)
    assert count == 1
    machine.write("/etc/cron.d/spider-check", text.replace(str(installed_root()), "/usr/local"))


@pytest.fixture(scope="module")
def url(server, migrated):
    os.chmod(server.directory, 0o711)  # for other users than its own
    return server.create_database(migrated)


@pytest.fixture(scope="module")
def machine():
    with CronMachine() as machine:
        machine.run("/bin/sh", "-e", "-c", PREPARE, "sh", JOBS)
        yield machine


@pytest.fixture(scope="module")
def crontab(server, url, machine):
    """That of alice, after she has typed what README says, for two configurations."""
    database = url.partition(":///")[2].partition("?")[0]
    machine.write(f"{JOBS}/.env", f"DB_HOST={server.directory}\nDB_USER=postgres\nDB_NAME={database}\n")
    machine.write(f"{JOBS}/spider-check.toml", config("hers", "", ["fetch"]))
    machine.write("/home/alice/failing/my.toml", config("failing", url, ["/bin/false"]))
    machine.types("alice", f'cd "{JOBS}" && PATH="$PWD/venv/bin:$PATH" && export PATH && '
                           "(crontab -l; spider-check init --cron) | crontab -")
    machine.types("alice", "(crontab -l; spider-check init --cron -c failing/my.toml) | crontab -")
    return machine.types("alice", "crontab -l")


@pytest.fixture(scope="module")
def minutes(server, url, machine, crontab):
    """What was when cron had gone on for some minutes after every schedule had had its run."""
    machine.write("/etc/spider-check/config.toml", config("of the machine", url, ["/bin/sh", "-c", "id -un; pwd"]))
    install_cron_file(machine)
    machine.types("alice", r"(crontab -l | sed 's,^\*/5,*,'; echo '* * * * * echo >>minutes') | crontab -")
    machine.start_cron()
    passed = machine.at("/home/alice/minutes")

    def so_far():
        return len(passed.read_text()) if passed.exists() else 0

    with server.connect(url) as connection:
        machine.wait_until(lambda: [status for _, status, _ in rows(connection)].count("completed") == 2,
                           "the runs that complete")
        machine.wait_until(machine.mail, "mail of the run that fails")
        before = so_far()
        machine.wait_until(lambda: so_far() >= before + 2, "two minutes more")
        machine.stop_cron()
        return rows(connection)


def test_the_line_is_added_to_what_is_there(crontab):
    first, second = crontab.splitlines()
    assert first.startswith("*/5 * * * * PATH=") and second.startswith("*/5 * * * * /usr/local/bin/spider-check -q -c ")


def test_each_schedule_has_had_one_run(minutes):
    assert minutes == [("failing", "failed", 1), ("hers", "completed", 1), ("of the machine", "completed", 1)]


def test_the_only_mail_is_of_what_failed(machine, minutes):
    (mail,) = machine.mail()
    assert mail["To"] == "alice"
    assert "failing/my.toml" in mail["Subject"]
    assert "spider of failing" in mail.get_payload()


@pytest.mark.parametrize("logs, schedule, said", [
    ("/home/alice/.local/state/spider-check/logs", "hers", "alice\n/home/alice\n"),
    ("/var/log/spider-check", "of the machine", "spider-check\n/var/lib/spider-check\n")],
                         ids=["crontab", "cron.d"])
def test_spiders_run_as_their_owner_and_leave_their_logs_there(machine, minutes, logs, schedule, said):
    (log,) = machine.at(logs).glob(f"{schedule.replace(' ', '%20')}/*/*.log")
    assert log.read_text() == said


def test_nothing_of_the_machine_below_was_touched(machine, minutes):
    for path in ("/home/alice", "/etc/spider-check/config.toml", "/var/spool/cron/crontabs/alice", "/var/mail-of-cron"):
        assert machine.at(path).exists() and not os.path.exists(path)


def test_the_file_leaves_it_to_the_timer_where_systemd_is_in_charge(machine, minutes):
    """Also where the timer is stopped: whoever stops it does not want a tick without its sandbox."""
    (command,) = re.findall(r"^\* \* \* \* \* spider-check (.*)$", machine.at("/etc/cron.d/spider-check").read_text(),
                            re.M)

    def tick():
        return machine.run("runuser", "-u", "spider-check", "--", "env", "STATE_DIRECTORY=/var/lib/spider-check",
                           "LOGS_DIRECTORY=/var/log/spider-check", "/bin/sh", "-c", command.replace(" -q ", " "))

    assert "skipping" in tick()
    machine.run("mkdir", "-p", "/run/systemd/system")
    assert tick() == ""
