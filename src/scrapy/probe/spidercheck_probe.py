"""Tells spider-check what a crawl does, from the inside, without a change to the crawl.

Scrapy loads it as an entry point of `scrapy.commands`, because its folder is on PYTHONPATH. Where
SPIDERCHECK_REPORT names a file, it appends one JSON object a line to it; where not, it does nothing.
It changes no setting, and whatever fails in here fails silently: a crawl matters more than a report.

Records, each with "kind" and "token":
  start     the process has loaded Scrapy             python, scrapy
  spiders   what `scrapy list` found                  names
  spider    a crawl's spider opened                   name
  progress  at most once a second, on change          items, pages, errors
  error     the first of its kind; at most 20         place, text
  crash     an exception ended the process            place, text
  closed    the spider closed                         reason
  end       the engine stopped                        own, stats, fields, errors,
                                                      switched_off
  exit      Python ends

own holds the probe's counts: items, dropped, pages (responses, robots and statuses among them),
refused (no spider wanted the status), dead (failed by the site or the network to the end),
forbidden (by robots.txt), exceptions, errors, closing_errors (what keeps the items could not be
closed), late_errors (others logged them meanwhile), lost_feeds, and the reason of the spider's end.
switched_off tells what the project asks for and Scrapy disabled before the crawl, each with "what"
(pipeline, feed, extension, spider middleware, downloader middleware), "name", "why" (or ""),
"count" (of feeds) and "wished" (whether a setting of the project says so).

Plain Python 3.5, so that every Scrapy from 1.8 on reads it.
"""

import atexit
import functools
import json
import logging
import os
import re
import stat
import sys
import threading
import traceback

from scrapy.commands import ScrapyCommand

MOST_ERRORS = 20  # kinds of errors that are told one by one
MOST_FIELDS = 500
MOST_STATS = 5000
MOST_CAUSES = 20
MOST_SWITCHED_OFF = 50
CLOSE_FAILURE = "Scraper close failure"  # as the engine says that a pipeline could not be closed
CLOSING_METHODS = ("close_spider", "closed", "spider_closed")
MOST_PAGES = 100000  # that are told apart
LONGEST_TEXT = 1000
LONGEST_NAME = 200
LONGEST_RECORD = 1 << 20  # bytes

# Taken out of the environment: what the crawl starts must not report in its place.
_path = os.environ.pop("SPIDERCHECK_REPORT", None)
_token = os.environ.pop("SPIDERCHECK_TOKEN", "")
_pid = os.getpid()
_keep = []
_owns = {}  # which files are the project's own
_libraries = None
_declined = []  # what raised NotConfigured, as it was loaded
_switched_off = []  # (crawler, what the project asked for and does not get)
_watched = set()  # which ends of pages are seen
_feed = {}  # the one that was looked at last, and what was wrong with it

try:
    _here = os.path.join(os.path.realpath(os.getcwd()), "")
except OSError:
    _here = "/nowhere/"


def _text(value, longest=LONGEST_TEXT):
    """Valid Unicode without NUL, which is what PostgreSQL keeps."""
    try:
        text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    except Exception:
        text = "<%s>" % type(value).__name__
    text = text[:longest].encode("utf-8", "replace").decode("utf-8")
    return text.replace("\0", "\ufffd")


def _value(value, depth=0):
    """Something that JSON, and every reader of JSON, can hold."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) < 1 << 53 else _text(value)
    if isinstance(value, float):
        return value if value - value == 0 else _text(value)
    if isinstance(value, dict) and depth < 3:
        pairs = list(value.items())
        if len(pairs) > MOST_STATS:
            # Scrapy's own keys are short; what makes thousands of them is the project.
            pairs = sorted(pairs, key=lambda pair: len(str(pair[0])))[:MOST_STATS]
        return {_text(key, LONGEST_NAME): _value(inner, depth + 1) for key, inner in pairs}
    if isinstance(value, (list, tuple)) and depth < 3:
        return [_value(inner, depth + 1) for inner in list(value)[:MOST_STATS]]
    return _text(value)


def _emit(kind, **facts):
    """One write to a file that is only appended to: never mixed with another, never blocking."""
    if not _path or os.getpid() != _pid:
        return
    try:
        facts.update(kind=kind, token=_token)
        line = json.dumps(facts).encode("ascii") + b"\n"
        if len(line) > LONGEST_RECORD and "stats" in facts:
            facts["stats"] = _without_long_ones(facts["stats"])
            line = json.dumps(facts).encode("ascii") + b"\n"
        # The file is made by the program; whatever else is in its place is not written to.
        descriptor = os.open(_path, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            if stat.S_ISREG(os.fstat(descriptor).st_mode):
                os.write(descriptor, line)
        finally:
            os.close(descriptor)
    except Exception:
        pass


def _without_long_ones(stats):
    short = [(key, value) for key, value in stats.items()
             if len(key) <= 100 and len(json.dumps(value)) <= 100]
    return dict(short[:2000])


def _library_folders():
    """Of Python, of Scrapy, of this probe, and of the virtual environment."""
    import scrapy
    import sysconfig

    folders = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    folders += [os.path.dirname(scrapy.__file__), os.path.dirname(__file__)]
    if sys.prefix != getattr(sys, "base_prefix", sys.prefix):
        # A project may be inside of its environment.
        inside = _here.startswith(os.path.join(os.path.realpath(sys.prefix), ""))
        folders += [sys.prefix + "/lib", sys.prefix + "/lib64"] if inside else [sys.prefix]
    return tuple(os.path.join(form(folder), "")
                 for folder in folders for form in (os.path.abspath, os.path.realpath))


def _looks_own(name):
    global _libraries
    if name.startswith("<") or os.path.basename(name) == "scrapy":
        return False
    if _libraries is None:
        _libraries = _library_folders()
    for path in (os.path.abspath(name), os.path.realpath(name)):
        parts = path.split(os.sep)
        if "site-packages" in parts or "dist-packages" in parts or path.startswith(_libraries):
            return False
    return True


def _is_own(name):
    """Whether somebody of the project wrote that file; never so in a library."""
    if name not in _owns:
        _owns[name] = _looks_own(name)
    return _owns[name]


def _frames(trace):
    return [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(trace)]


def _place(frames):
    """The line of the project that is nearest to the error, else the nearest of one's own."""
    place, in_project = "", False
    for name, line in frames:
        if not _is_own(name):
            continue
        inside = os.path.realpath(name).startswith(_here)
        if inside or not in_project:
            place, in_project = "%s:%d" % (os.path.abspath(name), line), inside
    return place


def _first_line(text):
    """The first line that says something: no rule, no empty one."""
    lines = [line.strip() for line in text.splitlines()]
    for line in lines:
        if any(char.isalnum() for char in line):
            return line
    return "".join(lines[:1])


def _words(exception):
    """As Python says it, without its notes and further lines."""
    kind = type(exception)
    name = getattr(kind, "__qualname__", kind.__name__)
    if kind.__module__ not in ("builtins", "__main__"):
        name = "%s.%s" % (kind.__module__, name)
    line = _first_line(_text(getattr(exception, "msg", exception)
                             if isinstance(exception, SyntaxError) else exception))
    return "%s: %s" % (name, line) if line else name


def _members(exception):
    """Of a group of exceptions; empty for any other."""
    several = getattr(exception, "exceptions", None)
    if isinstance(several, (list, tuple)) and type(exception).__name__.endswith("Group"):
        return [member for member in several if isinstance(member, BaseException)]
    one = getattr(getattr(exception, "subFailure", None), "value", None)
    return [one] if isinstance(one, BaseException) else []


def _cause(exception):
    if exception.__cause__ is not None or exception.__suppress_context__:
        return exception.__cause__
    context = exception.__context__
    # What a library tried first, and in vain, is no cause.
    if context is None or not _place(_frames(context.__traceback__)):
        return None
    return context


def _chain(exception):
    """What happened, from the first cause on; of a group the first one."""
    chain = []
    while exception is not None and len(chain) < MOST_CAUSES:
        chain.append(exception)
        members = _members(exception)
        exception = members[0] if members else _cause(exception)
    return [link for link in reversed(chain) if not _members(link)]


def _place_of(exception, trace):
    frames = _frames(trace)
    if isinstance(exception, SyntaxError) and exception.filename:
        frames.append((exception.filename, exception.lineno or 0))
    return _place(frames)


def _fault(exception, trace):
    chain = _chain(exception)
    places = [_place_of(link, link.__traceback__) for link in chain if link is not exception]
    places.append(_place_of(exception, trace))
    words = [_words(chain[0])]
    if _words(chain[-1]) != words[0]:
        words.append(_words(chain[-1]))
    others = len(_members(exception)) - 1
    more = " (and %d more)" % others if others > 0 else ""
    place = next(filter(None, places), "")
    return {"place": _text(place), "text": _text("; then ".join(words) + more)}


def _message(record):
    try:
        text = record.getMessage()
    except Exception:
        text = record.msg  # its arguments do not fit it
    return _first_line(_text(text))


class _Errors(logging.Handler):
    """Counts and quotes what is logged as an error, whatever LOG_LEVEL is."""

    def __init__(self, probe):
        logging.Handler.__init__(self, level=logging.ERROR)
        self.probe = probe

    def emit(self, record):
        try:
            self.probe.on_error(record)
        except Exception:
            pass


class _Closing(logging.Handler):
    """Sees that the crawl has begun to close."""

    def __init__(self, probe):
        logging.Handler.__init__(self, level=logging.INFO)
        self.probe = probe

    def emit(self, record):
        if str(record.msg).startswith("Closing spider ("):
            self.probe.closing = True


class _Probe(object):
    """Watches one crawl."""

    def __init__(self, crawler):
        from scrapy import signals

        self.crawler = crawler
        self.lock = threading.Lock()
        self.items = self.dropped = self.pages = self.robots = 0
        self.errors = self.exceptions = self.item_errors = self.closing_errors = 0
        self.late_errors = self.unwritten = 0
        self.lost_feeds = set()  # what is said of each
        self.dead, self.refused, self.forbidden = _Pages(), _Pages(), _Pages()
        self.statuses = {}
        self.fields = {}
        self.kinds = {}
        self.reason = None
        self.closing = False
        self.told = None
        self.over = threading.Event()
        self.closed = False
        self.spider_name = None
        self.handlers = [(logging.getLogger(), _Errors(self)),
                         (logging.getLogger("scrapy.core.engine"), _Closing(self))]
        for name in ("spider_opened", "item_scraped", "item_dropped", "item_error",
                     "response_received", "spider_error", "spider_closed", "engine_stopped"):
            if hasattr(signals, name):
                crawler.signals.connect(getattr(self, name), signal=getattr(signals, name))
        self.listen()
        self.keep_listening()
        self.watch_closing()
        self.watch_end()

    def watch_end(self):
        """Before any receiver of the spider's end is called; they come in no certain order."""
        from scrapy import signals

        def watched(original):
            def send(*args, **kwargs):
                if kwargs.get("signal", args[0] if args else None) is signals.spider_closed:
                    self.closing = self.closed = True
                return original(*args, **kwargs)

            return send

        manager = self.crawler.signals
        for name in ("send_catch_log_deferred", "send_catch_log_async"):
            if hasattr(manager, name):
                setattr(manager, name, watched(getattr(manager, name)))

    def keep_listening(self):
        """A project may set up logging of its own, which puts other handlers in place of all."""
        root = logging.getLogger()
        original = root.addHandler

        def addHandler(handler):
            original(handler)
            if handler is not self.handlers[0][1] and self.handlers[0][1] not in root.handlers:
                original(self.handlers[0][1])

        root.addHandler = addHandler

    def listen(self):
        """Again when the crawl begins and ends, for what nobody saw."""
        for logger, handler in self.handlers:
            if handler not in logger.handlers:
                logger.addHandler(handler)

    def watch_closing(self):
        """What fails while a crawl closes is only logged, and a project may have disabled that."""
        from scrapy.core import engine

        original = engine.logger.error

        def error(message, *args, **kwargs):
            if str(message) == CLOSE_FAILURE:
                self.closing_errors += 1
            return original(message, *args, **kwargs)

        engine.logger.error = error

    def spider_opened(self, spider):
        self.listen()
        self.spider_name = spider.name
        _emit("spider", name=_text(spider.name))
        thread = threading.Thread(target=self.tell_progress, name="spider-check")
        thread.daemon = True
        thread.start()

    def tell_progress(self):
        while not self.over.wait(1):
            now = (self.items, self.pages, self.errors)
            if now != self.told:
                self.told = now
                _emit("progress", items=now[0], pages=now[1], errors=now[2])

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
        for name, value in pairs:
            name = _text(name, LONGEST_NAME)
            if name not in self.fields and len(self.fields) >= MOST_FIELDS:
                continue
            # Nothing, or an empty text or collection; 0 and False say something.
            empty = value is None or (hasattr(value, "__len__") and len(value) == 0)
            self.fields[name] = self.fields.get(name, 0) + (0 if empty else 1)

    def item_dropped(self):
        self.dropped += 1

    def item_error(self):
        self.item_errors += 1

    def response_received(self, response, request):
        self.pages += 1
        if _is_robots(response):
            self.robots += 1
            return
        if self.dead.number:
            self.dead.discard(request)  # in vain at first, but it came
        status = str(response.status)
        self.statuses[status] = self.statuses.get(status, 0) + 1

    def request_failed(self, request, error, trace):
        """By the site or the network; what middlewares pass over they do not want."""
        from scrapy.exceptions import IgnoreRequest, NotSupported

        if _is_robots(request):
            return
        if isinstance(error, IgnoreRequest):
            if str(error) == "Forbidden by robots.txt":
                self.forbidden.add(request)
            return
        frames = _frames(trace)
        by_itself = bool(frames) and _is_own(frames[-1][0])
        if not isinstance(error, NotSupported) and not by_itself:
            self.dead.add(request)

    def response_refused(self, response):
        self.refused.add(response.request)

    def spider_error(self):
        self.exceptions += 1

    def on_error(self, record):
        self.errors += 1
        if self.closing:
            self.count_closing(record)
        if not record.exc_info or not record.exc_info[1]:
            return self.on_message(_message(record))
        try:
            fault = _fault(*record.exc_info[1:])
        except Exception:
            fault = {"place": "", "text": _message(record)}  # an exception as no other
        frames = _frames(record.exc_info[2])
        self.count_lost_feed([name for name, _ in frames], fault["text"])
        # Where the spider never opened, the statistics of its time fail, too.
        last = frames[-1][0] if frames else ""
        if not self.spider_name and last.endswith("scrapy/extensions/corestats.py"):
            return None
        # What ends the process reaches the log as Twisted's last words.
        if record.levelno >= logging.CRITICAL and record.name == "twisted":
            return _emit("crash", **fault)
        return self.tell_once(fault)

    def on_message(self, text):
        if not text.startswith("Unhandled error in Deferred"):
            self.tell_once({"place": "", "text": text})

    def count_lost_feed(self, files, text):
        """One that cannot even be opened is in no statistics, and may say so at each item."""
        if not any(name.endswith("scrapy/extensions/feedexport.py") for name in files):
            return
        if any(name.endswith("scrapy/exporters.py") for name in files):
            self.unwritten += 1
        elif len(self.lost_feeds) < MOST_ERRORS:
            self.lost_feeds.add(text)

    def number_of_lost_feeds(self):
        """A feed that holds few of the items is lost, too."""
        if self.unwritten and self.unwritten * 2 >= self.items:
            return max(1, len(self.lost_feeds))
        return len(self.lost_feeds)

    def count_closing(self, record):
        """Apart from pages, which may fail while a crawl drains: they are pages."""
        if str(record.msg) == CLOSE_FAILURE:
            return  # counted where it is logged
        if self.is_close_failure(record):
            self.closing_errors += 1
        elif self.closed or not self.is_of_a_page(record):
            self.late_errors += 1

    def is_of_a_page(self, record):
        if record.name == "scrapy.core.engine":
            return not str(record.msg).endswith("close failure")
        return record.name.startswith("scrapy.") or record.name == self.spider_name

    def is_close_failure(self, record):
        """What keeps the items could not be closed; monitors, mail and others keep none."""
        if record.name == "scrapy.utils.signal":
            return self.is_told_of_the_end(record.args)
        return self.closes_by_itself(sys._getframe())

    def is_told_of_the_end(self, args):
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
                       dispatcher.getAllReceivers(self.crawler, signal)))

    def closes_by_itself(self, frame):
        """Whether a pipeline or the spider logs it in its own method for the end."""
        keepers = [self.crawler.spider]
        try:
            keepers += self.crawler.engine.scraper.itemproc.middlewares
        except AttributeError:
            pass
        while frame is not None:
            if frame.f_code.co_name in CLOSING_METHODS and frame.f_code.co_argcount:
                owner = frame.f_locals.get(frame.f_code.co_varnames[0])
                if any(owner is keeper for keeper in keepers):
                    return True
            frame = frame.f_back
        return False

    def tell_once(self, fault):
        key = (fault["place"], fault["text"].split(":")[0] if fault["place"] else fault["text"])
        with self.lock:
            if key in self.kinds:
                self.kinds[key]["count"] += 1
                return
            if len(self.kinds) >= MOST_ERRORS:
                return
            self.kinds[key] = dict(fault, count=1)
        _emit("error", **fault)

    def spider_closed(self, reason):
        self.listen()
        self.closing = self.closed = True
        if self.spider_name is not None:  # else it never opened
            self.reason = _text(reason)
        _emit("closed", reason=_text(reason))

    def engine_stopped(self):
        self.over.set()
        try:
            stats = _value(dict(self.crawler.stats.get_stats()))
        except Exception:
            stats = {}
        own = {"items": self.items, "dropped": self.dropped, "pages": self.pages,
               "lost_feeds": self.number_of_lost_feeds(), "robots": self.robots,
               "exceptions": self.exceptions,
               "errors": max(self.errors, self.exceptions + self.item_errors),
               "closing_errors": self.closing_errors, "late_errors": self.late_errors,
               "statuses": self.statuses,
               "reason": self.reason}
        for name in ("dead", "refused"):
            if name in _watched:
                own[name] = getattr(self, name).number
        if "dead" in _watched:
            own["forbidden"] = self.forbidden.number
        _emit("end", own=own, stats=stats, fields=self.fields, errors=list(self.kinds.values()),
              switched_off=[fact for crawler, fact in _switched_off if crawler is self.crawler])


def _watch_crawls():
    from scrapy.crawler import Crawler

    original = Crawler.__init__

    def __init__(self, *args, **kwargs):
        original(self, *args, **kwargs)
        try:
            # The first crawl of the process is the one that was asked for. Kept here, because
            # signals hold their receivers only weakly.
            if not _keep:
                _keep.append(_Probe(self))
        except Exception:
            pass

    Crawler.__init__ = __init__


SETTINGS = {"item pipeline": "ITEM_PIPELINES", "extension": "EXTENSIONS",
            "spider middleware": "SPIDER_MIDDLEWARES",
            "downloader middleware": "DOWNLOADER_MIDDLEWARES"}


def _watch_components():
    """Scrapy takes NotConfigured for a wish, and goes on without what raised it."""
    from scrapy import middleware

    original = middleware.MiddlewareManager.from_crawler.__func__

    def from_crawler(cls, crawler, *args, **kwargs):
        begin = len(_declined)
        manager = original(cls, crawler, *args, **kwargs)
        try:
            _note_declined(cls.component_name, crawler, _declined[begin:])
            del _declined[begin:]
        except Exception:
            pass
        return manager

    middleware.MiddlewareManager.from_crawler = classmethod(from_crawler)
    for name in ("load_object", "create_instance", "build_from_crawler"):
        if hasattr(middleware, name):
            setattr(middleware, name, _noting_declined(getattr(middleware, name)))


def _noting_declined(original):
    from scrapy.exceptions import NotConfigured

    def function(what, *args, **kwargs):
        try:
            return original(what, *args, **kwargs)
        except NotConfigured as error:
            _declined.append((what, error))
            raise

    return function


def _note_declined(component, crawler, declined):
    from scrapy.extensions.feedexport import FeedExporter

    for what, error in declined:
        if isinstance(what, type) and issubclass(what, FeedExporter):
            fact = _switched_off_feeds(crawler.settings)
        else:
            fact = _switched_off_component(component, crawler.settings, what, error)
        if fact and len(_switched_off) < MOST_SWITCHED_OFF:
            _switched_off.append((crawler, fact))


def _dotted(what):
    if isinstance(what, str):
        return what
    return "%s.%s" % (what.__module__, getattr(what, "__qualname__", type(what).__name__))


def _asked_for(settings, name, what):
    """As that setting names it, which may be by another path than its own; else empty."""
    from scrapy.utils.misc import load_object

    for key, order in dict(settings.get(name) or {}).items():
        if order is None:
            continue
        if _dotted(key) == _dotted(what) or isinstance(key, str) and load_object(key) is what:
            return _dotted(key)
    return ""


def _switched_off_component(component, settings, what, error):
    name = _asked_for(settings, SETTINGS[component], what)
    # What Scrapy has by default disables itself as a rule, and so does what is derived from it.
    pipeline = component == "item pipeline"
    wished = _is_wished(settings, error)
    as_a_rule = (wished or _is_never_on(settings, error)
                 or _asked_for(settings, SETTINGS[component] + "_BASE", what))
    if not name or not pipeline and as_a_rule:
        return None
    why = _missing_store(settings, what)
    if not why and error.args:
        why = _first_line(_text(error.args[0]))
    return {"what": component.replace("item ", ""), "name": _text(name, LONGEST_NAME), "count": 1,
            "why": why, "wished": wished}


def _switches(error):
    """The settings, named as switches are, that the function which raised it asks for."""
    frames = list(traceback.walk_tb(error.__traceback__))
    names = frames[-1][0].f_code.co_consts if frames else ()
    return [name for name in names if isinstance(name, str) and name.endswith("_ENABLED")]


def _is_wished(settings, error):
    """The project made such a setting false."""
    return any(str(settings.get(name)).lower() in ("false", "0")
               and (settings.getpriority(name) or 0) > 0 for name in _switches(error))


def _is_never_on(settings, error):
    """What says nothing and waits for a switch that nobody set is off as a rule."""
    return not error.args and any(settings.get(name) is None for name in _switches(error))


def _missing_store(settings, what):
    """Which Scrapy does not always say."""
    bases = [base.__name__ for base in getattr(what, "__mro__", ())]
    for base, name in (("ImagesPipeline", "IMAGES_STORE"), ("FilesPipeline", "FILES_STORE")):
        if base in bases:
            return "" if settings.get(name) else name + " is not set"
    return ""


def _watch_feeds():
    """One feed that cannot work disables them all, with no more than a line in the log."""
    from scrapy.extensions import feedexport

    supported = feedexport.FeedExporter._storage_supported
    original = feedexport.logger.error

    def _storage_supported(self, uri, *args, **kwargs):
        _feed.update(uri=str(uri), why="")
        return supported(self, uri, *args, **kwargs)

    def error(message, *args, **kwargs):
        try:
            _feed["why"] = _what_is_wrong(str(message), args)
        except Exception:
            pass
        return original(message, *args, **kwargs)

    feedexport.FeedExporter._storage_supported = _storage_supported
    feedexport.logger.error = error


def _what_is_wrong(message, args):
    facts = args[0] if args and isinstance(args[0], dict) else {}
    if "reason" in facts:
        return _first_line(_text(facts["reason"])) or "its storage is disabled"
    if "batch_id" in message:
        _feed["uri"] = str(args[0])
        return "%(batch_time)s or %(batch_id)d must be in the name of a feed in batches"
    text = _first_line(_text(message % (facts or args)))
    return text[:1].lower() + text[1:]


def _switched_off_feeds(settings):
    count = len(settings.getdict("FEEDS")) + (1 if settings.get("FEED_URI") else 0)
    if not count:
        return None
    name = re.sub("//[^/@]*@", "//", _feed.get("uri", ""))  # without a password
    return {"what": "feed", "name": _text(name, LONGEST_NAME), "why": _feed.get("why", ""),
            "count": count, "wished": False}


def _watch_downloads():
    """Sees what becomes of each request behind every middleware, after the last retry."""
    from scrapy.core.downloader.middleware import DownloaderMiddlewareManager as Manager

    name = "download_async" if hasattr(Manager, "download_async") else "download"
    original = getattr(Manager, name)

    async def download_async(self, download_func, request, *args, **kwargs):
        try:
            return await original(self, download_func, request, *args, **kwargs)
        except Exception as error:
            _tell_of_page("request_failed", request, error, error.__traceback__)
            raise

    def download(self, download_func, request, *args, **kwargs):
        def failed(failure):
            _tell_of_page("request_failed", request, failure.value, failure.getTracebackObject())
            return failure

        result = original(self, download_func, request, *args, **kwargs)
        return result.addErrback(failed) if hasattr(result, "addErrback") else result

    setattr(Manager, name, download_async if name == "download_async" else download)
    _watched.add("dead")


def _watch_refusals():
    """A page whose status nobody handles is refused; the spider may want others."""
    from scrapy.spidermiddlewares.httperror import HttpError, HttpErrorMiddleware

    original = HttpErrorMiddleware.process_spider_exception

    @functools.wraps(original)
    def process_spider_exception(self, response, exception, *args, **kwargs):
        if isinstance(exception, HttpError):
            _tell_of_page("response_refused", response)
        return original(self, response, exception, *args, **kwargs)

    HttpErrorMiddleware.process_spider_exception = process_spider_exception
    _watched.add("refused")


def _tell_of_page(how, *args):
    try:
        for probe in _keep:
            getattr(probe, how)(*args)
    except Exception:
        pass


class _Pages(object):
    """Pages of one kind; one that comes twice counts once."""

    def __init__(self):
        self.seen = set()
        self.number = 0

    def add(self, request):
        page = self.key(request)
        if page in self.seen:
            return
        self.number += 1
        if len(self.seen) < MOST_PAGES:
            self.seen.add(page)

    def discard(self, request):
        page = self.key(request)
        if page in self.seen:
            self.seen.remove(page)
            self.number -= 1

    @staticmethod
    def key(request):
        return hash((request.method, request.url, request.body))


def _is_robots(request):
    return request.url.endswith("/robots.txt")


def _watch_list():
    from scrapy.commands.list import Command as List

    original = List.run

    def run(self, args, opts):
        original(self, args, opts)
        try:
            names = sorted(str(name) for name in self.crawler_process.spider_loader.list())
            _emit("spiders", names=[name.encode("utf-8", "replace").decode() for name in names])
        except Exception:
            pass

    List.run = run


def _watch_crashes():
    original = sys.excepthook

    def hook(exc_type, exception, trace):
        if issubclass(exc_type, Exception):
            try:
                _emit("crash", **_fault(exception, trace))
            except Exception:
                pass
        original(exc_type, exception, trace)

    sys.excepthook = hook


def _begin():
    import scrapy

    for watch in (_watch_components, _watch_feeds, _watch_downloads, _watch_refusals,
                  _watch_crawls, _watch_list, _watch_crashes):
        try:
            watch()
        except Exception:
            pass
    atexit.register(_emit, "exit")
    _emit("start", python=sys.version.split()[0], scrapy=_text(scrapy.__version__))


class Command(ScrapyCommand):
    """Scrapy wants a command behind the entry point; there is nothing to command."""

    requires_project = False
    default_settings = {"LOG_ENABLED": False}

    def short_desc(self):
        return "Reports to spider-check what a crawl does (nothing to call)"

    def run(self, args, opts):
        print("spidercheck-probe is called by spider-check, not by people")


if _path:
    _begin()
