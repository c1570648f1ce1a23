"""Start and stop the local server of this project; see that nothing of it is left."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import time
import uuid
from pathlib import Path
from types import TracebackType

from livy_http import Endpoint, wait_for

PROGRAM = Path(__file__).resolve().parents[2] / "local_spark"
START_SECONDS = 60
STOP_SECONDS = 60
MARK = "SYNAPSE_LIVY_SUITE"


class Lease:
    """An open `POST /leases`: its reply has no end, and closing it ends the lease."""

    def __init__(self, endpoint: Endpoint, folder: Path):
        self.id = uuid.uuid4().hex
        self.endpoint = endpoint
        self.folder = folder
        self.link: http.client.HTTPConnection | None = None

    def __enter__(self) -> "Lease":
        self.link = self.endpoint.connection(timeout=30)
        body = {
            "id": self.id,
            "pid": os.getpid(),
            "folder": str(self.folder),
            "python": sys.executable,
        }
        headers = {
            "Content-Type": "application/json",
            "X-Requested-By": "synapse-kernel-tests",
        }
        self.link.request("POST", "/leases", json.dumps(body).encode(), headers)
        answer = self.link.getresponse()
        assert answer.status in (200, 201), (answer.status, answer.read(2000))
        self.answer = answer
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.link is not None:
            self.answer.close()
            self.link.close()


class LocalServer:
    """The local server in a folder of its own, for as long as the `with` block runs."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.private = folder / "private"
        self.mark = uuid.uuid4().hex
        self.socket = self.private / "livy.sock"
        self.endpoint = Endpoint(f"unix:{self.socket}", is_ours=True)

    def __enter__(self) -> "LocalServer":
        work = self.folder / "work"
        work.mkdir()
        self.private.mkdir(mode=0o700)
        self.log = open(self.folder / "server.log", "wb")
        self.process = subprocess.Popen(
            [sys.executable, str(PROGRAM), "serve", "--socket", str(self.socket)],
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
            env={**os.environ, MARK: self.mark},
            start_new_session=True,
        )
        try:
            wait_for(self.is_up, bool, START_SECONDS, f"local server ({self.tail()})")
            self.lease = Lease(self.endpoint, work).__enter__()
        except BaseException:
            self.process.kill()
            raise
        self.endpoint.headers["X-Synapse-Lease"] = self.lease.id
        return self

    def is_up(self) -> bool:
        assert self.process.poll() is None, f"local server ended: {self.tail()}"
        try:
            return self.endpoint.get("/version", timeout=5).status == 200
        except OSError:
            return False

    def tail(self) -> str:
        return (self.folder / "server.log").read_text("utf-8", "replace")[-3000:]

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.lease.__exit__(None, None, None)
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError(f"SIGTERM does not end the server: {self.tail()}")
        finally:
            self.log.close()
        deadline = time.monotonic() + 10
        while self.processes() and time.monotonic() < deadline:
            time.sleep(0.1)
        left = self.processes()
        assert not left, f"processes left by the local server: {left}"
        files = sorted(str(path) for path in self.private.rglob("*"))
        assert not files, f"files left by the local server: {files}"

    def processes(self) -> list[str]:
        """Every process with our mark in its environment: descendants, adopted or not.

        Reads /proc, so it sees nothing elsewhere than on Linux.
        """
        wanted = f"{MARK}={self.mark}".encode()
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if wanted in (entry / "environ").read_bytes():
                    words = (entry / "cmdline").read_bytes().replace(b"\0", b" ")
                    if words:
                        found.append(f"{entry.name} {words.decode(errors='replace')}")
            except OSError:
                continue
        return found
