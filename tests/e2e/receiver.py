"""Those who are told: real servers, with TLS or without, that answer as a test wants."""

import http.server
import socket
import ssl
import subprocess
import threading
from collections import namedtuple

from gate import PATIENCE

Request = namedtuple("Request", "path headers body")


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, timeout=60)


def make_certificate(directory, host="localhost"):
    """A certificate that vouches for itself, and its key; for a server of this name."""
    certificate, key = directory / f"{host}.crt", directory / f"{host}.key"
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", f"/CN={host}",
            "-addext", f"subjectAltName=DNS:{host}", "-keyout", key, "-out", certificate)
    return certificate, key


class Receiver:
    """Keeps what it is sent. `answers` are the next statuses; after them it is 200."""

    def __init__(self, certificate=None):
        self.requests = []
        self.answers = []
        self.headers = {}
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                receiver.requests.append(Request(self.path, self.headers, body.decode()))
                self.send_response(receiver.answers.pop(0) if receiver.answers else 200)
                for name, value in receiver.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def do_GET(self):
                receiver.requests.append(Request("GET " + self.path, self.headers, ""))
                self.send_error(405)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        # A client that does not trust us is no trouble of ours.
        self._server.handle_error = lambda *_: None
        self.port = self._server.server_port
        self.scheme = "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False)
            self.scheme = "https"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def url(self, path, host="localhost"):
        return f"{self.scheme}://{host}:{self.port}{path}"

    def paths(self):
        return [request.path for request in self.requests]

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class BlackHole:
    """Takes connections and never answers."""

    def __init__(self):
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=20)
        self.port = self._socket.getsockname()[1]

    def accept(self):
        self._socket.settimeout(PATIENCE)
        return self._socket.accept()

    def close(self):
        self._socket.close()
