"""HTTP over a Unix socket.

Keep-alive, and each reply in one write: a trivial statement's round trip is a
millisecond, of which most is Python's HTTP parser.
"""

import hmac
import json
import re
import socket
import socketserver
import sys
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from . import VERSION, replies
from .registry import Registry
from .replies import Refusal
from .routes import Request, dispatch

BODY_LIMIT = 128 << 20
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
CSRF_TEXT = "Missing Required Header for CSRF protection."
STATUS_TEXT = {
    200: "OK",
    201: "Created",
    204: "No Content",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    413: "Payload Too Large",
    500: "Server Error",
    503: "Service Unavailable",
}
API_VERSION = re.compile(r"application/vnd\.livy\.v([\d.]+)(?:\+json)?")
API_VERSIONS = ("0.1",)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "synapse-local-spark/" + VERSION
    sys_version = ""

    def log_message(self, form: str, *arguments: Any) -> None:
        pass

    def answer(self) -> None:
        try:
            request = Request(self.server.registry, self)
            request.data = self.read_body()
            self.check(request)
            result = dispatch(self.command, request)
            if result is not None:
                self.reply(*result)
        except Refusal as refusal:
            self.reply(refusal.status, refusal.body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        except Exception as problem:
            traceback.print_exc()
            self.reply(500, "%s: %s" % (type(problem).__name__, problem))

    do_GET = do_POST = do_DELETE = do_PUT = do_PATCH = do_HEAD = do_OPTIONS = answer

    def check(self, request: Request) -> None:
        asked = API_VERSION.search(self.headers.get("Accept", ""))
        if asked and asked.group(1) not in API_VERSIONS:
            raise Refusal(406, {"msg": "API version %s is unknown." % asked.group(1)})
        token = self.server.token
        if token:
            given = self.headers.get("Authorization", "").encode("utf-8", "replace")
            if not hmac.compare_digest(given, b"Bearer " + token.encode()):
                raise Refusal(401, {"msg": "A bearer token is needed."})
        if self.command not in SAFE_METHODS and "X-Requested-By" not in self.headers:
            raise Refusal(400, {"msg": CSRF_TEXT})

    def read_body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self.read_chunks()
        try:
            length = int(self.headers.get("Content-Length", 0))
        except ValueError:
            length = -1
        if length < 0 or length > BODY_LIMIT:
            self.close_connection = True
            status = 400 if length < 0 else 413
            raise replies.message(status, "The body's length is not acceptable.")
        return self.rfile.read(length) if length else b""

    def read_chunks(self) -> bytes:
        parts, total = [], 0
        while True:
            try:
                size = int(self.rfile.readline(100).split(b";")[0], 16)
            except ValueError:
                size = -1
            total += size
            if size < 0 or total > BODY_LIMIT:
                self.close_connection = True
                raise replies.message(400, "The body's chunks are not acceptable.")
            parts.append(self.rfile.read(size))
            self.rfile.readline(100)
            if size == 0:
                return b"".join(parts)

    def reply(self, status: int, body: Any = None, headers: tuple = ()) -> None:
        data = b""
        if body is not None:
            data = json.dumps(body, ensure_ascii=True).encode("ascii")
        lines = ["HTTP/1.1 %d %s" % (status, STATUS_TEXT.get(status, "Status"))]
        if status != 204:
            lines.append("Content-Type: application/json;charset=utf-8")
            lines.append("Content-Length: %d" % len(data))
        lines += ["%s: %s" % header for header in headers]
        if self.close_connection:
            lines.append("Connection: close")
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")
        self.wfile.write(head if self.command == "HEAD" else head + data)

    def send_error(self, code: int, message: str = None, explain: str = None) -> None:
        """What the base class says of a request that is not HTTP: also as JSON."""
        self.close_connection = True
        if not getattr(self, "command", None):
            self.command = "GET"
        try:
            self.reply(code, {"msg": message or "Bad request"})
        except OSError:
            pass


class UnixServer(ThreadingHTTPServer):
    address_family = socket.AF_UNIX
    daemon_threads = True
    request_queue_size = 128
    allow_reuse_address = False

    def __init__(self, address: Any, registry: Registry, token: str = ""):
        self.registry = registry
        self.token = token
        super().__init__(address, Handler)

    def server_bind(self) -> None:
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "local", 0

    def get_request(self) -> tuple:
        connection, _ = self.socket.accept()
        return connection, ("local", 0)

    def handle_error(self, request: Any, address: Any) -> None:
        if not isinstance(sys.exc_info()[1], (ConnectionError, TimeoutError)):
            traceback.print_exc()


class LoopbackServer(UnixServer):
    """The same on a TCP port of 127.0.0.1, with a token: for test suites."""

    address_family = socket.AF_INET
    allow_reuse_address = True

    def get_request(self) -> tuple:
        connection, address = self.socket.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection, address
