"""What an error means that is logged while a crawl closes."""

import sys

METHODS = ("close_spider", "closed", "spider_closed")


def is_of_a_page(crawl, record):
    if record.name == "scrapy.core.engine":
        return not str(record.msg).endswith("close failure")
    return record.name.startswith("scrapy.") or record.name == crawl.spider_name


def is_failure(crawl, record):
    """What keeps the items could not be closed; monitors, mail and others keep none."""
    if record.name == "scrapy.utils.signal":
        return _is_told_of_the_end(crawl, record.args)
    return _closes_by_itself(crawl, sys._getframe())


def _is_told_of_the_end(crawl, args):
    """An extension's, a pipeline's or the spider's own receiver of the last signals."""
    from pydispatch import dispatcher
    from scrapy import signals

    receiver = args.get("receiver") if isinstance(args, dict) else None
    owner = type(getattr(receiver, "__self__", None)).__module__
    if owner.split(".")[0] in ("scrapy", "spidermon"):
        return False
    return any(receiver == other
               for signal in (signals.spider_closed, signals.engine_stopped)
               for other in dispatcher.liveReceivers(
                   dispatcher.getAllReceivers(crawl.crawler, signal)))


def _closes_by_itself(crawl, frame):
    """Whether a pipeline or the spider logs it in its own method for the end."""
    keepers = [crawl.crawler.spider]
    try:
        keepers += crawl.crawler.engine.scraper.itemproc.middlewares
    except AttributeError:
        pass
    while frame is not None:
        if frame.f_code.co_name in METHODS and frame.f_code.co_argcount:
            owner = frame.f_locals.get(frame.f_code.co_varnames[0])
            if any(owner is keeper for keeper in keepers):
                return True
        frame = frame.f_back
    return False
