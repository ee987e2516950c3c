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
