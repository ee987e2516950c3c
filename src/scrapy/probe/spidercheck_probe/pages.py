"""Pages of one kind, counted once each."""

MAX_PAGES = 100000  # that are told apart

watched = set()  # which ends of pages are seen: "dead", "refused"


class Pages(object):
    """One that comes twice counts once."""

    def __init__(self):
        self.seen = set()
        self.number = 0

    def add(self, request):
        page = self.key(request)
        if page in self.seen:
            return
        self.number += 1
        if len(self.seen) < MAX_PAGES:
            self.seen.add(page)

    def discard(self, request):
        page = self.key(request)
        if page in self.seen:
            self.seen.remove(page)
            self.number -= 1

    @staticmethod
    def key(request):
        return hash((request.method, request.url, request.body))


def is_robots(request):
    return request.url.endswith("/robots.txt")
