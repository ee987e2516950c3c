"""The names that `scrapy list` prints."""

from spidercheck_probe.report import emit


def watch():
    from scrapy.commands.list import Command

    original = Command.run

    def run(self, args, opts):
        original(self, args, opts)
        try:
            names = sorted(str(name) for name in self.crawler_process.spider_loader.list())
            emit("spiders", names=[name.encode("utf-8", "replace").decode() for name in names])
        except Exception:
            pass

    Command.run = run
