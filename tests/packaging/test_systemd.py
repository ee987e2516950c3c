"""The units under a real systemd, on a fresh Debian."""

import contextlib
import datetime
import json
import os
import re
import threading
import time

import pytest

import debian_root
from debian_root import TOP, await_
from services import Services, shell

SYSTEM_UNITS = "/lib/systemd/system"
FAR = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=12)).strftime("*-*-* %H:00:00 UTC")


@pytest.fixture(scope="module")
def installed(package):
    """A fresh Debian with the package in it; nothing is enabled."""
    with debian_root.Root(debian_root.base()) as root:
        root.apt("satisfy", package.depends)
        root.at("/srv/spider-check.deb").write_bytes(package.deb.read_bytes())
        root.apt("install", "/srv/spider-check.deb")
        yield root


@pytest.fixture(scope="module")
def booted(installed):
    installed.run("useradd", "--create-home", "me")
    installed.run("systemctl", "mask", "cron.service")  # the program's line for cron is tried elsewhere
    # The power cuts here spare the disk, and recovery need not go through every file.
    installed.write("/etc/postgresql/15/main/conf.d/quick.conf", "fsync = off\n")
    # Some systems give services less time than Debian does.
    installed.write("/etc/systemd/system.conf.d/short.conf", "[Manager]\nDefaultTimeoutStopSec=20s\n")
    with debian_root.Machine(installed) as machine:
        services = Services(machine.boot())
        services.prepare_database()
        yield services


@pytest.fixture
def services(booted):
    if not booted.machine.is_on:
        booted.machine.boot()
    booted.reset()
    return booted


EXAMPLES = TOP / "systemd/systemd-drop-in.conf"


def said_by_examples(text):
    """The settings that are examples, without their #."""
    return re.findall(r"(?m)^#([A-Z]\w+=.*)$", text)


# --- What the units say ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["system", "user"])
def test_systemd_finds_no_fault_in_the_units(services, kind):
    directory = f"/usr/lib/systemd/{kind}"
    units = [f"{directory}/{path.name}" for path in services.root.at(directory).glob("spider-check*")]
    assert len(units) == {"system": 5, "user": 4}[kind]
    assert services.machine.run("systemd-analyze", "verify", "--man=no", f"--{kind}", *units,
                                env={"XDG_RUNTIME_DIR": "/tmp"}).stdout == ""


def test_systemd_finds_no_fault_in_the_example_of_a_drop_in(services):
    lines = said_by_examples(EXAMPLES.read_text())
    assert len(lines) > 10
    services.drop_in("spider-check.service", "[Unit]\n" + lines[0] + "\n[Service]\n" + "\n".join(lines[1:]) + "\n")
    assert services.machine.run("systemd-analyze", "verify", "--man=no", f"{SYSTEM_UNITS}/spider-check.service").stdout == ""


@pytest.mark.parametrize("unit", ["spider-check.service", "spider-check@news.service"])
def test_spiders_are_kept_from_the_system(services, unit):
    said = services.machine.run("systemd-analyze", "security", "--no-pager", unit).stdout
    assert float(re.search(r"Overall exposure level for \S+: ([0-9.]+)", said)[1]) <= 2.0, said


# --- Ticks ----------------------------------------------------------------------------------------


def test_before_there_is_a_configuration_nothing_runs_and_nothing_fails(services):
    services.calendar("spider-check.timer", "*:*:0/1")
    services.enable("spider-check.timer")
    await_(lambda: "unmet condition" in services.journal("spider-check.service"), "a tick")
    services.tick()
    assert services.show("spider-check.service", "ConditionResult") == "no"
    assert services.machine.run("systemctl", "is-failed", "spider-check.service", check=False).stdout.strip() == "inactive"
    assert not services.root.at("/var/lib/spider-check").exists()


@pytest.mark.parametrize("persistent", [True, False], ids=["as it is", "without Persistent="])
def test_after_a_night_off_the_timer_fires_at_once(services, persistent):
    machine = services.machine
    services.config(spiders={"a": ["true"]})
    services.calendar("spider-check.timer", FAR, *([] if persistent else ["Persistent=false"]))
    services.enable("spider-check.timer")
    services.tick()
    services.age(hours=20)
    machine.power_off()
    yesterday = time.time() - 20 * 3600
    stamp = services.root.at("/var/lib/systemd/timers/stamp-spider-check.timer")
    stamp.touch()
    os.utime(stamp, (yesterday, yesterday))
    started = time.time()
    machine.boot()
    if persistent:
        services.completed(2)
        ((start, missed),) = services.sql("SELECT extract(epoch from last_run_at), missed_intervals FROM"
                                          " scheduler_state WHERE lateness > '15 hours'")
        assert 0 <= float(start) - started < 60
        assert int(missed) == 4
    else:
        assert services.show("spider-check.timer", "ActiveState") == "active"
        left = services.machine.run("systemctl", "list-timers", "--output=json", "spider-check.timer").stdout
        assert json.loads(left)[0]["next"] / 1e6 - time.time() > 3600
        assert services.show("spider-check.service", "InvocationID") == ""
        assert len(services.runs()) == 1


def test_a_run_that_is_due_at_boot_does_not_keep_the_boot_from_being_over(services):
    services.config(spiders={"a": shell("touch $STATE_DIRECTORY/on; until [ -e $STATE_DIRECTORY/go ]; do sleep 0.05; done")})
    services.calendar("spider-check.timer", "*:*:0/1")
    services.enable("spider-check.timer")
    await_(services.note("on").exists, "the spider")
    assert services.show("spider-check.service", "ActiveState") == "active"
    assert services.machine.run("systemctl", "list-jobs", "--no-legend").stdout == ""
    services.note("go").touch()
    services.completed(1)


def test_each_schedule_of_the_template_has_its_own_interval_and_directories(services):
    units = ["spider-check@quick.service", "spider-check@slow-news.service"]
    services.config("quick", name="quick", interval="1h", spiders={"a": ["echo", "quick"]})
    services.config("slow-news", name="slow-news", interval="1d", spiders={"a": ["echo", "slow"]})
    services.tick(*units)
    assert sorted(run.schedule for run in services.runs()) == ["quick", "slow-news"]
    services.age(hours=2)
    services.tick(*units)
    assert sorted(run.schedule for run in services.runs()) == ["quick", "quick", "slow-news"]
    assert services.log("a", "quick") == "quick\n"
    assert services.log("a", "slow-news") == "slow\n"
    assert {"quick", "slow-news"} <= set(os.listdir(services.root.at("/var/lib/spider-check/journal")))
    # And their timers are theirs.
    for name in ("quick", "slow-news"):
        services.calendar(f"spider-check@{name}.timer", "*:*:0/1")
    services.age(hours=2)
    services.enable("spider-check@quick.timer")
    services.completed(4)
    assert [run.schedule for run in services.runs()].count("slow-news") == 1


def test_a_user_with_lingering_has_ticks_without_being_there(services):
    machine, at = services.machine, services.root.at
    services.config(path="/home/me/.config/spider-check/config.toml", database={"url": "postgresql:///mine?host=/run/postgresql"},
                    spiders={"a": ["id", "-un"]})
    services.calendar("spider-check.timer", "*:*:0/1", directory="/home/me/.config/systemd/user")
    services.write("/home/me/.env", "DB_NAME=another\n")
    machine.run("chown", "-R", "me:me", "/home/me")
    machine.run("spider-check", "migrate", user="me", env={"HOME": "/home/me"})
    uid = machine.run("id", "-u", "me").stdout.strip()
    manager = f"user@{uid}.service"
    machine.run("loginctl", "enable-linger", "me")
    await_(lambda: services.show(manager, "ActiveState") == "active", "the manager of the user")
    my = {"HOME": "/home/me", "XDG_RUNTIME_DIR": f"/run/user/{uid}"}
    machine.run("systemctl", "--user", "enable", "--now", "spider-check.timer", user="me", env=my)
    services.completed(1, "mine")
    assert services.log("a", directory="/home/me/.local/state/spider-check/logs") == "me\n"
    assert at("/home/me/.local/state/spider-check/journal/default").is_dir()
    services.sql("UPDATE scheduler_state SET last_run_at = last_run_at - interval '5 hours'", "mine")
    machine.power_off()
    machine.boot()
    services.completed(2, "mine")
    machine.run("loginctl", "disable-linger", "me")
    await_(lambda: services.show(manager, "ActiveState") == "inactive", "the end of the user's manager")


# --- A stop ---------------------------------------------------------------------------------------

# Notes who sends it each SIGTERM, and takes its time over the last words.
STOPPABLE = """#!/usr/bin/python3
import os, pathlib, signal, time
state = pathlib.Path(os.environ["STATE_DIRECTORY"])
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
if (state / "stopped").exists():
    raise SystemExit
(state / "working").touch()
while not (state / "go on").exists():
    if asked := signal.sigtimedwait({signal.SIGTERM}, 0.05):
        with open(state / "asked", "a") as file:
            file.write(pathlib.Path(f"/proc/{asked.si_pid}/comm").read_text())
(state / "stopped").write_text("last words")
"""


@contextlib.contextmanager
def stop_in_mid_run(services, stop):
    """While it is stopping; at the end it has stopped."""
    services.config(spiders={"before": ["true"], "slow": services.script("slow", STOPPABLE)}, concurrency=1)
    services.machine.run("systemctl", "start", "--no-block", "spider-check.service")
    await_(services.note("working").exists, "the spider")
    stopping = threading.Thread(target=stop)
    stopping.start()
    try:
        yield
    finally:
        services.note("go on").touch()
        stopping.join()


@pytest.mark.parametrize("how", ["stop", "power off"])
def test_a_stop_lets_spiders_finish_and_the_next_tick_goes_on(services, how):
    machine = services.machine
    stop = {"stop": lambda: machine.run("systemctl", "stop", "spider-check.service"), "power off": machine.power_off}[how]
    with stop_in_mid_run(services, stop):
        await_(services.note("asked").exists, "the request to stop")
    assert re.fullmatch(r"superv-\d+\n", services.note("asked").read_text())  # once, and not by systemd itself
    assert services.note("stopped").read_text() == "last words"
    if how == "power off":
        machine.boot()
    else:
        assert services.show("spider-check.service", "Result") == "success"
        assert services.show("spider-check.service", "ActiveState") == "inactive"
    (run,) = services.runs()
    assert (run.status, run.failure) == ("failed", "interrupted by SIGTERM")
    services.tick()
    (run,) = services.runs()
    assert (run.status, run.attempt) == ("completed", 2)
    assert services.sql("SELECT spider, count(*) FROM spider_run GROUP BY 1 ORDER BY 1") == [["before", "1"], ["slow", "2"]]


def test_a_run_that_a_power_cut_ended_is_finished_after_the_next_boot(services):
    with stop_in_mid_run(services, services.machine.power_cut):
        await_(lambda: not services.machine.is_on, "the end of the machine")
    assert not services.note("asked").exists()
    services.note("stopped").touch()
    services.machine.boot()
    assert services.runs()[0].status == "running"
    services.tick()
    (run,) = services.runs()
    assert (run.status, run.attempt) == ("completed", 2)


@pytest.mark.parametrize("unit", ["spider-check.service", "spider-check@news.service"])
def test_the_limits_of_systemd_are_wider_than_those_of_a_run(services, unit):
    assert services.show(unit, "TimeoutStopUSec") == "1min 30s"  # the grace is a minute
    assert services.show(unit, "RuntimeMaxUSec") == "12h"
    assert services.show(unit, "OOMPolicy") == "continue"  # what is killed is one spider, not the run


# --- The password ---------------------------------------------------------------------------------

PASSWORD = "hunter2 and more"
TCP = {"host": "127.0.0.1", "name": "scraping", "user": "spider-check"}
LOOK_AROUND = "env; echo ----; cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n'"


@pytest.fixture
def password(services):
    services.sql(f"ALTER ROLE \"spider-check\" PASSWORD '{PASSWORD}'")
    yield lambda path="/etc/spider-check/database-password": services.write(path, PASSWORD + "\n", 0o600)
    services.sql('ALTER ROLE "spider-check" PASSWORD NULL')


@pytest.mark.parametrize("unit", ["spider-check.service", "spider-check@config.service"])
def test_the_password_is_handed_to_the_program_alone(services, password, unit):
    password()
    services.config(database=TCP, spiders={"a": shell(LOOK_AROUND)}, name="x")
    services.tick(unit)
    assert [run.status for run in services.runs()] == ["completed"]
    log = services.log("a", "x")
    assert "STATE_DIRECTORY=/var/lib/spider-check\n" in log  # … or it would show nothing
    assert "CREDENTIALS_DIRECTORY" not in log.partition("----")[0]
    by_hand = services.machine.run("spider-check", "-c", "/etc/spider-check/config.toml", "status",
                                   env={"CREDENTIALS_DIRECTORY": "/etc/spider-check"}).stdout
    assert "completed" in by_hand
    for text in (log, by_hand, services.machine.run("systemctl", "show", unit).stdout,
                 services.machine.run("systemctl", "cat", unit).stdout,
                 services.machine.run("journalctl", "-b", "--no-pager").stdout):
        assert "hunter2" not in text


def test_without_the_password_the_service_starts_and_the_database_refuses_it(services, password):
    services.config(database=TCP, on_database_error="skip", spiders={"a": ["true"]})
    assert services.tick(check=False).returncode != 0
    assert services.show("spider-check.service", "ExecMainStatus") == "3"
    assert "password" in services.journal("spider-check.service")
    assert services.runs() == []


def test_a_schedule_can_have_a_password_of_its_own(services, password):
    password("/srv/secret")
    services.write("/etc/spider-check/database-password", "another's\n", 0o600)
    services.config("own", name="own", database=TCP, spiders={"a": ["true"]})
    services.drop_in("spider-check@own.service", "[Service]\nLoadCredential=database-password:/srv/secret\n")
    services.tick("spider-check@own.service")
    assert [run.status for run in services.runs()] == ["completed"]


# --- A failure ------------------------------------------------------------------------------------


@pytest.mark.parametrize("unit", ["spider-check.service", "spider-check@config.service"])
def test_a_failure_is_told_of_by_mail_and_as_an_error(services, unit):
    machine = services.machine
    teller = f"spider-check-failed@{unit}.service"
    mail = services.root.at("/var/mail/root")
    mail.unlink(missing_ok=True)
    services.write("/usr/sbin/sendmail", '#!/bin/sh\ncat >>/var/mail/root; echo "to $*" >>/var/mail/root\n', 0o755)
    services.root.at("/var/mail").chmod(0o1777)
    services.drop_in(unit, "[Unit]\nOnFailure=spider-check-failed@%n.service\n")
    services.config(spiders={"a": ["true"]}, name="x")
    services.tick(unit)
    services.tick(unit)
    assert "Recent run detected" in services.journal(unit)
    assert services.show(teller, "InvocationID") == ""
    services.config(spiders={"broken-one": ["false"]}, name="y")
    for _ in range(2):
        invocation = services.show(teller, "InvocationID")
        services.tick(unit, check=False)
        await_(lambda: services.show(teller, "InvocationID") != invocation and
               services.show(teller, "ActiveState") == "inactive", "the end of the unit that tells", machine.console)
        services.sql("TRUNCATE scheduler_state CASCADE")
    assert services.journal(teller, "--priority=err").splitlines() == [
        f"{unit} failed (exit-code, 1); see: journalctl -u {unit}"] * 2
    assert services.show(teller, "Result") == "success"
    text = mail.read_text()
    assert text.count(f"Subject: {unit} failed on ") == 1  # the second one within the hour is not sent
    assert "broken-one" in text
    assert text.endswith("to -i -- root\n")


def test_a_stop_is_no_failure(services):
    services.drop_in("spider-check.service", "[Unit]\nOnFailure=spider-check-failed@%n.service\n")
    with stop_in_mid_run(services, lambda: services.machine.run("systemctl", "stop", "spider-check.service")):
        await_(services.note("asked").exists, "the request to stop")
    assert services.runs()[0].status == "failed"
    assert services.show("spider-check-failed@spider-check.service.service", "InvocationID") == ""


# --- What spiders can and cannot do ---------------------------------------------------------------

SITE_UNIT = ["systemd-run", "--quiet", "--unit=site", "--service-type=exec", "python3", "-m", "http.server",
             "--bind", "127.0.0.1", "--directory", "/srv/site", "8000"]
JOBS = {
    "scrapy.cfg": "[settings]\ndefault = jobs.settings\n",
    "jobs/__init__.py": "",
    "jobs/settings.py": "SPIDER_MODULES = ['jobs.spiders']\nROBOTSTXT_OBEY = True\nTELNETCONSOLE_ENABLED = False\n"
                        "HTTPCACHE_ENABLED = True\nHTTPCACHE_DIR = '/srv/jobs/out/cache'\n"
                        "FEEDS = {'/srv/jobs/out/pages.jsonl': {'format': 'jsonlines'}}\n",
    "jobs/spiders/__init__.py": "import scrapy\n\n\nclass Pages(scrapy.Spider):\n    name = 'pages'\n"
                                "    start_urls = ['http://localhost:8000/index.html']\n\n"
                                "    def parse(self, response):\n        yield {'title': response.css('title::text').get()}\n",
}

TRY = (TOP / "tests/packaging/try_everything.py").read_text()


@pytest.fixture(scope="module")
def jobs(booted):
    """A Scrapy project that stores its feed in itself, and a site."""
    root, machine = booted.root, booted.machine
    for name, text in JOBS.items():
        root.write(f"/srv/jobs/{name}", text)
    root.write("/srv/site/index.html", "<title>Jobs</title>")
    root.write("/home/me/public", "x")
    machine.run("install", "-d", "-o", "spider-check", "/srv/jobs/out")
    machine.run("install", "-d", "-m", "777", "/srv/open")
    machine.run("install", "-m", "4755", "/usr/bin/id", "/srv/open/id")
    machine.run("chmod", "755", "/home/me")
    machine.run(*SITE_UNIT)
    await_(lambda: machine.run("python3", "-c", "import socket; socket.create_connection(('127.0.0.1', 8000))",
                               check=False).returncode == 0, "the site")
    return booted


OUT = "[Service]\nReadWritePaths=/srv/jobs/out\n"
PROJECT = {"project": "/srv/jobs", "command": ["/usr/bin/scrapy"]}


def test_scrapy_crawls_and_stores_where_a_drop_in_lets_it(jobs, services):
    services.config(scrapy=PROJECT)
    services.drop_in("spider-check.service", OUT)
    services.tick()
    assert services.sql("SELECT spider, verdict, items FROM spider_run") == [["pages", "ok", "1"]], services.log("pages")
    assert services.root.at("/srv/jobs/out/pages.jsonl").read_text() == '{"title": "Jobs"}\n'


def test_a_feed_that_may_not_be_stored_is_no_success(jobs, services):
    services.config(scrapy=PROJECT)
    assert services.tick(check=False).returncode != 0
    assert "Read-only file system" in services.log("pages")


@pytest.fixture
def attempts(jobs, services):
    """A spider that tries everything, and what it can do by what came of it."""
    spider = services.script("try", TRY)
    services.write("/etc/spider-check/database-password", "hunter2\n", 0o600)
    services.drop_in("spider-check.service", OUT)
    return spider


def test_spiders_can_do_what_spiders_do_and_no_more(services, attempts):
    services.config(spiders={"try": attempts}, rules={"nice": 5})
    services.tick()
    came_of = json.loads(services.log("try").splitlines()[-1])
    assert {name: end for name, end in came_of["can"].items() if end != "works"} == {}
    assert {name: end for name, end in came_of["cannot"].items() if end == "works"} == {}


def test_it_is_the_unit_that_keeps_them_from_more(services, attempts):
    services.machine.run("install", "-d", "-o", "spider-check", "/var/lib/spider-check")
    said = services.machine.run(*attempts, user="spider-check", env={"STATE_DIRECTORY": "/var/lib/spider-check"}).stdout
    came_of = json.loads(said.splitlines()[-1])["cannot"]
    assert [name for name, end in came_of.items() if end == "works"] == [
        "write where everybody may", "read a home", "list homes", "gain rights", "lend out rights", "make a container",
        "change the personality"]


def test_a_drop_in_has_spiders_run_as_somebody_else_in_their_home(services):
    machine = services.machine
    machine.run("install", "-d", "-o", "me", "-g", "me", "/home/me/jobs", "/home/me/jobs/out")
    (block,) = [part for part in EXAMPLES.read_text().split("\n\n") if "#User=" in part]
    services.drop_in("spider-check@mine.service", "\n".join(["[Service]", *said_by_examples(block), ""]))
    look = "id -un; cd ~; echo x >jobs/out/feed; touch jobs/x; env | grep DIRECTORY= | sort"
    services.config("mine", database={"url": "postgresql:///mine?host=/run/postgresql"}, name="mine",
                    spiders={"look": shell(look)})
    services.config(spiders={"other": ["true"]})
    machine.run("usermod", "--append", "--groups=spider-check", "me")
    machine.run("spider-check", "-c", "/etc/spider-check/mine.toml", "migrate", user="me", env={"HOME": "/home/me"})
    machine.run("gpasswd", "--delete", "me", "spider-check")
    services.tick("spider-check.service", "spider-check@mine.service")
    assert services.log("look", "mine", "/var/log/spider-check-me").splitlines() == [
        "me", "touch: cannot touch 'jobs/x': Read-only file system",
        "LOGS_DIRECTORY=/var/log/spider-check-me", "STATE_DIRECTORY=/var/lib/spider-check-me"]
    assert services.root.at("/home/me/jobs/out/feed").read_text() == "x\n"
    owners = machine.run("stat", "-c", "%U", "/var/lib/spider-check", "/var/lib/spider-check-me").stdout.split()
    assert owners == ["spider-check", "me"]


def test_a_drop_in_gives_a_browser_its_sandbox(jobs, services):
    services.config(spiders={"browser": ["unshare", "--user", "--pid", "--net", "--fork", "true"]})
    assert services.tick(check=False).returncode != 0
    services.sql("TRUNCATE scheduler_state CASCADE")
    services.drop_in("spider-check.service", "[Service]\nRestrictNamespaces=user pid net\n")
    services.tick()
    assert services.runs()[0].status == "completed"
