"""Pipelines, each with one fault."""

from scrapy.exceptions import DropItem, NotConfigured


class CannotOpen:
    def open_spider(self, spider):
        raise ConnectionError("the database is away")

    def process_item(self, item, spider):
        return item


class CannotProcess:
    def process_item(self, item, spider):
        raise ValueError("an item that nobody can keep")


class DropsAll:
    def process_item(self, item, spider):
        raise DropItem("not wanted")


class DropsHalf:
    def __init__(self):
        self.seen = 0

    def process_item(self, item, spider):
        self.seen += 1
        if self.seen % 2:
            raise DropItem("not wanted")
        return item


class CannotClose:
    def process_item(self, item, spider):
        return item

    def close_spider(self, spider):
        raise ConnectionError("the commit failed")


class SwitchedOff:
    def __init__(self):
        raise NotConfigured("the account is missing")
