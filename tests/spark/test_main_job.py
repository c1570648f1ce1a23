"""The main job: a session is started, data is wrangled, Python goes on with the result."""
import csv
import json
import time

import pytest

pytestmark = pytest.mark.timeout(300)

ROWS = [("Ann", 30, 1), ("Bob", 22, 0), ("Cid", 30, 1), ("Dee", None, 1), ("Eve", 41, 0)]


def write_passengers(path):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Name", "Age", "Survived"])
        writer.writerows(ROWS)


def test_the_story_of_the_notebook(kernel, folder):
    write_passengers(folder / "people.csv")
    started = kernel.ok("# a comment above a line magic\n%synapse start")
    assert "Spark session ready on local Spark" in started.stdout
    assert "Starting a Spark session" in started.progress[0] and started.data() == []
    meta = json.loads(kernel.ok("%synapse meta").stdout)
    assert meta["application_state"] in ("idle", "busy")
    assert meta["folder"] == str(folder)
    assert meta["python"] == kernel.ok("import sys; print(sys.executable)").stdout.strip()
    kernel.ok(
        "%%synapse\n\n"
        "df = spark.read.option('header', 'true').csv('people.csv')\n"
        "from pyspark.sql.functions import col, desc"
    )
    shown = kernel.ok(
        "%%synapse\n"
        "df.filter(col('Survived') == 1).groupBy('Age').count()"
        ".orderBy(desc('count')).show(10)"
    )
    assert "|  30|    2|" in shown.stdout
    kernel.ok("%%synapse\ndf.createOrReplaceTempView('people')")
    table = kernel.ok("%%synapse sql\nselect count(*) as n from people")
    assert "5" in table.data()[-1] and "<td" in table.data("text/html")[-1]
    kernel.ok("%% synapse\ndf.write.mode('overwrite').parquet('prepared')")
    python = kernel.ok("import pandas\nlen(pandas.read_parquet('prepared'))")
    assert python.data() == ["5"]
    assert "Session stopped." in kernel.ok("%synapse stop").stdout
    left = sorted(p.name for p in folder.iterdir())
    assert left == ["people.csv", "prepared"]


def test_scala_sees_the_views_of_pyspark(spark):
    spark.ok("%%synapse\nspark.range(4).createOrReplaceTempView('numbers')")
    cell = spark.ok('%%synapse scala\nval n = spark.table("numbers").count()\nprintln(n)')
    assert "4" in cell.stdout


def test_one_line_of_code(spark):
    spark.ok("%synapse x = 6 * 7")
    assert "42" in spark.ok("%synapse print(x)").stdout
    assert spark.ok("%synapse x").data() == ["42"]


def test_a_lone_word_is_code_with_a_did_you_mean(spark):
    failed = spark.fails("%synapse strat")
    assert failed.error["ename"] == "NameError"
    assert "Did you mean `%synapse start`?" in failed.traceback


def test_text_before_an_error_is_kept_and_the_cell_fails(spark):
    cell = spark.fails("%%synapse\nprint('before')\n\n1 / 0")
    assert cell.stdout == "before\n"
    assert cell.error["ename"] == "ZeroDivisionError"
    assert "----> 3 1 / 0" in cell.traceback


def test_a_subprocess_prints_into_its_cell_and_breaks_nothing(spark):
    cell = spark.ok("%%synapse\nimport os\nprint('a')\nos.system('echo b')\nprint('c')")
    assert cell.stdout.split() == ["a", "b", "c"]
    for number in range(5):
        assert spark.ok("%%%%synapse\n%d + 1" % number).data() == [str(number + 1)]


def test_outputs_stay_apart_and_in_order(spark):
    cell = spark.ok(
        "%%synapse\nimport sys\nprint('one')\nprint('two', file=sys.stderr)\n'three'"
    )
    assert cell.stdout == "one\n"
    assert cell.stream("stderr") == "two\n"
    assert cell.data() == ["'three'"]


def test_a_long_result_arrives_whole(spark):
    cell = spark.ok("%%synapse\nprint('é' * 3_000_000 + 'end')")
    assert cell.stdout == "é" * 3_000_000 + "end\n"


def test_counts_and_history_run_through_both_kinds(spark):
    first = spark.ok("%%synapse\n1").reply["execution_count"]
    assert spark.ok("2").reply["execution_count"] == first + 1
    assert spark.ok("In[%d]" % first).data() == ["'%%synapse\\n1'"]


def test_an_error_aborts_the_queue(spark):
    failing = spark.send("%%synapse\nraise ValueError('stop')")
    queued = [spark.send("1"), spark.send("%%synapse\n2"), spark.send("%synapse meta")]
    assert spark.finish(failing).status == "error"
    assert [spark.finish(each).status for each in queued] == ["aborted"] * 3
    assert spark.ok("1").data() == ["1"]


@pytest.mark.parametrize(
    "code",
    [
        "import time\ntime.sleep(60)",
        "while True:\n    pass",
        "sc.parallelize(range(2), 2).map(lambda v: __import__('time').sleep(60)).count()",
    ],
    ids=["sleep", "loop", "job"],
)
def test_an_interrupt_ends_the_cell_and_keeps_the_session(spark, code):
    spark.ok("%%synapse\nkept = 1")
    request = spark.send("%%synapse\nprint('running', flush=True)\n" + code)
    time.sleep(2)
    spark.interrupt()
    cell = spark.finish(request, limit=30)
    assert cell.status == "error"
    assert cell.error["ename"] == "KeyboardInterrupt"
    assert spark.ok("%%synapse\nkept").data() == ["1"]


def test_the_magic_inside_python(spark):
    spark.ok("flag = True\nif flag:\n    %synapse y = 5\n")
    assert spark.ok("%synapse y").data() == ["5"]
    assert spark.ok("m = %synapse meta\nm['server']").data() == ["'local Spark'"]
    captured = spark.ok(
        "%%capture out\n%synapse print('in the capture')\n"
    )
    assert captured.stdout == ""
    assert spark.ok("out.stdout").data() == ["'in the capture\\n'"]
    spark.ok("get_ipython().run_cell_magic('synapse', '', 'z = 7\\nprint(z)')")
    cell = spark.fails("a = 1\n%synapse 1 / 0\n")
    assert cell.error["ename"] == "ZeroDivisionError"


def test_an_interrupt_in_the_magic_inside_python(spark):
    request = spark.send("a = 1\n%synapse __import__('time').sleep(60)\n")
    time.sleep(2)
    spark.interrupt()
    cell = spark.finish(request, limit=30)
    assert cell.error["ename"] == "KeyboardInterrupt"
    assert spark.ok("1 + 1").data() == ["2"]
    assert spark.ok("%synapse 1 + 1").data() == ["2"]


def test_lines_are_expanded_by_python_and_code_is_not(spark):
    spark.ok("wanted = '%synapse'\nminutes = 20")
    cell = spark.fails("%synapse start -t $minutes")
    assert "active already" in cell.text and "--reuse" in cell.text
    assert spark.ok("%%synapse\nminutes = 3\nprint(f'{minutes}')").stdout == "3\n"
    cell = spark.fails("%synapse start -t $no_such_name")
    assert "no_such_name" in cell.text


@pytest.mark.parametrize(
    "cell",
    ["%synapse meta {slow()}", "get_ipython().run_line_magic('synapse', 'meta {slow()}')"],
    ids=["cell", "magic"],
)
def test_an_interrupt_ends_an_expansion(spark, cell):
    spark.ok("import time\ndef slow():\n    time.sleep(60)\n")
    request = spark.send(cell)
    time.sleep(2)
    spark.interrupt()
    ended = spark.finish(request, limit=20)
    assert ended.error["ename"] == "KeyboardInterrupt"
    assert spark.ok("%synapse 1 + 1").data() == ["2"]
    assert spark.ok("1 + 1").data() == ["2"]


def test_secrets_in_the_settings_are_not_shown(spark):
    conf = '{"spark.hadoop.fs.azure.account.key.x": "s3cretword", "spark.some.x": "1"}'
    failed = spark.fails("%%synapse start --reuse\n" + conf)
    assert "spark.some.x" in failed.text and "s3cretword" not in failed.text


def test_silent_cells_do_not_touch_spark(spark):
    spark.ok("%%synapse\ntouched = 0")
    spark.run("%synapse touched = 1", silent=True)
    assert spark.ok("%synapse touched").data() == ["0"]


def test_cell_magics_of_ipython_above_the_magic(spark):
    timed = spark.ok("%%time\n%%synapse\nprint(6 * 7)")
    assert "42" in timed.stdout and "Wall time" in timed.stdout
    spark.ok("%%capture kept\n%%synapse\nprint('inside')")
    assert spark.ok("kept.stdout").data() == ["'inside\\n'"]


def test_reuse_keeps_a_session_of_the_same_settings(spark):
    spark.ok("%%synapse\nmark = 1")
    assert "Using the active Spark session" in spark.ok("%synapse start --reuse").text
    assert spark.ok("%%synapse\nmark").data() == ["1"]
    failed = spark.fails("%synapse start --reuse --driver-cores 1")
    assert "driverCores" in failed.text


def test_interrupts_that_come_too_late_hit_nothing(spark):
    for _ in range(10):
        request = spark.send("%%synapse\n1")
        spark.interrupt()
        assert spark.finish(request).status in ("ok", "error")
    assert spark.ok("%%synapse\n2").data() == ["2"]
    assert spark.ok("3").data() == ["3"]


def test_a_spark_of_plain_cells_is_told_once(spark):
    """It would be taken for that of the %%synapse cells, and is a second JVM."""
    assert spark.ok("import pyspark.sql").stream("stderr") == ""
    hints = [
        "of its own" in spark.ok(code).stream("stderr")
        for code in (
            "mine = pyspark.sql.SparkSession.builder.master('local[1]')"
            ".config('spark.ui.enabled', 'false').getOrCreate()",
            "mine.range(3).count()",
            "mine.stop()",
        )
    ]
    assert hints == [True, False, False]
    assert spark.ok("%%synapse\nspark.range(2).count()").data() == ["2"]
