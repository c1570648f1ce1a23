"""Errors of Spark cells in a notebook: one of them, its place, what came before it."""
import pytest

pytestmark = pytest.mark.timeout(300)

SPLIT = "sc.parallelize([1, 0], 2).map(lambda v: 1 // v).collect()"


@pytest.mark.parametrize(
    "cell, name, shown",
    [
        ("%%synapse\nprint('before')\n1 / 0", "ZeroDivisionError", ["----> 2 1 / 0"]),
        (
            "%%synapse\nprint('before')\ntry:\n    {}['k']\nexcept KeyError as e:\n"
            "    raise ValueError('v') from e",
            "ValueError",
            ["KeyError: 'k'", "direct cause", "ValueError: v"],
        ),
        (
            "%%synapse\nprint('before')\n" + SPLIT,
            "Py4JJavaError",
            ["In the Python worker:", "line 2, in <lambda>", "ZeroDivisionError"],
        ),
        (
            "%%synapse\nprint('before')\nspark.range(1).select('nope')",
            "AnalysisException",
            ["`nope`", "[`id`]", "----> 2"],
        ),
    ],
)
def test_errors_of_python(spark, cell, name, shown):
    failed = spark.fails(cell)
    assert failed.error["ename"] == name and failed.stdout == "before\n"
    for text in shown:
        assert text in failed.traceback


@pytest.mark.parametrize(
    "cell, name, shown",
    [
        (
            "val a = 1\nval b: Int = \"s\"",
            "CompileError",
            ['line 2\n    val b: Int = "s"\n                 ^\n', "type mismatch"],
        ),
        ("val q = (1 +", "CompileError", ["incomplete statement"]),
        (
            "def half(x: Int) = 2 / x\nhalf(0)",
            "ArithmeticException",
            [": / by zero\n", "line 1, in half\n    def half(x: Int) = 2 / x"],
        ),
    ],
)
def test_errors_of_scala(spark, cell, name, shown):
    failed = spark.fails("%%synapse scala\n" + cell)
    assert failed.error["ename"] == name
    for text in shown:
        assert text in failed.traceback
    assert "<console>" not in failed.traceback


def test_errors_of_sql(spark):
    failed = spark.fails("%%synapse sql\nselect 1 as one;\nselect 1;\n  selec 2")
    assert failed.error["ename"] == "ParseException"
    assert "line 3\n    selec 2\n    ^\n" in failed.traceback
    assert "one" in failed.data()[0]
