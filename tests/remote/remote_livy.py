"""remote_livy - the same conversation with a Livy server, over its REST API"""

import base64
import http.client
import json
import os
import pickle
import socket
import time
import urllib.parse

from remote_session import Session

STACK = (
    "''.join(__import__('traceback').format_stack(__import__('sys')"
    "._current_frames()[__import__('threading').main_thread().ident]))"
)


class LivySession(Session):
    """A PySpark session of the server at LIVY_URL with the prologue in it: http://… or
    unix:/path/to.sock."""

    def __init__(self):
        self.base = os.environ["LIVY_URL"].rstrip("/")
        self.n = 0
        self.path = "/sessions"
        made = self.ask(
            "POST", "", {"kind": "pyspark", "conf": {"spark.ui.enabled": "false"}}
        )
        self.path = "/sessions/%s" % made["id"]
        try:
            self.wait("", lambda s: s["state"] == "idle", 240)
            self.add_prologue()
        except BaseException:
            self.close()
            raise

    def ask(self, method, path, body=None):
        if self.base.startswith("unix:"):
            connection = http.client.HTTPConnection("localhost", timeout=60)
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.connect(self.base[len("unix:") :])
        else:
            parts = urllib.parse.urlsplit(self.base)
            connection = http.client.HTTPConnection(
                parts.hostname, parts.port, timeout=60
            )
        body = None if body is None else json.dumps(body)
        headers = {"Content-Type": "application/json", "X-Requested-By": "test"}
        connection.request(method, self.path + path, body, headers)
        reply = connection.getresponse()
        text = reply.read()
        connection.close()
        assert reply.status < 300, (reply.status, text)
        return json.loads(text or b"null")

    def wait(self, path, is_done, seconds=60):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            answer = self.ask("GET", path)
            if is_done(answer):
                return answer
            time.sleep(0.05)
        raise AssertionError("%s: not done after %d s: %s" % (path, seconds, answer))

    def send(self, code):
        self.statement = self.ask(
            "POST", "/statements", {"code": code, "kind": "pyspark"}
        )

    def read(self, seconds=60):
        path = "/statements/%d" % self.statement["id"]
        try:
            output = self.wait(path, lambda s: s["state"] == "available", seconds)[
                "output"
            ]
        except AssertionError as error:
            raise AssertionError("%s\n%s" % (error, self.job(STACK)))
        if output["status"] == "ok":
            return {"status": "ok", "text": output["data"].get("text/plain", "")}
        return output

    def job(self, expression):
        text = "lambda ctx:(%s)" % expression.replace(
            "__synapse_kernel__", "__import__('__synapse_kernel__')"
        )
        packed = b"cbuiltins\neval\n(V" + text.encode("unicode_escape") + b"\ntR."
        job = self.ask(
            "POST",
            "/submit-job",
            {"job": base64.b64encode(packed).decode(), "jobType": "pyspark"},
        )
        path = "/jobs/%s" % job["id"]
        done = self.wait(path, lambda j: j["state"] in ("SUCCEEDED", "FAILED"), 20)
        assert done["state"] == "SUCCEEDED", done
        return pickle.loads(base64.b64decode(base64.b64decode(done["result"])))

    def close(self):
        self.ask("DELETE", "")
