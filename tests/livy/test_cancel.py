"""Cancelling statements: what runs on Spark, what waits, what is over."""

from __future__ import annotations

import uuid

from livy_http import Endpoint, wait_for
from livy_session import DONE, Session

# Far longer than CANCEL_SECONDS on any number of cores that a test machine has.
SLOW_JOB = (
    "import time\n"
    "sc.parallelize(range(64), 64).map(lambda v: time.sleep(20)).count()"
)
CANCEL_SECONDS = 30


def wait_for_job(session: Session) -> None:
    """Wait until a Spark job runs in the session; asked beside the statement."""
    wait_for(
        lambda: session.ask("len(ctx.sc.statusTracker().getActiveJobsIds())"),
        lambda count: count > 0,
        30,
        "a Spark job runs",
    )


def test_a_running_spark_job_is_cancelled(cells: Session) -> None:
    statement = cells.submit(SLOW_JOB)
    wait_for_job(cells)
    reply = cells.cancel(statement["id"])
    assert (reply.status, reply.json) == (200, {"msg": "canceled"})
    early = cells.statement(statement["id"])["state"]
    assert early in ("cancelling", "cancelled")
    told = cells.wait_statement(statement["id"], "cancelled", seconds=CANCEL_SECONDS)
    # Livy keeps the error of the cancelled job as the output.
    if told["output"] is not None:
        assert told["output"]["status"] == "error", told
    assert cells.text("40+2") == "42"
    cells.wait_state("idle", seconds=20)


def test_a_cancelled_scala_job_ends(scala: Session) -> None:
    code = "sc.parallelize(0 to 3, 4).map { i => Thread.sleep(8000); i }.collect"
    statement = scala.submit(code)
    wait_for_job(scala)
    assert scala.cancel(statement["id"]).status == 200
    told = scala.wait_statement(statement["id"], "cancelled", seconds=CANCEL_SECONDS)
    if told["output"] is not None:
        assert told["output"]["status"] == "error", told
    assert scala.text("val after = 42") == "after: Int = 42\n"


def test_a_waiting_statement_is_cancelled(cells: Session) -> None:
    name = f"v_{uuid.uuid4().hex[:8]}"
    held = cells.hold()
    second = cells.submit(f"{name} = 1")
    assert cells.statement(second["id"])["state"] == "waiting"
    assert cells.cancel(second["id"]).status == 200
    told = cells.wait_statement(second["id"], "cancelled", seconds=20)
    assert told["output"] is None
    held.release()
    assert cells.run(name)["ename"] == "NameError"
    cells.wait_state("idle", seconds=20)


def test_python_that_sleeps_is_cancelling_at_once(cells: Session) -> None:
    """Apache Livy lets Python sleep on to its end; a better server interrupts it."""
    statement = cells.submit("import time\ntime.sleep(4)\nprint('awake')")
    cells.wait_statement(statement["id"], "running")
    assert cells.cancel(statement["id"]).status == 200
    told = cells.statement(statement["id"])
    assert told["state"] in ("cancelling", "cancelled")
    told = cells.wait_statement(statement["id"], "cancelled", seconds=40)
    assert told["progress"] == 1.0
    cells.run("0")
    assert cells.text("40+2") == "42"


def test_what_is_over_is_not_cancelled(cells: Session) -> None:
    statement = cells.submit("40+2")
    done = cells.wait_statement(statement["id"])
    assert cells.cancel(statement["id"]).status == 200
    assert cells.statement(statement["id"]) == done
    assert done["state"] in DONE


def test_cancelling_twice_is_harmless(cells: Session) -> None:
    statement = cells.submit(SLOW_JOB)
    wait_for_job(cells)
    assert cells.cancel(statement["id"]).status == 200
    assert cells.cancel(statement["id"]).status == 200
    cells.wait_statement(statement["id"], "cancelled", seconds=CANCEL_SECONDS)
    assert cells.text("40+2") == "42"


def test_a_missing_statement_is_not_cancelled(
    endpoint: Endpoint, cells: Session
) -> None:
    # Apache Livy says "canceled" even here; 404 is better.
    assert cells.cancel(99999).status in (200, 404)
    assert endpoint.post(cells.path + "/statements/abc/cancel").status == 400
    assert cells.text("40+2") == "42"
