"""Completion and inspection of the session's names, %synapse vars, and names that are on
the other side."""
import html
import re
import time

import pytest

pytestmark = pytest.mark.timeout(300)

SETUP = """%%synapse
df = spark.createDataFrame([("a", 1.5), ("b", 2.0)], "zone string, `fare amount` double")
df.createOrReplaceTempView("trips")
settings = {"first key": 1}
def fare(amount, tip=0.1):
    "What a trip costs."
    return amount * (1 + tip)
class Trap:
    @property
    def boom(self):
        raise SystemExit("a property ran")
    def __getattr__(self, name):
        raise SystemExit("__getattr__ ran")
trap = Trap()
"""


@pytest.fixture(scope="module")
def named(spark):
    spark.ok(SETUP)
    some(spark, "%%synapse\nsettin")  # the side channel is there soon after the start
    return spark


def reply_to(kernel, msg_id):
    end = time.monotonic() + 30
    while True:
        message = kernel.client.get_shell_msg(timeout=max(0.01, end - time.monotonic()))
        if message["parent_header"].get("msg_id") == msg_id:
            return message["content"]


def completed(kernel, code, cursor=None):
    reply = reply_to(kernel, kernel.client.complete(code, cursor))
    assert reply["status"] == "ok"
    return reply


def matches(kernel, code, cursor=None):
    return completed(kernel, code, cursor)["matches"]


def some(kernel, code, cursor=None):
    """Matches, asked for again while there are none: a busy machine may be late once."""
    end = time.monotonic() + 30
    while not (found := matches(kernel, code, cursor)):
        assert time.monotonic() < end, "nothing was found for %r" % code
    return found


def inspected(kernel, code, detail=0):
    return reply_to(kernel, kernel.client.inspect(code, detail_level=detail))


def test_attributes_of_names(named):
    assert some(named, "%%synapse\n# é\nspark.re")
    reply = completed(named, "%%synapse\n# é\nspark.re")
    assert reply["matches"][:2] == ["read", "readStream"]
    assert (reply["cursor_start"], reply["cursor_end"]) == (20, 22)
    types = reply["metadata"]["_jupyter_types_experimental"]
    assert types[0]["text"] == "read" and types[0]["start"] == 20
    assert "filter" in some(named, "%%synapse\nspark.read.csv('x').fil")
    assert "groupBy" in some(named, "%synapse df.gro")


def test_columns_and_keys(named):
    assert some(named, "%%synapse\ndf.")[0] == "zone"
    assert some(named, '%%synapse\ndf["') == ['zone"', 'fare amount"']
    assert some(named, '%%synapse\ndf.select("zo') == ["zone"]
    assert some(named, "%%synapse\nsettings['") == ["first key'"]
    assert not any(name.startswith("_") for name in some(named, "%%synapse\ndf."))


def test_parameters_come_first(named):
    assert some(named, "%%synapse\nfare(")[:2] == ["amount=", "tip="]


def test_nothing_of_the_user_runs(named):
    assert some(named, "%%synapse\ntrap.") == ["boom"]
    assert matches(named, "%%synapse\ntrap.boom.") == []
    assert matches(named, "%%synapse\ntrap.nothing.") == []
    assert named.ok("%%synapse\nprint('alive')").stdout == "alive\n"


def test_sql(named):
    assert "trips" in some(named, "%%synapse sql\nSELECT * FROM tr")
    assert some(named, "%%synapse sql\nSELECT zo FROM trips", 23)[0] == "zone"
    assert some(named, "%%synapse sql\nSELECT t. FROM trips t", 23)[:2] == [
        "zone", "`fare amount`"]
    assert some(named, "%%synapse sql\nselect * fro")[0] == "from"


def test_while_a_cell_runs(named):
    for code in ("import time; time.sleep(5)", "import time\nend = time.time() + 5\n"
                 "while time.time() < end: pass"):
        running = named.send("%%synapse\n" + code)
        time.sleep(1)
        assert some(named, "%%synapse\ndf.zo") == ["zone"]
        assert inspected(named, "%%synapse\ndf")["found"]
        assert named.finish(running).status == "ok"


def test_inspection(named):
    frame = inspected(named, "%%synapse\ndf")
    assert "zone: string\nfare amount: double" in frame["data"]["text/plain"]
    function = inspected(named, "%%synapse\nfare(")["data"]
    assert "fare(amount, tip=0.1)" in function["text/plain"]
    assert "What a trip costs." in function["text/plain"]
    assert "What a trip costs." in function["text/html"]
    source = inspected(named, "%%synapse\nfare", detail=1)["data"]["text/plain"]
    assert "return amount * (1 + tip)" in source
    assert inspected(named, "%%synapse\nnobody")["found"] is False


def test_help_in_a_cell(named):
    shown = named.ok("%%synapse\nx = 1\ndf?")
    assert shown.outputs == []
    (page,) = shown.reply["payload"]
    assert page["source"] == "page" and "zone: string" in page["data"]["text/plain"]
    (page,) = named.ok("%%synapse\nfare??").reply["payload"]
    assert "return amount" in page["data"]["text/plain"]
    assert "no variable nobody" in named.fails("%%synapse\n?nobody").traceback


def test_magics(named):
    assert "--session" in some(named, "%%synapse -")
    assert "--setup" in some(named, "%%synapse sql --s")
    assert "df" in some(named, "%synapse get d")
    assert "df" in some(named, "%synapse vars d")


def test_vars(named):
    named.ok("%%synapse\ntext = '<script>alert(1)</script>'\nimport os\n_hidden = 1")
    cell = named.ok("%synapse vars")
    lines = dict(re.match(r"(\w+) +(.*)", line).groups()
                 for line in cell.data()[0].splitlines())
    assert re.match(r"pyspark.DataFrame +\? × 2 +zone: string, fare amount: double",
                    lines["df"])
    assert not {"spark", "sc", "os", "_hidden", "display"} & set(lines)
    table = cell.data("text/html")[0]
    assert "<script>" not in table and html.escape("'<script>") in table
    assert [line.split()[0] for line in
            named.ok("%synapse vars d*").data()[0].splitlines()] == ["name", "df"]
    value = named.ok("rows = %synapse vars se*\nprint(rows[0]['name'], rows[0]['shape'])")
    assert value.stdout == "settings 1\n" and value.data() == []


def test_a_name_that_is_in_python(named):
    named.ok("local_only = 1")
    cell = named.fails("%%synapse\nprint(local_only)")
    assert cell.traceback.splitlines()[-1] == (
        "`local_only` is in local Python: `%synapse put local_only` brings it to the session.")
    assert cell.reply["traceback"] == cell.error["traceback"]
    nowhere = named.fails("%%synapse\nprint(nowhere)")
    assert "local Python" not in nowhere.traceback


def test_a_name_that_is_in_the_session(named):
    cell = named.fails("settings['first key']")
    assert cell.traceback.splitlines()[-1] == (
        "`settings` is in the Spark session: begin the cell with `%%synapse`, or `%synapse get "
        "settings`.")
    assert cell.reply["traceback"] == cell.error["traceback"]
    nowhere = named.fails("print(nowhere)")
    assert "Spark" not in nowhere.traceback
    assert "begin the cell with `%%synapse`" in named.fails("spark.range(3)").traceback


LOCAL = """import math
from os import path
import pandas
rate = 2
def ratio(): pass
_rows = 1
rows = pandas.DataFrame({"a": [1]})
"""
WAIT = """import os, time
while not os.path.exists("go"):
    time.sleep(0.05)
print("went")
"""


def test_names_of_local_python(kernel):
    kernel.ok(LOCAL)
    count = kernel.ok("1").reply["execution_count"]
    assert some(kernel, "%synapse put r") == ["rows", "rate", "ratio"]
    assert matches(kernel, "%synapse put RA") == ["rate", "ratio"]
    assert matches(kernel, "%%synapse -i r\nx", 14) == ["rows", "rate", "ratio"]
    reply = completed(kernel, "%%synapse -i rate,ro")
    assert reply["matches"] == ["rows"]
    assert (reply["cursor_start"], reply["cursor_end"]) == (18, 20)
    everything = matches(kernel, "%synapse put ")
    assert set(everything) == {"--as", "rows", "rate", "ratio"}
    kernel.fails("1 / 0")
    assert some(kernel, "%synapse put r")[0] == "rows"
    assert kernel.ok("2").reply["execution_count"] == count + 2


def test_names_of_local_python_while_it_is_busy(kernel, folder):
    kernel.ok("name = 1")
    some(kernel, "%synapse put n")
    running = kernel.send(WAIT)
    assert matches(kernel, "%synapse put ") == ["--as"]
    assert matches(kernel, "%synapse put n") == []
    (folder / "go").touch()
    assert kernel.finish(running).stdout == "went\n"
    assert some(kernel, "%synapse put n") == ["name"]


def test_names_of_local_python_while_spark_runs(named):
    named.ok("here = 1")
    running = named.send("%%synapse\nimport time; time.sleep(4)\nprint('slept')")
    time.sleep(0.5)
    assert some(named, "%synapse put her") == ["here"]
    assert named.finish(running).stdout == "slept\n"


def test_files(kernel, folder):
    (folder / "data").mkdir()
    for name in ("data/a b.csv", "data/c.csv", "day.json", ".env", "other.py"):
        (folder / name).write_text("")
    assert matches(kernel, "%synapse upload da") == ["data/", "day.json"]
    assert matches(kernel, "%synapse upload data/") == ['"data/a b.csv"', "data/c.csv"]
    assert matches(kernel, "%synapse start -f d") == ["data/", "day.json"]
    assert matches(kernel, "%synapse start --ca-file=.e") == [".env"]
    reply = completed(kernel, '%synapse upload "data/a"', 23)
    assert reply["matches"] == ['"data/a b.csv']
    assert (reply["cursor_start"], reply["cursor_end"]) == (16, 23)
    assert matches(kernel, "%synapse upload nothing") == []


def test_places(kernel):
    assert matches(kernel, "%synapse start -c lo") == ["local"]
    assert "fabric:" in matches(kernel, "%synapse start --compute-target=")


def test_before_a_session(kernel):
    assert matches(kernel, "%%synapse\nspark.") == []
    assert inspected(kernel, "%%synapse\nspark")["found"] is False
    cell = kernel.fails("spark.range(3)")
    assert cell.traceback.splitlines()[-1] == (
        "`spark` is there in Spark cells: run `%synapse start`, and begin the cell with "
        "`%%synapse`.")
