"""The errors that are logged of one crawl: counted, and the first of each kind told."""

import logging
import sys
import threading

from spidercheck_probe import ignored
from spidercheck_probe.pages import MAX_PAGES, Pages, is_robots
from spidercheck_probe.report import emit, first_line, text

MAX_ERRORS = 20  # kinds of errors that are told one by one
OF_PAGES = ("Gave up retrying %(request)s", "Error downloading %(request)s")
CLOSE_FAILURE = "Scraper close failure"  # as the engine says that a pipeline could not be closed


def message(record):
    try:
        said = record.getMessage()
    except Exception:
        said = record.msg  # its arguments do not fit it
    return first_line(text(said))


def _fault(record):
    """Without a place where no exception is in it."""
    from spidercheck_probe import faults

    if not record.exc_info or not record.exc_info[1]:
        return {"place": "", "text": message(record)}
    try:
        return faults.fault(*record.exc_info[1:])
    except Exception:
        return {"place": "", "text": message(record)}  # an exception as no other


class Errors(object):
    def __init__(self, crawl):
        self.crawl = crawl
        self.lock = threading.Lock()
        self.number = self.at_the_end = self.late = self.unwritten = 0
        self.lost_feeds = set()  # what is said of each
        self.kinds = {}
        self.of_pages = {}  # how many are about each page, and about robots.txt
        self.passed_over = None  # the exception that was ignored last

    def take(self, record):
        fault = _fault(record)
        exception = record.exc_info[1] if record.exc_info else None
        if not exception and fault["text"].startswith("Unhandled error in Deferred"):
            return  # Twisted's headline; the error itself is next
        if ignored.is_given_up(record) or ignored.is_meant(record.name,
                                                           (message(record), fault["text"])):
            self.passed_over = exception
            return
        self.number += 1
        self.note_page(record)
        if self.crawl.closing:
            self.count_closing(record)
        if exception:
            self.take_exception(record, fault)
        else:
            self.tell_once(fault)

    def note_page(self, record):
        """What becomes of it in the end is seen later."""
        if not str(record.msg).startswith(OF_PAGES) or not isinstance(record.args, dict):
            return
        request = record.args["request"]
        page = "robots" if is_robots(request) else Pages.key(request)
        if page in self.of_pages or len(self.of_pages) < MAX_PAGES:
            self.of_pages[page] = self.of_pages.get(page, 0) + 1

    def number_of_lost_pages(self):
        """Of the errors, those that only say that a page never came, which the pages say, too."""
        lost = self.crawl.dead.seen | self.crawl.refused.seen | {"robots"}
        return sum(number for page, number in self.of_pages.items() if page in lost)

    def is_passed_over(self, exception):
        return exception is not None and exception is self.passed_over

    def take_exception(self, record, fault):
        from spidercheck_probe.faults import frames_of

        files = [name for name, _ in frames_of(record.exc_info[2])]
        self.count_lost_feed(files, fault["text"])
        # Where the spider never opened, the statistics of its time fail, too.
        last = files[-1] if files else ""
        if not self.crawl.spider_name and last.endswith("scrapy/extensions/corestats.py"):
            return
        # What ends the process reaches the log as Twisted's last words.
        if record.levelno >= logging.CRITICAL and record.name == "twisted":
            emit("crash", crawl=self.crawl.number, **fault)
        else:
            self.tell_once(fault)

    def count_lost_feed(self, files, said):
        """One that cannot even be opened is in no statistics, and may say so at each item."""
        if not any(name.endswith("scrapy/extensions/feedexport.py") for name in files):
            return
        if any(name.endswith("scrapy/exporters.py") for name in files):
            self.unwritten += 1
        elif len(self.lost_feeds) < MAX_ERRORS:
            self.lost_feeds.add(said)

    def number_of_lost_feeds(self):
        """A feed that holds few of the items is lost, too."""
        if self.unwritten and self.unwritten * 2 >= self.crawl.items:
            return max(1, len(self.lost_feeds))
        return len(self.lost_feeds)

    def count_closing(self, record):
        """Apart from pages, which may fail while a crawl drains: they are pages."""
        from spidercheck_probe import closing

        if str(record.msg) == CLOSE_FAILURE:
            return  # counted where it is logged
        if closing.is_failure(self.crawl, record):
            self.at_the_end += 1
        elif self.crawl.closed or not closing.is_of_a_page(self.crawl, record):
            self.late += 1

    def take_close_failure(self, exc_info):
        from spidercheck_probe.faults import words

        if self.crawl.spider_name is None:
            return  # what never opened has nothing to keep
        exception = exc_info[1] if isinstance(exc_info, tuple) else sys.exc_info()[1]
        texts = [CLOSE_FAILURE] + ([words(exception)] if exception else [])
        if not ignored.is_meant("scrapy.core.engine", texts):
            self.at_the_end += 1

    def tell_once(self, fault):
        place, said = fault["place"], fault["text"]
        key = (place, said.split(":")[0] if place else said)
        with self.lock:
            if key in self.kinds:
                self.kinds[key]["count"] += 1
                return
            if len(self.kinds) >= MAX_ERRORS:
                return
            self.kinds[key] = dict(fault, count=1)
        emit("error", crawl=self.crawl.number, **fault)

    def counts(self):
        return {"errors": self.number, "closing_errors": self.at_the_end,
                "late_errors": self.late, "page_errors": self.number_of_lost_pages(),
                "lost_feeds": self.number_of_lost_feeds()}
