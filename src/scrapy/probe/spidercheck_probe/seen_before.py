"""Requests that Scrapy passes over because an earlier run with the same JOBDIR made them."""

import os

from spidercheck_probe.pages import MAX_PAGES, Pages
from spidercheck_probe.report import text


class SeenBefore(object):
    """Nothing is counted before `listen`, and where no earlier run left its requests."""

    def __init__(self, settings):
        self.jobdir = settings.get("JOBDIR")
        seen = os.path.join(str(self.jobdir), "requests.seen")
        self.is_there = bool(self.jobdir) and os.path.exists(seen) and os.path.getsize(seen) > 0
        self.number = None
        self.of_this_run = set()

    def listen(self, engine):
        if not self.is_there:
            return
        slot = getattr(engine, "_slot", None) or engine.slot
        original = slot.scheduler.df.request_seen

        def request_seen(request):
            seen = original(request)
            self.count(Pages.key(request), seen)
            return seen

        slot.scheduler.df.request_seen = request_seen
        self.number = 0

    def count(self, page, seen):
        if len(self.of_this_run) >= MAX_PAGES:
            return  # whose the others are cannot be told any more
        if not seen:
            self.of_this_run.add(page)
        elif page not in self.of_this_run:
            self.number += 1

    def facts(self):
        facts = {"jobdir": text(self.jobdir)} if self.jobdir else {}
        if self.number is not None:
            facts["seen_before"] = self.number
        return facts
