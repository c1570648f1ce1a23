"""An interrupt ends the cell that runs, and nothing else; the session lives on."""
import os
import random
import time

import pytest
from notebook_kernel import NotebookKernel

pytestmark = pytest.mark.timeout(600)

COUNT = 200 if os.environ.get("SYNAPSE_TEST_LONG") else 30
LIMIT = 100  # seconds: these would run for minutes; a quiet machine takes 0.5 to 1.5

SLEEP = "%%synapse\nimport time\ntime.sleep(300)"
LOOP = "%%synapse\nwhile True: pass"
JOB = (
    "%%synapse\nsc.parallelize(range(64), 64)"
    ".map(lambda i: __import__('time').sleep(30)).count()"
)
SQL = "%%synapse sql\nselect count(*) from range(100000000000) where id * 2 % 7 = 11"
SCALA_SLEEP = "%%synapse scala\nThread.sleep(300000)"
SCALA_JOB = (
    "%%synapse scala\nsc.parallelize(1 to 64, 64).map{i => Thread.sleep(30000); i}.count()"
)


def interrupted(kernel, code, after=1.5):
    msg_id = kernel.send(code)
    time.sleep(after)
    kernel.interrupt()
    begin = time.monotonic()
    cell = kernel.finish(msg_id)
    assert time.monotonic() - begin < LIMIT
    assert cell.status == "error" and cell.error["ename"] == "KeyboardInterrupt", cell.text
    return cell


@pytest.mark.parametrize("code", [SLEEP, LOOP, JOB, SQL, SCALA_SLEEP, SCALA_JOB])
def test_what_runs_stops_and_variables_stay(spark, code):
    if code in (SCALA_SLEEP, SCALA_JOB):
        spark.ok("%%synapse scala\nval ready = 1")
    spark.ok("%%synapse\nkept = 5")
    interrupted(spark, code)
    assert spark.ok("%%synapse\nkept").data() == ["5"]


def test_interrupts_at_the_end_of_cells_hit_no_later_cell(spark):
    spark.ok("%%synapse\nimport time")
    text = "%%synapse\nend = time.time() + 0.1\nwhile time.time() < end: time.sleep(0.002)\n7"
    told = 0
    for i in range(COUNT):
        msg_id = spark.send(text)
        time.sleep(0.06 + random.random() * 0.12)
        spark.interrupt()
        cell = spark.finish(msg_id)
        told += cell.status == "error"
        assert cell.status == "ok" or cell.error["ename"] == "KeyboardInterrupt", cell.text
        assert spark.ok("%%%%synapse\n1 + %d" % i).data() == [str(1 + i)]
    assert 0 < told  # else the window was missed


def test_an_interrupt_right_after_the_start_of_a_cell(spark):
    for _ in range(10):
        interrupted(spark, SLEEP, after=random.random() * 0.03)
    assert spark.ok("%%synapse\n2").data() == ["2"]


def test_code_that_never_looks(spark):
    """A C function that holds the GIL."""
    spark.ok("%%synapse\nimport ctypes\nsleep = ctypes.PyDLL(None).sleep")
    msg_id = spark.send("%%synapse\nsleep(12)")
    time.sleep(1)
    spark.interrupt()
    time.sleep(3)
    spark.interrupt()
    cell = spark.finish(msg_id)
    assert "has not noticed the interrupt" in cell.stream("stderr")
    assert cell.error["ename"] == "KeyboardInterrupt"
    after = spark.ok("%%synapse\n3")
    assert after.data() == ["3"]
    assert any("busy with cell" in line for line in after.progress), after.progress


def test_what_waits_can_be_interrupted(spark):
    spark.ok("%%synapse\nimport ctypes\nsleep = ctypes.PyDLL(None).sleep")
    msg_id = spark.send("%%synapse\nsleep(10)")
    time.sleep(1)
    spark.interrupt()
    time.sleep(0.2)
    spark.interrupt()
    assert spark.finish(msg_id).error["ename"] == "KeyboardInterrupt"
    interrupted(spark, "%%synapse\nwaited = 1", after=2)
    assert "NameError" in spark.fails("%%synapse\nwaited").text


def test_a_start_in_progress(kernel):
    msg_id = kernel.send("%synapse start")
    time.sleep(0.7)
    kernel.interrupt()
    cell = kernel.finish(msg_id)
    assert cell.error["ename"] == "KeyboardInterrupt"
    assert kernel.fails("%%synapse\n1").error["ename"] == "NoSparkSession"


@pytest.fixture(scope="module")
def plain(jupyter_path, runtime, tmp_path_factory):
    """A session as at a server that has nothing but Livy's own cancel."""
    off = {"SYNAPSE_KERNEL_SIDE_CHANNEL": "off"}
    folder = tmp_path_factory.mktemp("plain")
    kernel = NotebookKernel(jupyter_path, folder, runtime, off)
    try:
        kernel.ok('%%synapse start\n{"conf": {"spark.synapse.cancel": "jobs"}}')
        yield kernel
    finally:
        kernel.shutdown()


@pytest.mark.parametrize("code", [SLEEP, LOOP, JOB])
def test_without_a_side_channel(plain, code):
    plain.ok("%%synapse\nkept = 6")
    interrupted(plain, code, after=3)
    assert plain.ok("%%synapse\nkept").data() == ["6"]


def active_jobs(kernel):
    return kernel.ok("%%synapse\nlist(sc.statusTracker().getActiveJobsIds())").data()


@pytest.mark.parametrize("end", ["", "\n1/0"])
def test_the_sentinel_goes_with_its_cell(plain, end):
    cell = plain.run("%%synapse\nimport time\ntime.sleep(2.5)" + end)
    assert cell.status == ("error" if end else "ok")
    give_up = time.monotonic() + LIMIT
    while active_jobs(plain) != ["[]"]:
        assert time.monotonic() < give_up
