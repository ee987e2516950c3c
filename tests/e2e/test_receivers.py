"""How people are told: real receivers, with TLS, that answer, refuse, or are silent."""

import json
import pathlib
import socket
import subprocess

import pytest

from receiver import Receiver, make_certificate
from telling import SECRET, notifications, switch, tell
from world import installed_root


def test_a_program_gets_the_facts_on_its_input_and_in_its_environment(world):
    switch(world).touch()
    world.top["max_attempts"] = 1
    script = world.directory / "tell.sh"
    script.write_text(f"cat >>'{world.directory}/input'; env >'{world.directory}/environment'\n")
    world.sections["notify.program"] = {"command": ["/bin/sh", str(script)]}
    assert world.run("-q").code == 1
    facts = json.loads((world.directory / "input").read_text())
    assert facts["event"] == "failing"
    variables = dict(line.split("=", 1) for line in
                     (world.directory / "environment").read_text().splitlines() if "=" in line)
    assert variables["SPIDER_CHECK_EVENT"] == "failing"
    assert variables["SPIDER_CHECK_SCHEDULE"] == "default"
    assert variables["SPIDER_CHECK_RUN_UUID"] == world.only_run().run_uuid
    assert variables["SPIDER_CHECK_FAILURE"] == "1 of 1 spiders failed (a)"
    assert variables["SPIDER_CHECK_SPIDERS"] == "a"
    assert variables["SPIDER_CHECK_TEXT"] == facts["text"]


@pytest.mark.parametrize("script, limit, why", [
    ("echo no mail today >&2; exit 3", "30s", "no mail today"),
    ("exit 3", "30s", "it exited with 3"),
    ("kill -9 $$", "30s", "it was killed by SIGKILL"),
    ("sleep 600", "1s", "it was killed after 1.0 s"),
])
def test_a_program_that_fails_is_said_and_tried_again(world, script, limit, why):
    switch(world)
    world.top["max_attempts"] = 1
    world.sections["notify"] = {"timeout": limit}
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


@pytest.mark.parametrize("place", ["url", "url_file"])
def test_the_url_is_said_nowhere(world, receiver, certificate, black_hole, place):
    tell(world, receiver, certificate)
    world.sections["notify"]["timeout"] = "5s"
    world.sections["notify.ping"] = {"url": f"http://127.0.0.1:{black_hole.port}/{SECRET}"}
    if place == "url_file":
        for channel in ("webhook", "ping"):
            path = world.directory / channel
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
