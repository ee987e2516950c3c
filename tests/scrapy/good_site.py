"""A web site as they are: it moves, compresses, sets cookies and is busy now and then."""

import gzip

from site_server import ITEMS, PLAIN, Handler, item, page

BIG = page(*map(item, range(ITEMS)), "<!-- -->" * (1 << 18))


class GoodHandler(Handler):
    robots = 404

    def do_GET(self):
        first, _, rest = self.path[1:].partition("/")
        visit = getattr(self, f"visit_{first.partition('.')[0]}", None)
        visit(f"/{rest}") if visit else super().do_GET()

    def visit_robots(self, _):
        self.answer(self.robots)

    def visit_moved(self, rest):
        self.answer(301, headers={"Location": rest})

    def visit_flaky(self, rest):
        """Answers from the second time on."""
        again = self.path in self.server.seen
        self.server.seen.add(self.path)
        self.answer(200, PLAIN[rest.partition("?")[0]]) if again else self.answer(503)

    def visit_big(self, _):
        self.answer(200, BIG)

    def visit_gzip(self, rest):
        self.answer(200, gzip.compress(PLAIN[rest]), {"Content-Encoding": "gzip"})

    def visit_enter(self, _):
        self.answer(200, headers={"Set-Cookie": "member=yes; Path=/"})

    def visit_member(self, rest):
        is_member = "member=yes" in self.headers.get("Cookie", "")
        self.answer(200, PLAIN[rest]) if is_member else self.answer(403)


class BusyHandler(GoodHandler):
    robots = 503
