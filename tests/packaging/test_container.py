"""The image of packaging/docker, and what its containers do beside a PostgreSQL that comes and goes."""

import re
import shlex
import signal

import pytest
import yaml

from container import Podman
from container_setting import DOCKER, INSIDE, USER, new_server, new_setting
from debian_root import KEPT, TOP, await_

LARGEST = 260_000_000  # bytes of the image, of which the base is 80 million
STOPPED = 128 + signal.SIGTERM
ENDED = (0, STOPPED)  # where a stop may meet a tick that has just ended
HEALTHY, UNHEALTHY = 0, 1


# --- The image --------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def podman():
    KEPT.mkdir(exist_ok=True)
    with Podman(KEPT / "podman") as podman:
        yield podman


@pytest.fixture(scope="session")
def build_log(podman):
    return podman.build("spider-check")


@pytest.fixture(scope="session")
def image(podman, build_log):
    return podman.image("spider-check")


def packages(image):
    return image.run("dpkg-query", "--show", "--showformat=${Package}\n").split()


def listed(name):
    """A list of packaging/dependencies."""
    text = (TOP / "packaging/dependencies").read_text()
    return set(re.search(rf"^{name}=\(([^)]*)\)", text, re.M)[1].split())


def test_it_is_compiled_without_a_warning_and_with_nothing_that_only_tests_need(build_log):
    (installed,) = re.findall("^Installing with apt: (.*)$", build_log, re.M)
    assert "g++" in installed.split()
    assert not listed("tests") & set(installed.split())
    assert build_log.count("Compiling C++") >= 10  # one for each directory
    assert not re.search("warning:", build_log)
    ignored = (TOP / ".dockerignore").read_text().split()
    assert {"tests", ".git", "**/.env"} <= set(ignored)


def test_it_is_small(image):
    print(f"the image has {image.size / 1e6:.0f} MB")
    assert image.size < LARGEST


def test_nothing_is_in_it_but_what_it_needs(image):
    def holds(directory):
        place = image.root / directory
        return sorted(path.name for path in place.iterdir()) if place.is_dir() else []

    assert "python3-scrapy" in packages(image)
    superfluous = (listed("tests") | listed("build")) - {"python3", "openssl"}
    assert not superfluous & set(packages(image))
    for directory in ("source", "build", "var/lib/apt/lists", "var/cache/apt/archives/partial", "var/log/apt", "root/.cache"):
        assert holds(directory) == [], directory
    assert not list((image.root / "var/cache/apt").glob("**/*.deb"))
    # What is for machines with systemd and cron.
    for directory in ("etc/cron.d", "usr/lib/sysusers.d", "usr/lib/systemd/system"):
        assert not [name for name in holds(directory) if "spider-check" in name], directory


def test_no_two_containers_have_a_machine_id_in_common(image):
    """With the same host name they would be taken for one machine that was started again."""
    path = image.root / "etc/machine-id"
    assert not path.exists() or path.read_text() == ""


def test_whatever_the_programs_load_is_there(image):
    for program in ("bin/spider-check", "libexec/spider-check/send"):
        assert "not found" not in image.run("ldd", f"/usr/local/{program}")
    assert (image.root / "usr/local/share/spider-check/probe/spidercheck_probe/__init__.py").exists()
    assert (image.root / "etc/ssl/certs/ca-certificates.crt").stat().st_size > 0
    assert (image.root / "usr/share/zoneinfo/America/Bogota").exists()


def test_it_is_not_root_and_owns_nothing_but_its_state(image):
    uid, home = re.search(rf"^{image.user}:[^:]*:(\d+):\d+:[^:]*:([^:]*):", image.run("cat", "/etc/passwd"), re.M).groups()
    assert int(uid) == USER
    assert home == image.environment["HOME"] == image.environment["STATE_DIRECTORY"]
    owned = image.run("find", "/", "-xdev", "-uid", uid, "-not", "-path", "/proc/*").split()
    assert owned == ["/var/lib/spider-check"]
    assert list(image.volumes) == ["/var/lib/spider-check"]
    writable = image.run("find", "/usr/local", "/etc", "/srv", "-perm", "/022", "-not", "-type", "l").split()
    assert writable == []


def test_the_labels_tell_what_it_is(image):
    version = image.run("/usr/local/bin/spider-check", "--version")
    assert image.labels["org.opencontainers.image.version"] in version.split()
    assert image.labels["org.opencontainers.image.title"] == "spider-check"
    assert image.labels["org.opencontainers.image.description"]


def test_an_image_of_your_own_is_made_upon_it_as_the_dockerfile_says(podman, image, tmp_path):
    lines = re.search(r"(?s)#   (FROM spider-check\n.*?USER spider-check)\n", (DOCKER / "Dockerfile").read_text())[1]
    (tmp_path / "Dockerfile").write_text(re.sub("(?m)^#   ", "", lines) + "\n")
    (tmp_path / "requirements.txt").write_text("# nothing but what Debian has\n")
    podman.build_upon(tmp_path, "jobs")
    own = podman.image("jobs")
    assert (own.root / "opt/venv/bin/pip").exists()
    assert (own.user, own.entrypoint, own.directory) == (image.user, image.entrypoint, image.directory)


# --- Its containers ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def running_server():
    with new_server() as server:
        yield server


@pytest.fixture
def setting(image, running_server, tmp_path):
    """With a database in which nothing is yet."""
    with new_setting(image, running_server, tmp_path) as setting:
        yield setting


@pytest.fixture
def late(image, tmp_path):
    """The same, and its server, which is not there yet."""
    with new_server() as server, new_setting(image, server, tmp_path) as setting:
        server.stop()
        yield setting, server


def test_it_waits_for_postgresql_and_then_runs_the_mounted_project(late):
    setting, server = late
    setting.example()
    container = setting.container().start()
    container.says("^entrypoint: Preparing the database, attempt 1 of 12$")
    code, line = container.health()
    assert (code, line.split(" - ")[0]) == (UNHEALTHY, "SPIDER-CHECK UNKNOWN")
    server.start()
    container.says("^Applied migration scheduler_state$")
    container.says("^entrypoint: Ticking every 5m$")
    container.says("Spider run completed successfully")
    run = setting.only_run()
    assert (run.status, run.spider_count, run.host) == ("completed", 3, "jobs-1")
    assert (setting.project / "output/api.jsonl").read_text().count("\n") == 48
    assert list(setting.state.glob("logs/default/api/*.log"))
    code, line = container.health()
    assert (code, line.split(" - ")[0]) == (HEALTHY, "SPIDER-CHECK OK"), line
    code, text = container.exec("spider-check", "status")
    assert code == 0 and "sitemap" in text, text
    # While it waits for the next tick there is nothing that waits busily, or that was left behind.
    running = await_(lambda: (found := container.processes()) and len(found) <= 4 and found, "its spiders' end")
    assert running["1"].startswith("/usr/bin/tini")
    assert sum("sleep 5m" in command for command in running.values()) == 1
    assert container.stop() == STOPPED
    assert "attempt 2" not in container.said


def test_a_stop_ends_it_at_once_while_it_waits_for_postgresql(late):
    setting, _ = late
    setting.spider("a")
    container = setting.container(SPIDER_CHECK_ATTEMPTS="100000").start()
    container.says("attempt 1 of 100000")
    await_(lambda: "migrate" in " ".join(container.processes().values()), "it to wait")
    assert container.stop() == STOPPED
    assert "attempt 2 " not in container.said


def test_without_postgresql_it_goes_by_the_journal_until_there_is_one(late):
    setting, server = late
    setting.spider("a")
    container = setting.container(SPIDER_CHECK_ATTEMPTS="0", SPIDER_CHECK_TICK="1s").start()
    container.says("The database could not be prepared")
    await_(lambda: setting.ran() == {"a": 1}, "a run", lambda: container.said)
    container.says("Spider run completed successfully")
    assert container.health()[0] == UNHEALTHY
    server.start()
    container.says("Recorded from the journal: run 1, attempt 1, 1 spider")
    assert (setting.only_run().status, setting.ran()) == ("completed", {"a": 1})
    assert container.stop() in ENDED


def in_mid_run(setting, **options):
    """`a` has succeeded, `b` is at work and says when it is asked to stop, `c` waits."""
    gate = setting.gate()
    setting.spider("a")
    setting.spider("b", f"[ -e {INSIDE}/again ] && exit\n"
                        f"trap 'echo >>{INSIDE}/ran/stop; exit 0' TERM\n{gate.interruptible_script}")
    setting.spider("c")
    container = setting.container(**options).start()
    gate.wait()
    assert setting.only_run().status == "running"
    (setting.directory / "again").touch()
    return container


def finished(setting):
    run = setting.only_run()
    assert (run.status, run.attempt) == ("completed", 2)
    return setting.ran() == {"a": 1, "b": 2, "c": 1}


def test_a_stop_in_mid_run_reaches_the_spiders_and_the_next_start_goes_on_at_once(setting):
    container = in_mid_run(setting)
    assert container.stop() == STOPPED
    assert setting.ran() == {"a": 1, "b": 1, "stop": 1}
    run = setting.only_run()
    assert run.status == "failed" and "interrupted" in run.failure, run
    (setting.directory / "ran/stop").unlink()
    container.start()
    container.says("Spider run completed successfully")
    assert finished(setting)
    assert container.stop() in ENDED


def test_ctrl_c_in_mid_run_reaches_the_spiders_too(setting):
    container = in_mid_run(setting)
    container.signal(signal.SIGINT)
    assert container.ended() == STOPPED
    assert setting.ran() == {"a": 1, "b": 1, "stop": 1}
    assert setting.only_run().status == "failed"


def test_what_was_killed_in_mid_run_is_finished_at_once_by_whoever_has_its_volume(setting):
    container = in_mid_run(setting)
    container.kill()
    assert setting.ran() == {"a": 1, "b": 1}
    assert setting.only_run().status == "running"
    # As after `docker compose up --force-recreate`: another host name.
    container = setting.container(name="jobs-2").start()
    container.says("Spider run completed successfully")
    assert finished(setting)
    assert container.stop() in ENDED


def test_what_was_killed_in_mid_run_without_a_volume_is_finished_after_two_minutes(setting):
    in_mid_run(setting).kill()
    # As on another host. Here the next container may get the number of the pid namespace that is gone,
    # which proves that its processes are, too.
    setting.sql("UPDATE scheduler_state SET boot_id = 'another'")
    container = setting.container(name="jobs-2", state=setting.volume("another"), SPIDER_CHECK_TICK="1s").start()
    container.says("which may be reconnecting")
    assert (setting.only_run().status, setting.ran()) == ("running", {"a": 1, "b": 1})
    code, line = container.health()
    assert (code, "WARNING" in line) == (HEALTHY, True), line
    setting.sql("UPDATE scheduler_state SET updated_at = now() - interval '121 seconds'")
    container.says("Spider run completed successfully")
    assert finished(setting)
    assert container.stop() in ENDED


def test_it_may_be_killed_at_any_moment(setting):
    """Ten times, each a little later than the time before; then it goes on as if nothing had been."""
    setting.config.write_text("max_attempts = 50\n" + setting.config.read_text())
    setting.spider("a", "sleep 0.1")
    setting.spider("b")
    container = setting.container(SPIDER_CHECK_TICK="1s")
    for step in range(10):
        container.start()
        await_(lambda: len(container.said) > 60 * step or "Spider run completed" in container.said, "a sign of life")
        container.kill() if step % 2 else container.stop()
    container.start()
    await_(lambda: setting.sql("SELECT 1 FROM scheduler_state WHERE status = 'completed'"), "a run that succeeds",
           lambda: container.said)
    assert [run.status for run in setting.sql("SELECT * FROM scheduler_state")] == ["completed"]
    assert container.stop() in ENDED


def test_the_healthcheck_is_about_the_data_and_not_about_a_single_failure(setting):
    setting.spider("a", "exit 1")
    container = setting.container(SPIDER_CHECK_TICK="1h").start()
    container.says("Spider 'a' failed")
    await_(lambda: setting.only_run().status == "failed", "the end of the run")
    setting.add_run("1 hour", "completed")
    code, line = container.health()
    assert (code, line.split(" - ")[0]) == (HEALTHY, "SPIDER-CHECK WARNING"), line
    setting.sql("UPDATE scheduler_state SET last_run_at = now() - interval '6 hours' WHERE status = 'completed'")
    code, line = container.health()
    assert (code, line.split(" - ")[0]) == (UNHEALTHY, "SPIDER-CHECK CRITICAL"), line
    assert container.stop() in (1, STOPPED)


def test_with_arguments_it_is_spider_check(setting):
    setting.spider("a")
    container = setting.container()
    assert container.start("migrate").ended() == 0
    setting.add_run("1 hour", "completed")
    assert container.start("status", "--json").ended() == 0
    assert '"schedule": "default"' in container.said
    assert container.start("--no-such-flag").ended() == 2
    assert container.start("health", "--max-age", "30m").ended() == 2
    assert container.start("--force").ended() == 0
    assert setting.ran() == {"a": 1}


@pytest.mark.parametrize("variables", [
    {"SPIDER_CHECK_TICK": "0"}, {"SPIDER_CHECK_TICK": "0s"}, {"SPIDER_CHECK_TICK": "soon"},
    {"SPIDER_CHECK_TICK": "5 m"}, {"SPIDER_CHECK_TICK": "-5m"}, {"SPIDER_CHECK_TICK": "m"},
    {"SPIDER_CHECK_ATTEMPTS": "many"}], ids=str)
def test_what_it_cannot_wait_for_is_refused_in_one_line(setting, variables):
    container = setting.container(**variables).start()
    assert container.ended() == 2
    ((name, value),) = variables.items()
    assert re.fullmatch(f"entrypoint: {name} is '{value}'[^\n]*\n", container.said), container.said


def test_a_wrong_configuration_ends_it_at_the_start_and_not_later(setting):
    setting.spider("a")
    right = setting.config.read_text()
    setting.config.write_text("intervall = 1\n" + right)
    container = setting.container(SPIDER_CHECK_TICK="1s").start()
    assert container.ended() == 2
    assert "intervall" in container.said
    setting.config.write_text(right)
    container.start()
    container.says("Spider run completed successfully")
    setting.config.write_text("intervall = 1\n" + right)
    container.says("intervall")
    assert container.health()[0] == UNHEALTHY
    setting.config.write_text(right)
    await_(lambda: container.health()[0] == HEALTHY, "its recovery")
    assert container.stop() in ENDED


# --- The compose file -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load((DOCKER / "compose.yaml").read_text())


def text_of(value):
    return "\n".join(map(text_of, value.values() if isinstance(value, dict) else value)) \
        if isinstance(value, (dict, list)) else str(value)


def test_compose_builds_this_image_from_files_that_are_there(compose):
    build = compose["services"]["spider-check"]["build"]
    context = (DOCKER / build["context"]).resolve()
    assert context == TOP
    assert context / build["dockerfile"] == DOCKER / "Dockerfile"
    dockerfile = (DOCKER / "Dockerfile").read_text()
    for name in build["args"]:
        assert re.search(rf"^ARG {name}\b", dockerfile, re.M), name


def test_compose_mounts_what_is_there_where_the_image_looks_for_it(compose, image):
    volumes = dict(volume.removesuffix(":ro").rsplit(":", 1)[::-1]
                   for volume in compose["services"]["spider-check"]["volumes"])
    assert volumes.pop(image.environment["STATE_DIRECTORY"]) in compose["volumes"]
    assert (DOCKER / volumes.pop(image.environment["SPIDER_CHECK_CONFIG"])).read_text() == \
        (image.root / image.environment["SPIDER_CHECK_CONFIG"].lstrip("/")).read_text()
    project = re.fullmatch(r"\$\{PROJECT:-(.*)\}", volumes.pop(image.directory))[1]
    assert (DOCKER / project / "scrapy.cfg").exists()
    assert f'project = "{image.directory}"' in (DOCKER / "config.toml").read_text()
    assert volumes == {}


def test_compose_tells_both_services_the_same_database(compose):
    ours = compose["services"]["spider-check"]["environment"]
    theirs = compose["services"]["postgres"]["environment"]
    assert ours["DB_HOST"] in compose["services"]
    for key, name in (("DB_NAME", "DB"), ("DB_USER", "USER"), ("DB_PASSWORD", "PASSWORD")):
        assert ours[key] == theirs[f"POSTGRES_{name}"]
    assert ours["DB_PASSWORD"].startswith("${DB_PASSWORD:?")
    healthcheck = compose["services"]["postgres"]["healthcheck"]["test"]
    assert healthcheck[-4:] == ["-U", ours["DB_USER"], "-d", ours["DB_NAME"]]


def test_whatever_compose_sets_or_asks_for_is_known(compose):
    entrypoint = (DOCKER / "entrypoint").read_text()
    told = "".join(path.read_text() for path in (TOP / "README.md", *TOP.glob("docs/*.md")))
    for name in compose["services"]["spider-check"]["environment"]:
        assert f"${{{name}:-" in entrypoint or f"`{name}`" in told, name
    comments = "".join(line for line in (DOCKER / "compose.yaml").read_text().splitlines(True) if line[0] == "#")
    for name in set(re.findall(r"\$\{(\w+)", text_of(compose))):
        assert f" {name}=" in comments, name


def test_compose_gives_a_stop_more_time_than_the_spiders_get(compose):
    service = compose["services"]["spider-check"]
    seconds = int(service["stop_grace_period"].removesuffix("s"))
    grace = int(re.search(r'^grace = "(\d+)s"', (DOCKER / "config.toml").read_text(), re.M)[1])
    assert seconds >= grace + 5 + 10  # SIGKILL comes five seconds after the second SIGTERM


def test_compose_starts_both_again_and_takes_away_what_nothing_needs(compose):
    for service in compose["services"].values():
        assert service["restart"] == "unless-stopped"
    ours = compose["services"]["spider-check"]
    # The containers of these tests have no more than that.
    assert ours["cap_drop"] == ["ALL"]
    assert ours["security_opt"] == ["no-new-privileges:true"]
    assert ours["read_only"] is True and ours["tmpfs"] == ["/tmp"]


# --- What docs/install.md says ----------------------------------------------------------------------


def commands_of_guide():
    """Each command line of docker's, as words."""
    text = (TOP / "docs/install.md").read_text().replace("\\\n", " ")
    return [shlex.split(line) for line in re.findall(r"^ *(docker .*)$", text, re.M)]


def values_of(words, option):
    return [value for name, value in zip(words, words[1:]) if name == option]


def test_the_guide_builds_the_image_as_it_is_built_here(compose):
    builds = [words for words in commands_of_guide() if words[1] == "build"]
    for words in builds:
        assert values_of(words, "-f") == ["packaging/docker/Dockerfile"] and words[-1] == "."
        assert values_of(words, "-t") == [compose["services"]["spider-check"]["image"]]


def test_the_guide_speaks_of_services_and_commands_that_there_are(compose, image):
    commands = [words for words in commands_of_guide() if words[1] == "compose"]
    assert commands
    for words in commands:
        assert [TOP / file for file in values_of(words, "-f")] == [DOCKER / "compose.yaml"], words
        verb, *rest = words[4:]
        assert verb in ("up", "down", "stop", "start", "restart", "logs", "exec", "build"), words
        named = [word for word in rest if not word.startswith("-")]
        if verb == "exec":
            _, program, command, *_ = named
            assert f"Usage: {program} {command} " in image.run(f"/usr/local/bin/{program}", command, "--help"), words
        assert not named or named[0] in compose["services"], words


def test_the_guide_runs_it_with_what_the_image_knows(compose, image):
    for words in commands_of_guide():
        if words[1] != "run":
            continue
        places = [value.split(":")[1] for value in values_of(words, "-v")]
        assert set(places) <= {image.directory, *image.volumes, image.environment["SPIDER_CHECK_CONFIG"]}, words
        known = compose["services"]["spider-check"]["environment"]
        assert {value.split("=")[0] for value in values_of(words, "-e")} <= set(known), words
