"""A typed dataframe from Spark to Python: beside Arrow by hand, and beside sparkmagic."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

import pandas as pd
import psutil
import pyarrow as pa

from clients import Client, Ours
from endpoint import PlainClient
from report import Row, paired, ratio_row, seconds

ROWS = 1_000_000
ROWS_OF_SPARKMAGIC = 100_000
MANY_ROWS = 10_000_000
FRAME = """
{name} = spark.range({rows}).selectExpr(
    "id",
    "id * 7919 % 1000003 AS number",
    "CAST(10000000 + id AS STRING) AS digits",
    "timestamp_micros(1600000000000000 + id * 1000003) AS moment",
    "CAST(id * 37 % 100000007 * 0.01BD AS DECIMAL(18, 2)) AS price",
)
"""
BY_HAND = """
import base64, io
import pyarrow
def by_hand(frame):
    batches, sink = frame._collect_as_arrow(), io.BytesIO()
    options = pyarrow.ipc.IpcWriteOptions(compression="zstd")
    with pyarrow.ipc.new_stream(sink, batches[0].schema, options=options) as stream:
        for batch in batches:
            stream.write_batch(batch)
    return base64.b64encode(sink.getvalue()).decode()
"""
# In the Python of either client; says which columns hold, value by value, what Spark had.
CHECK = """
def check(frame, rows):
    import datetime, decimal
    import pandas
    begin = pandas.Timestamp(1600000000, unit="s", tz="UTC")
    def moment(value, id):
        value = pandas.Timestamp(value)
        value = value.tz_localize({zone!r}) if value.tzinfo is None else value
        return value == begin + pandas.Timedelta(id * 1000003, unit="us")
    is_equal = {{
        "id": lambda value, id: int(value) == id and not isinstance(value, float),
        "number": lambda value, id: int(value) == id * 7919 % 1000003
            and not isinstance(value, float),
        "digits": lambda value, id: value == str(10000000 + id),
        "moment": lambda value, id: not isinstance(value, str) and moment(value, id),
        "price": lambda value, id: isinstance(value, decimal.Decimal)
            and value == decimal.Decimal(id * 37 % 100000007).scaleb(-2)
            and value.as_tuple().exponent == -2,
    }}
    assert len(frame) == rows, len(frame)
    ids = range(0, rows, max(1, rows // 20000))
    good = [name for name in is_equal if all(
        is_equal[name](value, id) for id, value in zip(ids, frame[name].iloc[ids]))]
    print("equal:", *good)
"""
COLUMNS = ["id", "number", "digits", "moment", "price"]


def collected_by_hand(plain: PlainClient, session: str) -> float:
    began = time.perf_counter()
    text = plain.text_of(session, "print(by_hand(frame))", poll_s=0.02)
    table = pa.ipc.open_stream(base64.b64decode(text)).read_all()
    frame = table.to_pandas(
        types_mapper=lambda kind: pd.ArrowDtype(kind) if pa.types.is_decimal(kind) else None)
    assert frame.shape == (ROWS, len(COLUMNS))
    return time.perf_counter() - began


def fetch(client: Client, options: str) -> float:
    return client.ok(client.spark("pass", options)).seconds


def equal_columns(client: Client, name: str, rows: int, zone: str) -> str:
    client.ok(client.local(CHECK.format(zone=zone)))
    text = client.ok(client.local(f"check({name}, {rows})")).text
    return text.split("equal:")[1].strip()


def one_million(ours: Ours, theirs: Client, plain: PlainClient,
                repeats: int) -> list[Row]:
    for client in (ours, theirs):
        client.ok(client.spark(FRAME.format(name="frame", rows=ROWS)))
    zone = ours.ok(ours.spark("print(spark.conf.get('spark.sql.session.timeZone'))"))
    zone = zone.text.split()[-1]
    plain.text_of(ours.session, BY_HAND)
    by_hand = partial(collected_by_hand, plain, ours.session)
    by_hand()  # the first one of a session warms Spark's Arrow
    mine, bare = paired(repeats, partial(fetch, ours, "-o frame"), by_hand)
    rows = [ratio_row(f"-o of {ROWS:,} rows × 5 columns", mine, bare,
                      "Arrow by hand", 1.3)]

    few = f"-o frame -n {ROWS_OF_SPARKMAGIC}"
    fetch(theirs, few)
    other = [fetch(theirs, few) for _ in range(repeats)]
    speeds = ROWS / median(mine), ROWS_OF_SPARKMAGIC / median(other)
    times = speeds[0] / speeds[1]
    rows.append(Row("the same, in rows a second", f"{speeds[0]:,.0f}",
                    f"{theirs.name} {speeds[1]:,.0f} (of {ROWS_OF_SPARKMAGIC:,} rows)",
                    f"{times:.1f}", "≥ 8", times >= 8))

    equal = equal_columns(ours, "frame", ROWS, zone)
    rows.append(Row("columns that are equal in type and value", equal,
                    f"{theirs.name} "
                    f"{equal_columns(theirs, 'frame', ROWS_OF_SPARKMAGIC, zone) or 'none'}",
                    limit="all", is_met=equal.split() == COLUMNS))
    ran = theirs.spark("pass", f"-o frame -n {ROWS}")
    arrived = theirs.local("print('rows:', len(frame))").text.split("rows:")[1].strip()
    is_there = ran.status == "ok" and arrived == str(ROWS)
    rows.append(Row(f"{ROWS:,} rows", f"arrive in {seconds(median(mine))}",
                    f"{theirs.name} " + ("" if is_there else "fails after ")
                    + seconds(ran.seconds), limit="arrive"))
    return rows


class Peaks:
    """The most resident memory (RSS) of processes of this machine since it was made."""

    def __init__(self, pids: dict[str, int]) -> None:
        self.pids = pids
        for pid in pids.values():
            Path(f"/proc/{pid}/clear_refs").write_text("5")
        self.before = self.now()

    def now(self) -> dict[str, float]:
        peaks = {}
        for name, pid in self.pids.items():
            status = Path(f"/proc/{pid}/status").read_text()
            peaks[name] = int(status.split("VmHWM:")[1].split()[0]) / 1024
        return peaks

    def text(self) -> str:
        return ", ".join(f"{name} {self.before[name]:,.0f} → {peak:,.0f} MB"
                         for name, peak in self.now().items())


def pid_said(ran_by: Callable[[str], object]) -> int:
    return int(ran_by("import os\nprint('pid', os.getpid())").text.split("pid")[1])


def is_python(pid: int) -> bool:
    return psutil.pid_exists(pid) and "python" in psutil.Process(pid).name()


def ten_million(ours: Ours) -> list[Row]:
    ours.ok(ours.spark(FRAME.format(name="many", rows=MANY_ROWS)))
    zone = ours.ok(ours.spark("print(spark.conf.get('spark.sql.session.timeZone'))"))
    pids = {"kernel": ours.kernel.process.pid, "child": pid_said(ours.local)}
    driver = pid_said(ours.spark)
    if is_python(driver):
        pids["driver's Python"] = driver
    peaks = Peaks(pids)
    took = fetch(ours, "-o many --all")
    text = peaks.text()
    equal = equal_columns(ours, "many", MANY_ROWS, zone.text.split()[-1])
    ours.ok(ours.local("del many"))
    return [
        Row(f"-o of {MANY_ROWS:,} rows", seconds(took), f"{MANY_ROWS / took:,.0f} rows/s",
            limit="arrive, equal", is_met=equal.split() == COLUMNS),
        Row("peak memory meanwhile", text, limit="bounded"),
    ]
