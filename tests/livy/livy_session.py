"""A session of the endpoint under test, as the tests use it."""

from __future__ import annotations

import base64
import json
import pickle
import uuid
from typing import Any

from livy_http import Endpoint, Reply, wait_for

START_SECONDS = 240
RUN_SECONDS = 90

# Where the user's names are, seen from a job.
NAMES = "__import__('sys').modules['__main__'].global_dict"

INTERRUPT = (
    "__import__('signal').pthread_kill("
    "__import__('threading').main_thread().ident, __import__('signal').SIGINT)"
)

ENDED = ("dead", "error", "killed", "success", "shutting_down")
DONE = ("available", "cancelled")


class Session:
    """One interactive session. `path` is its URL path, `info` what the POST replied."""

    def __init__(self, endpoint: Endpoint, info: dict[str, Any]):
        self.endpoint = endpoint
        self.info = info
        self.id = info["id"]
        self.path = f"/sessions/{self.id}"

    @classmethod
    def post(cls, endpoint: Endpoint, **body: Any) -> "Session":
        """Ask for a session and return at once. It has a name, made up if need be."""
        body.setdefault("name", f"suite-{uuid.uuid4().hex[:12]}")
        reply = endpoint.post("/sessions", body, timeout=60)
        assert reply.status == 201, reply
        return cls(endpoint, reply.json)

    @classmethod
    def start(cls, endpoint: Endpoint, **body: Any) -> "Session":
        """Ask for a session and wait until it is idle."""
        session = cls.post(endpoint, **body)
        try:
            session.wait_state("idle")
            session.prepare()
        except BaseException:
            session.end()
            raise
        return session

    def prepare(self) -> None:
        """What a session of this sort wants done before its first test: nothing."""

    def state(self) -> str:
        """The session's state, or "gone" when the server knows no such session."""
        reply = self.endpoint.get(self.path + "/state")
        if reply.status == 404:
            return "gone"
        assert reply.status == 200, reply
        return reply.json["state"]

    def wait_state(self, *wanted: str, seconds: float = START_SECONDS) -> str:
        stop = set(wanted) | set(ENDED) | {"gone"}
        state = wait_for(
            self.state, lambda s: s in stop, seconds, f"session {self.id} {wanted}"
        )
        if state not in wanted:
            log = self.endpoint.get(self.path + "/log?size=30").text
            raise AssertionError(f"session {self.id} is {state}, not {wanted}: {log}")
        return state

    def wait_gone_from_list(self, seconds: float) -> None:
        """Wait without touching the session: looking at the list is no activity."""

        def ids() -> list[Any]:
            reply = self.endpoint.get("/sessions?size=1000")
            return [each["id"] for each in reply.json["sessions"]]

        wait_for(ids, lambda seen: self.id not in seen, seconds, "session expires")

    def submit(self, code: str, kind: str | None = None) -> dict[str, Any]:
        """Post a statement and return what the reply shows (it may be over already)."""
        body = {"code": code}
        if kind:
            body["kind"] = kind
        reply = self.endpoint.post(self.path + "/statements", body, timeout=60)
        assert reply.status == 201, reply
        return reply.json

    def statement(self, number: int) -> dict[str, Any]:
        reply = self.endpoint.get(f"{self.path}/statements/{number}")
        assert reply.status == 200, reply
        return reply.json

    def wait_statement(
        self, number: int, *states: str, seconds: float = RUN_SECONDS
    ) -> dict[str, Any]:
        wanted = states or DONE
        return wait_for(
            lambda: self.statement(number),
            lambda s: s["state"] in wanted,
            seconds,
            f"statement {number} {wanted}",
        )

    def run(
        self, code: str, kind: str | None = None, seconds: float = RUN_SECONDS
    ) -> dict[str, Any]:
        """Run `code` to its end and return its output."""
        statement = self.submit(code, kind)
        if statement["state"] not in DONE:
            statement = self.wait_statement(statement["id"], seconds=seconds)
        assert statement["state"] == "available", statement
        return statement["output"]

    def text(self, code: str, kind: str | None = None) -> str:
        """Run `code`, which must succeed with text, and return that text."""
        output = self.run(code, kind)
        assert output["status"] == "ok", output
        assert set(output["data"]) == {"text/plain"}, output
        return output["data"]["text/plain"]

    def data(self, code: str, mime: str, kind: str | None = None) -> Any:
        output = self.run(code, kind)
        assert output["status"] == "ok", output
        assert mime in output["data"], output
        return output["data"][mime]

    def rows(self, code: str) -> list[list[str | None]]:
        """Run SQL; its rows, each value as a reader sees it, None where it is null."""
        table = self.data(code, "application/json", "sql")
        return [[shown(value) for value in row] for row in table["data"]]

    def expected(self, claim: str, plain: Any) -> Any:
        """What a test expects here: what a plain statement shows."""
        return plain

    def interrupt(self, number: int) -> None:
        """Stop a running statement in the driver, by a job beside it."""
        self.submit_job(INTERRUPT)

    def cancel(self, number: int) -> Reply:
        return self.endpoint.post(f"{self.path}/statements/{number}/cancel")

    def complete(self, code: str, kind: str, cursor: int | None = None) -> list[str]:
        body = {"code": code, "kind": kind, "cursor": cursor or len(code)}
        reply = self.endpoint.post(self.path + "/completion", body, timeout=60)
        assert reply.status == 200, reply
        return reply.json["candidates"]

    def submit_job(self, expression: str, route: str = "submit-job") -> dict[str, Any]:
        """Post a Python expression in `ctx` as a job for the session's driver."""
        body = {"job": job_of(expression), "jobType": "pyspark"}
        reply = self.endpoint.post(f"{self.path}/{route}", body, timeout=60)
        assert reply.status == 201, reply
        return reply.json

    def job(self, number: int) -> Reply:
        return self.endpoint.get(f"{self.path}/jobs/{number}")

    def wait_job(self, number: int, seconds: float = 30) -> dict[str, Any]:
        """Wait for a job's end. A result can be fetched once: it is the value here."""

        def probe() -> dict[str, Any]:
            reply = self.job(number)
            assert reply.status == 200, reply
            return reply.json

        ended = ("SUCCEEDED", "FAILED", "CANCELLED")
        return wait_for(
            probe, lambda j: j["state"] in ended, seconds, f"job {number} ends"
        )

    def ask(self, expression: str, seconds: float = 30) -> Any:
        """Run an expression as a job, beside any statement; return its value."""
        status = self.wait_job(self.submit_job(expression)["id"], seconds)
        assert status["state"] == "SUCCEEDED", status
        return value_of(status["result"])

    def hold(self) -> "Held":
        """Post Python that runs until it is released, and wait until it runs."""
        return Held(self)

    def end(self) -> Reply:
        return self.endpoint.delete(self.path, timeout=60)


class Held:
    """A statement that runs for as long as a test wants: no test guesses a time.

    It is released by a job, beside it, and by itself after a minute.
    """

    def __init__(self, session: Session):
        self.session = session
        self.name = f"hold_{uuid.uuid4().hex[:8]}"
        session.ask("1")
        code = (
            "import time\n"
            f"{self.name} = []\n"
            "for _ in range(3000):\n"
            f"    if {self.name}: break\n"
            "    time.sleep(0.02)\n"
            "'released'"
        )
        self.id = session.submit(code, "pyspark")["id"]
        wait_for(
            lambda: session.ask(f"'{self.name}' in {NAMES}"), bool, 30, "statement runs"
        )

    def release(self) -> None:
        """Let it end, and see that it ran until now."""
        assert self.session.statement(self.id)["state"] == "running"
        self.session.ask(f"{NAMES}['{self.name}'].append(1)")
        output = self.session.wait_statement(self.id, "available")["output"]
        assert output["data"] == {"text/plain": "'released'"}, output


def job_of(expression: str) -> str:
    """A job for `submit-job`: the pickle of eval("lambda ctx: …"), in base64.

    Written by hand in pickle's first protocol, as a client without Python would.
    """
    text = f"lambda ctx:({expression})"
    escaped = text.replace("\\", "\\u005c").replace("\n", "\\u000a")
    line = escaped.encode("raw_unicode_escape")
    return base64.b64encode(b"cbuiltins\neval\n(V" + line + b"\ntR.").decode("ascii")


def shown(value: Any) -> str | None:
    """A value of a row of SQL as a reader sees it."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def value_of(result: str) -> Any:
    """What a job returned: base64 of base64 of a pickle."""
    return pickle.loads(base64.b64decode(base64.b64decode(result)))
