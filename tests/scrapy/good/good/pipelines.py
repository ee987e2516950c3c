"""Pipelines that do what they should."""

import threading
import time

from scrapy.exceptions import DropItem
from scrapy.utils.defer import maybe_deferred_to_future
from twisted.internet.task import deferLater


def in_a_moment(seconds=0.01):
    from twisted.internet import reactor  # which Scrapy has installed by then

    return deferLater(reactor, seconds, lambda: None)


class DropsFew:
    def __init__(self):
        self.seen = 0

    def process_item(self, item, spider):
        self.seen += 1
        if self.seen % 6 == 0:
            raise DropItem("seen before")
        return item


class WritesLate:
    """In the background, as clients of queues and stores do."""

    async def process_item(self, item, spider):
        await maybe_deferred_to_future(in_a_moment())
        return item


class Uploads:
    def process_item(self, item, spider):
        return item

    def close_spider(self, spider):
        threading.Thread(target=time.sleep, args=(0.5,)).start()
        time.sleep(0.5)


class UploadsLater(Uploads):
    def close_spider(self, spider):
        return in_a_moment(0.5)
