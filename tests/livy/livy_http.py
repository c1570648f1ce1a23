"""HTTP to a Livy endpoint over TCP, TLS or a Unix socket; standard library only.

The suite talks plain `http.client`, so that what is sent and what comes back is what
the test says: no cookies, no retries, no silent decoding.
"""

from __future__ import annotations

import gzip
import http.client
import json
import ssl
import time
import urllib.parse
from dataclasses import dataclass, field
from typing import Any, Callable

from unix_http import UnixConnection

REQUESTED_BY = "synapse-kernel-tests"


@dataclass
class Reply:
    """A reply: status, headers by lower-case name, decoded body (None if not JSON)."""

    status: int
    headers: dict[str, str]
    raw: bytes
    json: Any = None

    @property
    def text(self) -> str:
        return self.raw.decode("utf-8", "replace")

    def __str__(self) -> str:
        return f"HTTP {self.status}: {self.text[:2000]}"


@dataclass
class Endpoint:
    """Where the Livy under test is. `is_ours`: the local server of this project."""

    url: str
    headers: dict[str, str] = field(default_factory=dict)
    is_ours: bool = False

    def connection(self, timeout: float = 30) -> http.client.HTTPConnection:
        if self.url.startswith("unix:"):
            return UnixConnection(self.url[len("unix:") :], timeout)
        parts = urllib.parse.urlsplit(self.url)
        host, port = parts.hostname or "", parts.port
        if parts.scheme == "https":
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(
                host, port or 443, timeout=timeout, context=context
            )
        return http.client.HTTPConnection(host, port or 80, timeout=timeout)

    @property
    def prefix(self) -> str:
        if self.url.startswith("unix:"):
            return ""
        return urllib.parse.urlsplit(self.url).path.rstrip("/")

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: dict[str, str | None] | None = None,
        timeout: float = 30,
        connection: http.client.HTTPConnection | None = None,
    ) -> Reply:
        """Send one request. A `str` or `bytes` body goes as it is, another as JSON.

        A header given as None is left out. The reply's body is unpacked from gzip.
        """
        sent = {"X-Requested-By": REQUESTED_BY, **self.headers}
        if body is not None:
            sent["Content-Type"] = "application/json"
        sent.update(headers or {})
        data = body
        if body is not None and not isinstance(body, (str, bytes)):
            data = json.dumps(body)
        if isinstance(data, str):
            data = data.encode("utf-8")
        link = connection or self.connection(timeout)
        try:
            link.request(
                method,
                self.prefix + path,
                body=data,
                headers={k: v for k, v in sent.items() if v is not None},
            )
            answer = link.getresponse()
            raw = answer.read()
        finally:
            if connection is None:
                link.close()
        names = {name.lower(): value for name, value in answer.getheaders()}
        if names.get("content-encoding") == "gzip":
            raw = gzip.decompress(raw)
        reply = Reply(answer.status, names, raw)
        try:
            reply.json = json.loads(raw)
        except ValueError:
            reply.json = None
        return reply

    def get(self, path: str, **more: Any) -> Reply:
        return self.request("GET", path, **more)

    def post(self, path: str, body: Any = None, **more: Any) -> Reply:
        return self.request("POST", path, body, **more)

    def delete(self, path: str, **more: Any) -> Reply:
        return self.request("DELETE", path, **more)


def wait_for(
    probe: Callable[[], Any],
    until: Callable[[Any], bool],
    seconds: float,
    what: str,
) -> Any:
    """Call `probe` until its value satisfies `until`; when late, fail and show it."""
    deadline = time.monotonic() + seconds
    pause = 0.01
    while True:
        value = probe()
        if until(value):
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {seconds} s; last seen: {value}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.15)
