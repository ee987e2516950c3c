"""Each run checks in with a monitor, in the protocol of healthchecks.io."""

from telling import SECRET, make_old, switch, tell


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
    # As much as the page shows: 40 lines.
    assert fail.body == ("spider-check default: the run failed: 1 of 1 spiders failed (a)\n\n…\n"
                         + "a line of the log\n" * 38 + "a line of thbytes: \\x00 \\xff\nthe very last line\n")


def test_a_hostile_log_tells_no_password_and_steers_no_terminal(world, receiver, certificate):
    tell(world, receiver, certificate, channel="ping")
    world.spider("a", r"head -c 1000000 /dev/zero | tr '\000' x; echo; "
                      r"printf '\033[2Jpostgresql://me:hunter2@db/x \033]0;title\007\n'; exit 1")
    assert world.run("-q", env={"PGPASSWORD": "hunter2", "A_SECRET": "hunter2"}).code == 1
    body = receiver.requests[-1].body
    assert "hunter2" not in body and "\x1b" not in body
    assert body.endswith("…\n\\x1b[2Jpostgresql://me:***@db/x \\x1b]0;title\\x07\n")


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
