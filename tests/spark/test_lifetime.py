"""Nothing leaks: however a kernel or a driver ends, sockets, files, processes go too."""
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import psutil
import pytest

from conftest import left_in, processes_of
from notebook_kernel import NotebookKernel, write_kernelspec

pytestmark = pytest.mark.timeout(300)


def wait_until(claim, seconds):
    end = time.monotonic() + seconds
    while not claim() and time.monotonic() < end:
        time.sleep(0.2)
    assert claim()


@pytest.fixture
def runtime():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="sk-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def started(jupyter_path, folder, runtime):
    kernel = NotebookKernel(jupyter_path, folder, runtime)
    try:
        kernel.ok("%synapse start")
        yield kernel
    finally:
        kernel.shutdown()


def drivers(runtime):
    """The Java processes of a runtime folder."""
    found = []
    for process in psutil.process_iter(["name", "environ"]):
        home = (process.info["environ"] or {}).get("XDG_RUNTIME_DIR")
        if home == str(runtime) and process.info["name"] == "java":
            found.append(process)
    return found


def test_stop_now_leaves_nothing_at_once(started, runtime):
    started.ok("%synapse stop --now")
    wait_until(lambda: not drivers(runtime), 5)
    assert "No Spark session" in started.fails("%synapse stop").text


def test_shutdown_leaves_nothing(started, runtime):
    started.client.stop_channels()
    started.manager.shutdown_kernel()
    wait_until(lambda: not left_in(runtime), 30)


def test_sigterm_leaves_nothing(started, runtime):
    os.kill(started.pid, signal.SIGTERM)
    wait_until(lambda: not drivers(runtime), 30)
    started.manager.shutdown_kernel(now=True)
    wait_until(lambda: not processes_of(runtime), 30)


def test_sigkill_leaves_nothing_after_half_a_minute(started, runtime):
    os.kill(started.pid, signal.SIGKILL)
    wait_until(lambda: not processes_of(runtime), 35)


def test_a_driver_that_dies_while_idle(started, runtime):
    for process in drivers(runtime):
        driver = process.parent()
        process.kill()
        psutil.wait_procs([driver], timeout=20)
    failed = started.fails("%%synapse\n1 + 1")
    assert "%synapse start" in failed.text
    started.ok("%synapse start")
    assert started.ok("%%synapse\n1 + 1").data() == ["2"]


def test_meta_of_a_driver_that_died_says_so(started, runtime):
    for process in drivers(runtime):
        driver = process.parent()
        process.kill()
        psutil.wait_procs([driver], timeout=20)
    text = started.fails("%synapse meta").error["evalue"]
    assert "has ended" in text and "%synapse start" in text


def test_a_busy_spark_is_said_where_it_is_seen(started):
    """A call that is left of a thread: the cell shows an error, not only its reply."""
    started.ok(
        "import threading, time\n"
        "call = get_ipython().run_cell_magic\n"
        "code = 'import time\\ntime.sleep(6)'\n"
        "thread = threading.Thread(target=call, args=('synapse', '', code))\n"
        "thread.start()\ntime.sleep(1)"
    )
    failed = started.fails("%%synapse\n1 + 1")
    assert "still running" in failed.error["evalue"]
    started.ok("thread.join()")
    assert started.ok("%%synapse\n1 + 1").data() == ["2"]


def test_a_driver_that_dies_while_a_cell_runs(started, runtime):
    request = started.send("%%synapse\nimport time\ntime.sleep(60)")
    time.sleep(1)
    for process in drivers(runtime):
        process.parent().kill()
    cell = started.finish(request, limit=30)
    assert cell.error["ename"] == "SparkSessionError"
    started.ok("%synapse start")
    assert started.ok("%%synapse\n1 + 1").data() == ["2"]


def test_a_start_after_a_death_needs_no_stop(started, runtime):
    for process in drivers(runtime):
        driver = process.parent()
        process.kill()
        psutil.wait_procs([driver], timeout=20)
    started.ok("%synapse start")
    assert started.ok("%%synapse\n1 + 1").data() == ["2"]


def test_a_driver_that_dies_while_it_starts(kernel_without_session, runtime):
    request = kernel_without_session.send("%synapse start")
    wait_until(lambda: drivers(runtime), 20)
    for process in drivers(runtime):
        process.kill()
    failed = kernel_without_session.finish(request)
    assert failed.status == "error"
    kernel_without_session.ok("%synapse start")


@pytest.fixture
def kernel_without_session(jupyter_path, folder, runtime):
    kernel = NotebookKernel(jupyter_path, folder, runtime)
    yield kernel
    kernel.shutdown()


def test_an_interrupt_ends_a_start(kernel_without_session, runtime):
    request = kernel_without_session.send("%synapse start")
    wait_until(lambda: drivers(runtime), 20)
    kernel_without_session.interrupt()
    cell = kernel_without_session.finish(request, limit=20)
    assert cell.error["ename"] == "KeyboardInterrupt"
    wait_until(lambda: not drivers(runtime), 20)
    kernel_without_session.ok("%synapse start")


@pytest.mark.parametrize("phase", ["finding the server", "starting"])
def test_a_shutdown_during_a_start_leaves_nothing_at_once(
    kernel_without_session, runtime, phase
):
    """What was begun is deleted and the lease given back, not left to time limits; but a
    server that nobody has a lease of yet waits for one."""
    kernel_without_session.send("%synapse start")
    if phase == "starting":
        wait_until(lambda: drivers(runtime), 20)
    else:
        time.sleep(0.1)
    kernel_without_session.client.stop_channels()
    begin = time.monotonic()
    kernel_without_session.manager.shutdown_kernel()
    assert time.monotonic() - begin < 3.5
    wait_until(lambda: not drivers(runtime), 8)
    wait_until(lambda: not processes_of(runtime), 45)


def test_a_restarted_kernel_starts_afresh(started, runtime):
    started.ok("%%synapse\nold = 1")
    started.manager.restart_kernel()
    started.client.wait_for_ready(timeout=30)
    started.ok("%synapse start")
    assert started.fails("%%synapse\nold").error["ename"] == "NameError"
    wait_until(lambda: len(drivers(runtime)) == 1, 20)


def test_more_than_the_machine_has_is_cut_and_said(kernel_without_session):
    cell = kernel_without_session.ok("%synapse start --driver-memory 900g")
    assert "instead of 900g" in cell.stdout
    assert kernel_without_session.ok("%%synapse\nspark.range(3).count()").data() == ["3"]


def test_a_start_takes_the_warm_driver(started, runtime):
    old = {process.pid for process in drivers(runtime)}
    assert "stays warm" in started.ok("%synapse stop").stdout
    fresh = lambda: {process.pid for process in drivers(runtime)} - old  # noqa: E731
    wait_until(fresh, 30)
    warm = fresh()
    started.ok("%synapse start")
    java = "spark._jvm.java.lang.ProcessHandle.current().pid()"
    assert int(started.ok("%%synapse\nprint(" + java + ")").stdout) in warm


def with_mounts(script):
    """The words that run a program where `script` has mounted things; skips without the
    right to do that."""
    probe = ["unshare", "--mount", "sh", "-c", "mount -t tmpfs none /mnt"]
    if subprocess.run(probe, capture_output=True).returncode != 0:
        pytest.skip("needs the right to mount")
    return ["unshare", "--mount", "sh", "-c", script + ' && exec "$@"', "sh"]


def test_no_java(folder, runtime, tmp_path):
    """Without Java the start says how to get it; Python cells go on."""
    before = with_mounts("mount -t tmpfs none /usr/lib/jvm")
    spec = write_kernelspec(tmp_path / "jupyter", before=before)
    kernel = NotebookKernel(spec, folder, runtime, {"JAVA_HOME": "/nonexistent"})
    try:
        failed = kernel.fails("%synapse start")
        assert "no Java was found" in failed.error["evalue"]
        assert "openjdk-17" in failed.error["evalue"]
        assert kernel.ok("1 + 1").data() == ["2"]
    finally:
        kernel.shutdown()


def test_no_space(folder, runtime, tmp_path):
    """A full disk: Python says so and the kernel lives; Spark finds a folder with room."""
    full = tmp_path / "full"
    full.mkdir()
    before = with_mounts(
        "mount -t tmpfs -o size=4k,mode=700 none {0} && "
        "head -c 4096 /dev/zero > {0}/filler".format(full)
    )
    spec = write_kernelspec(tmp_path / "jupyter", before=before)
    places = {"XDG_RUNTIME_DIR": str(full), "TMPDIR": str(full)}
    kernel = NotebookKernel(spec, folder, runtime, places)
    try:
        assert "No space left on device" in kernel.fails("1 + 1").text
        kernel.ok("%synapse start")
        assert kernel.ok("%%synapse\nspark.range(3).count()").data() == ["3"]
        assert "No space left on device" in kernel.fails("1 + 1").text
    finally:
        kernel.shutdown()


def test_no_pyspark(folder, runtime, tmp_path):
    """A child without pyspark: the start names the interpreter and the package."""
    import venv

    venv.create(tmp_path / "bare", with_pip=False)
    python = tmp_path / "bare" / "bin" / "python"
    spec = write_kernelspec(tmp_path / "jupyter", python=str(python))
    kernel = NotebookKernel(spec, folder, runtime)
    try:
        failed = kernel.fails("%synapse start")
        assert "pyspark" in failed.error["evalue"]
        failed = kernel.fails("1 + 1")
        assert "pip install ipykernel" in failed.text
        assert str(python) in failed.text
    finally:
        kernel.shutdown()
    assert sys.executable != str(python)


def test_a_read_only_home(jupyter_path, folder, runtime):
    kernel = NotebookKernel(
        jupyter_path, folder, runtime, {"HOME": "/proc", "XDG_CACHE_HOME": "/proc"}
    )
    try:
        kernel.ok("%synapse start")
        assert kernel.ok("%%synapse\nspark.range(3).count()").data() == ["3"]
    finally:
        kernel.shutdown()
