"""How sessions end: deleted, killed, expired, never started."""

from __future__ import annotations

import time
from typing import Callable

import pytest

from livy_http import Endpoint, wait_for
from livy_session import ENDED, START_SECONDS, Session
from livy_shapes import check

NewSession = Callable[..., Session]

KILL_JVM = (
    "import os, signal\n"
    "jvm = sc._jvm.java.lang.ProcessHandle.current().pid()\n"
    "os.kill(jvm, signal.SIGKILL)"
)
KILL_PYTHON = "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"


def wait_ended(session: Session, seconds: float = 60) -> str:
    return wait_for(
        session.state, lambda s: s in ENDED or s == "gone", seconds, "session ends"
    )


def check_ended(endpoint: Endpoint, session: Session) -> None:
    """An ended session refuses code, keeps its log, and can be deleted."""
    reply = endpoint.post(session.path + "/statements", {"code": "1"})
    if reply.status == 201:
        # A session in `error` takes statements that fail at once.
        told = session.wait_statement(reply.json["id"])
        assert told["output"]["status"] == "error", told
    else:
        assert reply.status in (400, 404, 500), reply
        assert session.state() in reply.text
    log = endpoint.get(session.path + "/log?size=-1")
    assert log.status == 200
    check(log.json, "log")
    assert log.json["log"]
    check(endpoint.get(session.path).json, "session")
    assert session.end().status == 200
    wait_for(session.state, lambda s: s == "gone", 30, "deleted session")


def test_a_driver_that_exits_leaves_a_dead_session(
    endpoint: Endpoint, new_session: NewSession
) -> None:
    session = new_session(kind="spark")
    session.submit("System.exit(0)")
    assert wait_ended(session) in ("dead", "error")
    check_ended(endpoint, session)


def test_a_killed_jvm_leaves_a_dead_session(
    endpoint: Endpoint, new_session: NewSession
) -> None:
    session = new_session(kind="pyspark")
    assert session.text("40+2") == "42"
    session.submit(KILL_JVM)
    assert wait_ended(session) in ("dead", "error")
    check_ended(endpoint, session)


def test_a_killed_interpreter_ends_its_session(
    endpoint: Endpoint, new_session: NewSession
) -> None:
    session = new_session(kind="pyspark")
    reply = endpoint.post(session.path + "/statements", {"code": KILL_PYTHON})
    assert wait_ended(session) in ("dead", "error")
    if reply.status == 201 and session.state() == "error":
        told = session.wait_statement(reply.json["id"])
        assert told["output"]["status"] == "error"
        assert told["output"]["evalue"].startswith("Interpreter died")
    check_ended(endpoint, session)


def test_a_session_that_cannot_start_is_dead_with_its_log(
    endpoint: Endpoint, new_session: NewSession
) -> None:
    conf = {"spark.driver.memory": "not-a-size"}
    session = new_session(wait=False, kind="pyspark", conf=conf)
    assert wait_ended(session) in ("dead", "error")
    log = "\n".join(endpoint.get(session.path + "/log?size=-1").json["log"])
    assert "not-a-size" in log
    told = endpoint.get(session.path).json
    assert told["state"] in ("dead", "error")
    assert "not-a-size" in "\n".join(told["log"])
    check_ended(endpoint, session)


def test_a_starting_session_takes_no_code_or_keeps_it(
    endpoint: Endpoint, new_session: NewSession
) -> None:
    session = new_session(wait=False, kind="pyspark")
    reply = endpoint.post(session.path + "/statements", {"code": "40+2"})
    if reply.status == 201:
        # Better than Apache Livy, which refuses.
        told = session.wait_statement(reply.json["id"], seconds=START_SECONDS)
        assert told["output"]["data"] == {"text/plain": "42"}
    else:
        assert reply.status in (400, 409, 500), reply
        assert reply.text
    listed = endpoint.get(session.path + "/statements")
    if listed.status == 200:
        check(listed.json, "statement_list")
    else:
        # Apache Livy, for a moment while its driver comes up: a NullPointerException.
        assert not endpoint.is_ours and listed.status == 500, listed


def test_a_starting_session_is_deleted(
    endpoint: Endpoint, new_session: NewSession
) -> None:
    session = new_session(wait=False, kind="pyspark")
    began = time.monotonic()
    assert session.end().status == 200
    wait_for(session.state, lambda s: s == "gone", 20, "deleted session")
    assert time.monotonic() - began < 30


def test_a_busy_session_is_deleted(endpoint: Endpoint, new_session: NewSession) -> None:
    session = new_session(kind="pyspark")
    statement = session.submit("import time\ntime.sleep(120)")
    session.wait_statement(statement["id"], "running")
    began = time.monotonic()
    assert session.end().status == 200
    wait_for(session.state, lambda s: s == "gone", 40, "deleted session")
    assert time.monotonic() - began < 60
    reply = endpoint.get(f"{session.path}/statements/{statement['id']}")
    assert reply.status == 404
    check(reply.json, "message")


@pytest.mark.slow
@pytest.mark.timeout(500)
def test_sessions_expire(endpoint: Endpoint, new_session: NewSession) -> None:
    """By heartbeat, and by idle time; the list of sessions counts as neither.

    Apache Livy looks for expired heartbeats every minute, for idle sessions likewise.
    """
    idling = new_session(wait=False, kind="pyspark", idleTimeout="2s")
    beating = new_session(kind="pyspark", heartbeatTimeoutInSecond=3)
    until = time.monotonic() + 8
    wait_for(
        beating.state, lambda s: s != "idle" or time.monotonic() > until, 12, "8 s pass"
    )
    assert beating.state() == "idle", "requests keep a session alive"
    beating.wait_gone_from_list(100)
    idling.wait_gone_from_list(100)
    assert beating.state() == "gone"
    assert idling.state() == "gone"
