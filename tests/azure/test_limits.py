"""What a limit of the services would get in the way of: long code, data, news of a cell
that runs. The session is shared, as in test_notebook."""

from __future__ import annotations

import re

import pytest
from test_notebook import LIMIT, Desk, desk, dialect, started  # noqa: F401: fixtures

pytestmark = pytest.mark.timeout(300)
BODY_LIMIT = 96_000


@pytest.fixture(autouse=True)
def no_request_is_too_long(started: Desk):
    started.azure.log.clear()
    yield
    started.azure.bad_days.clear()
    sizes = [len(entry.request.body) for entry in started.azure.log.find()]
    assert max(sizes) <= BODY_LIMIT


def test_long_sql(started: Desk) -> None:
    text = "-- " + "é" * 60_000
    cell = started.kernel.ok(f"%%synapse sql\n{text}\nselect 7 as seven", limit=LIMIT)
    assert "seven" in cell.text and "7" in cell.text


def test_long_scala_is_run_in_pieces(started: Desk) -> None:
    parts = [f"// {'c' * 40000}\nval v{i} = {i}" for i in range(4)]
    code = "\n".join(["%%synapse scala", *parts, "v2 + v3"])
    cell = started.kernel.ok(code, limit=LIMIT)
    assert "v0: Int = 0" in cell.text and re.search(r"res\d+: Int = 5", cell.text)
    code = f'%%synapse scala\nval x = """{"y" * 120_000}"""'
    assert "shorter" in started.kernel.fails(code, limit=LIMIT).error["evalue"]


def test_a_file_goes_in_pieces(started: Desk) -> None:
    data = bytes(range(256)) * 1200
    (started.place.notebook / "some.bin").write_bytes(data)
    started.kernel.ok("%synapse upload some.bin", limit=LIMIT)
    code = "%%synapse\nopen('some.bin', 'rb').read() == bytes(range(256)) * 1200"
    assert started.kernel.ok(code, limit=LIMIT).data() == ["True"]


def test_a_dataframe_goes_in_pieces(started: Desk) -> None:
    rows = "pd.DataFrame({'a': range(20000), 'b': np.random.default_rng(1).random(20000)})"
    started.kernel.ok(f"import pandas as pd, numpy as np\nlarge = {rows}")
    started.kernel.ok("%synapse put large", limit=LIMIT)
    code = "%%synapse\nlarge.selectExpr('sum(a)').collect()[0][0]"
    assert started.kernel.ok(code, limit=LIMIT).data() == ["199990000"]


def test_a_lost_answer_to_a_cell_runs_it_once(started: Desk) -> None:
    started.kernel.ok("%%synapse\ntimes = []")
    started.azure.bad_day("POST", path="/statements$", loses_reply=True)
    started.kernel.ok("%%synapse\ntimes.append(1)", limit=LIMIT)
    assert started.kernel.ok("%%synapse\nlen(times)", limit=LIMIT).data() == ["1"]


def test_a_long_cell_shows_its_jobs(started: Desk) -> None:
    has_jobs = started.dialect == "synapse"  # Fabric's monitoring is not simulated
    code = "%%synapse\nsc.parallelize(range(16), 16).map("
    code += f"lambda v: __import__('time').sleep({int(has_jobs)}) or v).sum()"
    cell = started.kernel.ok(code, limit=LIMIT)
    assert cell.data() == ["120"]
    if has_jobs:
        assert any(re.search(r"job 1, .* of 16 tasks", line) for line in cell.progress)
