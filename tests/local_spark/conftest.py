"""Fixtures: the package from the source tree, a client, a server with real Spark."""

import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDER = os.path.join(ROOT, "local_spark")
sys.path.insert(0, ROOT)


class Client:
    """Livy's calls over the Unix socket, on one connection that is kept."""

    def __init__(self, path, lease=None):
        self.path = path
        self.lease = lease
        self.connection = http.client.HTTPConnection("localhost", timeout=120)
        self.connection.connect = self.connect

    def connect(self):
        self.connection.sock = socket.socket(socket.AF_UNIX)
        self.connection.sock.settimeout(120)
        self.connection.sock.connect(self.path)

    def request(self, method, path, body=None, headers=None):
        """(status, JSON, headers); `body` is JSON unless it is bytes."""
        sent = {"X-Requested-By": "test"}
        if self.lease:
            sent["X-Synapse-Lease"] = self.lease
        sent.update(headers or {})
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        self.connection.request(method, path, body, sent)
        reply = self.connection.getresponse()
        data = reply.read()
        return (
            reply.status,
            json.loads(data) if data else None,
            dict(reply.getheaders()),
        )

    def get(self, path):
        return self.request("GET", path)[:2]

    def post(self, path, body=None):
        return self.request("POST", path, body)[:2]

    def delete(self, path):
        return self.request("DELETE", path)[:2]

    def start(self, **body):
        """A session that is up, or whatever else became of it."""
        body.setdefault("kind", "pyspark")
        status, session = self.post("/sessions", body)
        assert status == 201, session
        return wait(
            lambda: self.get("/sessions/%d" % session["id"])[1],
            lambda view: view["state"] not in ("not_started", "starting"),
        )

    def run(self, session, code, kind=None):
        """The output of a statement that is over."""
        body = {"code": code}
        if kind:
            body["kind"] = kind
        status, statement = self.post("/sessions/%s/statements" % session, body)
        assert status == 201, statement
        return self.result(session, statement["id"])["output"]

    def result(self, session, number):
        return wait(
            lambda: self.get("/sessions/%s/statements/%d" % (session, number))[1],
            lambda view: view["state"] in ("available", "cancelled"),
        )

    def text(self, session, code, kind=None):
        output = self.run(session, code, kind)
        assert output["status"] == "ok", output
        return output["data"]["text/plain"]


def wait(look, good, seconds=90, pause=0.01):
    """What `look` gives when it is `good`; fails when it does not become so."""
    deadline = time.monotonic() + seconds
    while True:
        seen = look()
        if good(seen):
            return seen
        assert time.monotonic() < deadline, "still %r" % (seen,)
        time.sleep(pause)


class Lease:
    """An open connection that holds a lease."""

    def __init__(self, path, name, folder, python=sys.executable, environment=None):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(20)
        self.socket.connect(path)
        body = {"id": name, "pid": os.getpid(), "folder": folder, "python": python}
        body["environment"] = environment or {}
        data = json.dumps(body).encode()
        head = "POST /leases HTTP/1.1\r\nHost: x\r\nX-Requested-By: t\r\n"
        head += "Content-Length: %d\r\n\r\n" % len(data)
        self.socket.sendall(head.encode() + data)
        self.reply = b""
        while b"}\n" not in self.reply:
            self.reply += self.socket.recv(4096)

    def drop(self):
        """What the end of a killed kernel looks like."""
        self.socket.close()


def private_folders():
    """Folders that servers keep their drivers' files in."""
    prefix = "synapse-kernel-%d-" % os.getuid()
    return {n for n in os.listdir(tempfile.gettempdir()) if n.startswith(prefix)}


class Server:
    """The server as a process of its own, as the kernel starts it."""

    def __init__(self, folder, *options):
        self.folder = folder
        self.path = os.path.join(folder, "s")
        self.log = os.path.join(os.path.dirname(folder), "server.log")
        before = private_folders()
        command = [sys.executable, FOLDER, "serve", "--socket", self.path]
        self.process = subprocess.Popen(command + ["--log", self.log, *options])
        self.client = Client(self.path)
        try:
            wait(self.answers, bool, 20)
        except BaseException:
            self.process.kill()
            raise
        self.private = private_folders() - before  # other servers' may be among them

    def answers(self):
        try:
            return self.client.get("/ping")[0] == 200
        except OSError:
            self.client = Client(self.path)
            return False

    def stop(self):
        self.process.terminate()
        self.process.wait(15)


@pytest.fixture
def short_folder():
    """A folder whose path leaves room for a socket's name (108 bytes in all)."""
    folder = tempfile.mkdtemp(prefix="ls-")
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def spark_server():
    """One server for all tests that need Spark. It stays for the lease that is held
    here, and so does not outlive a test run that is killed."""
    top = tempfile.mkdtemp(prefix="ls-")
    server = Server(os.path.join(top, "run"))
    lease = Lease(server.path, "suite", top)
    yield server
    with open(server.log) as file:
        said = file.read()
    server.stop()
    lease.drop()
    left = os.listdir(server.folder) + sorted(server.private & private_folders())
    shutil.rmtree(top)
    assert left == [], "the server left files"
    assert "Traceback" not in said, said


@pytest.fixture(scope="session")
def spark(spark_server):
    """(client, id of one PySpark session that tests share)."""
    client = Client(spark_server.path)
    view = client.start(name="shared-by-tests")
    assert view["state"] == "idle", "\n".join(view["log"])
    return client, view["id"]
