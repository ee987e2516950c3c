"""A schedule that tells people, and what it has to tell."""

import json

import pytest

from receiver import BlackHole, Receiver, make_certificate

SECRET = "s3cr3t-t0ken"


@pytest.fixture(scope="session")
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
    path = world.directory / "broken"
    path.touch()
    world.spider("a", f"test ! -e '{path}'")
    return path
