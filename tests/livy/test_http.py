"""The HTTP around it: bad requests, protection against forged ones, encodings."""

from __future__ import annotations

import http.client
import json

import pytest

from livy_http import Endpoint
from livy_session import Session
from livy_shapes import check


@pytest.fixture
def total(endpoint: Endpoint) -> int:
    return endpoint.get("/sessions").json["total"]


@pytest.mark.parametrize(
    "body, names",
    [
        ('{"kind":', ""),
        ("nope", "nope"),
        ("", ""),
        ("[]", ""),
        ({"kind": "cobol"}, "cobol"),
        ({"kind": "pyspark", "colour": "red"}, "colour"),
        ({"kind": "pyspark", "heartbeatTimeoutInSecond": "soon"}, "soon"),
        ({"kind": "pyspark", "ttl": "soon"}, "soon"),
        ({"kind": "pyspark", "idleTimeout": "soon"}, "soon"),
    ],
)
def test_a_bad_session_request_is_refused_and_starts_nothing(
    endpoint: Endpoint, total: int, body: object, names: str
) -> None:
    reply = endpoint.post("/sessions", body)
    assert reply.status == 400, reply
    assert reply.text and names in reply.text
    assert endpoint.get("/sessions").json["total"] == total


def test_a_word_for_a_number_is_refused(endpoint: Endpoint, total: int) -> None:
    reply = endpoint.post("/sessions", {"kind": "pyspark", "numExecutors": "two"})
    # Apache Livy: 500 with a ClassCastException; 400 says whose fault it is.
    assert reply.status in (400, 500), reply
    assert endpoint.get("/sessions").json["total"] == total


@pytest.mark.parametrize(
    "body, statuses",
    [
        ("nope", {400}),
        ("", {400}),
        ({"code": "1", "colour": 1}, {400}),
        # Apache Livy: 500 with the driver's Java exception; 400 is better.
        ({}, {400, 500}),
        ({"code": "1", "kind": "cobol"}, {400, 500}),
    ],
)
def test_a_bad_statement_is_refused_and_runs_nothing(
    endpoint: Endpoint, pyspark: Session, body: object, statuses: set[int]
) -> None:
    before = endpoint.get(pyspark.path + "/statements").json["total_statements"]
    reply = endpoint.post(pyspark.path + "/statements", body)
    assert reply.status in statuses, reply
    assert reply.text
    after = endpoint.get(pyspark.path + "/statements").json["total_statements"]
    assert after == before
    assert pyspark.text("40+2") == "42"


@pytest.mark.parametrize("method, rest", [("POST", "/connect"), ("DELETE", "")])
def test_a_request_without_our_header_is_refused(
    endpoint: Endpoint, pyspark: Session, method: str, rest: str
) -> None:
    bare = {"X-Requested-By": None}
    harmless = endpoint.post("/sessions", "nope", headers=bare)
    if "X-Requested-By" not in harmless.text and "CSRF" not in harmless.text:
        assert not endpoint.is_ours, "the local server must refuse forged requests"
        pytest.skip("this server does not ask for X-Requested-By")
    reply = endpoint.request(method, pyspark.path + rest, headers=bare)
    assert reply.status == 400, reply
    assert endpoint.get(pyspark.path, headers=bare).status == 200


def test_reads_need_no_header(endpoint: Endpoint) -> None:
    assert endpoint.get("/sessions", headers={"X-Requested-By": None}).status == 200


def test_an_unknown_path_is_not_found(endpoint: Endpoint, pyspark: Session) -> None:
    for path in ("/nosuch", pyspark.path + "/nosuch"):
        assert endpoint.get(path).status == 404, path


def test_an_unknown_method_is_refused(endpoint: Endpoint, pyspark: Session) -> None:
    assert endpoint.request("PUT", pyspark.path).status in (404, 405)
    assert pyspark.state() in ("idle", "busy")


@pytest.mark.parametrize(
    "accept, status",
    [
        ("application/vnd.livy.v0.1+json", 200),
        ("application/vnd.livy.v9.9+json", 406),
        ("application/json", 200),
        ("text/html", 200),
        ("*/*", 200),
    ],
)
def test_accept_selects_a_version(endpoint: Endpoint, accept: str, status: int) -> None:
    reply = endpoint.get("/sessions", headers={"Accept": accept})
    assert reply.status == status, reply
    if status == 200:
        check(reply.json, "session_list")


def test_a_packed_reply_says_the_same(endpoint: Endpoint, pyspark: Session) -> None:
    path = pyspark.path + "/statements?size=3"
    packed = endpoint.get(path, headers={"Accept-Encoding": "gzip"})
    plain = endpoint.get(path)
    assert plain.headers.get("content-encoding") is None
    assert packed.json == plain.json


def test_one_connection_serves_many_requests(
    endpoint: Endpoint, pyspark: Session
) -> None:
    link = endpoint.connection()
    try:
        for path in ("/sessions", pyspark.path, "/sessions/99999", pyspark.path):
            assert endpoint.get(path, connection=link).status in (200, 404)
        refused = endpoint.post("/sessions", "nope", connection=link)
        assert refused.status == 400
        assert endpoint.get("/sessions", connection=link).status == 200
    except (http.client.HTTPException, OSError) as error:
        raise AssertionError(f"the connection broke: {error!r}")
    finally:
        link.close()


def test_a_large_request_is_taken(pyspark: Session) -> None:
    size = 2_000_000
    assert pyspark.text(f"len('{'x' * size}')") == str(size)


def test_unicode_is_sent_as_it_is_or_escaped(
    endpoint: Endpoint, pyspark: Session
) -> None:
    code = 'print("é ✓ 漢字 🙂")'
    for is_ascii in (True, False):
        body = json.dumps({"code": code}, ensure_ascii=is_ascii)
        reply = endpoint.post(pyspark.path + "/statements", body)
        assert reply.status == 201, reply
        statement = pyspark.wait_statement(reply.json["id"])
        assert statement["code"] == code
        assert statement["output"]["data"] == {"text/plain": "é ✓ 漢字 🙂"}
