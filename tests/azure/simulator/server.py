"""Sockets: the inspecting proxy, and servers on loopback that need no proxy.

One handler serves all: a request that arrives through CONNECT is decrypted with a
certificate of the test CA for the name that was asked for, and answered here; nothing is
ever passed on to a network.
"""

from __future__ import annotations

import base64
import socket
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Callable
from urllib.parse import parse_qsl, urlsplit

from .certificates import Certificates
from .wire import Dropped, Reply, Request

Answer = Callable[[Request], Reply]
IDLE_SECONDS = 120


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    server: "Server"
    tunnel = ""  # "host:port" of a CONNECT

    def log_message(self, form: str, *arguments: Any) -> None:
        pass

    def do_CONNECT(self) -> None:
        if not self.may_pass():
            return
        host = self.path.rsplit(":", 1)[0]
        self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        try:
            context = self.server.certificates.context(host)
            self.connection = context.wrap_socket(self.connection, server_side=True)
        except (OSError, ssl.SSLError):
            self.close_connection = True
            return
        self.tunnel = self.path
        self.rfile = self.connection.makefile("rb", -1)
        self.wfile = Whole(self.connection)
        self.close_connection = False

    def may_pass(self) -> bool:
        """A proxy with a password asks for it once."""
        wanted = self.server.password
        if not self.server.is_proxy:
            self.send(Reply(405, "This is no proxy."))
            return False
        if wanted:
            given = self.headers.get("Proxy-Authorization", "")
            if given != "Basic " + base64.b64encode(wanted.encode()).decode():
                ask = {"Proxy-Authenticate": 'Basic realm="corporate"'}
                self.send(Reply(407, "Proxy authentication required.", ask))
                return False
        return True

    def answer(self) -> None:
        request = self.read_request()
        try:
            self.send(self.server.answer(request))
        except Dropped:
            self.close_connection = True
            self.drop()
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = answer

    def read_request(self) -> Request:
        scheme, authority, target = self.where()
        url = urlsplit(target)
        host = urlsplit("//" + authority).hostname or ""
        base = f"{scheme}://{authority.removesuffix(':443')}"
        headers = {name.lower(): value for name, value in self.headers.items()}
        query = dict(parse_qsl(url.query, keep_blank_values=True))
        body = self.read_body()
        return Request(scheme, host, self.command, url.path, query, headers, body, base)

    def where(self) -> tuple[str, str, str]:
        """(scheme, authority, path and query) that this request is for."""
        if self.tunnel:
            return "https", self.tunnel, self.path
        if self.path.startswith("http://"):  # plain HTTP through the proxy
            url = urlsplit(self.path)
            rest = url.path + ("?" + url.query if url.query else "")
            return "http", url.netloc, rest
        scheme = "https" if self.server.context else "http"
        return scheme, self.headers.get("Host", "localhost"), self.path

    def read_body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            parts = []
            while size := int(self.rfile.readline(100).split(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline(100)
            self.rfile.readline(100)
            return b"".join(parts)
        length = int(self.headers.get("Content-Length") or 0)
        return self.rfile.read(length) if length else b""

    def send(self, reply: Reply) -> None:
        data, kind = reply.encoded()
        self.send_response(reply.status)
        if kind and "Content-Type" not in reply.headers:
            self.send_header("Content-Type", kind)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.status != 204:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if data and self.command != "HEAD":
            self.wfile.write(data)

    def drop(self) -> None:
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


class Whole:
    """A writer that sends all it is given; what `wfile` is of a decrypted connection."""

    def __init__(self, connection: ssl.SSLSocket):
        self.connection = connection

    def write(self, data: bytes) -> int:
        self.connection.sendall(data)
        return len(data)

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass

    closed = False


class Server(ThreadingHTTPServer):
    """On a free port of 127.0.0.1; `context` makes it a TLS server."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(
        self,
        answer: Answer,
        certificates: Certificates,
        context: ssl.SSLContext | None = None,
        is_proxy: bool = False,
        port: int = 0,
    ):
        self.answer = answer
        self.certificates = certificates
        self.context = context
        self.is_proxy = is_proxy
        self.password = ""  # "user:password" that the proxy wants
        super().__init__(("127.0.0.1", port), Handler)
        self.thread = threading.Thread(target=self.serve_forever, args=(0.02,))
        self.thread.daemon = True
        self.thread.start()

    @property
    def port(self) -> int:
        return self.server_address[1]

    @property
    def url(self) -> str:
        scheme = "https" if self.context else "http"
        return f"{scheme}://localhost:{self.port}"

    def finish_request(self, request: Any, address: Any) -> None:
        if self.context:
            request.settimeout(IDLE_SECONDS)
            request = self.context.wrap_socket(request, server_side=True)
        request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().finish_request(request, address)

    def handle_error(self, request: Any, address: Any) -> None:
        """Clients that go away are no news; a fault of the simulator is."""
        import sys

        if not isinstance(sys.exc_info()[1], (OSError, ssl.SSLError, ValueError)):
            super().handle_error(request, address)

    def stop(self) -> None:
        self.shutdown()
        self.server_close()
        self.thread.join(5)
