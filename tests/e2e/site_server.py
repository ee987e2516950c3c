"""A web site on this machine, with the pages that a crawl can fail on."""

import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ITEMS = 20
PAGES = 40


def item(number):
    return f'<li class="item"><b class="title">Job {number}</b><i class="pay">{number}00</i></li>'


def page(*parts):
    return f"<!DOCTYPE html><title>Jobs</title><ul>{''.join(parts)}</ul>".encode()


LOGIN = page('<form action="/login" method="post"><input type="password" name="word"></form>')
PLAIN = {
    "/ok": page(*map(item, range(ITEMS))),
    "/empty": page(),
    "/login": LOGIN,
    **{f"/page/{number}": page(item(number)) for number in range(PAGES)},
}
REDIRECTS = {"/loop": "/loop", "/needs-login": "/login"}
REFUSALS = {"/403": 403, "/404": 404, "/429": 429, "/500": 500}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/slow":
            self.server.closing.wait()
        if self.path in REDIRECTS:
            self.answer(302, headers={"Location": REDIRECTS[self.path]})
        elif self.path in PLAIN:
            self.answer(200, PLAIN[self.path])
        else:
            self.answer(REFUSALS.get(self.path, 404))

    def answer(self, status, body=None, headers=None):
        body = page(HTTPStatus(status).phrase) if body is None else body
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True  # a visitor that keeps its connection must not hold up the end
    request_queue_size = 64

    def __init__(self, handler):
        super().__init__(("127.0.0.1", 0), handler)
        self.closing = threading.Event()
        self.seen = set()  # what a handler wants to remember

    def handle_error(self, request, client_address):
        """A visitor that went away: nobody needs to know."""


class Site:
    """Answers while it is entered; what waits for /slow is answered at the end."""

    def __init__(self, handler=Handler):
        self._handler = handler

    def __enter__(self):
        self._server = Server(self._handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
