"""A company's network: a server behind a proxy, and an authority that nobody knows."""

from __future__ import annotations

import json
import select
import socket
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import trustme


class Service(BaseHTTPRequestHandler):
    """Answers every GET with an empty list, or as `server.answer` says."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.seen.append((self.path, dict(self.headers)))
        status, headers, body = self.server.answer
        text = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *args: Any) -> None:
        pass


class Proxy(BaseHTTPRequestHandler):
    """Lets CONNECT through to `server.port_behind`, whatever host is asked for."""

    protocol_version = "HTTP/1.1"

    def do_CONNECT(self) -> None:
        self.server.seen.append(self.path)
        wanted = self.server.wanted_login
        got = self.headers.get("Proxy-Authorization", "")
        if self.server.refusal:
            self.refuse(self.server.refusal)
        elif wanted and got != wanted:
            self.refuse(407)
        else:
            self.send_response(200)
            self.end_headers()
            self.tunnel()

    def refuse(self, status: int) -> None:
        self.send_response(status)
        if status == 407:
            self.send_header("Proxy-Authenticate", 'Basic realm="company"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def tunnel(self) -> None:
        behind = socket.create_connection(("127.0.0.1", self.server.port_behind))
        pair = {self.connection: behind, behind: self.connection}
        with behind:
            while True:
                for ready in select.select(list(pair), [], [], 60)[0]:
                    data = ready.recv(65536)
                    if not data:
                        self.close_connection = True
                        return
                    pair[ready].sendall(data)
                    if ready is self.connection and isinstance(ready, ssl.SSLSocket):
                        while ready.pending():
                            behind.sendall(ready.recv(65536))

    def log_message(self, *args: Any) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, handler: type, context: ssl.SSLContext | None = None):
        super().__init__(("127.0.0.1", 0), handler)
        self.seen: list[Any] = []
        self.answer: tuple[int, dict, Any] = (200, {}, {"value": []})
        self.refusal = 0
        self.wanted_login = ""
        self.port_behind = 0
        if context:
            self.socket = context.wrap_socket(
                self.socket, server_side=True, do_handshake_on_connect=False
            )
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def port(self) -> int:
        return self.server_address[1]

    def handle_error(self, *args: Any) -> None:
        pass  # a client that trusts nobody goes away


class Network:
    """The authority, the service and the proxy in front of it."""

    def __init__(self, folder: Path, asks_for_certificate: bool = False):
        self.folder = folder
        self.authority = trustme.CA(organization_name="Company")
        self.ca_file = folder / "company.pem"
        self.authority.cert_pem.write_to_path(str(self.ca_file))
        context = self.context("arm.example.com", "localhost", "127.0.0.1")
        if asks_for_certificate:
            context.verify_mode = ssl.CERT_REQUIRED
            self.authority.configure_trust(context)
        self.service = Server(Service, context)
        self.proxy = Server(Proxy)
        self.proxy.port_behind = self.service.port

    def context(self, *names: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert(*names).configure_cert(context)
        return context

    def close(self) -> None:
        for server in (self.service, self.proxy):
            server.shutdown()
            server.server_close()
