"""remote/look.py: what the session's names are, told without running anything of theirs."""
import pathlib
import time
import types

import pytest

pandas = pytest.importorskip("pandas")
sql = pytest.importorskip("pyspark.sql")
functions = pytest.importorskip("pyspark.sql.functions")

SOURCE = pathlib.Path(__file__).resolve().parents[2] / "remote" / "look.py"


class Trap:
    """Whatever runs here ends the test."""

    @property
    def boom(self):
        raise AssertionError("a property ran")

    def __getattr__(self, name):
        raise AssertionError("__getattr__ ran")

    def __dir__(self):
        raise AssertionError("__dir__ ran")

    def __repr__(self):
        raise AssertionError("__repr__ ran")

    def frame(self, a, b=2) -> "sql.DataFrame":
        """Makes one."""
        raise AssertionError("a call ran")


def spark_frame():
    """A DataFrame whose schema is known, with no Spark behind it."""
    from pyspark.sql.types import DoubleType, StringType, StructField, StructType

    frame = object.__new__(sql.DataFrame)
    frame.__dict__["_schema"] = StructType(
        [StructField("zone", StringType()), StructField("fare amount", DoubleType())])
    return frame


@pytest.fixture(scope="module")
def look():
    module = types.ModuleType("look")
    module.kernel = types.SimpleNamespace(user={
        "__name__": "__main__", "spark": object.__new__(sql.SparkSession),
        "df": spark_frame(), "F": functions, "trap": Trap(), "text": "<b>&</b>", "n": 1,
        "pdf": pandas.DataFrame({"a": [1], "b": ["x"]}), "_hidden": 1, "time": time,
        "settings": {"key": 1, "inner": {"deep": 2}},
    })
    exec(compile(SOURCE.read_text(), "look", "exec"), vars(module))
    return module


def matches(look, code, language="python"):
    return look.complete(code, len(code), language)["matches"]


@pytest.mark.parametrize("code, wanted", [
    ("spark.re", ["read", "readStream"]),
    ("spark.read.csv('x').filt", ["filter"]),
    ("df.filter(df.zone == 1).groupBy('zone').appl", ["apply", "applyInPandas"]),
    ("df.", ["zone"]),
    ('df["', ['zone"', 'fare amount"']),
    ("df['fa", ["fare amount'"]),
    ('df.select("', ["zone", "fare amount"]),
    ('df.select(F.col("z', ["zone"]),
    ('F.col("x").ali', ["alias"]),
    ("x = df.select('a')\nx.groupB", ["groupBy"]),
    ("(df\n  .filter('a')  # why\n  .groupB", ["groupBy"]),
    ("trap.", ["boom", "frame"]),
    ("trap.frame(1).selec", ["select", "selectExpr"]),
    ("trap.frame(", ["a=", "b="]),
    ("trap.frame(a=1, ", ["b="]),
    ("settings['", ["key'", "inner'"]),
    ("settings['inner']['", ["deep'"]),
    ("pdf.", ["a", "b"]),
    ("pdf['", ["a'", "b'"]),
    ("pdf.a.medi", ["median"]),
    ("text.startsw", ["startswith"]),
    ("'abc'.upp", ["upper"]),
    ("from pyspark.sql import function", ["functions"]),
    ("from pyspark.sql.functions import coale", ["coalesce"]),
    ("import pyspa", ["pyspark"]),
    ("éa = 1\nprint(tex", ["text"]),
])
def test_first_matches(look, code, wanted):
    assert matches(look, code)[: len(wanted)] == wanted


@pytest.mark.parametrize("code", [
    "trap.boom.", "trap.nothing.", "# df.", "'df.", "1.", "nobody.", "trap.frame.x.", "df.)",
    "nobody(", ")", "(((", "'''", "f'{df.", "df..", ".", "x = x.y\nx.", "\\"])
def test_no_answer_is_no_fault(look, code):
    answer = look.complete(code, len(code))
    assert answer["cursor_end"] == len(code) and answer["cursor_start"] <= len(code)


@pytest.mark.parametrize("code", ["trap.boom.", "trap.nothing.", "# df.", "1.", "nobody."])
def test_nothing_is_known(look, code):
    assert matches(look, code) == []


def test_private_names_only_when_asked_for(look):
    assert "_hidden" not in matches(look, "")
    assert "_hidden" in matches(look, "_")
    assert "_repr_html_" in matches(look, "df._")


def test_types_and_signatures(look):
    types = {one["text"]: one for one in look.complete("df.", 3)["types"]}
    assert types["zone"]["type"] == "column string"
    assert types["columns"]["type"] == "property"
    assert types["select"]["type"] == "function"
    (one,) = look.complete("trap.fra", 8)["types"]
    assert one["signature"].startswith("(a, b=2)") and (one["start"], one["end"]) == (5, 8)


def test_the_text_after_the_cursor_stays(look):
    answer = look.complete('df["zo"].x', 6)
    assert answer["matches"] == ["zone"] and (answer["cursor_start"], answer["cursor_end"]) == (4, 6)


def test_sql_without_a_catalog(look):
    assert matches(look, "select * fro", "sql")[0] == "from"
    assert "coalesce" in matches(look, "SELECT coal", "sql")
    assert matches(look, "SELECT 'fro", "sql") == []
    look.remembered["trips"] = (time.monotonic() + 3600, [("zone", "string"), ("a b", "int")])
    assert look.complete("SELECT t. FROM trips AS t", 9, "sql")["matches"] == ["zone", "`a b`"]
    assert look.complete("SELECT z FROM trips", 8, "sql")["matches"][0] == "zone"


def test_inspection(look):
    shown = look.inspect_at("trap.frame(1, ", 14)["data"]["text/plain"]
    assert "trap.frame(a, b=2)" in shown and "Makes one." in shown
    assert "zone: string\nfare amount: double" in look.inspect_at("df", 2)["data"]["text/plain"]
    assert look.inspect_at("text", 1)["data"]["text/html"].count("&lt;b&gt;&amp;") == 1
    assert look.inspect_at("nobody", 3) == {"found": False, "data": {}}
    assert look.inspect_at("trap", 2)["found"]
    assert look.inspect_at("SELECT zone FROM trips", 18, 0, "sql")["found"]
    source = look.inspect_name("trap.frame", 1)["data"]["text/plain"]
    assert 'raise AssertionError("a call ran")' in source


def test_variables(look):
    shown = look.variables()
    rows = {row["name"]: row for row in shown["variables"]}
    assert set(rows) == {"df", "trap", "text", "n", "pdf", "settings"}
    assert rows["df"]["shape"] == "? × 2"
    assert rows["df"]["value"] == "zone: string, fare amount: double"
    assert rows["pdf"]["shape"] == "1 × 2" and rows["pdf"]["type"] == "pandas.DataFrame"
    assert rows["settings"]["value"] == "{'key': 1, 'inner': …}"
    assert "<b>" not in shown["html"] and "&lt;b&gt;&amp;" in shown["html"]
    assert [row["name"] for row in look.variables("t*")["variables"]] == ["text", "trap"]
    assert look.variables("nobody")["text"] == "No variables."
    assert look.has("df") and not look.has("nobody") and not look.has("__name__")
