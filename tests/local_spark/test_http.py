"""The server without Spark: its sockets, its refusals, the lifetime by leases."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time

import pytest

from conftest import FOLDER, Client, Lease, Server, private_folders, wait
from local_spark import command_line
from local_spark.lease import Leases
from local_spark.registry import Registry
from local_spark.server import LoopbackServer, UnixServer


class InProcess:
    """The server in this process, with a clock that the test chooses."""

    def __init__(self, folder, grace=20.0, first=30.0):
        self.path = os.path.join(folder, "s")
        private = tempfile.mkdtemp(dir=folder)
        self.registry = Registry(private, log=lambda text: None)
        self.registry.leases = Leases(time.monotonic(), grace, first)
        self.server = UnixServer(self.path, self.registry)
        threading.Thread(target=self.server.serve_forever, args=(0.05,)).start()
        self.main = threading.Thread(target=self.run)
        self.main.start()
        self.client = Client(self.path)

    def run(self):
        self.registry.run()
        self.registry.shut_down()

    def stop(self):
        self.registry.ending = True
        self.main.join(20)
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def server(short_folder):
    running = InProcess(short_folder)
    yield running
    running.stop()


def raw(path, data):
    """The whole answer to bytes that need not be HTTP."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(10)
        connection.connect(path)
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        parts = []
        while True:
            part = connection.recv(65536)
            if not part:
                return b"".join(parts)
            parts.append(part)


def test_the_version_is_livys(server):
    status, body = server.client.get("/version")
    assert status == 200 and body["version"].startswith("0.9.0")


def test_one_connection_serves_many_requests(server):
    server.client.get("/version")
    kept = server.client.connection.sock
    for _ in range(3):
        assert server.client.get("/sessions")[0] == 200
    assert server.client.connection.sock is kept


def test_a_reply_is_one_piece(server):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(server.path)
        connection.sendall(b"GET /version HTTP/1.1\r\nHost: x\r\n\r\n")
        piece = connection.recv(65536)
    assert piece.startswith(b"HTTP/1.1 200") and piece.endswith(b"}")


def test_writing_needs_the_header_against_forgery(server):
    request = b"POST /sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
    reply = raw(server.path, request)
    assert reply.startswith(b"HTTP/1.1 400")
    assert b"Missing Required Header for CSRF protection." in reply
    assert server.client.get("/sessions")[1]["total"] == 0


@pytest.mark.parametrize(
    "data, status",
    [
        (b"nonsense\r\n\r\n", b"400"),
        (b"GET / HTTP/9.9\r\n\r\n", b"505"),
        (b"GET /" + b"x" * 70000 + b" HTTP/1.1\r\n\r\n", b"414"),
        (b"POST /x HTTP/1.1\r\nContent-Length: many\r\n\r\n", b"400"),
        (b"POST /x HTTP/1.1\r\nContent-Length: -5\r\n\r\n", b"400"),
        (b"POST /x HTTP/1.1\r\nContent-Length: 999999999999\r\n\r\n", b"413"),
        (b"POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"400"),
        (b"BREW /pot HTTP/1.1\r\nHost: x\r\n\r\n", b"501"),
    ],
)
def test_what_is_no_request_gets_an_answer_and_harms_nothing(server, data, status):
    assert raw(server.path, data).split(b" ")[1] == status
    assert server.client.get("/version")[0] == 200


def test_a_body_may_come_in_chunks(server):
    reply = raw(
        server.path,
        b"POST /sessions HTTP/1.1\r\nX-Requested-By: t\r\nTransfer-Encoding: chunked\r\n"
        b"Connection: close\r\n\r\n8\r\n" + b'{"kind":' + b"\r\n9\r\n"
        b'"cobol"}\n\r\n0\r\n\r\n',
    )
    assert b"Invalid kind: cobol" in reply


def test_paths_that_are_not_there(server):
    assert server.client.get("/nothing")[0] == 404
    assert server.client.request("PUT", "/sessions")[0] == 405
    assert server.client.request("PUT", "/sessions/0/reset-timeout")[0] == 404
    assert server.client.get("/sessions/7") == (404, {"msg": "Session '7' not found."})
    assert server.client.get("/sessions/me")[1] == {"msg": "Session 'me' not found."}
    assert server.client.delete("/leases/x")[0] == 404


def test_numbers_that_are_none(server):
    assert server.client.get("/sessions?size=x")[0] == 400
    assert server.client.get("/sessions?from=-3")[0] == 200


@pytest.mark.parametrize(
    "body",
    [{}, {"id": ""}, {"id": "a", "folder": "relative"}, {"id": "a", "folder": 3}],
)
def test_a_lease_that_lacks_something_is_refused(server, body):
    assert server.client.post("/leases", body)[0] == 400


def test_a_lease_answers_with_one_line_and_stays_open(server, short_folder):
    lease = Lease(server.path, "a", short_folder)
    head, _, rest = lease.reply.partition(b"\r\n\r\n")
    assert b"Transfer-Encoding: chunked" in head
    size, _, line = rest.partition(b"\r\n")
    assert len(line.rstrip(b"\r\n")) + 1 == int(size, 16)
    assert json.loads(line)["id"] == "a"
    assert server.registry.leases.is_held("a")
    lease.drop()
    wait(lambda: server.registry.leases.is_held("a"), lambda held: not held, 5)


def test_an_unknown_lease_can_start_nothing(server):
    client = Client(server.path, lease="nobody")
    assert client.post("/sessions", {"kind": "pyspark"})[0] == 400


def test_a_goodbye_ends_the_server_at_once(short_folder):
    server = InProcess(short_folder)
    lease = Lease(server.path, "a", short_folder)
    begun = time.monotonic()
    assert server.client.delete("/leases/a") == (200, {"msg": "deleted"})
    server.main.join(5)
    assert not server.main.is_alive() and time.monotonic() - begun < 2
    lease.drop()
    server.stop()


def test_a_lost_lease_ends_the_server_after_its_grace(short_folder):
    server = InProcess(short_folder, grace=0.6)
    Lease(server.path, "a", short_folder).drop()
    begun = time.monotonic()
    server.main.join(5)
    assert not server.main.is_alive() and time.monotonic() - begun >= 0.3
    server.stop()


def test_a_lease_taken_over_in_time_lives_on(short_folder):
    server = InProcess(short_folder, grace=0.6)
    Lease(server.path, "a", short_folder).drop()
    lease = Lease(server.path, "a", short_folder)
    time.sleep(1.5)
    assert server.main.is_alive()
    lease.drop()
    server.main.join(5)
    assert not server.main.is_alive()
    server.stop()


def test_a_server_without_lease_ends_by_itself(short_folder):
    server = InProcess(short_folder, first=0.3)
    server.main.join(5)
    assert not server.main.is_alive()
    server.stop()


def test_the_socket_is_private_and_in_a_private_folder(short_folder):
    server = Server(os.path.join(short_folder, "run"), "--no-lease-exit")
    try:
        assert stat.S_IMODE(os.stat(server.folder).st_mode) == 0o700
        assert stat.S_IMODE(os.stat(server.path).st_mode) & 0o077 == 0
        assert os.getsid(server.process.pid) == server.process.pid
    finally:
        server.stop()
    assert os.listdir(server.folder) == []
    assert len(server.private - private_folders()) >= 1


def test_a_second_server_leaves_the_first_alone(short_folder):
    server = Server(os.path.join(short_folder, "run"), "--no-lease-exit")
    try:
        command = [sys.executable, FOLDER, "serve", "--socket", server.path]
        second = subprocess.run(command, capture_output=True, timeout=20)
        assert (second.returncode, second.stdout, second.stderr) == (0, b"", b"")
        assert server.answers()
    finally:
        server.stop()


def test_what_a_killed_server_left_is_taken_away(short_folder):
    first = Server(os.path.join(short_folder, "run"), "--no-lease-exit")
    first.process.kill()
    first.process.wait()
    assert os.path.exists(first.path)
    second = Server(os.path.join(short_folder, "run"), "--no-lease-exit")
    second.stop()
    assert os.listdir(second.folder) == []
    assert first.private - private_folders(), "the first one's is gone too"


def test_a_folder_that_others_can_enter_is_refused(tmp_path):
    tmp_path.chmod(0o755)
    assert "open to others" in command_line.prepare_folder(str(tmp_path))
    tmp_path.chmod(0o700)
    assert command_line.prepare_folder(str(tmp_path)) is None
    link = tmp_path / "link"
    link.symlink_to(tmp_path)
    assert "is not a folder" in command_line.prepare_folder(str(link))


@pytest.mark.skipif(os.getuid() != 0, reason="needs root to make another's folder")
def test_a_folder_of_somebody_else_is_refused(tmp_path):
    tmp_path.chmod(0o700)
    os.chown(tmp_path, 12345, -1)
    assert "belongs to somebody else" in command_line.prepare_folder(str(tmp_path))


def test_the_port_for_tests_wants_its_token(short_folder):
    registry = Registry(tempfile.mkdtemp(dir=short_folder), log=lambda text: None)
    server = LoopbackServer(("127.0.0.1", 0), registry, "secret")
    threading.Thread(target=server.serve_forever, args=(0.05,)).start()
    try:
        import http.client

        for token, status in (("secret", 200), ("Secret", 401), ("", 401)):
            connection = http.client.HTTPConnection(*server.server_address, timeout=10)
            headers = {"Authorization": "Bearer " + token} if token else {}
            connection.request("GET", "/version", headers=headers)
            assert connection.getresponse().status == status
            connection.close()
    finally:
        server.shutdown()
        server.server_close()


def test_sigterm_ends_it_without_a_trace(short_folder):
    server = Server(os.path.join(short_folder, "run"), "--no-lease-exit")
    os.kill(server.process.pid, signal.SIGTERM)
    assert server.process.wait(10) == 0
    assert os.listdir(server.folder) == []
    assert len(server.private - private_folders()) >= 1
