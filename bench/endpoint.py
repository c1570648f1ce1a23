"""The Livy endpoints that are measured, and a bare HTTP client beside them."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[1]


@dataclass
class Endpoint:
    """A Livy server that runs already."""

    name: str
    url: str
    start_options: str = ""  # of %synapse start, beyond --livy
    headers: dict[str, str] = field(default_factory=dict)

    def close(self) -> None:
        """It is not ours to end."""


class Server(Endpoint):
    """A local Livy-style server that a plain HTTP client can reach too."""

    def __init__(self) -> None:
        self.private = tempfile.TemporaryDirectory(prefix="sk-srv-", dir="/tmp")
        folder = Path(self.private.name)
        where = folder / "where"  # the server writes its URL and its token into it
        token_file = folder / "token"
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "local_spark"), "serve",
             "--socket", str(folder / "s"), "--tcp", "0",
             "--token-file", str(where), "--no-lease-exit"],
            stdin=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 30
        while not where.exists() or not where.read_text().endswith("\n"):
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise RuntimeError("the local server did not come up")
            time.sleep(0.02)
        url, token = where.read_text().split()
        token_file.write_text(token)
        super().__init__("the local server", url, f"--auth bearer --token-file {token_file}",
                         {"Authorization": "Bearer " + token})

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(30)
        self.private.cleanup()


class PlainClient:
    """Posts a statement and polls it over one kept connection."""

    def __init__(self, endpoint: Endpoint) -> None:
        where = urlsplit(endpoint.url)
        kind = http.client.HTTPConnection
        if where.scheme == "https":
            kind = http.client.HTTPSConnection
        self.connection = kind(where.netloc, timeout=600)
        self.used = time.monotonic()
        self.headers = {
            "X-Requested-By": "bench",
            "Content-Type": "application/json",
            **endpoint.headers,
        }

    def call(self, method: str, path: str, body: dict | None = None) -> dict:
        text = json.dumps(body) if body else None
        if time.monotonic() - self.used > 5:  # a server lets go of idle connections
            self.connection.close()
        self.connection.request(method, path, text, self.headers)
        reply = self.connection.getresponse()
        data = reply.read()
        self.used = time.monotonic()
        assert reply.status < 300, data
        return json.loads(data)

    def last_code(self, session: str) -> str:
        """The newest statement of a session, as it was posted."""
        path = f"/sessions/{session}/statements?size=1000"
        statements = self.call("GET", path)["statements"]
        return max(statements, key=lambda statement: statement["id"])["code"]

    def text_of(self, session: str, code: str, believes_post: bool = False,
                poll_s: float = 0.002) -> str:
        """What a statement printed. With `believes_post` it looks into the POST's own
        reply before it polls."""
        path = f"/sessions/{session}/statements"
        statement = self.call("POST", path, {"code": code, "kind": "pyspark"})
        if not believes_post:
            statement["state"] = "not looked at"
        while statement["state"] != "available":
            time.sleep(poll_s)
            statement = self.call("GET", f"{path}/{statement['id']}")
        assert statement["output"]["status"] == "ok", statement
        return statement["output"]["data"].get("text/plain", "")

    def seconds_of(self, session: str, code: str, believes_post: bool = False) -> float:
        began = time.perf_counter()
        self.text_of(session, code, believes_post)
        return time.perf_counter() - began
