"""Items into PostgreSQL, and what may become of the connection."""

import os

import psycopg2

CUT = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = %s"


def cut(name):
    """As an administrator, a failover or a pooler does."""
    other = psycopg2.connect(os.environ["SHOP_DB"])
    other.cursor().execute(CUT, [name])
    other.close()


class Store:
    def open_spider(self, spider):
        self.connection = psycopg2.connect(os.environ["SHOP_DB"], application_name=spider.name)

    def process_item(self, item, spider):
        self.insert(item)
        return item

    def insert(self, item):
        self.connection.cursor().execute("INSERT INTO job VALUES (%(title)s, %(pay)s)", item)

    def close_spider(self, spider):
        self.connection.commit()
        self.connection.close()


class CutAtOpen(Store):
    def open_spider(self, spider):
        super().open_spider(spider)
        cut(spider.name)
        self.connection.cursor().execute("TRUNCATE job")


class CutInCrawl(Store):
    """Before the eleventh item."""

    count = 0

    def insert(self, item):
        self.count += 1
        if self.count == 11:
            cut(self.connection.info.dsn_parameters["application_name"])
        super().insert(item)


class CutWhenCommitted(CutInCrawl):
    """Every item is committed by itself, so that the end has nothing to lose."""

    def insert(self, item):
        super().insert(item)
        self.connection.commit()

    def close_spider(self, spider):
        self.connection.close()


class CutAtClose(Store):
    def close_spider(self, spider):
        cut(spider.name)
        super().close_spider(spider)
