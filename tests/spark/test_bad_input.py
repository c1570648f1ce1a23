"""Bad input: one clear error each that names cause and next step; the kernel goes on."""
import http.server
import json
import socket
import ssl
import threading
import time

import pytest

pytestmark = pytest.mark.timeout(180)

MISTAKES = [
    # cell, what the error must name
    ("%synapse strat", ["strat", "start"]),
    ("%synapse start --drvier-memory 1g", ["--drvier-memory", "--driver-memory"]),
    ("%synapse start --driver-memory", ["--driver-memory"]),
    ("%synapse start --driver-cores two", ["--driver-cores", "two"]),
    ("%synapse start -n 0", ["-n", "0", "1"]),
    ("%synapse start --driver-memory 28x", ["28x", "28g"]),
    ('%%synapse start\n{"spark.a": "1",\n "spark.b" "2"}', ["line 2"]),
    ("%synapse stop", ["No Spark session", "%synapse start"]),
    ("%synapse meta", ["No Spark session", "%synapse start"]),
    ("%%synapse\n1 + 1", ["No Spark session", "%synapse start"]),
    ("%synapse 1 + 1", ["No Spark session", "%synapse start"]),
    ("# why not\n%%synapse\n1", ["%%synapse", "first line"]),
    ("%%synapse", ["%%synapse"]),
    ("%%synapse sqll\nselect 1", ["sqll", "sql"]),
    ("%synapse start -c pool", ["config.json", "-w"]),
    ("%synapse start -s only", ["-r", "-w"]),
    ("%synapse start --livy nonsense", ["nonsense", "http"]),
    ("%synapse start --livy http://127.0.0.1:9 --auth magic", ["magic", "basic"]),
    ("%synapse start --livy http://127.0.0.1:9 -c pool", ["--livy", "-c"]),
]


@pytest.fixture(scope="module")
def idle(jupyter_path, runtime, tmp_path_factory):
    """A kernel without a session."""
    from notebook_kernel import NotebookKernel

    kernel = NotebookKernel(jupyter_path, tmp_path_factory.mktemp("notebook"), runtime)
    yield kernel
    kernel.shutdown()


def is_well(kernel):
    return kernel.ok("6 * 7").data() == ["42"]


@pytest.mark.parametrize("cell, words", MISTAKES, ids=[m[0][:40] for m in MISTAKES])
def test_a_mistake_is_named_and_nothing_starts(idle, cell, words):
    failed = idle.fails(cell)
    text = failed.error["ename"] + ": " + failed.error["evalue"]
    for word in words:
        assert word in text
    assert "No Spark session" in idle.fails("%synapse meta").text
    assert is_well(idle)


def test_a_comment_of_a_command_does_nothing(idle):
    assert idle.ok("# %synapse start").outputs == []
    assert "No Spark session" in idle.fails("%synapse meta").text


def test_help_in_every_form(idle):
    for cell in ("# show help\n%synapse ?", "%synapse help", "%synapse HELP"):
        assert "start" in idle.ok(cell).data()[-1]
    payload = idle.ok("%synapse?").reply.get("payload", [])
    assert payload or "start" in idle.ok("%synapse?").text


# --- Livy servers that misbehave ---------------------------------------------


class Server(http.server.BaseHTTPRequestHandler):
    """Answers every request as its path says: /401, /404, /500, /html, /half, /hang."""

    def do_GET(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        word = self.path.split("/")[1]
        if word == "hang":
            self.server.release.wait(60)
            return
        status = int(word) if word.isdigit() else 200
        body = {"half": b'{"id": 1, "sta', "html": b"<html><title>Proxy login</title>"}
        body = body.get(word, b'{"msg": "it said no"}')
        kind = "text/html" if word == "html" else "application/json"
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_DELETE = do_GET

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def server():
    made = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    made.daemon_threads = True
    made.release = threading.Event()
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield "http://127.0.0.1:%d" % made.server_port
    made.release.set()
    made.shutdown()
    made.server_close()


@pytest.mark.parametrize(
    "path, words",
    [
        ("401", ["401", "--user", "--token-file"]),
        ("404", ["404", "--livy"]),
        ("500", ["500", "it said no"]),
        ("html", ["web page", "URL"]),
        ("half", ["JSON"]),
    ],
)
def test_a_server_that_is_no_livy(idle, server, path, words):
    failed = idle.fails("%%synapse start --livy %s/%s" % (server, path))
    for word in words:
        assert word in failed.error["evalue"]
    assert is_well(idle)


def test_a_server_that_refuses(idle):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    failed = idle.fails("%%synapse start --livy http://127.0.0.1:%d" % port)
    assert "127.0.0.1:%d" % port in failed.error["evalue"]
    assert is_well(idle)


def test_a_server_that_hangs_can_be_interrupted(idle, server):
    request = idle.send("%%synapse start --livy %s/hang" % server)
    time.sleep(1)
    idle.interrupt()
    assert idle.finish(request, limit=20).error["ename"] == "KeyboardInterrupt"
    assert is_well(idle)


def test_a_server_that_hangs_ends_by_start_timeout(idle, server):
    failed = idle.fails("%%synapse start --livy %s/hang --start-timeout 2" % server)
    assert failed.error["ename"] == "TimeoutError"
    assert "within 2.0 s" in failed.error["evalue"]  # not the limit of a request
    assert is_well(idle)


class Stalling(http.server.BaseHTTPRequestHandler):
    """A Livy with one session without Python, which hangs when it is told to."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.server.stalls.is_set() and self.command == "GET":
            self.server.release.wait(60)
        output = {"status": "error", "ename": "Error", "evalue": "not a valid kind"}
        body = {"id": 0, "state": "idle", "kind": "spark"}
        if self.path.endswith("/statements"):
            body = {"id": 0, "state": "available", "output": output}
        elif self.path.startswith("/sessions?"):
            body = {"sessions": []}
        data = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_POST = do_DELETE = do_GET

    def log_message(self, *args):
        pass


def test_a_server_that_comes_to_hang_can_be_interrupted(idle):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Stalling)
    server.daemon_threads = True
    server.stalls, server.release = threading.Event(), threading.Event()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = "http://127.0.0.1:%d" % server.server_port
    idle.ok("%synapse start --livy " + url)
    assert json.loads(idle.ok("%synapse meta").stdout)["session_id"] == "0"
    server.stalls.set()
    for cell in ("%synapse meta", "%synapse start --reuse", "%synapse meta"):
        request = idle.send(cell)
        time.sleep(1)
        idle.interrupt()
        assert idle.finish(request, limit=3).error["ename"] == "KeyboardInterrupt"
    server.stalls.clear()
    server.release.set()
    assert json.loads(idle.ok("%synapse meta").stdout)["session_id"] == "0"
    assert "already" in idle.fails("%synapse start").text
    idle.ok("%synapse stop")
    server.shutdown()
    server.server_close()
    assert is_well(idle)


def test_a_certificate_that_nobody_vouches_for(idle, tmp_path):
    trustme = pytest.importorskip("trustme")
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    server.daemon_threads = True
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = "https://localhost:%d/401" % server.server_port
    failed = idle.fails("%synapse start --livy " + url)
    assert failed.error["ename"] == "CertificateError"
    assert "--ca-file" in failed.error["evalue"]
    ca_file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    trusted = idle.fails("%%synapse start --livy %s --ca-file %s" % (url, ca_file))
    assert "401" in trusted.error["evalue"]
    server.shutdown()
    server.server_close()
    assert is_well(idle)


def test_a_secret_is_never_shown(idle, server):
    url = server.replace("http://", "http://me:s3cretword@")
    failed = idle.fails("%%synapse start --livy %s/500" % url)
    assert "s3cretword" not in failed.text
    failed = idle.fails("%%synapse start --livy %s/500 --token s3cretword" % server)
    assert "s3cretword" not in failed.text
