"""From nothing to a table, and a trivial Spark cell beside a bare HTTP client."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

from report import Row, paired, ratio_row
from wire import Kernel

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "notebooks"
TABLE_END = "only showing top 10 rows"
STORY = '''
from pyspark.sql.functions import asc, col, desc
df = (
    spark.read.option("header", True).option("inferSchema", True)
    .option("escape", '"').csv("data/titanic.csv")
)
survivors = df.filter(col("Survived") == 1).groupBy("Age").count()
survivors.orderBy(desc("count"), asc("Age")).show(10)
'''
BARE = """
from pyspark.sql import SparkSession
spark = SparkSession.builder.master("local[*]").config("spark.ui.enabled", False)
spark = spark.getOrCreate()
""" + STORY


def table_by_kernel(argv: list[str]) -> float:
    """A runtime folder of its own: no server, no stand-by driver of an earlier run."""
    with tempfile.TemporaryDirectory(prefix="sk-run-", dir="/tmp") as runtime:
        kernel = Kernel(argv, folder=str(NOTEBOOKS), XDG_RUNTIME_DIR=runtime)
        try:
            kernel.run("%synapse start")
            text = kernel.run("%%synapse\n" + STORY, until=TABLE_END)
            elapsed = time.perf_counter() - kernel.started
            assert "|36.0|   16|" in text, text
            return elapsed
        finally:
            kernel.close()
            time.sleep(2)  # the JVM's memory is given back before the next one starts


def table_by_bare_pyspark() -> float:
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", BARE],
        cwd=NOTEBOOKS,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    elapsed, text = 0.0, ""
    for line in process.stdout:
        text += line
        if TABLE_END in line:
            elapsed = time.perf_counter() - began
    process.wait(60)
    assert "|36.0|   16|" in text, text
    time.sleep(2)
    return elapsed


def table(argv: list[str], repeats: int) -> Row:
    return ratio_row("kernel start to the survivors table",
                     *paired(repeats, lambda: table_by_kernel(argv), table_by_bare_pyspark),
                     "bare PySpark", 0.8)


class Server:
    """A local Livy-style server that a plain HTTP client can reach too."""

    def __init__(self) -> None:
        self.private = tempfile.TemporaryDirectory(prefix="sk-srv-", dir="/tmp")
        folder = Path(self.private.name)
        where = folder / "where"  # the server writes its URL and its token into it
        self.token_file = folder / "token"
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "local_spark"), "serve",
             "--socket", str(folder / "s"), "--tcp", "0",
             "--token-file", str(where), "--no-lease-exit"],
            stdin=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 30
        while not where.exists() or not where.read_text().endswith("\n"):
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise RuntimeError("the local server did not come up")
            time.sleep(0.02)
        self.url, self.token = where.read_text().split()
        self.token_file.write_text(self.token)

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(30)
        self.private.cleanup()


class PlainClient:
    """Posts a statement and polls it every 2 ms, over one kept connection."""

    def __init__(self, server: Server) -> None:
        where = urlsplit(server.url).netloc
        self.connection = http.client.HTTPConnection(where, timeout=60)
        self.headers = {
            "Authorization": "Bearer " + server.token,
            "X-Requested-By": "bench",
            "Content-Type": "application/json",
        }

    def call(self, method: str, path: str, body: dict | None = None) -> dict:
        text = json.dumps(body) if body else None
        self.connection.request(method, path, text, self.headers)
        reply = self.connection.getresponse()
        data = reply.read()
        assert reply.status < 300, data
        return json.loads(data)

    def seconds_of(self, session: object, code: str, believes_post: bool) -> float:
        """With `believes_post` it looks into the POST's own reply before it polls."""
        began = time.perf_counter()
        path = f"/sessions/{session}/statements"
        statement = self.call("POST", path, {"code": code, "kind": "pyspark"})
        if not believes_post:
            statement["state"] = "not looked at"
        while statement["state"] != "available":
            time.sleep(0.002)
            statement = self.call("GET", f"{path}/{statement['id']}")
        assert statement["output"]["status"] == "ok", statement
        return time.perf_counter() - began


def trivial_cell(argv: list[str], repeats: int) -> list[Row]:
    """The client posts the very code that the kernel posted, to the same session."""
    server = Server()
    kernel = Kernel(argv)
    try:
        kernel.run(f"%synapse start --livy {server.url} --auth bearer "
                   f"--token-file {server.token_file}")
        cell = "%%synapse\n1"
        for _ in range(20):
            kernel.run(cell)
        client = PlainClient(server)
        session = client.call("GET", "/sessions")["sessions"][0]["id"]
        statements = client.call("GET", f"/sessions/{session}/statements?size=1000")
        code = statements["statements"][-1]["code"]

        def row(name: str, believes_post: bool, limit: float | None) -> Row:
            return ratio_row(
                "a trivial %%synapse cell",
                *paired(repeats, lambda: kernel.seconds_of(cell),
                        lambda: client.seconds_of(session, code, believes_post)),
                name, limit,
            )

        return [
            row("client that polls every 2 ms", False, 1.2),
            row("client that needs no poll", True, None),
        ]
    finally:
        kernel.close()
        server.close()
