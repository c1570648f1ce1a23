"""From nothing to a table, and a trivial Spark cell beside a bare HTTP client."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time

from endpoint import ROOT, PlainClient, Server
from report import Row, paired, ratio_row
from wire import Kernel

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


def trivial_cell(argv: list[str], repeats: int) -> list[Row]:
    """The client posts the very code that the kernel posted, to the same session."""
    server = Server()
    kernel = Kernel(argv)
    try:
        kernel.run(f"%synapse start --livy {server.url} {server.start_options}")
        cell = "%%synapse\n1"
        for _ in range(20):
            kernel.run(cell)
        client = PlainClient(server)
        session = client.call("GET", "/sessions")["sessions"][0]["id"]
        code = client.last_code(session)

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
