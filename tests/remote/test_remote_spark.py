"""Cells that use Spark: values, tables, SQL, errors, interrupts. Also on a real Livy."""

import html
import time

import pytest


def test_python_of_workers_is_the_drivers_own(spark):
    assert (
        spark.cell("import os, sys\nsc.pythonExec == sys.executable").value() == "True"
    )
    assert (
        spark.cell(
            "sc.parallelize([1]).map(lambda _: sys.version).first() == sys.version"
        ).value()
        == "True"
    )


def test_closures_classes_and_udfs(spark):
    pytest.importorskip("pyarrow")
    cell = spark.cell("""
import pandas as pd
from pyspark.sql.functions import udf, pandas_udf
k = 7
class P:
    def plus(self, x): return x + k
p = P()
@udf("int")
def small(x): return int(x) + k
@pandas_udf("long")
def large(s: pd.Series) -> pd.Series: return s + k
def shows(x):
    display(x)
    return x
frame = spark.range(2).select(small("id"), large("id"))
[tuple(r) for r in frame.collect()], sc.parallelize([1]).map(p.plus).collect(), sc.parallelize([1]).map(shows).collect()
""")
    assert cell.value() == "([(7, 7), (8, 8)], [8], [1])"


def test_a_bare_frame_runs_no_job(spark):
    cell = spark.cell("df = spark.range(5)\ndf")
    assert cell.data()[0] == {
        "text/plain": "DataFrame[id: bigint]\ndisplay(…) shows its rows"
    }
    spark.cell("def fail(x): raise ValueError\nspark.range(5).select(udf(fail)('id'))")
    cell = spark.cell("spark.conf.set('spark.sql.repl.eagerEval.enabled', True)\ndf")
    spark.cell("spark.conf.unset('spark.sql.repl.eagerEval.enabled')")
    assert "|  4|" in cell.value() and "<table" in cell.data()[0]["text/html"]
    assert spark.cell("df.id").value() == "Column<'id'>"


def test_display_shows_the_first_rows(spark):
    data = spark.cell("display(spark.range(50))").data("display_data")[0]
    assert data["text/plain"].endswith("| 19 |\n+----+\nfirst 20 rows")
    assert (
        data["text/html"].count("<tr>") == 21 and "first 20 rows" in data["text/html"]
    )
    data = spark.cell("display(spark.range(3))").data("display_data")[0]
    assert (
        data["text/plain"]
        == "+----+\n| id |\n+----+\n|  0 |\n|  1 |\n|  2 |\n+----+\n3 rows"
    )


def test_values_of_every_type(spark):
    data = spark.cell("""
import datetime, decimal
row = (None, True, 1, 1.5, float("nan"), decimal.Decimal("1.50"), "<b>&", datetime.date(2020, 1, 2),
       datetime.datetime(2020, 1, 2, 3, 4, 5), b"\\x01\\xff", [1, None], {"k": 1.5}, (1, None))
schema = ("a string, b boolean, c int, d double, e double, f decimal(10,2), g string, h date, i timestamp, "
          "j binary, k array<int>, l map<string,double>, m struct<x:int,y:string>")
display(spark.createDataFrame([row], schema))
""").data("display_data")[0]
    want = [
        "null",
        "true",
        "1",
        "1.5",
        "NaN",
        "1.50",
        "<b>&",
        "2020-01-02",
        "2020-01-02 03:04:05",
        "01ff",
        "[1, null]",
        '{"k": 1.5}',
        '{"x": 1, "y": null}',
    ]
    row = data["text/plain"].split("\n")[3]
    assert [cell.strip() for cell in row.strip("|").split(" | ")] == want
    for value in want[1:]:
        assert ">%s</td>" % html.escape(value) in data["text/html"]
    assert (
        "<i>null</i>" in data["text/html"]
        and 'title="decimal(10,2)"' in data["text/html"]
    )


FIVE = """, '{"rows": 5}'"""


def test_sql(spark):
    cell = spark.cell("select id, 'a;b' as `c;d` from range(2000) -- ;\n", method="sql")
    assert cell.kinds() == ["execute_result"] and cell.value().endswith(
        "first 1000 rows"
    )
    assert (
        spark.cell("select 1 as x", method="sql", extra=FIVE).value()
        == "+---+\n| x |\n+---+\n| 1 |\n+---+\n1 row"
    )
    assert (
        spark.cell("select id from range(9)", method="sql", extra=FIVE)
        .value()
        .endswith("first 5 rows")
    )
    assert spark.cell("_sqldf.count()").value() == "9"


def test_several_sql_statements(spark):
    cell = spark.cell(
        "create or replace temp view v as select ';' as s; /* ; /* ; */ ; */;\n"
        "select 1 as a; select s from v;\n-- the end;",
        method="sql",
    )
    assert cell.kinds() == ["display_data", "execute_result"]
    assert "| ; |" in cell.value()
    cell = spark.cell("create or replace temp view w as select 1", method="sql")
    assert (cell.status, cell.outputs) == ("ok", [])
    cell = spark.cell("select 1;\n\nselect * from nosuch;\nselect 2", method="sql")
    assert cell.kinds() == ["display_data", "error"]
    assert "statement 2 of 3, which begins in line 3" in cell.trace()


def test_sql_errors_are_short(spark):
    cell = spark.cell("select * from nosuch", method="sql")
    assert (
        cell.error["ename"] == "AnalysisException"
        and "`nosuch`" in cell.error["evalue"]
    )
    assert cell.trace().count("File") == 1 and "Java" not in cell.trace()


def test_error_in_an_executor_shows_the_line_of_the_cell(spark):
    name = "<cell %d>" % (spark.n + 1)
    cell = spark.cell(
        "def f(x):\n    return 1 // (x - 3)\nsc.parallelize(range(9), 2).map(f).collect()"
    )
    assert cell.error["ename"] == "Py4JJavaError"
    assert cell.error["evalue"].startswith("ZeroDivisionError: ")
    trace = cell.trace()
    assert trace.index("collect()") < trace.index("In the Python worker")
    assert "Java stack" in cell.data("display_data")[0]["text/html"]
    assert 'File "%s", line 2, in f\n    return 1 // (x - 3)' % name in trace
    assert "worker.py" not in trace and "py4j/" not in trace and trace.count("\n") < 60
    spark.cell("from pyspark.sql.functions import udf")
    cell = spark.cell("spark.range(9).select(udf(f, 'int')('id')).collect()")
    assert (
        cell.error["ename"] == "PythonException"
        and "return 1 // (x - 3)" in cell.trace()
    )


def test_java_errors_are_reduced_to_their_cause(spark):
    cell = spark.cell("spark.sql('select assert_true(false)').collect()")
    assert cell.error["ename"] == "Py4JJavaError"
    assert cell.error["evalue"] == "java.lang.RuntimeException: 'false' is not true!"
    trace = cell.trace()
    assert "collect()" in trace and "Caused by" not in trace
    assert trace.count("\n") < 30 and cell.kinds() == ["display_data", "error"]
    stack = cell.data("display_data")[0]
    short = stack["text/plain"]
    assert (
        short.index("Java stack") < short.index("more") < short.index("Caused by")
    )
    assert stack["text/html"].count("\n\tat ") > short.count("\n\tat ")
    cell = spark.cell("spark.range(1).select('nope')")
    assert cell.error["ename"] == "AnalysisException" and cell.error[
        "evalue"
    ].startswith("[UNRESOLVED_COLUMN")


HAS_JOB = "len(__import__('pyspark').SparkContext._active_spark_context.statusTracker().getActiveJobsIds()) > 0"
JOBS = [
    "sc.parallelize(range(4), 4).map(lambda v: __import__('time').sleep(60)).count()",
    "spark.sql('select count(*) from range(1000000000000) where sha2(string(id), 256) < \"0\"').collect()",
    "display(spark.sql('select count(*) from range(1000000000000) where sha2(string(id), 256) < \"0\"'))",
    "sc._jvm.java.lang.Thread.sleep(60000)",
]


@pytest.mark.parametrize("text", JOBS)
def test_interrupt_of_spark(spark, text):
    spark.cell("spark.range(3).count()")
    for _ in range(2):
        spark.start("print('before')\n" + text)
        if "Thread" in text:
            spark.interrupt_when("__synapse_kernel__.running == %d" % spark.n)
        else:
            spark.interrupt_when(HAS_JOB)
        begin = time.monotonic()
        cell = spark.finish(20)
        assert time.monotonic() - begin < 5  # under load; 0.4 s on a quiet machine
        assert cell.error["ename"] == "KeyboardInterrupt" and cell.text() == "before\n"
        assert cell.text("stderr") == "" and "Java" not in cell.trace()
        cell = spark.cell(
            "import time\nn, end = spark.range(5).count(), time.time() + 10\n"
            "while sc.statusTracker().getActiveJobsIds() and time.time() < end: time.sleep(0.1)\n"
            "n, list(sc.statusTracker().getActiveJobsIds())"
        )
        assert cell.value() == "(5, [])"


def test_finally_can_use_spark(spark):
    spark.start("try:\n    %s\nfinally:\n    print(spark.range(5).count())" % JOBS[0])
    spark.interrupt_when(HAS_JOB)
    cell = spark.finish(20)
    assert cell.error["ename"] == "KeyboardInterrupt" and cell.text() == "5\n"


def test_other_job_groups_go_on(spark):
    spark.start("""
import threading
def other():
    sc.setJobGroup("other", "")
    done.append(sc.parallelize([1]).map(lambda v: __import__("time").sleep(4) or v).count())
done = []
thread = threading.Thread(target=other)
thread.start()
import time
time.sleep(60)
""")
    spark.interrupt_when(HAS_JOB)
    assert spark.finish(10).error["ename"] == "KeyboardInterrupt"
    assert spark.cell("thread.join(30); done").value() == "[1]"


def test_the_servers_job_group_is_kept(spark):
    spark.post("sc.setJobGroup('of the server', '')\nNone")
    group = spark.cell("sc.getLocalProperty('spark.jobGroup.id')").value()
    if hasattr(spark, "process"):
        assert group == "'of the server'"
    else:
        assert group.strip("'").isdigit()  # Livy sets one for each statement


def test_the_first_20_answers_after_writes_to_fd_1_are_right(spark):
    cell = spark.cell(
        "import os, subprocess\nprint('a')\nos.system('echo b')\nsubprocess.run(['echo', 'c'])\n"
        "os.write(1, b'd\\n')\nprint('e')"
    )
    assert cell.text() == "a\nb\nc\nd\ne\n"
    for i in range(20):
        assert spark.cell("%d + 1" % i).value() == str(i + 1)
        assert spark.post("%d + 2" % i)["text"] == str(i + 2)


def test_late_sigint_leaves_the_session(spark):
    kill = "__import__('signal').pthread_kill(__import__('threading').main_thread().ident, 2)"
    for _ in range(10):
        spark.job(kill)
    assert spark.cell("1").value() == "1"


def test_threads_after_the_end_of_a_cell(spark):
    n = spark.n + 1
    spark.cell(
        "import threading, time\ndef f():\n    time.sleep(0.3); print('late')\nthreading.Thread(target=f).start()"
    )
    time.sleep(1)
    assert spark.cell("5").text() == "[printed after the end of cell %d]\nlate\n" % n


def test_last_after_stop_the_error_says_what_to_do(spark):
    assert spark.cell("spark.stop()").status == "ok"
    for text, method in (
        ("sc.parallelize([1]).count()", "run"),
        ("df.count()", "run"),
        ("select 1", "sql"),
    ):
        cell = spark.cell(text, method=method)
        assert cell.status == "error" and "%synapse start" in cell.trace()
