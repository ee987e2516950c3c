"""Counts how often a client waits for PostgreSQL: a proxy on a socket file of its own."""

import contextlib
import selectors
import shutil
import socket
import tempfile
import threading

FILE = ".s.PGSQL.5432"


class CountingProxy:
    """Passes one connection at a time on, and counts each answer that follows a question."""

    def __init__(self, server_directory):
        self.directory = tempfile.mkdtemp(prefix="spider-check-proxy-", dir="/tmp")
        self.round_trips = 0
        self._server = f"{server_directory}/{FILE}"
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(f"{self.directory}/{FILE}")
        self._listener.listen()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._listener.close()
        shutil.rmtree(self.directory)

    @contextlib.contextmanager
    def counting(self):
        """Around a client's one connection."""
        self.round_trips = 0
        thread = threading.Thread(target=self._pass_on, daemon=True)
        thread.start()
        yield self
        thread.join(60)
        if thread.is_alive():
            raise RuntimeError("the client did not come, or did not leave")

    def _pass_on(self):
        client, _ = self._listener.accept()
        server = socket.socket(socket.AF_UNIX)
        server.connect(self._server)
        asked = False
        with client, server, selectors.DefaultSelector() as selector:
            selector.register(client, selectors.EVENT_READ, server)
            selector.register(server, selectors.EVENT_READ, client)
            while True:
                for key, _ in selector.select():
                    data = key.fileobj.recv(65536)
                    if not data:
                        return
                    key.data.sendall(data)
                    if key.fileobj is server and asked:
                        self.round_trips += 1
                    asked = key.fileobj is client
