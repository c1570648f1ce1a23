"""Batches: a program handed over whole, its state, its log, its end."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Iterator

import pytest

from livy_http import Endpoint, Reply, wait_for
from livy_shapes import check

RUN_SECONDS = 120
OVER = ("success", "dead", "error", "killed")


class Batches:
    """Batches of one test, each deleted at its end."""

    def __init__(self, endpoint: Endpoint, folder: Path):
        self.endpoint = endpoint
        self.folder = folder
        self.paths: list[str] = []

    def post(self, code: str, **more: Any) -> dict[str, Any]:
        """Hand over `code` as a program. Skips where the server can't read our file."""
        file = self.folder / "program.py"
        file.write_text(code, "utf-8")
        file.chmod(0o644)
        before = ids(self.endpoint)
        reply = self.endpoint.post("/batches", {"file": str(file), **more}, timeout=60)
        if reply.status == 400 and "cannot be added to user sessions" in reply.text:
            assert not self.endpoint.is_ours, reply
            self.paths += [f"/batches/{n}" for n in ids(self.endpoint) - before]
            pytest.skip(f"the server takes no files of this machine: {reply.text}")
        assert reply.status == 201, reply
        self.paths.append(f"/batches/{reply.json['id']}")
        check(reply.json, "batch")
        assert reply.headers["location"].endswith(self.paths[-1])
        return reply.json

    def state(self, number: int) -> str:
        reply = self.endpoint.get(f"/batches/{number}/state")
        if reply.status == 404:
            return "gone"
        check(reply.json, "state")
        return reply.json["state"]

    def wait_over(self, number: int) -> str:
        return wait_for(
            lambda: self.state(number),
            lambda state: state in (*OVER, "gone"),
            RUN_SECONDS,
            f"batch {number} ends",
        )

    def log(self, number: int) -> list[str]:
        reply = self.endpoint.get(f"/batches/{number}/log?size=-1")
        assert reply.status == 200
        check(reply.json, "log")
        return reply.json["log"]

    def delete(self, number: int) -> Reply:
        return self.endpoint.delete(f"/batches/{number}", timeout=60)


@pytest.fixture
def batches(endpoint: Endpoint, folder: Path) -> Iterator[Batches]:
    made = Batches(endpoint, folder)
    yield made
    for path in made.paths:
        endpoint.delete(path, timeout=60)


def test_a_program_runs_to_success(endpoint: Endpoint, batches: Batches) -> None:
    code = (
        "import json, sys\n"
        "from pyspark.sql import SparkSession\n"
        "spark = SparkSession.builder.getOrCreate()\n"
        "count = spark.range(int(sys.argv[1])).count()\n"
        "name = spark.conf.get('spark.suite.word', '')\n"
        "print('counted', count)\n"
        "print('on stderr', file=sys.stderr)\n"
        "with open(sys.argv[2], 'w') as file:\n"
        "    json.dump([count, name], file)\n"
        "spark.stop()\n"
    )
    result = batches.folder / "result.json"
    batch = batches.post(
        code,
        args=["10", str(result)],
        name="suite-batch",
        conf={"spark.suite.word": "w"},
    )
    assert batch["name"] == "suite-batch"
    assert batch["state"] in ("starting", "running", "not_started")
    assert batches.wait_over(batch["id"]) == "success", batches.log(batch["id"])
    log = batches.log(batch["id"])
    assert "counted 10" in log
    assert any("on stderr" in line for line in log)
    assert json.loads(result.read_text()) == [10, "w"]
    told = endpoint.get(f"/batches/{batch['id']}").json
    check(told, "batch")
    assert told["state"] == "success"
    assert len(told["log"]) <= 10
    page = endpoint.get(f"/batches/{batch['id']}/log?from=0&size=2").json
    assert (page["from"], len(page["log"])) == (0, 2)
    listed = endpoint.get("/batches").json
    check(listed, "batch_list")
    assert batch["id"] in [each["id"] for each in listed["sessions"]]
    reply = batches.delete(batch["id"])
    assert (reply.status, reply.json) == (200, {"msg": "deleted"})
    again = endpoint.get(f"/batches/{batch['id']}")
    assert again.status == 404
    check(again.json, "message")


@pytest.mark.parametrize(
    "code, word",
    [
        ("import sys\nsys.exit('gave up')", "gave up"),
        ("print('begun')\nraise ValueError('boom')", "boom"),
        ("def f(:", "SyntaxError"),
    ],
    ids=["exit", "error", "syntax"],
)
def test_a_program_that_fails_is_dead(batches: Batches, code: str, word: str) -> None:
    batch = batches.post(code)
    assert batches.wait_over(batch["id"]) == "dead"
    log = "\n".join(batches.log(batch["id"]))
    assert word in log, log


def test_a_program_that_is_not_there_is_dead_or_refused(
    endpoint: Endpoint, batches: Batches
) -> None:
    file = str(batches.folder / "nosuch.py")
    reply = endpoint.post("/batches", {"file": file})
    if reply.status == 201:
        batches.paths.append(f"/batches/{reply.json['id']}")
        assert batches.wait_over(reply.json["id"]) == "dead"
        assert "nosuch.py" in "\n".join(batches.log(reply.json["id"]))
    else:
        assert reply.status == 400, reply
        assert reply.text


def test_a_deleted_program_ends(batches: Batches) -> None:
    mark = batches.folder / "pid"
    code = (
        "import os, sys, time\n"
        "with open(sys.argv[1] + '.new', 'w') as file:\n"
        "    file.write(str(os.getpid()))\n"
        "os.rename(sys.argv[1] + '.new', sys.argv[1])\n"
        "time.sleep(300)\n"
    )
    batch = batches.post(code, args=[str(mark)])
    wait_for(mark.exists, bool, RUN_SECONDS, "the program runs")
    pid = int(mark.read_text())
    assert batches.state(batch["id"]) in ("starting", "running")
    assert is_running(pid)
    assert batches.delete(batch["id"]).status == 200
    wait_for(lambda: batches.state(batch["id"]), lambda s: s == "gone", 30, "deleted")
    # Apache Livy on a local master ends spark-submit only; its Python may outlive it.
    if batches.endpoint.is_ours:
        wait_for(lambda: is_running(pid), lambda runs: not runs, 15, "program ends")
    elif is_running(pid):
        os.kill(pid, 9)


def is_running(pid: int) -> bool:
    """Whether the process lives; a zombie does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rsplit(")", 1)[1].split()[0] != "Z"


@pytest.mark.parametrize(
    "body, word",
    [
        ({"args": []}, "File is required"),
        ({"file": "program.py", "nope": 1}, "nope"),
        ("{", ""),
    ],
)
def test_a_bad_batch_is_refused(endpoint: Endpoint, body: object, word: str) -> None:
    before = ids(endpoint)
    reply = endpoint.post("/batches", body)
    assert reply.status == 400, reply
    assert reply.text and word in reply.text
    added = ids(endpoint) - before
    # Apache Livy lists a batch without a file although it refused it.
    assert not (added and endpoint.is_ours)
    for number in added:
        endpoint.delete(f"/batches/{number}")


def ids(endpoint: Endpoint) -> set[int]:
    return {each["id"] for each in endpoint.get("/batches?size=1000").json["sessions"]}


def test_a_missing_batch_is_not_found(endpoint: Endpoint) -> None:
    for rest in ("", "/state", "/log"):
        reply = endpoint.get(f"/batches/99999{rest}")
        assert reply.status == 404
        check(reply.json, "message")
    assert endpoint.delete("/batches/99999").status == 404
