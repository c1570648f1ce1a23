"""Notebooks of the kernelspec synapse_pyspark: plain cells are Spark's, %%local is Python."""
import json
import shutil

import pytest
from notebook_kernel import NotebookKernel, write_kernelspec

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def spark_path(tmp_path_factory):
    path = write_kernelspec(tmp_path_factory.mktemp("jupyter-spark"))
    file = path / "kernels" / "synapse" / "kernel.json"
    spec = json.loads(file.read_text())
    at = spec["argv"].index("-f")
    spec["argv"][at:at] = ["--default-language", "pyspark"]
    file.write_text(json.dumps(spec))
    return path


@pytest.fixture(scope="module")
def notebook(spark_path, runtime, tmp_path_factory):
    """A notebook whose first Spark cell has started a session, after %%configure."""
    folder = tmp_path_factory.mktemp("notebook")
    running = NotebookKernel(spark_path, folder, runtime)
    told = running.ok(
        '%%configure\n{"conf": {"spark.sql.shuffle.partitions": 3}}  // few'
    )
    assert "The next Spark session starts with these settings." in told.stdout
    first = running.ok("spark.conf.get('spark.sql.shuffle.partitions')")
    assert first.data()[-1] == "'3'"
    yield running
    running.shutdown()
    shutil.rmtree(folder, ignore_errors=True)


def test_plain_cells_share_one_session(notebook):
    notebook.ok("numbers = spark.range(5)\nprint(type(spark).__name__)")
    assert notebook.ok("numbers.count()").data()[-1] == "5"


def test_local_cells_are_python_with_their_own_count_and_history(notebook):
    before = notebook.ok("1").reply["execution_count"]
    cell = notebook.ok("%%local\nhere = 42\nhere")
    assert cell.data() == ["42"] and cell.reply["execution_count"] == before + 1
    assert notebook.ok("%local print(here)").stdout == "42\n"
    failed = notebook.fails("%%local\nx = 1\n1 / 0")
    assert "----> 3 1 / 0" in failed.traceback
    assert notebook.fails("here").error["ename"] == "NameError"
    typed = notebook.ok("%%local\nprint(In[%d])" % (before + 1)).stdout
    assert "here = 42" in typed
    assert notebook.ok("2").reply["execution_count"] == before + 6


def test_silent_executions_are_pythons(notebook):
    notebook.ok("%%local\nmine = 'local'")
    reply = notebook.run(
        "mine", silent=True, store_history=False, user_expressions={"v": "mine"}
    ).reply
    assert reply["user_expressions"]["v"]["data"]["text/plain"] == "'local'"


def test_sql_and_scala_by_the_names_of_synapse(notebook):
    notebook.ok("spark.range(4).createOrReplaceTempView('four')")
    assert "| 4" in notebook.ok("%%sql\nselect count(*) as n from four").data()[-1]
    assert notebook.ok("%%sql -q\nselect count(*) from four").data() == []
    cell = notebook.ok("%%spark\nprintln(spark.table(\"four\").count())")
    assert "4" in cell.stdout
    assert notebook.ok("%%pyspark\n6 * 7").data()[-1] == "42"


def test_magics_and_commands_run_on_the_driver(notebook):
    assert notebook.ok("!echo $((6 * 7))").stdout == "42\n"
    assert "pip" in notebook.ok("%pip --version").stdout
    cell = notebook.ok("%%time\nspark.range(3).count()")
    assert cell.data()[-1] == "3" and "Wall time:" in cell.stdout
    assert notebook.ok("%matplotlib inline\n1 + 1").data()[-1] == "2"


def test_pythons_own_magics_run_in_python(notebook):
    assert "synapse" in notebook.ok("%lsmagic").text
    assert "<b>x</b>" in notebook.ok("%%html\n<b>x</b>").data("text/html")[-1]
    notebook.ok("%%writefile made.txt\nline")
    assert notebook.ok("open('made.txt').read()").data()[-1] == "'line\\n'"


def test_capture_and_time_go_around_spark_cells(notebook):
    notebook.ok("%%capture taken\nprint('from spark', spark.range(3).count())")
    assert notebook.ok("%local print(taken.stdout)").stdout.strip() == "from spark 3"
    cell = notebook.ok("%%time\n%%sql\nselect 6 * 7 as n")
    assert "42" in cell.text and "Wall time:" in cell.stdout


@pytest.mark.parametrize(
    "cell, words",
    [
        ("%matplotlb inline", "did you mean `%matplotlib`"),
        ("%%sqll\nselect 1", "did you mean `%%sql`"),
        ("%frobnicate", "`%frobnicate` is no magic of a Spark cell"),
        ("%load_ext autoreload\n!ls", "give them cells of their own"),
        ("%%cleanup -f", "`%synapse stop` ends this notebook's"),
        ("%%configure\n{\"driverMemory\": \"1g\"}", "`%%configure -f` ends it"),
        ("%%configure\n{\"driverMemry\": \"1g\"}", "Did you mean `driverMemory`?"),
        ("%%configure", "There are no settings"),
    ],
)
def test_what_can_not_be_is_a_sentence(notebook, cell, words):
    failed = notebook.fails(cell)
    assert failed.error["ename"] == "UsageError" and words in failed.error["evalue"]


def test_comments_and_python_cells_start_no_session(spark_path, runtime, folder):
    running = NotebookKernel(spark_path, folder, runtime)
    try:
        running.ok("# only a comment")
        running.ok("%%local\n1")
        assert "no" in running.fails("%synapse meta").error["evalue"].lower()
    finally:
        running.shutdown()


def test_configure_with_force_ends_the_session(notebook):
    notebook.ok("kept = 1")
    told = notebook.ok('%%configure -f\n{"conf": {"spark.sql.shuffle.partitions": 5}}')
    assert "was ended" in told.stdout
    assert notebook.ok("spark.conf.get('spark.sql.shuffle.partitions')").data()[-1] == "'5'"
    assert notebook.fails("kept").error["ename"] == "NameError"
