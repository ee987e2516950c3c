"""People are told: real receivers, with TLS, that answer, refuse, or are silent."""

import json
import pathlib
import socket
import subprocess

import pytest

from receiver import BlackHole, Receiver, make_certificate
from world import installed_root

SECRET = "s3cr3t-t0ken"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def receiver(certificate):
    receiver = Receiver(certificate)
    yield receiver
    receiver.close()


@pytest.fixture
def black_hole():
    hole = BlackHole()
    yield hole
    hole.close()


def tell(world, receiver, certificate, channel="webhook", **notify):
    """By a webhook whose URL holds a secret, over TLS."""
    world.top["max_attempts"] = 1
    world.sections["notify"] = {"ca_file": str(certificate[0]), **notify}
    world.sections[f"notify.{channel}"] = {"url": receiver.url(f"/{SECRET}")}
    return world


def events(receiver):
    return [json.loads(request.body)["event"] for request in receiver.requests]


def notifications(world):
    return world.sql("SELECT * FROM spider_check_notification ORDER BY id")


def make_due(world):
    """As if the time until the next try, or until the next run, were over."""
    world.sql("UPDATE spider_check_notification SET next_try_at = now() "
              "WHERE next_try_at IS NOT NULL")


def make_old(world, by="5 hours"):
    world.sql("UPDATE scheduler_state SET last_run_at = last_run_at - %s::interval, "
              "next_attempt_at = next_attempt_at - %s::interval", by, by)


def switch(world):
    """Says whether the spider fails: while this file is there."""
    path = world.folder / "broken"
    path.touch()
    world.spider("a", f"test ! -e '{path}'")
    return path


def test_a_failed_run_and_the_recovery_are_told_once_each(world, receiver, certificate):
    broken = switch(tell(world, receiver, certificate))
    assert world.run("-q").code == 1
    assert events(receiver) == ["failing"]
    for _ in range(3):
        assert world.run("-q").code == 0
    make_old(world)
    assert world.run("-q").code == 1
    assert events(receiver) == ["failing"]
    broken.unlink()
    make_old(world)
    assert world.run("-q").code == 0
    for _ in range(3):
        assert world.run("-q").code == 0
    assert events(receiver) == ["failing", "recovered"]
    facts = json.loads(receiver.requests[0].body)
    run = world.runs()[0]
    assert facts["run"]["uuid"] == run.run_uuid and facts["run"]["id"] == run.id
    assert facts["run"]["failure"] == "1 of 1 spiders failed (a)"
    assert facts["spiders"][0]["reasons"] == ["exit status 1"]
    assert facts["text"].startswith("spider-check default: the last run failed: 1 of 1 spiders")
    assert receiver.requests[0].headers["Content-Type"] == "application/json"
    assert [row.tries for row in notifications(world)] == [1, 1]


def test_who_has_good_spiders_hears_nothing(world, receiver, certificate):
    tell(world, receiver, certificate).spider("a")
    for _ in range(3):
        assert world.run("-q").code == 0
    assert receiver.requests == []
    assert notifications(world) == []


def test_a_failure_that_a_retry_mends_is_not_told(world, receiver, certificate):
    broken = switch(tell(world, receiver, certificate))
    world.top["max_attempts"] = 2
    assert world.run("-q").code == 1
    broken.unlink()
    world.sql("UPDATE scheduler_state SET next_attempt_at = now()")
    assert world.run("-q").code == 0
    assert world.ran() == ["a", "a"]
    assert receiver.requests == []


def test_only_so_many_failures_in_a_row_are_told(world, receiver, certificate):
    switch(tell(world, receiver, certificate, after_failures=3, stale=False))
    for _ in range(4):
        assert world.run("-q").code == 1
        make_old(world)
    assert events(receiver) == ["failing"]
    facts = json.loads(receiver.requests[0].body)
    assert facts["failed_runs"] == 3
    assert facts["text"].startswith("spider-check default: the last 3 runs failed")


def test_a_forced_run_of_one_spider_is_nobodys_business(world, receiver, certificate):
    switch(tell(world, receiver, certificate))
    assert world.run("--spider", "a").code == 1
    assert receiver.requests == []


def test_a_retry_of_the_message_survives_to_later_ticks(world, receiver, certificate):
    switch(tell(world, receiver, certificate))
    receiver.answers = [500, 503]
    first = world.run("-q")
    assert first.code == 1
    assert "Could not tell webhook (failing): localhost: HTTP 500" in first.err
    assert world.run("-q").err == ""  # it is not due yet
    assert len(receiver.requests) == 1
    for sent in (2, 3):
        make_due(world)
        assert world.run("-q").code == 0
        assert len(receiver.requests) == sent
    make_due(world)
    assert world.run("-q").code == 0
    assert len(receiver.requests) == 3
    assert len({request.body for request in receiver.requests}) == 1
    (row,) = notifications(world)
    assert (row.tries, row.next_try_at) == (3, None)
    assert row.sent_at is not None


def test_a_tick_that_finds_nothing_to_do_sends_what_is_due(world, receiver, certificate):
    broken = switch(tell(world, receiver, certificate))
    receiver.answers = [500] * 2
    assert world.run("-q").code == 1
    broken.unlink()
    make_old(world)
    assert world.run("-q").code == 0  # recovered, but nobody is told so before they heard of it
    assert len(receiver.requests) == 1
    make_due(world)
    assert world.run("-q").code == 0
    make_due(world)
    assert world.run("-q").code == 0
    assert events(receiver) == ["failing", "failing", "failing", "recovered"]


def test_nobody_is_told_for_more_than_a_day(world, receiver, certificate):
    switch(tell(world, receiver, certificate))
    receiver.answers = [500] * 9
    assert world.run("-q").code == 1
    world.sql("UPDATE spider_check_notification SET created_at = now() - interval '25 hours'")
    make_due(world)
    world.run("-q")
    make_due(world)
    world.run("-q")
    assert len(receiver.requests) == 2
    assert notifications(world)[0].next_try_at is None


def test_what_one_host_is_telling_no_other_one_tells(world):
    gate = world.gate()
    broken = switch(world)
    world.top["max_attempts"] = 1
    world.sections["notify"] = {"timeout": "30s"}
    path = world.folder / "told"
    script = f"test -e '{path}' && exec cat >>'{path}'; cat >'{path}'; {gate.script}"
    world.sections["notify.program"] = {"command": ["/bin/sh", "-c", script]}
    first = world.start("-q")
    gate.wait()
    for _ in range(3):
        assert world.run("-q").code == 0
    broken.unlink()
    make_old(world)
    assert world.run("-q").code == 0  # it has something to tell, too, but not before the first
    gate.open()
    assert first.end().code == 1
    world.run("-q")
    told = [json.loads(line)["event"] for line in path.read_text().splitlines()]
    assert told == ["failing", "recovered"]


def test_many_ticks_at_once_tell_once(world, receiver, certificate):
    switch(tell(world, receiver, certificate))
    receiver.answers = [500]
    assert world.run("-q").code == 1
    for _ in range(3):
        make_due(world)
        ticks = [world.start("-q", keep_config=True) for _ in range(4)]
        for tick in ticks:
            assert tick.end().code == 0
    assert len(receiver.requests) == 2


def test_another_host_tells_what_one_that_died_could_not(world, receiver, certificate):
    """It died after it had recorded its run, and before it looked what there is to tell."""
    world.spider("a")
    world.add_run("9 hours", "failed", attempt=3)
    world.sql("INSERT INTO spider_check_told VALUES ('default', 1, true, false, '{}', NULL, now())")
    world.add_run("1 hour", "completed")
    tell(world, receiver, certificate)
    assert world.run("-q").code == 0
    assert events(receiver) == ["recovered"]
    assert world.run("-q").code == 0
    assert events(receiver) == ["recovered"]


def test_stale_data_is_told_when_what_was_tried_did_not_help(world, receiver, certificate):
    switch(tell(world, receiver, certificate, after_failures=100, stale_after="1h"))
    world.add_run("10 hours")
    assert world.run("-q").code == 1  # a night off, and one try: that may be mended yet
    assert receiver.requests == []
    world.sql("UPDATE scheduler_state SET last_run_at = last_run_at - interval '70 minutes'")
    assert world.run("-q").code == 0
    assert world.run("-q").code == 0
    assert events(receiver) == ["stale"]
    assert "the data is stale; the last success is 11 h" in json.loads(receiver.requests[0].body)["text"]


def test_degraded_spiders_are_told_when_that_changes(world, receiver, certificate):
    tell(world, receiver, certificate).spider("a").spider("b")
    for run, degraded in enumerate([["a"], ["a"], ["a", "b"], []]):
        run_id = world.add_run(f"{200 - run} minutes", spider_count=2)
        for spider in ("a", "b"):
            world.sql("INSERT INTO spider_run (run_id, spider, attempt, started_at, finished_at, "
                      "status, verdict) VALUES (%s, %s, 1, now(), now(), 'completed', %s)",
                      run_id, spider, "degraded" if spider in degraded else "ok")
        assert world.run("-q").code == 0
    assert events(receiver) == ["degraded", "degraded", "restored"]
    told = [json.loads(request.body)["text"] for request in receiver.requests]
    assert told == ["spider-check default: spider a is degraded",
                    "spider-check default: spider b is degraded",
                    "spider-check default: 2 spiders (a, b) are no longer degraded"]


# --- The program ------------------------------------------------------------------------------------


def test_a_program_gets_the_facts_on_its_input_and_in_its_environment(world):
    switch(world).touch()
    world.top["max_attempts"] = 1
    script = world.folder / "tell.sh"
    script.write_text(f"cat >>'{world.folder}/input'; env >'{world.folder}/environment'\n")
    world.sections["notify.program"] = {"command": ["/bin/sh", str(script)]}
    assert world.run("-q").code == 1
    facts = json.loads((world.folder / "input").read_text())
    assert facts["event"] == "failing"
    variables = dict(line.split("=", 1) for line in
                     (world.folder / "environment").read_text().splitlines() if "=" in line)
    assert variables["SPIDER_CHECK_EVENT"] == "failing"
    assert variables["SPIDER_CHECK_SCHEDULE"] == "default"
    assert variables["SPIDER_CHECK_RUN_UUID"] == world.only_run().run_uuid
    assert variables["SPIDER_CHECK_FAILURE"] == "1 of 1 spiders failed (a)"
    assert variables["SPIDER_CHECK_SPIDERS"] == "a"
    assert variables["SPIDER_CHECK_TEXT"] == facts["text"]


@pytest.mark.parametrize("script, why", [
    ("echo no mail today >&2; exit 3", "no mail today"),
    ("exit 3", "it exited with 3"),
    ("kill -9 $$", "it was killed by SIGKILL"),
    ("sleep 600", "it was killed after 1.0 s"),
])
def test_a_program_that_fails_is_said_and_tried_again(world, script, why):
    switch(world)
    world.top["max_attempts"] = 1
    world.sections["notify"] = {"timeout": "1s"}
    world.sections["notify.program"] = {"command": ["/bin/sh", "-c", script]}
    result = world.run("-q")
    assert result.code == 1
    assert f"Could not tell program (failing): {why}; a tick tries again in 1 min" in result.err
    (row,) = notifications(world)
    assert (row.tries, row.last_error, row.sent_at) == (1, why, None)


def test_a_program_that_is_not_there_is_said(world):
    world.spider("a").sections["notify.program"] = {"command": ["/nowhere/tell"]}
    result = world.run("notify", "--test")
    assert result.code == 1
    assert result.out == "program: not sent: cannot execute /nowhere/tell: No such file or directory\n"


# --- TLS, and receivers that do not do what they should ------------------------------------------------


def test_a_wrong_certificate_is_refused_and_told_without_secrets(world, receiver, tmp_path):
    (tmp_path / "other").mkdir()
    other = make_certificate(tmp_path / "other")
    switch(tell(world, receiver, other))
    result = world.run("-v")
    assert result.code == 1
    assert "localhost: SSL certificate problem: self-signed certificate" in result.err
    assert receiver.requests == []
    assert SECRET not in result.out + result.err + str(world.dump())


def test_a_certificate_for_another_name_is_refused(world, certificate, tmp_path):
    other = make_certificate(tmp_path, "example.org")
    receiver = Receiver(other)
    try:
        tell(world, receiver, other).spider("a")
        result = world.run("notify", "--test")
        assert result.code == 1
        assert "no alternative certificate subject name matches target host name 'localhost'" in result.out
        assert receiver.requests == []
    finally:
        receiver.close()


def test_without_a_ca_file_the_hosts_own_is_trusted(world, receiver, certificate):
    tell(world, receiver, certificate).spider("a")
    del world.sections["notify"]
    assert world.run("notify", "--test").code == 1
    assert receiver.requests == []
    assert world.run("notify", "--test", env={"SSL_CERT_FILE": str(certificate[0])}).code == 0
    assert len(receiver.requests) == 1


def test_no_redirect_is_followed(world, receiver, certificate):
    plain = Receiver()
    try:
        tell(world, receiver, certificate).spider("a")
        for status in (301, 302, 307, 308):
            receiver.answers = [status]
            receiver.headers = {"Location": plain.url("/elsewhere")}
            result = world.run("notify", "--test")
            assert (result.code, result.out) == (1, f"webhook: not sent: localhost: HTTP {status}\n")
        assert plain.requests == []
    finally:
        plain.close()


def test_a_silent_receiver_changes_nothing_about_the_run(world, black_hole):
    world.spider("a", "exit 1").top["max_attempts"] = 1
    world.sections["notify"] = {"timeout": "1s"}
    for channel in ("webhook", "ping"):
        world.sections[f"notify.{channel}"] = {"url": f"http://127.0.0.1:{black_hole.port}/{SECRET}"}
    result = world.run("-q")
    assert result.code == 1
    assert "127.0.0.1: Timeout was reached" in result.err
    run = world.only_run()
    assert run.status == "failed"
    # The run was over before anybody waited for the receiver.
    (took,) = world.sql("SELECT extract(epoch from min(n.created_at) - max(r.finished_at)) AS it "
                        "FROM spider_check_notification n, scheduler_state r")
    assert took.it >= 0
    (waited,) = world.sql("SELECT extract(epoch from r.finished_at - r.last_run_at) AS it "
                          "FROM scheduler_state r")
    (child,) = world.sql("SELECT extract(epoch from finished_at - started_at) AS it FROM spider_run")
    assert waited.it - child.it < 5


def test_the_lock_is_free_while_receivers_are_waited_for(world, black_hole):
    world.spider("a", "exit 1").top["max_attempts"] = 1
    world.sections["notify.webhook"] = {"url": f"http://127.0.0.1:{black_hole.port}/"}
    waiting = world.start("-v")
    waiting.says("Spider run failed")
    connection, _ = black_hole.accept()
    with connection:
        del world.sections["notify.webhook"]
        assert world.run("--force").code == 1
        assert len(world.runs()) == 2
    assert waiting.end().code == 1


def test_a_receiver_that_is_not_there_is_tried_again(world):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    world.spider("a", "exit 1").top["max_attempts"] = 1
    world.sections["notify.webhook"] = {"url": f"http://127.0.0.1:{port}/{SECRET}"}
    result = world.run("-q")
    assert result.code == 1
    assert "127.0.0.1: Couldn't connect to server" in result.err
    assert notifications(world)[0].last_error == "127.0.0.1: Couldn't connect to server"


def test_a_tick_does_not_even_load_what_sends(world):
    def libraries(program):
        return subprocess.run(["ldd", program], check=True, capture_output=True, text=True,
                              timeout=60).stdout
    assert "libpq" in libraries(world.program)
    assert "libcurl" not in libraries(world.program)
    assert "libcurl" in libraries(installed_root() / "libexec/spider-check/send")


# --- Check-ins ------------------------------------------------------------------------------------


def test_each_run_checks_in_with_its_number(world, receiver, certificate):
    broken = switch(tell(world, receiver, certificate, channel="ping"))
    world.top["max_attempts"] = 2
    assert world.run("-q").code == 1
    world.sql("UPDATE scheduler_state SET next_attempt_at = now()")
    assert world.run("-q").code == 1
    assert world.run("-q").code == 0
    broken.unlink()
    make_old(world)
    assert world.run("-q").code == 0
    assert world.run("-q").code == 0
    first, second = [run.run_uuid for run in world.runs()]
    check = f"/{SECRET}"
    assert receiver.paths() == [
        f"{check}/start?rid={first}", f"{check}/log?rid={first}",
        f"{check}/start?rid={first}", f"{check}/fail?rid={first}",
        f"{check}/start?rid={second}", f"{check}?rid={second}"]


def test_a_failure_comes_with_the_end_of_the_log(world, receiver, certificate):
    tell(world, receiver, certificate, channel="ping")
    world.spider("a", r"yes 'a line of the log' | head -c 300000; printf 'bytes: \000 \377\n'; "
                      "echo the very last line; exit 1")
    assert world.run("-q").code == 1
    fail = receiver.requests[-1]
    assert fail.path.startswith(f"/{SECRET}/fail?rid=")
    assert fail.body.startswith("spider-check default: the run failed: 1 of 1 spiders failed (a)\n")
    assert fail.body.endswith("the very last line\n")
    assert 9_000 < len(fail.body) < 11_000


def test_a_silent_check_does_not_delay_the_start(world, black_hole):
    gate = world.gate()
    world.spider("a", gate.script)
    world.sections["notify"] = {"timeout": "30s"}
    world.sections["notify.ping"] = {"url": f"http://127.0.0.1:{black_hole.port}/{SECRET}"}
    running = world.start("-q")
    gate.wait()  # it is given less time than the check
    black_hole.close()
    gate.open()
    assert running.end().code == 0


# --- Secrets ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["url", "url_file"])
def test_the_url_is_said_nowhere(world, receiver, certificate, black_hole, place):
    tell(world, receiver, certificate)
    world.sections["notify"]["timeout"] = "5s"
    world.sections["notify.ping"] = {"url": f"http://127.0.0.1:{black_hole.port}/{SECRET}"}
    if place == "url_file":
        for channel in ("webhook", "ping"):
            path = world.folder / channel
            path.write_text(world.sections[f"notify.{channel}"].pop("url") + "\n")
            path.chmod(0o600)
            world.sections[f"notify.{channel}"]["url_file"] = channel
    gate = world.gate()
    world.spider("a", f"env; {gate.script}; exit 1")
    receiver.answers = [500]
    running = world.start("-v")
    gate.wait()
    # The check-in of the start is under way.
    connection, _ = black_hole.accept()
    seen = 0
    for process in pathlib.Path("/proc").glob("[1-9]*"):
        for file in ("cmdline", "environ"):
            try:
                text = (process / file).read_bytes()
            except OSError:
                continue
            seen += b"libexec/spider-check/send" in text or b"send/send" in text
            assert SECRET.encode() not in text
    assert seen > 0  # … or it would show nothing
    connection.close()
    black_hole.close()
    gate.open()
    result = running.end()
    assert result.code == 1
    results = [result, world.run("-v"), world.run("notify", "--test"), world.run("status"),
               world.run("status", "--json"), world.run("check", "-v"), world.run("-v", "--dry-run")]
    for result in results:
        assert SECRET not in result.out + result.err
    assert SECRET not in str(world.dump())
    assert SECRET not in str(world.sql("SELECT * FROM pg_stat_activity"))
    assert SECRET not in str(world.journal())
    for log in world.log_dir.rglob("*.log"):
        assert SECRET not in log.read_text()


def test_a_file_with_a_url_that_others_can_read_is_warned_about(world, receiver, certificate):
    tell(world, receiver, certificate).spider("a")
    config = world.write_config()
    config.chmod(0o644)
    warning = (f"{config}: holds a secret URL, and others can get at it (mode 0644); "
               f"type chmod 600 {config}")
    assert world.run("-q", keep_config=True).err.strip().endswith(warning)
    config.chmod(0o600)
    world.sql("TRUNCATE scheduler_state CASCADE")
    assert world.run("-q", keep_config=True).err == ""


# --- notify --test ------------------------------------------------------------------------------------


def test_a_test_is_sent_by_each_channel(world, receiver, certificate):
    tell(world, receiver, certificate).spider("a")
    world.sections["notify.program"] = {"command": ["/bin/sh", "-c", "cat"]}
    world.sections["notify.ping"] = {"url": receiver.url("/check")}
    world.sections["database"]["url"] = "postgresql:///nothing?host=/nowhere"
    result = world.run("notify", "--test")
    assert result.code == 0, result.out + result.err
    program, webhook, ping = result.out.splitlines()
    assert program.startswith('program: sent: {"event":"test"')
    assert webhook == "webhook: sent: localhost: HTTP 200"
    assert ping == "ping: sent: localhost: HTTP 200"
    assert set(receiver.paths()) == {f"/{SECRET}", "/check/log"}
    receiver.answers = [404]
    world.sections["notify.webhook"]["url"] = receiver.url("/gone")
    del world.sections["notify.ping"]
    result = world.run("notify", "--test")
    assert result.code == 1
    assert "webhook: not sent: localhost: HTTP 404" in result.out


def test_with_nobody_to_tell_a_test_is_wrong(world):
    world.spider("a")
    result = world.run("notify", "--test")
    assert (result.code, result.out) == (2, "")
    assert result.err == ("spider-check: notify: the configuration names nobody to tell; add "
                          "[notify.program], [notify.webhook] or [notify.ping]\n")
    result = world.run("notify")
    assert result.code == 2
    assert "say --test to try it" in result.err
