"""Jobs: Python that runs in the driver beside the statements of a session.

The job interface of Livy's programming API, here with jobs that a client without Python
can write: a pickled call of eval.
"""

from __future__ import annotations

import uuid

import pytest

from livy_http import Endpoint, wait_for
from livy_session import NAMES, Session, value_of
from livy_shapes import check


@pytest.mark.parametrize(
    "expression, value",
    [
        ("1 + 1", 2),
        ("'text ✓ \\u6f22'", "text ✓ 漢"),
        ("'a\\nb\\\\c'", "a\nb\\c"),
        ("None", None),
        ("{'a': [1, 2.5, True]}", {"a": [1, 2.5, True]}),
        ("ctx.sc.parallelize(range(10)).sum()", 45),
    ],
)
def test_a_job_returns_its_value(
    pyspark: Session, expression: str, value: object
) -> None:
    job = pyspark.submit_job(expression)
    check(job, "job")
    assert job["state"] in ("SENT", "QUEUED", "STARTED", "SUCCEEDED")
    assert pyspark.ask(expression) == value
    done = pyspark.wait_job(job["id"])
    check(done, "job")
    assert (done["id"], done["state"], done["error"]) == (job["id"], "SUCCEEDED", None)


def test_a_job_that_fails_says_why(pyspark: Session) -> None:
    done = pyspark.wait_job(pyspark.submit_job("1 / 0")["id"])
    check(done, "job")
    assert done["state"] == "FAILED"
    assert done["result"] is None
    assert "ZeroDivisionError: division by zero" in done["error"]
    assert pyspark.text("40+2") == "42"
    assert pyspark.ask("40+2") == 42


def test_run_job_is_a_job_too(pyspark: Session) -> None:
    job = pyspark.submit_job("'abc'", route="run-job")
    check(job, "job")
    if job["result"] is None:
        job = pyspark.wait_job(job["id"])
    assert job["state"] == "SUCCEEDED"
    assert job["result"]


@pytest.mark.parametrize("body", [{}, {"job": "", "jobType": "pyspark"}])
@pytest.mark.parametrize("route", ["submit-job", "run-job"])
def test_a_job_must_be_there(
    endpoint: Endpoint, pyspark: Session, route: str, body: dict[str, str]
) -> None:
    reply = endpoint.post(f"{pyspark.path}/{route}", body)
    assert reply.status == 400, reply
    check(reply.json, "message")


def test_a_job_that_is_no_pickle_fails(endpoint: Endpoint, pyspark: Session) -> None:
    body = {"job": "AAAA", "jobType": "pyspark"}
    reply = endpoint.post(pyspark.path + "/submit-job", body)
    if reply.status == 201:
        done = pyspark.wait_job(reply.json["id"])
        assert done["state"] == "FAILED"
        assert done["error"]
    else:
        assert reply.status == 400, reply
    assert pyspark.ask("40+2") == 42


def test_an_unknown_job_is_an_error(endpoint: Endpoint, pyspark: Session) -> None:
    # Apache Livy: 500 NoSuchElementException; 404 is better.
    assert endpoint.get(pyspark.path + "/jobs/99999").status in (404, 500)
    assert endpoint.get(pyspark.path + "/jobs/abc").status in (400, 404)


def test_jobs_see_the_variables_of_statements(cells: Session) -> None:
    name = f"v_{uuid.uuid4().hex[:8]}"
    cells.text(f"{name} = [1, 2]")
    assert cells.ask(f"{NAMES}['{name}']") == [1, 2]
    assert cells.ask(f"{NAMES}['{name}'].append(3)") is None
    assert cells.text(name) == "[1, 2, 3]"


def test_a_job_runs_while_a_statement_runs(cells: Session) -> None:
    held = cells.hold()
    assert cells.ask("6 * 7") == 42
    held.release()


def test_a_job_runs_while_a_spark_job_runs(cells: Session) -> None:
    cells.ask("1")
    code = "import time\nsc.parallelize([1, 2], 2).map(lambda v: time.sleep(3)).count()"
    statement = cells.submit(code)
    wait_for(
        lambda: cells.ask("len(ctx.sc.statusTracker().getActiveStageIds())"),
        lambda count: count == 1,
        30,
        "a stage runs",
    )
    assert cells.statement(statement["id"])["state"] == "running"
    assert cells.wait_statement(statement["id"])["state"] == "available"


def test_jobs_run_beside_each_other(pyspark: Session) -> None:
    name = f"gate_{uuid.uuid4().hex[:8]}"
    pyspark.text(f"import threading\n{name} = threading.Event()")
    slow = pyspark.submit_job(f"{NAMES}['{name}'].wait(60)")
    assert pyspark.ask("'quick'") == "quick"
    assert pyspark.job(slow["id"]).json["state"] in ("SENT", "QUEUED", "STARTED")
    assert pyspark.ask(f"{NAMES}['{name}'].set()") is None
    done = pyspark.wait_job(slow["id"])
    assert value_of(done["result"]) is True, done


def test_output_is_seen_while_it_is_made(pyspark: Session) -> None:
    pyspark.ask("1")
    word = uuid.uuid4().hex[:8]
    code = (
        "import time\n"
        "for i in range(12):\n"
        f"    print('{word}', i)\n"
        "    time.sleep(0.25)\n"
    )
    statement = pyspark.submit(code)
    seen = wait_for(
        lambda: pyspark.ask("__import__('sys').stdout.getvalue()"),
        lambda text: f"{word} 2" in text,
        10,
        "live output",
    )
    assert pyspark.statement(statement["id"])["state"] == "running"
    whole = pyspark.wait_statement(statement["id"])["output"]["data"]["text/plain"]
    assert whole == "\n".join(f"{word} {i}" for i in range(12))
    assert whole.startswith(seen.strip()[: len(word)])


@pytest.mark.parametrize(
    "code",
    [
        "time.sleep(60)",
        "sc.parallelize([1, 2], 2).map(lambda v: time.sleep(30)).count()",
        "while True: pass",
    ],
    ids=["sleep", "spark", "loop"],
)
def test_an_interrupt_ends_a_statement(cells: Session, code: str) -> None:
    name = f"v_{uuid.uuid4().hex[:8]}"
    statement = cells.submit(f"import time\n{name} = 'begun'\n{code}")
    wait_for(
        lambda: cells.ask(f"{NAMES}.get('{name}')"),
        lambda value: value == "begun",
        30,
        "the statement has begun",
    )
    if "sc." in code:
        wait_for(
            lambda: cells.ask("len(ctx.sc.statusTracker().getActiveStageIds())"),
            lambda count: count >= 1,
            30,
            "a stage runs",
        )
    cells.interrupt(statement["id"])
    told = cells.wait_statement(statement["id"], seconds=20)
    assert told["output"]["status"] == "error"
    assert told["output"]["ename"] == "KeyboardInterrupt", told
    assert cells.text(name) == "'begun'"
    cells.wait_state("idle", seconds=20)


def test_a_scala_session_has_jobs_too(scala: Session) -> None:
    assert scala.ask("ctx.sc.parallelize([1, 2, 3]).count()", seconds=60) == 3
    statement = scala.submit("Thread.sleep(3000); 1")
    scala.wait_statement(statement["id"], "running")
    assert scala.ask("6 * 7") == 42
    assert scala.statement(statement["id"])["state"] == "running"
    scala.wait_statement(statement["id"])


def test_a_job_can_be_cancelled(endpoint: Endpoint, pyspark: Session) -> None:
    job = pyspark.submit_job("__import__('time').sleep(2)")
    reply = endpoint.post(f"{pyspark.path}/jobs/{job['id']}/cancel")
    assert reply.status == 200, reply
    # Apache Livy forgets a cancelled job at once (500); CANCELLED is better.
    told = pyspark.job(job["id"])
    if told.status == 200:
        check(told.json, "job")
        assert told.json["state"] in ("CANCELLED", "FAILED", "SUCCEEDED", "STARTED")
    else:
        assert told.status in (404, 500), told
    assert pyspark.ask("40+2") == 42
