"""What a Spark cell prints, and how far it is, is seen while it runs."""
import queue
import time

import pytest
from notebook_kernel import NotebookKernel

pytestmark = pytest.mark.timeout(300)

LIMIT = 60  # seconds until a test gives up
HOLD = """
import pathlib, sys, time
def hold(name):
    while not pathlib.Path(%r, name).exists(): time.sleep(0.01)
"""


@pytest.fixture
def gates(spark, tmp_path):
    spark.ok("%%synapse\n" + HOLD % str(tmp_path))
    return tmp_path


def read_until(kernel, msg_id, is_enough):
    """Outputs of a cell that goes on, until they are enough."""
    outputs, end = [], time.monotonic() + LIMIT
    while not is_enough(outputs):
        assert time.monotonic() < end, outputs
        try:
            message = kernel.client.get_iopub_msg(timeout=1)
        except queue.Empty:
            continue
        if message["parent_header"].get("msg_id") == msg_id:
            assert message["content"].get("execution_state") != "idle", outputs
            outputs.append(message)
    return outputs


def text_of(outputs, name="stdout"):
    return "".join(
        out["content"]["text"]
        for out in outputs
        if out["msg_type"] == "stream" and out["content"]["name"] == name
    )


def test_text_is_seen_while_the_cell_runs(spark, gates):
    msg_id = spark.send("%%synapse\nprint('one')\nhold('a')\nprint('two')\n3")
    seen = read_until(spark, msg_id, lambda outputs: text_of(outputs) == "one\n")
    (gates / "a").touch()
    cell = spark.finish(msg_id)
    assert text_of(seen) + cell.stdout == "one\ntwo\n"
    assert cell.data()[-1] == "3" and cell.status == "ok"


def test_child_processes_stderr_and_carriage_returns(spark, gates):
    msg_id = spark.send(
        "%%synapse\nimport os\nos.system('echo from a child')\n"
        "for i in range(3): sys.stderr.write('\\r%d %%' % i)\nhold('b')"
    )
    seen = read_until(
        spark,
        msg_id,
        lambda outputs: text_of(outputs) == "from a child\n"
        and text_of(outputs, "stderr") == "\r0 %\r1 %\r2 %",
    )
    (gates / "b").touch()
    cell = spark.finish(msg_id)
    assert text_of(seen) and not cell.stdout and not cell.stream("stderr")


def test_displays_update_in_place_while_the_cell_runs(spark, gates):
    msg_id = spark.send(
        "%%synapse\nhandle = display('first', display_id=True)\nhandle.update('second')\n"
        "hold('c')\nhandle.update('third')"
    )
    seen = read_until(
        spark,
        msg_id,
        lambda outputs: outputs and outputs[-1]["msg_type"] == "update_display_data",
    )
    (gates / "c").touch()
    cell = spark.finish(msg_id)
    shown = [m for m in seen + cell.outputs if "display_data" in m["msg_type"]]
    assert len({m["content"]["transient"]["display_id"] for m in shown}) == 1
    assert [m["msg_type"] for m in shown] == ["display_data"] + ["update_display_data"] * 2


def test_a_flood_is_whole_and_in_order(spark):
    cell = spark.ok("%%synapse\nfor i in range(200000): print(i)")
    assert cell.stdout == "".join("%d\n" % i for i in range(200000))


def test_text_before_an_error_is_there_once(spark, gates):
    msg_id = spark.send("%%synapse\nprint('before')\nhold('d')\n1/0")
    seen = read_until(spark, msg_id, lambda outputs: text_of(outputs))
    (gates / "d").touch()
    cell = spark.finish(msg_id)
    assert text_of(seen) + cell.stdout == "before\n"
    assert cell.status == "error" and cell.error["ename"] == "ZeroDivisionError"


JOB = (
    "%%synapse\nsc.parallelize(range(2), 2)"
    ".map(lambda i: __import__('time').sleep(2)).count()"
)


def test_progress_is_one_line_that_leaves_nothing(spark):
    cell = spark.ok(JOB)
    jobs = [line for line in cell.progress if line.startswith("Spark: job 1")]
    assert jobs and "of 2 tasks" in jobs[-1], cell.progress
    assert [out["msg_type"] for out in cell.outputs] == ["execute_result"]
    assert cell.data() == ["2"]


def test_a_cell_that_ends_at_once_shows_none(spark):
    cell = spark.ok("%%synapse\n1 + 1")
    assert cell.progress == [] and cell.data() == ["2"]


def test_silence_leaves_no_output_at_all(spark):
    cell = spark.ok("%%synapse\nimport time\ntime.sleep(1.6)")
    assert cell.progress and cell.progress[0].startswith("Running")
    assert cell.outputs == []


def test_progress_within_python_folds_to_nothing(spark):
    """The shim's own cell may have other outputs: it is not cleared."""
    cell = spark.ok("print('kept')\nif True:\n    %synapse import time; time.sleep(1.6)")
    assert cell.stdout == "kept\n"
    assert cell.progress[-1] == ""


def test_progress_of_sql_and_scala(spark):
    query = "select count(*) from range(0, 2, 1, 2) where length(java_method("
    query += "'java.lang.Thread', 'sleep', 2000L)) >= 0"
    for cell in (
        spark.ok("%%synapse sql\n" + query),
        spark.ok(
            "%%synapse scala\n"
            "sc.parallelize(1 to 2, 2).map{i => Thread.sleep(3000); i}.count()"
        ),
    ):
        jobs = [line for line in cell.progress if line.startswith("Spark: job")]
        assert jobs, cell.progress


def test_without_a_side_channel_text_comes_at_the_end(jupyter_path, tmp_path, runtime):
    """And the line says so, once a session."""
    off = {"SYNAPSE_KERNEL_SIDE_CHANNEL": "off"}
    kernel = NotebookKernel(jupyter_path, tmp_path, runtime, off)
    try:
        kernel.ok("%synapse start")
        first, second = (
            kernel.ok("%%synapse\nimport time\nprint('a')\ntime.sleep(1.6)\nprint('b')")
            for _ in range(2)
        )
    finally:
        kernel.shutdown()
    assert first.stdout == second.stdout == "a\nb\n"
    assert "comes when it has ended" in first.progress[0]
    assert second.progress and "comes when" not in "".join(second.progress)
