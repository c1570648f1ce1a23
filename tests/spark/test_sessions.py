"""Several sessions, other kernels' sessions, sessions that outlive their kernel."""
import json
import shutil
import subprocess
import sys
import time

import pytest

from notebook_kernel import BINARY, ROOT, NotebookKernel

START = "%synapse start --driver-memory 512m"


@pytest.fixture(scope="module")
def open_kernel(jupyter_path, runtime, tmp_path_factory):
    """Opens kernels that end with the module."""
    opened = []

    def open_one(environment=None, path=jupyter_path):
        folder = tmp_path_factory.mktemp("notebook")
        kernel = NotebookKernel(path, folder, runtime, environment)
        opened.append(kernel)
        return kernel

    yield open_one
    for kernel in opened:
        if kernel.manager.has_kernel:
            kernel.shutdown()


@pytest.fixture(scope="module")
def kernel(open_kernel):
    kernel = open_kernel()
    kernel.ok(START)
    return kernel


def restart(kernel):
    kernel.manager.restart_kernel(now=False)
    kernel.client.wait_for_ready(timeout=60)


def sessions(kernel, options=""):
    kernel.ok("listed = %synapse session list " + options)
    cell = kernel.ok("import json; print(json.dumps(listed))")
    return json.loads(cell.stdout)


def states(runtime):
    return list((runtime / "synapse-kernel").glob("sessions-*.json"))


def test_named_sessions_are_apart(kernel):
    kernel.ok("%%synapse\nx = 1")
    cell = kernel.ok(START + " --name etl")
    assert "Spark session etl ready" in cell.stdout
    kernel.ok("%%synapse --session etl\nx = 10")
    assert kernel.ok("%%synapse\nx").data() == ["1"]
    assert kernel.ok("%%synapse --session etl\nx").data() == ["10"]
    unknown = kernel.fails("%%synapse --session elt\nx")
    assert "it has: etl" in unknown.error["evalue"]
    kernel.ok("%synapse session use etl")
    assert kernel.ok("%%synapse\nx").data() == ["10"]


def test_the_list_marks_ours(kernel):
    mine = {entry["session"]: entry for entry in sessions(kernel)}
    assert set(mine) == {"", "etl"}
    assert all(entry["is_mine"] and entry["state"] == "idle" for entry in mine.values())
    table = kernel.ok("%synapse sessions")
    assert "this notebook's" in table.data()[0] and "<table" in table.data("text/html")[0]


def test_stop_takes_a_name_or_all(kernel):
    kernel.ok("%synapse stop etl")
    assert [entry["session"] for entry in sessions(kernel)] == [""]
    assert kernel.ok("%%synapse\nx").data() == ["1"]
    assert kernel.fails("%%synapse --session etl\nx").error["ename"] == "NoSparkSession"


def test_logs(kernel):
    log = kernel.ok("%synapse logs -n 2").stdout
    assert 0 < len(log.splitlines()) <= 2
    msg_id = kernel.send("%synapse session logs -f")
    time.sleep(1.2)
    kernel.interrupt()
    assert kernel.finish(msg_id).stdout.strip()


def test_another_kernel_attaches_and_owns_nothing(kernel, open_kernel):
    other = open_kernel()
    (entry,) = sessions(other)
    assert not entry["is_mine"]
    line = other.ok("%synapse session attach " + entry["name"]).stdout
    assert "Attached to session" in line and "1 variable." in line
    assert other.ok("%%synapse\nx += 1\nx").data() == ["2"]
    assert "only attached" in other.fails("%synapse stop").error["evalue"]
    assert "only attached" in other.fails("%synapse session restart").error["evalue"]
    back = other.ok("%synapse session detach").stdout
    assert "`%synapse session attach " + entry["id"] + "`" in back
    assert other.fails("%%synapse\nx").error["ename"] == "NoSparkSession"
    other.ok("%synapse session attach " + entry["id"] + " --name teacher")
    assert other.ok("%%synapse --session teacher\nx").data() == ["2"]
    other.shutdown()
    assert kernel.ok("%%synapse\nx").data() == ["2"]


def test_an_attached_session_outlives_a_restart_and_a_fresh_start(kernel, open_kernel):
    (entry,) = sessions(kernel)
    other = open_kernel()
    other.ok("%synapse session attach " + entry["id"])
    restart(other)
    assert "only attached" in other.fails("%synapse stop").error["evalue"]
    assert other.fails("%synapse stop --all").error is not None
    restart(other)
    other.ok(START)
    assert kernel.ok("%%synapse\nx").data() == ["2"]
    other.ok("%synapse stop --now")
    other.shutdown()


def test_what_is_detached_comes_back(kernel):
    (entry,) = sessions(kernel)
    assert "until this notebook's kernel ends" in kernel.ok("%synapse session detach").stdout
    assert sessions(kernel)[0]["is_mine"] is False
    kernel.ok("%synapse session attach " + entry["id"])
    assert kernel.ok("%%synapse\nx").data() == ["2"]
    (entry,) = sessions(kernel)
    assert entry["is_mine"] and not entry["is_attached"]
    missing = kernel.fails("%synapse session attach 999 --name other")
    assert "There is no session `999`" in missing.error["evalue"]


def test_a_restarted_kernel_finds_its_session(kernel, runtime):
    (state,) = states(runtime)
    assert state.stat().st_mode & 0o777 == 0o600
    restart(kernel)
    time.sleep(0.5)
    cell = kernel.ok("%%synapse\nx")
    assert cell.data()[-1] == "2"
    assert "from before the restart, 1 variable;" in cell.stdout
    assert "before the restart" not in kernel.ok("%%synapse\nx").stdout


def test_what_goes_on_during_a_restart_is_shown(kernel):
    kernel.send("%%synapse\nimport time\ntime.sleep(4)\nprint('went on')\ny = 5\ny")
    time.sleep(1)
    restart(kernel)
    cell = kernel.ok("%%synapse\ny + 1")
    assert "which went on during the restart]\n" in cell.stdout
    assert "went on\n" in cell.stdout and cell.data()[-1] == "6"


def test_an_interrupt_reaches_what_goes_on(kernel):
    kernel.send("%%synapse\nfor i in range(200):\n    time.sleep(0.5)")
    time.sleep(1)
    restart(kernel)
    msg_id = kernel.send("%%synapse\ny")
    time.sleep(1.5)
    kernel.interrupt()
    cell = kernel.finish(msg_id)
    assert cell.status == "error" and cell.error["ename"] == "KeyboardInterrupt"
    assert kernel.ok("%%synapse\ny").data() == ["5"]


def test_start_replaces_what_is_dormant(kernel):
    (before,) = sessions(kernel)
    restart(kernel)
    kernel.ok(START)
    (after,) = sessions(kernel)
    assert after["id"] != before["id"]
    assert kernel.fails("%%synapse\ny").error["ename"] == "NameError"


def test_stop_ends_what_is_dormant(kernel, runtime):
    kernel.ok("%%synapse\nz = 1")
    restart(kernel)
    assert "Session stopped" in kernel.ok("%synapse stop").stdout
    assert sessions(kernel) == [] and states(runtime) == []
    assert kernel.fails("%%synapse\nz").error["ename"] == "NoSparkSession"


def test_a_start_leaves_what_was_detached(kernel):
    kernel.ok(START)
    kernel.ok("%%synapse\nkept = 5")
    (entry,) = sessions(kernel)
    restart(kernel)
    kernel.ok("%%synapse\nkept")
    kernel.ok("%synapse session detach")
    kernel.ok(START)
    kernel.ok("%synapse session attach " + entry["id"] + " --name old")
    assert kernel.ok("%%synapse --session old\nkept").data() == ["5"]
    kernel.ok("%synapse stop --all --now")


def test_setup_cells_run_again_after_a_loss(kernel):
    kernel.run("%synapse stop --all")
    kernel.ok(START)
    kernel.ok("%%synapse --setup\nfactor = 6")
    kernel.ok("%%synapse --setup\ndef by(n):\n    return factor * n")
    kernel.ok("%%synapse --setup\nseven = !echo 7")
    kernel.fails("%%synapse\nimport os\nos._exit(3)")
    lost = kernel.fails("%%synapse\nfactor").error["evalue"]
    assert "exit code 3" in lost and "noticed at" in lost and "--setup run again" in lost
    assert "exit code 3" in kernel.ok("%synapse logs").stdout
    assert "Ran 3 setup cells again." in kernel.ok(START).stdout
    assert kernel.ok("%%synapse\nby(7)").data() == ["42"]
    kernel.ok("%%synapse\nw = 1")
    line = kernel.ok("%synapse session restart").stdout
    assert "variables of the one before are gone" in line and "Ran 3 setup" in line
    assert kernel.ok("%%synapse\nby(int(seven[0]))").data() == ["42"]
    assert kernel.fails("%%synapse\nw").error["ename"] == "NameError"
    kernel.ok("%synapse stop")
    assert "setup" not in kernel.ok(START).stdout
    kernel.ok("%synapse stop --all --now")


def test_a_setup_cell_that_fails_says_so(kernel):
    kernel.ok(START)
    kernel.ok("%%synapse\nonce = 1")
    kernel.ok("%%synapse --setup\nagain = once")
    cell = kernel.fails("%synapse session restart")
    assert cell.error["ename"] == "NameError" and "setup cell" in cell.stdout
    kernel.ok("%synapse stop --all --now")


def test_a_new_key_finds_the_notebooks_session(open_kernel):
    environment = {"JPY_SESSION_NAME": "/home/ada/notebook.ipynb"}
    first = open_kernel(environment)
    first.ok(START)
    first.ok("%%synapse\nkept = 3")
    beside = open_kernel(environment)
    assert beside.fails("%%synapse\nkept").error["ename"] == "NoSparkSession"
    first.client.shutdown(restart=True)
    first.manager.provisioner.process.wait(timeout=30)
    first.client.stop_channels()
    second = open_kernel(environment)
    assert second.ok("%%synapse\nkept").data()[-1] == "3"
    second.shutdown()
    beside.shutdown()


def test_plain_cells_start_and_come_back_by_themselves(open_kernel, tmp_path):
    spec = tmp_path / "kernels" / "synapse"
    spec.mkdir(parents=True)
    words = [BINARY, "kernel", "--python", sys.executable, "--default-language", "pyspark"]
    description = {
        "argv": [*words, "-f", "{connection_file}"],
        "display_name": "pyspark",
        "language": "python",
        "interrupt_mode": "message",
    }
    spec.joinpath("kernel.json").write_text(json.dumps(description))
    environment = {"SYNAPSE_KERNEL_LOCAL_MEMORY": "512m"}
    kernel = open_kernel(environment, tmp_path)
    cell = kernel.ok("a = 1\na + spark.range(3).count()")
    assert "Spark session ready" in cell.stdout and cell.data()[-1] == "4"
    restart(kernel)
    assert kernel.ok("a").data()[-1] == "1"
    kernel.shutdown()


@pytest.fixture(scope="module")
def far(runtime):
    """A server of somebody's, as --livy takes it."""
    folder = runtime / "far"
    path = folder / "livy.sock"
    words = [sys.executable, str(ROOT / "local_spark"), "serve", "--socket", str(path)]
    log = open(runtime / "far.log", "w")
    server = subprocess.Popen([*words, "--no-lease-exit"], stdout=log, stderr=log)
    end = time.monotonic() + 30
    while not path.exists() and time.monotonic() < end:
        time.sleep(0.05)
    yield "unix:%s" % path
    server.terminate()
    server.wait(timeout=30)
    shutil.rmtree(folder)


def test_a_session_on_a_livy_server_outlives_a_restart(open_kernel, far):
    kernel = open_kernel()
    kernel.ok("%synapse start -t 30 --driver-memory 512m --livy " + far)
    kernel.ok("%%synapse\nkept = 4")
    restart(kernel)
    assert kernel.ok("%%synapse\nkept").data()[-1] == "4"
    meta = json.loads(kernel.ok("%synapse meta").stdout)
    assert meta["timeout_minutes"] == 30 and meta["idle_since"] < meta["ends_at"]
    text = kernel.ok("%synapse session detach").stdout
    assert "within 4 minutes" in text and "--livy " + far in text
    kernel.shutdown()


def test_a_login_in_the_line_is_asked_for_again(open_kernel, runtime, far):
    kernel = open_kernel()
    (entry,) = sessions(kernel, "--livy " + far)
    attach = "%%synapse session attach %s --livy %s --header 'X-Key: hush'"
    attach = attach % (entry["id"], far)
    kernel.ok(attach)
    assert kernel.ok("%%synapse\nkept").data() == ["4"]
    assert all("hush" not in state.read_text() for state in states(runtime))
    restart(kernel)
    refused = kernel.fails("%%synapse\nkept").error
    assert refused["ename"] == "AuthenticationError"
    kernel.ok(attach)
    assert kernel.ok("%%synapse\nkept").data() == ["4"]
    kernel.fails("%synapse stop")
    assert "Session stopped" in kernel.ok("%synapse stop --force").stdout
    assert sessions(kernel, "--livy " + far) == []
    kernel.shutdown()
