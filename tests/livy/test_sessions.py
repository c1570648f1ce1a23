"""Sessions: what the list, one session, its state, its log and its names look like."""

from __future__ import annotations

import uuid
from typing import Callable

import pytest

from livy_http import Endpoint, wait_for
from livy_session import START_SECONDS, Session
from livy_shapes import check

NewSession = Callable[..., Session]


def test_version_names_itself(endpoint: Endpoint) -> None:
    reply = endpoint.get("/version")
    assert reply.status == 200
    check(reply.json, "version")
    assert reply.json["version"]


def test_a_new_session_is_created_with_its_location(
    endpoint: Endpoint, new_session: NewSession
) -> None:
    asked = {
        "kind": "pyspark",
        "conf": {"spark.app.name": "suite"},
        "heartbeatTimeoutInSecond": 600,
        "ttl": "10m",
        "idleTimeout": "20m",
    }
    name = f"suite-created-{uuid.uuid4().hex[:8]}"
    body = {**asked, "name": name}
    reply = endpoint.post("/sessions", body, timeout=60)
    assert reply.status == 201, reply
    created = Session(endpoint, reply.json)
    try:
        check(reply.json, "session")
        assert reply.headers["location"].endswith(f"/sessions/{created.id}")
        assert reply.headers["content-type"].startswith("application/json")
        assert reply.json["state"] in ("not_started", "starting", "idle")
        assert reply.json["name"] == name
        for field, value in asked.items():
            assert reply.json[field] == value, field
        check_states_in_order(created)
        told = endpoint.get(created.path).json
        check(told, "session")
        for field, value in {**asked, "state": "idle"}.items():
            assert told[field] == value, field
    finally:
        created.end()


def check_states_in_order(session: Session) -> None:
    """not_started, starting, idle: some may be missed, none comes back."""
    order = ["not_started", "starting", "idle"]
    seen: list[str] = []

    def probe() -> str:
        reply = session.endpoint.get(session.path + "/state")
        check(reply.json, "state")
        assert reply.json["id"] == session.id
        state = reply.json["state"]
        if not seen or seen[-1] != state:
            seen.append(state)
        return state

    wait_for(probe, lambda s: s not in order[:2], START_SECONDS, "start")
    assert seen == [state for state in order if state in seen], seen
    assert seen[-1] == "idle", seen


def test_a_session_without_a_kind_is_shared(new_session: NewSession) -> None:
    session = new_session(wait=False)
    assert session.info["kind"] == "shared"


def test_the_list_holds_the_session(endpoint: Endpoint, pyspark: Session) -> None:
    reply = endpoint.get("/sessions")
    assert reply.status == 200
    check(reply.json, "session_list")
    assert reply.json["from"] == 0
    assert reply.json["total"] == len(reply.json["sessions"])
    assert pyspark.id in [each["id"] for each in reply.json["sessions"]]


def test_the_list_is_read_in_pages(endpoint: Endpoint, pyspark: Session) -> None:
    total = endpoint.get("/sessions").json["total"]
    one = endpoint.get("/sessions?from=0&size=1").json
    assert (one["from"], one["total"], len(one["sessions"])) == (0, total, 1)
    beyond = endpoint.get(f"/sessions?from={total + 3}").json
    assert beyond["from"] == total + 3
    assert (beyond["total"], beyond["sessions"]) == (total, [])
    assert endpoint.get("/sessions?size=0").json["sessions"] == []


def test_a_page_number_must_be_a_number(endpoint: Endpoint, pyspark: Session) -> None:
    for path in ("/sessions?from=x", f"{pyspark.path}/log?from=x"):
        reply = endpoint.get(path)
        assert reply.status == 400, reply
        check(reply.json, "message")


def test_a_session_is_found_by_its_name(endpoint: Endpoint, pyspark: Session) -> None:
    name = pyspark.info["name"]
    reply = endpoint.get(f"/sessions/{name}")
    assert reply.status == 200
    check(reply.json, "session")
    assert (reply.json["id"], reply.json["name"]) == (pyspark.id, name)
    assert endpoint.get(f"/sessions/{name}/state").json["id"] == pyspark.id


def test_a_name_is_taken_once(endpoint: Endpoint, pyspark: Session) -> None:
    name = pyspark.info["name"]
    total = endpoint.get("/sessions").json["total"]
    reply = endpoint.post("/sessions", {"kind": "pyspark", "name": name})
    assert reply.status == 400, reply
    check(reply.json, "message")
    assert "Duplicate session name" in reply.json["msg"]
    assert name in reply.json["msg"]
    assert endpoint.get("/sessions").json["total"] == total


@pytest.mark.parametrize("which", ["99999", "no-such-name", "-1"])
@pytest.mark.parametrize("rest", ["", "/state", "/log", "/statements", "/statements/0"])
def test_a_missing_session_is_named(endpoint: Endpoint, which: str, rest: str) -> None:
    reply = endpoint.get(f"/sessions/{which}{rest}")
    assert reply.status == 404, reply
    check(reply.json, "message")
    assert reply.json["msg"] == f"Session '{which}' not found."


@pytest.mark.parametrize(
    "method, rest, body",
    [
        ("DELETE", "", None),
        ("POST", "/statements", {"code": "1"}),
        ("POST", "/statements/0/cancel", None),
        ("POST", "/completion", {"code": "a", "kind": "pyspark", "cursor": 1}),
        ("POST", "/submit-job", {"job": "AAAA", "jobType": "pyspark"}),
        ("POST", "/connect", None),
    ],
)
def test_nothing_is_done_to_a_missing_session(
    endpoint: Endpoint, method: str, rest: str, body: object
) -> None:
    reply = endpoint.request(method, f"/sessions/99999{rest}", body)
    assert reply.status == 404, reply
    check(reply.json, "message")


def test_the_log_is_read_in_pages(endpoint: Endpoint, pyspark: Session) -> None:
    reply = endpoint.get(pyspark.path + "/log")
    assert reply.status == 200
    check(reply.json, "log")
    assert reply.json["id"] == pyspark.id
    total = reply.json["total"]
    assert total >= 1
    assert len(reply.json["log"]) == min(total, 100)
    head = endpoint.get(pyspark.path + "/log?from=0&size=2").json
    assert (head["from"], len(head["log"])) == (0, min(total, 2))
    tail = endpoint.get(pyspark.path + "/log?from=-1&size=1").json
    assert tail["from"] == tail["total"] - 1
    assert len(tail["log"]) == 1
    everything = endpoint.get(pyspark.path + "/log?size=-1").json
    assert everything["from"] == 0
    assert len(everything["log"]) == everything["total"]
    beyond = endpoint.get(pyspark.path + "/log?from=99999").json
    assert (beyond["from"], beyond["log"]) == (99999, [])


def test_a_session_shows_at_most_ten_lines_of_its_log(
    endpoint: Endpoint, pyspark: Session
) -> None:
    told = endpoint.get(pyspark.path).json
    assert len(told["log"]) <= 10


def test_connect_shows_the_session(endpoint: Endpoint, pyspark: Session) -> None:
    reply = endpoint.post(pyspark.path + "/connect")
    assert reply.status == 200, reply
    check(reply.json, "session")
    assert reply.json["id"] == pyspark.id


def test_a_second_delete_finds_nothing(
    endpoint: Endpoint, new_session: NewSession
) -> None:
    session = new_session(wait=False, kind="pyspark")
    reply = session.end()
    assert (reply.status, reply.json) == (200, {"msg": "deleted"})
    wait_for(session.state, lambda s: s == "gone", 30, "deleted session")
    again = session.end()
    assert again.status == 404
    assert again.json == {"msg": f"Session '{session.id}' not found."}
    listed = endpoint.get("/sessions").json["sessions"]
    assert session.id not in [each["id"] for each in listed]


def test_ids_are_not_used_twice(new_session: NewSession) -> None:
    first = new_session(wait=False, kind="pyspark")
    first.end()
    second = new_session(wait=False, kind="pyspark")
    assert second.id > first.id


def test_a_name_is_free_after_its_session(
    endpoint: Endpoint, new_session: NewSession
) -> None:
    name = f"suite-again-{uuid.uuid4().hex[:8]}"
    first = new_session(wait=False, kind="pyspark", name=name)
    first.end()
    wait_for(first.state, lambda s: s == "gone", 30, "deleted session")
    second = new_session(wait=False, kind="pyspark", name=name)
    assert endpoint.get(f"/sessions/{name}").json["id"] == second.id
