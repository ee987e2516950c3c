"""All crawls of this process, side by side or one after the other, and whose an error is."""

import functools
import logging
import sys
import threading
import time

from spidercheck_probe import report
from spidercheck_probe.crawl import Crawl
from spidercheck_probe.errors import CLOSE_FAILURE

OWNERS = ("spider", "crawler", "self")  # as the locals are called that know their crawl

_open = []  # began and did not end; kept here, because signals hold their receivers weakly
_last = []  # the one that ended last
_number = 0


def find(crawler=None, spider=None):
    for crawl in _open + _last:
        if crawl.crawler is crawler or spider is not None and crawl.crawler.spider is spider:
            return crawl
    return None


def first():
    """Whose something is of which nothing more is known."""
    return (_open + _last)[0]


def that_failed_by(exception):
    """Which may be told long after the crawl has ended."""
    return getattr(exception, "_spidercheck_crawl", None)


def owner(record):
    """Of what was logged."""
    exception, trace = record.exc_info[1:] if record.exc_info else (None, None)
    crawls = _open + _last
    if len(crawls) == 1 or that_failed_by(exception):
        return that_failed_by(exception) or crawls[0]
    spider = getattr(record, "spider", None)
    crawler = getattr(record, "crawler", None) or getattr(spider, "crawler", None)
    if crawler is not None or spider is not None:
        return find(crawler, spider) or first()
    named = [crawl for crawl in _open if crawl.spider_name == record.name]
    if named:
        return named[0]
    return _in_traces(trace) or first()


def _in_traces(trace):
    """By the locals of whoever logs it, or of what failed."""
    frames = []
    while trace is not None:
        frames.insert(0, trace.tb_frame)
        trace = trace.tb_next
    frame = sys._getframe()
    while frame is not None:
        frames.append(frame)
        frame = frame.f_back
    for frame in frames:
        for name in OWNERS:
            crawl = _that_knows(frame.f_locals.get(name))
            if crawl:
                return crawl
    return None


def _that_knows(one):
    try:
        crawler = vars(one).get("crawler")
    except TypeError:
        return None  # it has no attributes of its own
    return find(one if crawler is None else crawler, one)


class _Handler(logging.Handler):
    """Sees what is logged as an error, whatever LOG_LEVEL is."""

    def __init__(self):
        logging.Handler.__init__(self, level=logging.ERROR)

    def emit(self, record):
        try:
            owner(record).on_error(record)
        except Exception:
            pass


_handler = _Handler()


def listen():
    """Again when a crawl begins and ends, for what nobody saw."""
    root = logging.getLogger()
    if _handler not in root.handlers:
        root.addHandler(_handler)


def _keep_listening():
    """A project may set up logging of its own, which puts other handlers in place of all."""
    root = logging.getLogger()
    original = root.addHandler

    def addHandler(handler):
        original(handler)
        if handler is not _handler and _handler not in root.handlers:
            original(_handler)

    root.addHandler = addHandler


def _watch_closing():
    """What fails while a crawl closes is only logged, and a project may have disabled that."""
    from scrapy.core import engine

    original = engine.logger.error

    def error(message, *args, **kwargs):
        if str(message) == CLOSE_FAILURE:
            try:
                spider = (kwargs.get("extra") or {}).get("spider")
                crawler = getattr(spider, "crawler", None)
                (find(crawler, spider) or first()).on_close_failure(kwargs.get("exc_info"))
            except Exception:
                pass
        return original(message, *args, **kwargs)

    engine.logger.error = error
    for name in ("close_spider", "close_spider_async"):
        if hasattr(engine.ExecutionEngine, name):
            setattr(engine.ExecutionEngine, name,
                    _telling_of_closing(getattr(engine.ExecutionEngine, name)))


def _telling_of_closing(original):
    @functools.wraps(original)
    def close(self, *args, **kwargs):
        crawl = find(getattr(self, "crawler", None))
        if crawl:
            crawl.begin_closing()
        return original(self, *args, **kwargs)

    return close


def _tell_progress():
    while True:
        time.sleep(1)
        for crawl in list(_open):
            crawl.tell_progress()


def _begin(crawler):
    """None where it has begun already."""
    global _number
    try:
        if any(crawl.crawler is crawler for crawl in _open):
            return None
        if not _number:
            _begin_first()
        crawl = Crawl(_number, crawler, listen)
        _number += 1
        _open.append(crawl)
        return crawl
    except Exception:
        return None


def _begin_first():
    if report.adopt():
        from spidercheck_probe import start

        start()
    listen()
    _keep_listening()
    _watch_closing()
    thread = threading.Thread(target=_tell_progress, name="spider-check")
    thread.daemon = True
    thread.start()


def _end(crawl, failure=None):
    try:
        if failure is not None:
            failure._spidercheck_crawl = crawl
        _open.remove(crawl)
        _last[:] = [crawl]
    except Exception:
        pass


def watch():
    from scrapy.crawler import Crawler

    Crawler.crawl = _watched(Crawler.crawl)
    if hasattr(Crawler, "crawl_async"):
        Crawler.crawl_async = _watched_async(Crawler.crawl_async)


def _watched(original):
    @functools.wraps(original)
    def crawl(self, *args, **kwargs):
        one = _begin(self)

        def ended(result):
            _end(one, getattr(result, "value", None))
            return result

        result = original(self, *args, **kwargs)
        return result.addBoth(ended) if hasattr(result, "addBoth") else result

    return crawl


def _watched_async(original):
    @functools.wraps(original)
    async def crawl_async(self, *args, **kwargs):
        one, failure = _begin(self), None
        try:
            return await original(self, *args, **kwargs)
        except BaseException as error:
            failure = error
            raise
        finally:
            _end(one, failure)

    return crawl_async
