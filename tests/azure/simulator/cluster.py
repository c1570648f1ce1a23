"""The Spark behind the simulated clusters: this project's local server, elsewhere.

It runs in a folder of its own, as another user where this process is root, so that
nothing of the notebook's folder can be seen from a session. One server for all simulated
pools and lakehouses, started when the first session gets that far.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
import uuid
from pathlib import Path
from typing import Any

from unix_http import UnixConnection

PROGRAM = Path(__file__).resolve().parents[3] / "local_spark"
NOBODY = 65534
START_SECONDS = 60
STOP_SECONDS = 20
# Another Java and Spark property of every session: the monitoring calls need the UI.
CONF = {"spark.ui.enabled": "true", "spark.ui.port": "0"}
SIZE = {"driverMemory": "1g", "driverCores": 2}


class Cluster:
    """`is_elsewhere`: it runs as another user than this process."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.process: subprocess.Popen[bytes] | None = None
        self.folder = Path()
        self.lease: http.client.HTTPConnection | None = None
        self.lease_id = uuid.uuid4().hex
        self.is_elsewhere = False

    def ensure(self) -> None:
        with self.lock:
            if self.process is None:
                self.start()

    def start(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="azure-", dir="/tmp"))
        python, environment = self.choose_python()
        user = NOBODY if self.is_elsewhere else None
        for name in ("home", "tmp", "work", "run"):
            (self.folder / name).mkdir(mode=0o700)
            if user:
                os.chown(self.folder / name, user, user)
        self.folder.chmod(0o711)
        self.socket = self.folder / "run" / "s"
        self.log = open(self.folder / "log", "wb")
        self.process = subprocess.Popen(
            [python, "-B", str(PROGRAM), "serve", "--socket", str(self.socket)],
            cwd=self.folder / "work",
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,
            user=user,
            group=user,
            extra_groups=[] if user else None,
        )
        self.wait_until_up()
        self.take_lease(python)

    def choose_python(self) -> tuple[str, dict[str, str]]:
        """A Python that the other user can run and that has pyspark, and the environment;
        this one, as this user, where there is none."""
        environment = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "HOME": str(self.folder / "home"),
            "TMPDIR": str(self.folder / "tmp"),
            "LANG": "C.UTF-8",
            "PYTHONPATH": sysconfig.get_paths()["purelib"],
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        for name in ("JAVA_HOME", "SYNAPSE_KERNEL_ARCHIVE_DIR"):
            if name in os.environ:
                environment[name] = os.environ[name]
        version = "python%d.%d" % sys.version_info[:2]
        for python in (
            sys.executable,
            f"/usr/bin/{version}",
            f"/usr/local/bin/{version}",
        ):
            if os.getuid() == 0 and runs_as_nobody(python, environment):
                self.is_elsewhere = True
                self.share_archive(environment)
                return python, environment
        environment["HOME"] = os.path.expanduser("~")  # with its class-data archive
        return sys.executable, environment

    def share_archive(self, environment: dict[str, str]) -> None:
        """The class-data archive that this user has: the other one need not build it."""
        cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
        held = sorted(Path(cache, "synapse-kernel").glob("*.jsa"))
        if "SYNAPSE_KERNEL_ARCHIVE_DIR" in environment or not held:
            return
        place = self.folder / "archive"
        place.mkdir()
        for file in held:
            shutil.copyfile(file, place / file.name)
            (place / file.name).chmod(0o644)
        environment["SYNAPSE_KERNEL_ARCHIVE_DIR"] = str(place)

    def wait_until_up(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            assert self.process and self.process.poll() is None, self.tail()
            try:
                if self.call("GET", "/version")[0] == 200:
                    return
            except OSError:
                pass
            assert time.monotonic() < deadline, self.tail()
            time.sleep(0.05)

    def take_lease(self, python: str) -> None:
        self.lease = UnixConnection(str(self.socket), 30)
        body = {
            "id": self.lease_id,
            "folder": str(self.folder / "work"),
            "python": python,
        }
        headers = {"Content-Type": "application/json", "X-Requested-By": "simulator"}
        self.lease.request("POST", "/leases", json.dumps(body).encode(), headers)
        self.lease_reply = self.lease.getresponse()
        assert self.lease_reply.status == 200, self.tail()

    def tail(self) -> str:
        return (self.folder / "log").read_text("utf-8", "replace")[-3000:]

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """(status, JSON) of a request to the local server."""
        connection = UnixConnection(str(self.socket), 120)
        headers = {
            "X-Requested-By": "simulator",
            "X-Synapse-Lease": self.lease_id,
            "Content-Type": "application/json",
        }
        data = None if body is None else json.dumps(body).encode()
        try:
            connection.request(method, path, data, headers)
            reply = connection.getresponse()
            raw = reply.read()
        finally:
            connection.close()
        return reply.status, json.loads(raw) if raw else None

    def open_session(self, kind: str, conf: dict[str, Any]) -> int:
        self.ensure()
        body = {"kind": kind, "conf": {**conf, **CONF}, **SIZE}
        status, reply = self.call("POST", "/sessions", body)
        assert status == 201, (status, reply)
        return reply["id"]

    def stop(self) -> None:
        """Drivers first, by the end of the lease; the folder last."""
        with self.lock:
            if self.process is None:
                return
            if self.lease:
                self.lease_reply.close()
                self.lease.close()
            self.process.terminate()
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
            self.log.close()
            self.process = None
            shutil.rmtree(self.folder, ignore_errors=True)


def runs_as_nobody(python: str, environment: dict[str, str]) -> bool:
    if not os.path.exists(python):
        return False
    try:
        done = subprocess.run(
            [python, "-c", "import pyspark"],
            env=environment,
            cwd="/",
            user=NOBODY,
            group=NOBODY,
            extra_groups=[],
            capture_output=True,
            timeout=60,
        )
    except OSError:
        return False
    return done.returncode == 0
