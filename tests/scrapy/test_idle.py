"""Spiders of scrapy-redis, which wait for pages that others ask for."""

import pytest

from crawl_modes import check, failed, ok
from software import crawled, each, real, served, site

pytestmark = pytest.mark.xdist_group("idle")

REDIS = """
import json, sys, threading
import redis
from fakeredis import TcpFakeServer

server = TcpFakeServer(("127.0.0.1", 0))
threading.Thread(target=server.serve_forever, daemon=True).start()
host, port = server.server_address
page, *keys = sys.argv[1:]
for key in keys:
    redis.Redis(host, port).rpush(key, json.dumps({"url": page}))
print(json.dumps(f"redis://{host}:{port}"), flush=True)
sys.stdin.read()
"""
MODES = [
    failed("idle_waits", "stopped because it made no progress", items=20, finish_reason="shutdown"),
    ok("idle_served", finish_reason="finished"),
    failed("idle_stops", "0 items", finish_reason="finished", items=0, errors=0),
]
STALLS = {"idle_waits": {"stall_timeout": "30s", "grace": "30s"}}


@pytest.fixture(scope="module")
def outcomes(real, site):
    keys = [f"{name}:start_urls" for name in ("idle_waits", "idle_served")]
    with served(REDIS, site.url + "/ok", *keys) as url:
        yield crawled(real, "idle", MODES, STALLS, REDIS_URL=url)


@each(MODES)
def test_a_crawl_is_judged_by_what_came(outcomes, mode):
    check(outcomes[mode.name], mode)
