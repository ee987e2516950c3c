"""One crawl, watched through the signals that Scrapy sends."""

import os

from spidercheck_probe import components, ignored
from spidercheck_probe.errors import Errors
from spidercheck_probe.pages import Pages, is_robots, watched
from spidercheck_probe.report import MAX_NAME, emit, text, value
from spidercheck_probe.seen_before import SeenBefore

MAX_FIELDS = 500
SIGNALS = ("spider_opened", "item_scraped", "item_dropped", "item_error", "response_received",
           "spider_error", "spider_closed", "engine_stopped")


class Crawl(object):
    """Counts what comes of it, and tells it under its number."""

    def __init__(self, number, crawler, listen):
        self.number = number
        self.crawler = crawler
        self.listen = listen
        self.items = self.dropped = self.pages = self.robots = 0
        self.exceptions = self.item_errors = 0
        self.dead, self.refused, self.forbidden = Pages(), Pages(), Pages()
        self.statuses = {}
        self.fields = {}
        self.errors = Errors(self)
        self.on_error, self.on_close_failure = self.errors.take, self.errors.take_close_failure
        self.reason = None
        self.closing = self.closed = self.over = False
        self.told = None
        self.spider_name = None
        self.seen_before = SeenBefore(crawler.settings)
        self.tell_begin()
        self.connect()

    def tell_begin(self):
        name = getattr(self.crawler.spidercls, "name", None) or self.crawler.spidercls.__name__
        more = {}
        if self.crawler.settings.get("LOG_FILE"):
            more["log_file"] = text(os.path.abspath(str(self.crawler.settings["LOG_FILE"])))
        emit("crawl", crawl=self.number, name=text(name), **more)

    def connect(self):
        from scrapy import signals

        for name in SIGNALS:
            if hasattr(signals, name):
                self.crawler.signals.connect(getattr(self, name), signal=getattr(signals, name))
        manager = self.crawler.signals
        for name in ("send_catch_log_deferred", "send_catch_log_async"):
            if hasattr(manager, name):
                setattr(manager, name, self.seeing_the_end(getattr(manager, name)))

    def seeing_the_end(self, original):
        """Before any receiver of the spider's end is called; they come in no certain order."""
        from scrapy import signals

        def send(*args, **kwargs):
            if kwargs.get("signal", args[0] if args else None) is signals.spider_closed:
                self.begin_closing()
                self.closed = True
            return original(*args, **kwargs)

        return send

    def spider_opened(self, spider):
        self.listen()
        self.spider_name = spider.name
        try:
            self.seen_before.listen(self.crawler.engine)
        except Exception:
            pass

    def tell_progress(self):
        now = (self.items, self.pages, self.errors.number)
        if now != self.told and self.spider_name is not None and not self.over:
            self.told = now
            emit("progress", crawl=self.number, items=now[0], pages=now[1], errors=now[2])

    def item_scraped(self, item):
        self.items += 1
        try:
            self.count_fields(item)
        except Exception:
            pass

    def count_fields(self, item):
        try:
            from itemadapter import ItemAdapter

            pairs = ItemAdapter(item).items()
        except Exception:
            pairs = item.items()
        for name, held in pairs:
            name = text(name, MAX_NAME)
            if name not in self.fields and len(self.fields) >= MAX_FIELDS:
                continue
            # Nothing, or an empty text or collection; 0 and False say something.
            empty = held is None or (hasattr(held, "__len__") and len(held) == 0)
            self.fields[name] = self.fields.get(name, 0) + (0 if empty else 1)

    def item_dropped(self):
        self.dropped += 1

    def item_error(self, failure):
        if not self.errors.is_passed_over(failure.value):
            self.item_errors += 1

    def spider_error(self, failure):
        if not self.errors.is_passed_over(failure.value):
            self.exceptions += 1

    def response_received(self, response, request):
        self.pages += 1
        if is_robots(response):
            self.robots += 1
            return
        if self.dead.number:
            self.dead.discard(request)  # in vain at first, but it came
        status = str(response.status)
        self.statuses[status] = self.statuses.get(status, 0) + 1

    def request_failed(self, request, error, trace):
        """By the site or the network; what middlewares pass over they do not want."""
        from scrapy.exceptions import IgnoreRequest, NotSupported
        from spidercheck_probe.faults import frames_of, is_own

        if is_robots(request):
            return
        if isinstance(error, IgnoreRequest):
            if str(error) == "Forbidden by robots.txt":
                self.forbidden.add(request)
            return
        frames = frames_of(trace)
        by_itself = bool(frames) and is_own(frames[-1][0])
        if not isinstance(error, NotSupported) and not by_itself:
            self.dead.add(request)

    def response_refused(self, response):
        if response.status not in ignored.statuses:
            self.refused.add(response.request)

    def begin_closing(self):
        if not self.closing:
            self.closing = True
            emit("closing", crawl=self.number)

    def spider_closed(self, reason):
        self.listen()
        self.begin_closing()
        self.closed = True
        if self.spider_name is not None:  # else it never opened
            self.reason = text(reason)
        emit("closed", crawl=self.number, reason=text(reason))

    def engine_stopped(self):
        self.over = True
        try:
            stats = value(dict(self.crawler.stats.get_stats()))
        except Exception:
            stats = {}
        emit("end", crawl=self.number, own=self.own(), stats=stats, fields=self.fields,
             errors=list(self.errors.kinds.values()),
             switched_off=components.switched_off(self.crawler))

    def own(self):
        own = {"items": self.items, "dropped": self.dropped, "pages": self.pages,
               "robots": self.robots, "exceptions": self.exceptions, "statuses": self.statuses,
               "reason": self.reason}
        own.update(self.errors.counts())
        own["errors"] = max(own["errors"], self.exceptions + self.item_errors)
        own.update(self.seen_before.facts())
        for name in ("dead", "refused"):
            if name in watched:
                own[name] = getattr(self, name).number
        if "dead" in watched:
            own["forbidden"] = self.forbidden.number
        return own
