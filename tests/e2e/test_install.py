"""What `meson install` puts into place: units that systemd takes, a line that cron can run."""

import os
import re
import subprocess

import pytest

from world import installed_root, wait_until

CONFIG = "/etc/spider-check/config.toml"


def installed(name, directory):
    (path,) = [path for path in installed_root().rglob(name) if path.parent.name == directory]
    return path


@pytest.mark.parametrize("unit", ["spider-check.service", "spider-check.timer"])
def test_systemd_finds_no_fault_in_the_units(unit):
    path = installed(unit, "system")
    found = subprocess.run(["systemd-analyze", "verify", "--man=no", path], text=True,
                           capture_output=True, check=False, timeout=60)
    ours = [line for line in (found.stdout + found.stderr).splitlines() if "spider-check" in line]
    assert (found.returncode, ours) == (0, [])


def test_the_service_starts_the_installed_program():
    text = installed("spider-check.service", "system").read_text()
    program = re.search(r"^ExecStart=(\S+)", text, re.M)[1]
    assert os.path.samefile(program, installed_root() / "bin/spider-check")
    assert re.search("^Type=exec$", text, re.M)


def test_the_timer_ticks_every_five_minutes_and_catches_up():
    text = installed("spider-check.timer", "system").read_text()
    assert re.search(r"^OnCalendar=\*:0/5$", text, re.M)
    assert re.search("^Persistent=true$", text, re.M)


def cron_file():
    """The settings, and the one job as (schedule, user, command)."""
    settings, jobs = {}, []
    for line in installed("spider-check", "cron.d").read_text().splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if setting := re.fullmatch(r"([A-Z_]+)\s*=\s*(.*)", line):
            settings[setting[1]] = setting[2]
        else:
            *schedule, user, command = line.split(None, 6)
            jobs.append((" ".join(schedule), user, command))
    (job,) = jobs
    return settings, *job


def run_as_cron(world, *, has_systemd=False, config=None):
    """Only two things are not as on a machine: where the configuration is, and what tells of systemd."""
    settings, _, _, command = cron_file()
    assert "%" not in command  # which cron would take for a line break
    assert command.count(CONFIG) == 2
    assert command.count("/run/systemd/system") == 1
    systemd = world.directory / "systemd"
    if has_systemd:
        systemd.mkdir()
    environment = {"HOME": str(world.home), "LOGNAME": "me", "USER": "me", **settings}
    words = [f"{name}={value}" for name, value in environment.items()]
    command = command.replace(CONFIG, str(config or world.write_config()))
    command = command.replace("/run/systemd/system", str(systemd))
    return subprocess.run(["env", "-i", *words, settings.get("SHELL", "/bin/sh"), "-c", command],
                          cwd=world.home, text=True, capture_output=True, check=False, timeout=60)


@pytest.fixture
def cron_world(world):
    world.top["state_dir"] = "state"  # cron's own is /var/lib's
    return world.spider("a")


def test_the_cron_line_ticks_every_five_minutes_by_absolute_paths():
    settings, schedule, user, command = cron_file()
    assert schedule == "*/5 * * * *"
    assert re.fullmatch(r"[a-z_][a-z0-9_-]*", user)
    assert str(installed_root() / "bin/spider-check") in command
    assert settings["SHELL"] == "/bin/sh"
    path = installed("spider-check", "cron.d")
    assert path.read_text().endswith("\n")  # or cron ignores the line
    assert path.stat().st_mode & 0o133 == 0  # or cron ignores the file


def test_the_cron_line_runs_what_is_due_and_says_nothing(cron_world):
    ended = run_as_cron(cron_world)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    assert cron_world.ran() == ["a"]
    assert cron_world.only_run().status == "completed"


def test_the_cron_line_is_silent_on_a_skip(cron_world):
    cron_world.add_run("1 hour")
    ended = run_as_cron(cron_world)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    assert cron_world.ran() == []


def test_the_cron_line_is_silent_before_there_is_a_configuration(cron_world):
    ended = run_as_cron(cron_world, config=cron_world.directory / "not-there.toml")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    assert cron_world.ran() == []


def test_the_cron_line_leaves_it_to_the_timer_where_systemd_is_in_charge(cron_world):
    ended = run_as_cron(cron_world, has_systemd=True)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    assert cron_world.ran() == []


def test_the_cron_line_speaks_when_a_spider_fails(cron_world):
    cron_world.spider("b", "exit 1")
    ended = run_as_cron(cron_world)
    assert ended.returncode == 1
    assert "Spider 'b' failed" in ended.stderr


def test_the_cron_line_speaks_when_the_database_cannot_be_used(cron_world):
    cron_world.sections["database"]["url"] = f"postgresql:///x?host={cron_world.home}"
    ended = run_as_cron(cron_world)
    assert ended.returncode == 0
    first, *_ = ended.stderr.splitlines()
    assert "The database cannot be used" in first
    # An outage lasts: the ticks that find nothing to do send no mail.
    ended = run_as_cron(cron_world)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_the_installed_program_is_the_one_that_was_built(world):
    program = installed_root() / "bin/spider-check"
    ended = subprocess.run([program, "--version"], text=True, capture_output=True, check=True,
                           env=world.environment(), timeout=60)
    assert ended.stdout == world.run("--version").out
    wait_until(lambda: not world.sessions(), "the end of its sessions")
