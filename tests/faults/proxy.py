"""A proxy of the test's own in front of PostgreSQL, which can fail in every way that a network can.

    with Proxy(server) as proxy:
        world.sections["database"]["url"] = proxy.url(world.url)
        proxy.cut_before(3)

It counts requests: what a client sends up to the point where it waits for the server (a Sync, a
simple Query, and the start of a session). A cut comes before the server gets the N-th request, or
after the server has carried it out and before the client gets the answer.
"""

import contextlib
import pathlib
import shutil
import socket
import struct
import tempfile
import threading
import time

PORT = 5432
SSL_REQUEST, GSS_REQUEST = 80877103, 80877104
HEADER = struct.Struct("!I")
ENDS_REQUEST = (b"Q", b"S", b"F")
READY_FOR_QUERY = b"Z"


class Cut(Exception):
    """The connection ends here."""


def receive(sock, size):
    data = b""
    while len(data) < size:
        try:
            part = sock.recv(size - len(data))
        except OSError:
            raise Cut from None
        if not part:
            raise Cut
        data += part
    return data


def receive_message(sock):
    """Its type and the whole of it."""
    kind = receive(sock, 1)
    length = receive(sock, HEADER.size)
    return kind, kind + length + receive(sock, HEADER.unpack(length)[0] - HEADER.size)


class Connection:
    """One client and its session."""

    def __init__(self, proxy, client):
        self._proxy = proxy
        self._client = client
        self._server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._request = 0  # the number of the one that the server works on
        self._ended = threading.Lock()

    def serve(self):
        try:
            self._server.connect(str(self._proxy.target))
            self._start()
            threading.Thread(target=self._from_server, daemon=True).start()
            while True:
                self._pass_request()
        except (Cut, OSError):
            self.close()

    def close(self):
        for sock in (self._client, self._server):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        with self._ended:
            self._client.close()
            self._server.close()

    def _start(self):
        while True:
            length = receive(self._client, HEADER.size)
            body = receive(self._client, HEADER.unpack(length)[0] - HEADER.size)
            if HEADER.unpack(body[:HEADER.size])[0] not in (SSL_REQUEST, GSS_REQUEST):
                break
            self._proxy.pause()
            self._client.sendall(b"N")
        self._begin_request()
        self._send(self._server, length + body)

    def _begin_request(self):
        self._request = self._proxy.next_request()

    def _pass_request(self):
        """Whole: what the client sends until it waits."""
        kind, message = receive_message(self._client)
        if kind not in (b"p", b"X"):  # a password and a farewell are no requests
            self._begin_request()
        self._send(self._server, message)
        while kind not in (*ENDS_REQUEST, b"p", b"X"):
            kind, message = receive_message(self._client)
            self._send(self._server, message)

    def _from_server(self):
        try:
            while True:
                kind, message = receive_message(self._server)
                if self._proxy.cuts_answer(self._request):
                    # The client gets nothing of it, and the server has to have done all of it.
                    while kind != READY_FOR_QUERY:
                        kind, message = receive_message(self._server)
                    self._proxy.cut_now()
                    raise Cut
                self._send(self._client, message)
        except (Cut, OSError):
            self.close()

    def _send(self, sock, message):
        self._proxy.pause()
        try:
            sock.sendall(message)
        except OSError:
            raise Cut from None


class Proxy:
    """Forwards faithfully until it is told otherwise. It listens on a socket file and on TCP."""

    def __init__(self, server):
        self.target = pathlib.Path(server.directory) / f".s.PGSQL.{PORT}"
        self.directory = tempfile.mkdtemp(prefix="proxy-", dir="/tmp")
        self.requests = 0  # that came so far
        self.cuts = 0  # that were asked for and came about
        self._state = threading.Condition()
        self._cut_before = self._cut_after = None
        self._stays_away = False
        self._swallows = False
        self._delay = 0
        self._connections = []
        self._listeners = []
        self.port = None
        self.heal()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def url(self, url):
        """The same database, through the proxy's socket file."""
        database, _, options = url.partition("?")
        options = [option for option in options.split("&") if not option.startswith("host=")]
        return f"{database}?host={self.directory}&" + "&".join(options)

    def tcp_url(self, url):
        database, _, options = self.url(url).partition("?")
        options = options.replace(f"host={self.directory}", f"host=127.0.0.1&port={self.port}")
        return f"{database}?{options}"

    # --- What can be wrong ----------------------------------------------------------------------

    def cut_before(self, number, *, stays_away=False):
        """The number-th request from now on never gets to the server."""
        with self._state:
            self._cut_before, self._stays_away = self.requests + number, stays_away

    def cut_after(self, number, *, stays_away=False):
        """The server has carried it out, and the client never hears of it."""
        with self._state:
            self._cut_after, self._stays_away = self.requests + number, stays_away

    def cut(self):
        """Every connection ends."""
        with self._state:
            connections, self._connections = self._connections, []
        for connection in connections:
            connection.close()

    def refuse(self):
        """Nobody listens any more, and every connection ends."""
        for listener in self._listeners:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        self._listeners = []
        self._socket_file.unlink(missing_ok=True)
        self.cut()

    def swallow(self):
        """A black hole: connections are taken and stay, and nothing gets through."""
        with self._state:
            self._swallows = True

    def delay(self, seconds):
        """Of each message, in both directions."""
        self._delay = seconds

    def heal(self):
        with self._state:
            self._cut_before = self._cut_after = None
            self._stays_away = False
            self._swallows = False
            self._delay = 0
            self._state.notify_all()
        if not self._listeners:
            self._listen()

    def close(self):
        self.heal()  # whatever waits can end now
        self.refuse()
        shutil.rmtree(self.directory, ignore_errors=True)

    # --- What connections ask -------------------------------------------------------------------

    def pause(self):
        time.sleep(self._delay)
        with self._state:
            self._state.wait_for(lambda: not self._swallows)

    def next_request(self):
        with self._state:
            self.requests += 1
            number, cut = self.requests, self.requests == self._cut_before
        if cut:
            self.cut_now()
            raise Cut
        return number

    def cuts_answer(self, number):
        return number == self._cut_after

    def cut_now(self):
        self.cuts += 1
        if self._stays_away:
            self.refuse()
        else:
            self.cut()

    # --- Listening ------------------------------------------------------------------------------

    @property
    def _socket_file(self):
        return pathlib.Path(self.directory) / f".s.PGSQL.{PORT}"

    def _listen(self):
        local = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        local.bind(str(self._socket_file))
        tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        tcp.bind(("127.0.0.1", self.port or 0))
        self.port = tcp.getsockname()[1]
        self._listeners = [local, tcp]
        for listener in self._listeners:
            listener.listen(300)
            threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def _accept(self, listener):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            connection = Connection(self, client)
            with self._state:
                self._connections.append(connection)
            threading.Thread(target=connection.serve, daemon=True).start()
