"""Requests and replies, the router that connects them, and the log of what came."""

from __future__ import annotations

import json
import re
import threading
import time
import urllib.parse
import uuid
from dataclasses import dataclass, field
from typing import Any, Callable


@dataclass
class Request:
    """What came in. Header names are lower case; `path` is still escaped."""

    scheme: str
    host: str
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes = b""
    base: str = ""  # "https://host[:port]" as the client wrote it

    def json(self) -> Any:
        try:
            return json.loads(self.body.decode("utf-8")) if self.body else {}
        except ValueError as problem:
            raise Refusal(400, azure_error("InvalidRequestContent", str(problem)))

    def form(self) -> dict[str, str]:
        fields = urllib.parse.parse_qs(self.body.decode("utf-8", "replace"))
        return {name: values[-1] for name, values in fields.items()}


@dataclass
class Reply:
    """What goes out: `body` is sent as JSON; str as text, bytes as they are."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    def encoded(self) -> tuple[bytes, str]:
        if self.body is None:
            return b"", ""
        if isinstance(self.body, bytes):
            return self.body, "application/octet-stream"
        if isinstance(self.body, str):
            return self.body.encode(), "text/html; charset=utf-8"
        return json.dumps(self.body).encode(), "application/json; charset=utf-8"


class Refusal(Exception):
    """A reply that ends the handling of a request."""

    def __init__(self, status: int, body: Any = None, **headers: str):
        super().__init__(status, body)
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        self.reply = Reply(status, body, names)


class Dropped(Exception):
    """The connection ends without a reply."""


def azure_error(code: str, message: str, **more: Any) -> dict[str, Any]:
    """The error body of Azure Resource Manager."""
    return {"error": {"code": code, "message": message, **more}}


class Router:
    """Paths to handlers; `{name}` is one part of a path, compared as Azure does: in any
    case. A handler gets the request and the parts, unescaped."""

    def __init__(self) -> None:
        self.routes: list[tuple[str, re.Pattern[str], Callable[..., Any]]] = []

    def add(self, method: str, path: str, handler: Callable[..., Any]) -> None:
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path) + "/?$"
        self.routes.append((method, re.compile(pattern, re.IGNORECASE), handler))

    def find(
        self, request: Request
    ) -> tuple[Callable[..., Any] | None, dict[str, str], bool]:
        """(handler, parts, is the path known with another method)."""
        is_known = False
        for method, pattern, handler in self.routes:
            match = pattern.match(request.path)
            if match and method == request.method:
                parts = match.groupdict().items()
                return handler, {k: urllib.parse.unquote(v) for k, v in parts}, True
            is_known = is_known or match is not None
        return None, {}, is_known


@dataclass
class Entry:
    """A request and what was answered; `status` 0: the connection was dropped."""

    request: Request
    status: int = 0
    principal: str = ""  # object id of the token, when it carried a good one
    at: float = field(default_factory=time.time)

    def __str__(self) -> str:
        query = urllib.parse.urlencode(self.request.query)
        path = self.request.path + ("?" + query if query else "")
        return f"{self.status} {self.request.method} {self.request.base}{path}"


class Log:
    """Every request, in the order of its reply."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.changed = threading.Condition()

    def add(self, entry: Entry) -> None:
        with self.changed:
            self.entries.append(entry)
            self.changed.notify_all()

    def clear(self) -> None:
        with self.changed:
            self.entries.clear()

    def find(self, method: str = "", host: str = "", path: str = "") -> list[Entry]:
        """Those of a method, whose host and path match the regular expressions."""
        with self.changed:
            entries = list(self.entries)
        return [
            entry
            for entry in entries
            if method in ("", entry.request.method)
            and re.search(host, entry.request.host, re.IGNORECASE)
            and re.search(path, entry.request.path, re.IGNORECASE)
        ]

    def wait(self, method: str, host: str, path: str, seconds: float = 30) -> Entry:
        """The first such request, also one that is yet to come."""
        with self.changed:
            found = self.changed.wait_for(
                lambda: self.find(method, host, path), seconds
            )
        assert found, f"no {method} {host} {path} in {seconds} s:\n{self}"
        return found[0]

    def __str__(self) -> str:
        return "\n".join(str(entry) for entry in self.entries)


@dataclass
class BadDay:
    """What happens to the next `times` requests that match, in place of their answer."""

    method: str
    host: str
    path: str
    reply: Reply | None = None  # None: the connection is dropped
    delay: float = 0  # seconds before the reply; a stopped simulator ends it
    passes: bool = False  # after the delay the request is answered as always
    loses_reply: bool = False  # it is answered, but the answer is dropped
    times: int = 1

    def matches(self, request: Request) -> bool:
        return (
            self.times > 0
            and self.method in ("", request.method)
            and re.search(self.host, request.host, re.IGNORECASE) is not None
            and re.search(self.path, request.path, re.IGNORECASE) is not None
        )


class BadDays:
    """Switches of single requests; those of a service are its own attributes."""

    def __init__(self) -> None:
        self.days: list[BadDay] = []
        self.lock = threading.Lock()

    def add(
        self, method: str = "", host: str = "", path: str = "", **how: Any
    ) -> BadDay:
        day = BadDay(method, host, path, **how)
        with self.lock:
            self.days.append(day)
        return day

    def take(self, request: Request) -> BadDay | None:
        with self.lock:
            for day in self.days:
                if day.matches(request):
                    day.times -= 1
                    return day
        return None

    def clear(self) -> None:
        with self.lock:
            self.days.clear()


def guid() -> str:
    return str(uuid.uuid4())


def stamp(at: float | None) -> str | None:
    """A time as Azure writes it."""
    if at is None:
        return None
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at))
    return f"{whole}.{int(at % 1 * 1e7):07d}Z"
