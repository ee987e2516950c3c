"""Hosts that lack what others have: zone files, a home, an entry in the user database."""

import os
import shlex
import subprocess

import pytest

IS_ROOT = os.geteuid() == 0
NOBODY_KNOWS = 12345  # a user without an entry in the user database


# --- Zones --------------------------------------------------------------------------------------


def warnings_of(result):
    return [line for line in result.err.splitlines() if " warn " in line]


@pytest.mark.parametrize("zone, package", [
    ("Europe/Berlin", 'install the Debian package tzdata'),
    ("US/Eastern", "install the Debian package tzdata, and tzdata-legacy for this old name"),
    ("Cuba", "install the Debian package tzdata, and tzdata-legacy for this old name")])
def test_without_zone_files_times_are_in_utc_and_the_spiders_run(world, zone, package):
    nowhere = {"TZDIR": str(world.directory / "nowhere")}
    world.top["timezone"] = zone
    world.spider("a")
    result = world.run(env=nowhere)
    assert (result.code, world.ran()) == (0, ["a"])
    (warning,) = warnings_of(result)
    assert warning.endswith(f'spider-check.toml:2: timezone: this host does not know the time zone '
                            f'"{zone}", so times are in UTC; {package}')
    # A tick that has nothing to do says nothing, and reports speak of UTC.
    result = world.run("-q", env=nowhere)
    assert (result.code, result.out, result.err) == (0, "", "")
    assert " UTC" in world.run("status", env=nowhere).out
    assert package in world.run("check", env=nowhere).out


def test_an_old_name_that_only_tzdata_legacy_has_is_named_so(world):
    zones = world.directory / "zones"
    (zones / "Etc").mkdir(parents=True)
    (zones / "Etc/UTC").write_bytes(open("/usr/share/zoneinfo/Etc/UTC", "rb").read())
    world.spider("a")
    result = world.run("-q", env={"TZDIR": str(zones), "SCHEDULER_TIMEZONE": "US/Eastern"})
    assert (result.code, world.ran()) == (0, ["a"])
    (line,) = result.err.splitlines()
    assert 'environment: SCHEDULER_TIMEZONE: this host does not know the time zone "US/Eastern"' in line
    assert line.endswith("install the Debian package tzdata-legacy, which has old names, or correct the name")


@pytest.mark.parametrize("zone", ["Moon/Base", "CETT", "/etc/localtime", "Europe/../UTC", "+03:00"])
def test_what_can_be_no_zone_is_a_mistake_also_without_zone_files(world, zone):
    world.top["timezone"] = zone
    result = world.spider("a").run(env={"TZDIR": str(world.directory / "nowhere")})
    assert (result.code, world.ran()) == (2, [])
    assert f'"{zone}" is not a time zone' in result.err


# --- Homes --------------------------------------------------------------------------------------


def as_nobody_known(world):
    """For `before`: the user of a container that was started with --user 12345."""
    if not IS_ROOT:
        pytest.skip("only root becomes another user")
    subprocess.run(["chmod", "-R", "a+rwX", str(world.directory)], check=True)
    for directory in world.directory.parents:
        if directory.stat().st_mode & 0o055 != 0o055:
            directory.chmod(directory.stat().st_mode | 0o055)
    return ["setpriv", f"--reuid={NOBODY_KNOWS}", f"--regid={NOBODY_KNOWS}", "--clear-groups"]


@pytest.mark.parametrize("home", [None, "", "relative/home"])
def test_without_any_home_the_state_directory_must_be_named(world, home):
    world.spider("a")
    world.write_config()
    before = as_nobody_known(world)
    for command in ([], ["check"], ["status"], ["init", "--cron"]):
        result = world.run(*command, before=before, env={"HOME": home}, keep_config=True)
        assert result.code == 2, (command, result)
        assert ("state_dir: this user has no home directory" in result.err
                and 'add state_dir = "/var/lib/spider-check" to the configuration, or set HOME or '
                    "XDG_STATE_HOME" in result.err), (command, result)
    assert world.ran() == [] and not (world.directory / ".local").exists()


@pytest.mark.parametrize("named", ["state_dir", "XDG_STATE_HOME", "STATE_DIRECTORY"])
def test_without_any_home_a_state_directory_that_is_named_is_used(world, named):
    state = world.directory / "state"
    env = {"HOME": None}
    if named == "state_dir":
        world.top["state_dir"] = str(state)
    else:
        env[named] = str(state)
    world.spider("a", command=["/bin/sh", "-c", f"printf 'a\\0' >>{world.directory}/ran"])
    world.write_config()
    before = as_nobody_known(world)
    result = world.run(before=before, env=env, keep_config=True)
    # The server's socket is for root only here, so the journal has the run.
    assert (result.code, world.ran()) == (0, ["a"]), result.err
    assert list(state.rglob("run-0+1-attempt-1.log"))
    result = world.run("init", "--cron", before=before, env=env, keep_config=True)
    assert result.code == 0 and str(state) in result.out


@pytest.mark.parametrize("home", [None, "", "relative/home"])
def test_without_home_the_user_database_says_where_it_is(world, home):
    """In a home of its own: the user database of this very host names another."""
    if not IS_ROOT or subprocess.run(["unshare", "--mount", "true"], check=False).returncode != 0:
        pytest.skip("this machine allows no mounts")
    users = world.directory / "passwd"
    users.write_text(f"root:x:0:0:root:{world.home}:/bin/sh\n")
    before = ["unshare", "--mount", "sh", "-ec",
              f'mount --bind {shlex.quote(str(users))} /etc/passwd; exec "$@"', "sh"]
    result = world.spider("a").run(before=before, env={"HOME": home})
    assert (result.code, world.ran()) == (0, ["a"]), result.err
    assert world.outcomes()[0].log_path.startswith(str(world.log_dir))
    assert not (world.directory / "relative").exists()


def test_a_relative_xdg_directory_counts_as_none(world):
    result = world.spider("a").run(env={"XDG_STATE_HOME": "state", "XDG_CONFIG_HOME": "config"})
    assert result.code == 0
    assert world.outcomes()[0].log_path.startswith(str(world.log_dir))
    assert not (world.directory / "state").exists()
