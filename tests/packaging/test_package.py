"""What becomes of a system that gets the Debian package, is upgraded, and gets rid of it again. What is
looked at is collected when it is so, by the fixtures."""

import os
import pathlib
import re
import subprocess
import types

import pytest

import debian_root
from debian_root import TOP, await_

USER = "spider-check"
HOME = "/var/lib/spider-check"
PAGE = f"{HOME}/page.html"
CONFIG = "/etc/spider-check/config.toml"
CRON = "/etc/cron.d/spider-check"
EXAMPLES = "/usr/share/doc/spider-check/examples"
TIMER, SERVICE = "spider-check.timer", "spider-check.service"
SECOND_TIMER = "spider-check@second.timer"  # of a schedule that is not configured yet
BROKEN_SERVICE = "spider-check@broken.service"
NOTE = "/etc/spider-check/note"
DROP_IN = "/etc/systemd/system/spider-check.service.d/places.conf"
STAMP = f"/var/lib/systemd/timers/stamp-{TIMER}"

# A fifo holds it where the test wants a run to be going on.
PROGRAM = f"""#!/bin/sh
id -un >>{HOME}/collected
[ ! -p /srv/gate ] || read -r word </srv/gate
"""
OF_BEFORE = "# of the version before\n"
CHANGE = "# changed by the administrator\n"


@pytest.fixture(scope="session")
def version_before(package, tmp_path_factory):
    """The same with a lower number, a file that is no more, another timer and another cron file."""
    directory = tmp_path_factory.mktemp("before")
    tree = directory / "tree"
    subprocess.run(["dpkg-deb", "--raw-extract", package.deb, tree], check=True)
    control = tree / "DEBIAN/control"
    control.write_text(re.sub("^Version: .*$", "Version: 0.0.9", control.read_text(), flags=re.M))
    (tree / "usr/share/spider-check/of-0.0.9").write_text("gone after the upgrade\n")
    (timer,) = tree.glob(f"**/system/{TIMER}")
    timer.write_text(OF_BEFORE + timer.read_text())
    os.utime(timer, (1e9, 1e9))  # systemd looks whether the file is newer than what it has read
    cron = tree / CRON.lstrip("/")
    cron.write_text(OF_BEFORE + cron.read_text())
    deb = directory / "spider-check_0.0.9.deb"
    subprocess.run(["dpkg-deb", "--root-owner-group", "--build", tree, deb], check=True, stdout=subprocess.DEVNULL)
    return deb


def ready_root(package):
    """A root with everything that the package depends on, so that nothing else comes and goes with it."""
    root = debian_root.Root(debian_root.base())
    try:
        root.apt("satisfy", package.depends)
        return root
    except BaseException:
        root.remove()
        raise


def put(root, deb):
    """The package into the root; as apt needs to be told of it."""
    path = f"/srv/{deb.name}"
    root.at(path).write_bytes(deb.read_bytes())
    return path


def stat_of(root, path):
    status = root.at(path).stat()
    names = {}
    for file, name in (("/etc/passwd", "user"), ("/etc/group", "group")):
        for line in root.at(file).read_text().splitlines():
            names[name, int(line.split(":")[2])] = line.split(":")[0]
    return f"{names['user', status.st_uid]}:{names['group', status.st_gid]} {status.st_mode & 0o7777:o}"


def accounts(root):
    return [line for file in ("/etc/passwd", "/etc/group") for line in root.at(file).read_text().splitlines()
            if line.startswith(f"{USER}:")]


# --- Installed, and nothing else ------------------------------------------------------------------


@pytest.fixture(scope="module")
def machine(package):
    with ready_root(package) as root:
        # Its ticks would come in between; the cron file is tried by its own tests.
        root.run("systemctl", "mask", "cron.service")
        root.write("/srv/collect", PROGRAM, 0o755)
        with debian_root.Machine(root) as machine:
            yield machine.boot()


def apt(machine, *arguments):
    return machine.run("apt-get", "-q", "-y", *arguments, env={"DEBIAN_FRONTEND": "noninteractive"}).stdout


def property_of(machine, unit, name):
    return machine.run("systemctl", "show", "--value", f"--property={name}", unit).stdout.strip()


def facts(machine, **more):
    """What is to be known of the timer, the service and the directories, at this moment."""
    return types.SimpleNamespace(
        enabled=machine.run("systemctl", "is-enabled", TIMER, check=False).stdout.strip(),
        timer=machine.run("systemctl", "is-active", TIMER, check=False).stdout.strip(),
        second=machine.run("systemctl", "is-active", SECOND_TIMER, check=False).stdout.strip(),
        service=machine.run("systemctl", "is-active", SERVICE, check=False).stdout.strip(),
        failed=machine.run("systemctl", "--failed", "--plain", "--no-legend").stdout,
        directories={path: stat_of(machine.root, path) for path in ("/etc/spider-check", HOME, "/var/log/spider-check")
                 if machine.root.at(path).exists()},
        **more)


def rows(machine, query):
    return machine.run("psql", "-XqAt", "-d", "scraping", "-c", query, user="postgres").stdout.split("\n")[:-1]


@pytest.fixture(scope="module")
def installed(machine, version_before):
    said = apt(machine, "install", put(machine.root, version_before))
    return facts(machine, said=said, accounts=accounts(machine.root),
                 started=property_of(machine, SERVICE, "ExecMainStartTimestamp"),
                 links=[str(link) for link in machine.root.at("/etc/systemd").rglob("*spider-check*")],
                 conffiles=machine.run("dpkg-query", "--show", "--showformat=${Conffiles}", "spider-check").stdout,
                 verify=machine.run("systemd-analyze", "verify", SERVICE, TIMER, check=False).stdout)


def test_after_the_installation_nothing_runs_and_nothing_fails(installed):
    assert (installed.enabled, installed.timer, installed.service) == ("disabled", "inactive", "inactive")
    assert installed.started == ""
    assert installed.links == []
    assert "spider-check" not in installed.failed
    assert "spider-check" not in installed.verify


def test_the_user_can_neither_log_in_nor_have_its_directories_read_by_others(installed):
    password, group = installed.accounts
    assert re.fullmatch(rf"{USER}:[^:]*:\d+:\d+:[^:]*:{HOME}:/usr/sbin/nologin", password)
    assert group.endswith(":")
    assert installed.directories == {"/etc/spider-check": f"root:{USER} 2750", HOME: f"{USER}:{USER} 700",
                                 "/var/log/spider-check": f"{USER}:{USER} 700"}


def test_the_cron_file_is_a_conffile_and_the_only_one(installed):
    assert [line.split()[0] for line in installed.conffiles.splitlines() if line] == [CRON]


# --- Configured and run, as docs/install.md says --------------------------------------------------


@pytest.fixture(scope="module")
def configured(machine, installed):
    """By an administrator, with the example as the beginning."""
    root = machine.root
    machine.run("createuser", USER, user="postgres")
    machine.run("createdb", "--owner", USER, "scraping", user="postgres")
    machine.run("cp", "-r", f"{EXAMPLES}/jobs", "/srv/jobs")
    machine.run("install", "-d", "-o", USER, "/srv/jobs/output")
    machine.run("install", "-m", "640", "-g", USER, f"{EXAMPLES}/config.toml", "/etc/spider-check/")
    root.write(DROP_IN, "[Service]\nReadWritePaths=/srv/jobs/output\n")
    machine.run("systemctl", "daemon-reload")
    text = root.at(CONFIG).read_text()
    machine.run("touch", NOTE)
    text, count = re.subn('(?m)^#url = "postgresql://me@localhost/jobs"', 'url = "postgresql:///scraping"', text)
    assert count == 1
    root.at(CONFIG).write_text(text + f'[report]\npath = "{PAGE}"\n[[spider]]\nname = "collect"\ncommand = ["/srv/collect"]\n')
    migrated = by_hand(machine, "migrate").stdout
    return types.SimpleNamespace(text=text, migrated=migrated, checked=by_hand(machine, "check", check=False),
                                 status=by_hand(machine, "status").stdout, file=stat_of(root, NOTE))


def by_hand(machine, *words, check=True):
    return machine.run("spider-check", *words, user=USER, check=check, env={"HOME": HOME}, cwd="/")


def test_the_example_of_a_configuration_is_what_init_writes_but_for_the_places_of_the_package(configured):
    written = (TOP / "tests/golden/new-config.toml").read_text().splitlines()
    changed = {line.split(" ")[0]: line for line in configured.text.splitlines() if line not in written}
    assert set(changed) == {"state_dir", "log_dir", "project", "command", "url"}
    assert changed["state_dir"].startswith(f'state_dir = "{HOME}" ')
    assert changed["log_dir"].startswith('log_dir = "/var/log/spider-check" ')
    assert changed["project"].startswith('project = "/srv/jobs" ')
    assert changed["command"].startswith('command = ["/usr/bin/scrapy"] ')


def test_the_check_finds_everything_in_order(configured):
    assert configured.checked.returncode == 0, configured.checked.stdout
    for spider in ("listing", "api", "sitemap", "collect"):
        assert spider in configured.checked.stdout


def test_a_file_that_root_makes_beside_it_is_for_the_group_of_the_service(configured):
    assert configured.file == f"root:{USER} 644"


@pytest.fixture(scope="module")
def ran(machine, configured):
    """The one command that switches it on, and a tick."""
    machine.run("systemctl", "enable", "--now", TIMER)
    machine.run("systemctl", "enable", "--now", SECOND_TIMER)
    machine.run("systemctl", "start", "--wait", SERVICE)
    return facts(machine, result=property_of(machine, SERVICE, "Result"),
                 runs=rows(machine, "SELECT status, spider_count FROM scheduler_state"),
                 spiders=rows(machine, "SELECT spider, verdict FROM spider_run ORDER BY spider"),
                 collected=machine.root.at(f"{HOME}/collected").read_text(),
                 log=by_hand(machine, "logs", "listing").stdout,
                 status=by_hand(machine, "status").stdout,
                 made=[path for path in (STAMP, PAGE) if machine.root.at(path).exists()])


def test_a_tick_of_the_service_runs_the_spiders_as_their_own_user(ran):
    assert (ran.result, ran.runs) == ("success", ["completed|4"])
    assert ran.spiders == ["api|ok", "collect|ok", "listing|ok", "sitemap|ok"]
    assert ran.collected == f"{USER}\n"


def test_one_command_switches_it_on(ran):
    assert (ran.enabled, ran.timer, ran.made) == ("enabled", "active", [STAMP, PAGE])


def test_commands_by_hand_find_what_the_service_has_written(ran):
    assert "finish_reason" in ran.log
    assert "fresh" in ran.status
    assert ran.directories[HOME] == f"{USER}:{USER} 700"


# --- Upgraded, while a run is going on ------------------------------------------------------------


def age(machine):
    rows(machine, "UPDATE scheduler_state SET last_run_at = last_run_at - interval '5 hours'")


def history(machine):
    """What became of the service, for whoever reads of a failure."""
    said = machine.run("journalctl", "--no-pager", "-u", SERVICE, "-u", "postgresql@15-main", check=False).stdout
    return "\n".join([said, *rows(machine, "SELECT * FROM scheduler_state"), machine.console()])


def hold_a_run(machine):
    """Starts one, and returns when its program waits.

    The timer may start it as well, and to start what is active is to do nothing: where that tick looked before its
    data was old, it is for the next one.
    """
    collected = machine.root.at(f"{HOME}/collected")
    before = collected.read_text()
    machine.run("mkfifo", "--mode=666", "/srv/gate")
    age(machine)

    def has_begun():
        if property_of(machine, SERVICE, "ActiveState") != "active":
            machine.run("systemctl", "reset-failed", SERVICE, check=False)  # its starts are counted anew
            machine.run("systemctl", "start", SERVICE)
        return collected.read_text() != before

    await_(has_begun, "a run", lambda: history(machine))
    return property_of(machine, SERVICE, "MainPID")


def let_it_end(machine):
    machine.run("timeout", "60", "sh", "-c", "echo go >/srv/gate")  # waits until it is read
    await_(lambda: property_of(machine, SERVICE, "ActiveState") == "inactive", "the end of the run", machine.console)
    machine.root.at("/srv/gate").unlink()


@pytest.fixture(scope="module")
def upgraded(machine, ran, package):
    root = machine.root
    root.at(CRON).write_text(root.at(CRON).read_text() + CHANGE)
    before = property_of(machine, TIMER, "ActiveEnterTimestampMonotonic")
    pid = hold_a_run(machine)
    said = apt(machine, "-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold",
               "install", put(root, package.deb))
    found = facts(machine, said=said, before=before, pid=pid, pid_now=property_of(machine, SERVICE, "MainPID"),
                  reload=property_of(machine, TIMER, "NeedDaemonReload"),
                  version=machine.run("dpkg-query", "--show", "--showformat=${Version}", "spider-check").stdout,
                  old_file=root.at("/usr/share/spider-check/of-0.0.9").exists(), cron=root.at(CRON).read_text())
    let_it_end(machine)
    found.result = property_of(machine, SERVICE, "Result")
    found.runs = rows(machine, "SELECT status FROM scheduler_state ORDER BY id")
    return found


def test_an_upgrade_replaces_the_files(upgraded, package):
    assert (upgraded.version, upgraded.old_file) == (package.version, False)


def test_a_conffile_that_was_changed_is_kept(upgraded):
    assert upgraded.cron.startswith(OF_BEFORE) and upgraded.cron.endswith(CHANGE)


def test_a_timer_that_was_enabled_stays_enabled_and_active(upgraded):
    assert (upgraded.enabled, upgraded.timer, upgraded.reload) == ("enabled", "active", "no")
    assert upgraded.second == "active"


def test_a_run_that_goes_on_is_not_disturbed_by_an_upgrade(upgraded):
    assert upgraded.service in ("activating", "active")
    assert upgraded.pid == upgraded.pid_now != "0"
    assert (upgraded.result, upgraded.runs) == ("success", ["completed", "completed"])


# --- Removed, and purged --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def removed(machine, upgraded):
    root = machine.root
    root.write("/etc/spider-check/broken.toml", "nonsense\n")
    machine.run("systemctl", "start", "--wait", BROKEN_SERVICE, check=False)
    before = facts(machine)
    hold_a_run(machine)
    said = apt(machine, "remove", "spider-check")
    found = facts(machine, said=said, before=before, runs=rows(machine, "SELECT status FROM scheduler_state ORDER BY id"),
                  kept=[path for path in (CONFIG, CRON, f"{HOME}/collected", f"{HOME}/journal") if root.at(path).exists()],
                  processes=machine.run("find", "/proc", "-maxdepth", "1", "-user", USER).stdout,
                  logs=list(root.at("/var/log/spider-check").rglob("*.log")),
                  left=[str(path) for path in root.at("/usr").rglob("*spider-check*")])
    line = [line for line in root.at(CRON).read_text().splitlines() if line.startswith("*/5")][0]
    # Here systemd is in charge, and the file would leave it at that.
    line, count = re.subn(r" && ! \[ -d /run/systemd/system \]", "", line)
    assert count == 1
    found.cron = machine.run("sh", "-c", line.split(None, 6)[6], user=USER, check=False)
    root.at("/srv/gate").unlink()
    return found


def test_a_removal_stops_the_timer_and_lets_a_run_end_in_order(removed):
    assert (removed.timer, removed.second, removed.service) == ("inactive", "inactive", "inactive")
    assert removed.processes == ""
    assert removed.runs == ["completed", "completed", "failed"]


def test_of_a_run_that_failed_a_removal_leaves_no_unit_in_the_list_of_what_failed(removed):
    assert BROKEN_SERVICE in removed.before.failed
    assert removed.failed == ""


def test_a_removal_keeps_configuration_state_and_logs(removed):
    assert removed.kept == [CONFIG, CRON, f"{HOME}/collected", f"{HOME}/journal"]
    assert removed.logs
    assert removed.left == []


def test_the_cron_file_that_a_removal_leaves_says_nothing(removed):
    assert (removed.cron.returncode, removed.cron.stdout) == (0, "")


@pytest.fixture(scope="module")
def purged(machine, removed):
    root = machine.root
    said = apt(machine, "purge", "spider-check")
    left = subprocess.run(["find", root.path, "-xdev", "-name", "*spider-check*", "-not", "-path", "*/srv/*",
                           "-not", "-path", f"{root.path}/proc/*"], text=True, stdout=subprocess.PIPE, check=True).stdout
    return types.SimpleNamespace(said=said, left=sorted(left.replace(str(root.path), "").split(), reverse=True), accounts=accounts(root),
                                 home=sorted(os.listdir(root.at(HOME))), collected=root.at(f"{HOME}/collected").read_text(),
                                 runs=rows(machine, "SELECT status FROM scheduler_state"))


def test_a_purge_leaves_what_spiders_have_stored_and_their_user(purged):
    # What an administrator has added to a unit is not ours, either.
    assert purged.left == [HOME, str(pathlib.Path(DROP_IN).parent)]
    assert purged.home == ["collected"]
    assert purged.collected.startswith(f"{USER}\n")
    assert len(purged.accounts) == 2
    assert f"{HOME} and its user {USER} stay" in purged.said


def test_a_purge_does_not_touch_the_database(purged):
    assert len(purged.runs) == 3


# --- Where nothing is left behind that anybody would miss, and no systemd runs ----------------------


def everything(root):
    """Every path of a root, but where dpkg and apt keep what they did."""
    books = r"/(var/lib/(dpkg|apt)|var/cache|var/log/apt|proc|sys|dev|run|tmp)/.*|/var/log/(dpkg|alternatives)\.log"
    paths = subprocess.run(["find", root.path, "-printf", "/%P\\n"], text=True, stdout=subprocess.PIPE, check=True).stdout
    return {path for path in paths.splitlines() if not re.fullmatch(books, path)}


@pytest.fixture(scope="module")
def came_and_went(package):
    """Installed, run without a database, as the service would and by hand, and purged; never booted."""
    with ready_root(package) as root:
        deb = put(root, package.deb)
        root.write("/srv/configuration", 'database = { host = "/nowhere" }\nspider = [{ name = "a", command = ["true"] }]\n')
        before, passwords = everything(root), root.at("/etc/passwd").read_text()
        root.apt("install", deb)
        directories = {path: stat_of(root, path) for path in ("/etc/spider-check", HOME, "/var/log/spider-check")}
        root.run("cp", "/srv/configuration", CONFIG)
        ticks = [root.run("spider-check", user=f"{USER}:{USER}", env={"HOME": HOME, **directory}).stdout for directory in (
            {}, {"STATE_DIRECTORY": HOME}, {"STATE_DIRECTORY": HOME, "LOGS_DIRECTORY": "/var/log/spider-check"})]
        made = everything(root) - before
        root.apt("purge", "spider-check")
        return types.SimpleNamespace(directories=directories, ticks=ticks, made=made, before=before, after=everything(root),
                                     passwords=(passwords, root.at("/etc/passwd").read_text()), accounts=accounts(root))


def test_the_user_and_the_directories_are_there_where_no_systemd_runs(came_and_went):
    assert came_and_went.directories == {"/etc/spider-check": f"root:{USER} 2750", HOME: f"{USER}:{USER} 700",
                                     "/var/log/spider-check": f"{USER}:{USER} 700"}
    for place in (f"{HOME}/journal", f"{HOME}/logs", f"{HOME}/.local/state/spider-check/journal"):
        assert place in came_and_went.made, came_and_went.ticks


def test_a_purge_leaves_nothing_where_spiders_have_stored_nothing(came_and_went):
    assert came_and_went.after - came_and_went.before == set()
    assert came_and_went.before - came_and_went.after == set()
    assert came_and_went.accounts == []
    assert came_and_went.passwords[0] == came_and_went.passwords[1]
