"""People are told what has changed, once, whoever has to tell it."""

import json

import pytest

from telling import SECRET, events, make_due, make_old, notifications, switch, tell


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
    # Not even once more: it would be told as news.
    assert len(receiver.requests) == 1
    assert notifications(world)[0].next_try_at is None


def test_what_one_host_is_telling_no_other_one_tells(world):
    gate = world.gate()
    broken = switch(world)
    world.top["max_attempts"] = 1
    world.sections["notify"] = {"timeout": "30s"}
    path = world.directory / "told"
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
    assert result.err == ("spider-check: notify: no channel is configured; add "
                          "[notify.program], [notify.webhook] or [notify.ping]\n")
    result = world.run("notify")
    assert result.code == 2
    assert "say --test to try it" in result.err


# --- What is no news any more ---------------------------------------------------------------------


def one_pending(world, receiver, certificate, channel="webhook"):
    """A message that did not arrive."""
    tell(world, receiver, certificate, channel)
    receiver.answers = [500] * 100
    path = switch(world)
    assert world.run("-q").code == 1
    receiver.answers.clear()
    receiver.requests.clear()
    assert all(one.sent_at is None and one.next_try_at for one in notifications(world))
    return path


def test_a_message_that_is_a_day_old_is_never_sent_as_news(world, receiver, certificate):
    one_pending(world, receiver, certificate)
    world.sql("UPDATE spider_check_notification SET created_at = now() - interval '25 hours'")
    make_due(world)
    result = world.run("-q")
    assert (result.code, result.err, receiver.requests) == (0, "", [])
    (message,) = notifications(world)
    assert (message.sent_at, message.next_try_at) == (None, None)
    assert message.last_error.startswith("given up: it is too old to be news; ")
    assert "HTTP 500" in message.last_error


def test_a_message_of_a_day_less_is_sent(world, receiver, certificate):
    one_pending(world, receiver, certificate)
    world.sql("UPDATE spider_check_notification SET created_at = now() - interval '23 hours'")
    make_due(world)
    assert world.run("-q").code == 0
    assert events(receiver) == ["failing"]


@pytest.mark.parametrize("other", [True, False], ids=["another is left", "none is left"])
def test_a_message_whose_channel_is_gone_is_given_up(world, receiver, certificate, other):
    path = one_pending(world, receiver, certificate)
    del world.sections["notify.webhook"]
    if other:
        world.sections["notify.ping"] = {"url": receiver.url("/check")}
    path.unlink()
    make_old(world)
    assert world.run("-q").code == 0
    gone = [one for one in notifications(world) if one.channel == "webhook"]
    assert [one.next_try_at for one in gone] == [None] * len(gone)
    assert gone[0].last_error.startswith("given up: the channel is not configured any more")
    world.sections["notify.webhook"] = {"url": receiver.url(f"/{SECRET}")}
    receiver.requests.clear()
    make_due(world)
    assert world.run("-q").code == 0
    assert "failing" not in [request.body for request in receiver.requests
                             if request.path == f"/{SECRET}"]
    assert not [event for event in events_of_webhook(receiver) if event == "failing"]


def events_of_webhook(receiver):
    return [json.loads(request.body)["event"] for request in receiver.requests
            if request.path == f"/{SECRET}"]
