"""Spiders that wait for pages to be asked for: scrapy-redis."""

import os

from scrapy_redis.spiders import RedisSpider

from ..base import Reader


class Waiting(RedisSpider):
    """One page came; it waits for more until it is ended."""

    name = "idle_waits"
    custom_settings = {"REDIS_URL": os.environ.get("REDIS_URL")}
    parse = Reader.parse


class Served(Waiting):
    """One page came; it stops waiting after a second."""

    name = "idle_served"
    max_idle_time = 1


class Stops(Served):
    """Nothing came."""

    name = "idle_stops"
