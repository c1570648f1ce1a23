"""The Python child dies, or never comes: the kernel lives and says what happened."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from harness import Kernel, running, write_spec


def plain_text(result) -> str:
    (error,) = result.of_type("error")
    return f"{error['ename']}: {error['evalue']}"


def test_killed_in_a_cell(own_kernel: Kernel):
    pid = own_kernel.child_pid()
    own_kernel.run("x = 1")
    running_id = own_kernel.kc.execute(
        "print('running', flush=True)\nimport time; time.sleep(60)"
    )
    waiting_id = own_kernel.kc.execute("y = 1")
    own_kernel.wait_running(running_id)
    began = time.monotonic()
    os.kill(pid, signal.SIGKILL)
    result = own_kernel.finish(running_id)
    assert time.monotonic() - began < 2
    assert plain_text(result).startswith(
        "PythonChildError: Python stopped (killed by signal 9"
    )
    assert "variables are gone" in plain_text(result)
    assert result.types[0] == "status" and result.types[-1] == "status"
    assert own_kernel.finish(waiting_id).status == "aborted"
    count = result.content["execution_count"]
    after = own_kernel.run("'x' in globals()")
    assert after.value == "False" and after.content["execution_count"] == count + 1
    assert own_kernel.child_pid() != pid


def test_exit_in_a_cell(own_kernel: Kernel):
    result = own_kernel.run("print('last words', flush=True); import os; os._exit(3)")
    assert "exit code 3" in plain_text(result)
    assert own_kernel.run("1+1").value == "2"


def test_killed_while_idle(own_kernel: Kernel):
    pid = own_kernel.child_pid()
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 20
    while psutil.pid_exists(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.2)
    result = own_kernel.run("1+1")
    assert result.value == "2"
    (note,) = [s for s in result.of_type("stream") if s["name"] == "stderr"]
    assert "variables are gone" in note["text"]
    assert (
        result.types[:2] == ["status", "stream"] or result.types[1] == "execute_input"
    )
    assert not own_kernel.run("1+1").of_type("stream")


def test_every_request_gets_its_idle(own_kernel: Kernel):
    """Requests that the child had when it died are answered by us."""
    pid = own_kernel.child_pid()
    cell = own_kernel.kc.execute(
        "print('running', flush=True)\nimport time; time.sleep(60)"
    )
    own_kernel.wait_running(cell)
    complete = own_kernel.send(
        "shell", "complete_request", {"code": "x", "cursor_pos": 1}
    )
    history = own_kernel.send(
        "shell",
        "history_request",
        {"hist_access_type": "tail", "n": 1, "output": False, "raw": True},
    )
    time.sleep(0.2)
    os.kill(pid, signal.SIGKILL)
    replies = {}
    for _ in range(3):
        reply = own_kernel.kc.get_shell_msg(timeout=10)
        replies[reply["parent_header"]["msg_id"]] = reply["content"]
    assert replies[complete]["matches"] == []
    assert replies[history]["history"] == []
    assert replies[cell]["ename"] == "PythonChildError"
    for msg_id in (cell, complete, history):
        own_kernel.until_idle(msg_id, timeout=10)


def test_again_and_again(own_kernel: Kernel):
    for _ in range(5):
        assert own_kernel.run("import os; os._exit(1)").status == "error"
    assert own_kernel.run("1+1").value == "2"


def test_processes_of_the_child_die_with_it(own_kernel: Kernel):
    pid = int(
        own_kernel.run(
            "import subprocess; p = subprocess.Popen(['sleep', '300']); p.pid"
        ).value
    )
    own_kernel.run("import os; os.kill(os.getpid(), 9)")
    deadline = time.monotonic() + 5
    while psutil.pid_exists(pid):
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture(scope="module")
def bare_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python that has no ipykernel."""
    folder = tmp_path_factory.mktemp("bare")
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", folder], check=True, timeout=60
    )
    return folder / "bin/python"


def test_no_ipykernel(runtime_dir: str, spec_folder: Path, bare_python: Path):
    write_spec(spec_folder, "bare", str(bare_python))
    with running("bare", has_python=False) as kernel:
        for _ in range(2):
            result = kernel.run("1+1", timeout=20)
            assert f"`{bare_python} -m pip install ipykernel`" in plain_text(result)
            assert "No module named" not in plain_text(result)
        assert (
            kernel.ask(
                "shell", "complete_request", {"code": "zi", "cursor_pos": 2}
            ).content["matches"]
            == []
        )
        info = kernel.ask("control", "usage_request").content
        assert info["status"] == "error"


def test_ipykernel_comes_later(runtime_dir: str, spec_folder: Path, tmp_path: Path):
    """What the error says helps, without a restart of the kernel."""
    blocker = tmp_path / "ipykernel_launcher.py"
    blocker.write_text("raise SystemExit('No module named ipykernel')")
    write_spec(spec_folder, "later", env={"PYTHONPATH": str(tmp_path)})
    with running("later", has_python=False) as kernel:
        assert "pip install" in plain_text(kernel.run("1", timeout=20))
        blocker.unlink()
        assert kernel.run("1+1").value == "2"


def test_a_child_that_always_crashes(
    runtime_dir: str, spec_folder: Path, tmp_path: Path
):
    (tmp_path / "ipykernel_launcher.py").write_text(
        "raise RuntimeError('broken in here')"
    )
    write_spec(spec_folder, "broken", env={"PYTHONPATH": str(tmp_path)})
    with running("broken", has_python=False) as kernel:
        text = plain_text(kernel.run("1", timeout=20))
        assert "exit code 1" in text and "broken in here" in text and "doctor" in text


def test_no_such_python(runtime_dir: str, spec_folder: Path):
    write_spec(spec_folder, "none", "/nowhere/python")
    with running("none", has_python=False) as kernel:
        assert "/nowhere/python" in plain_text(kernel.run("1", timeout=20))


def test_interrupt_while_the_child_starts(
    runtime_dir: str, spec_folder: Path, tmp_path: Path
):
    (tmp_path / "sitecustomize.py").write_text("import time; time.sleep(2)")
    write_spec(spec_folder, "slow", env={"PYTHONPATH": str(tmp_path)})
    with running("slow", has_python=False) as kernel:
        first = kernel.kc.execute("1")
        time.sleep(0.3)
        kernel.interrupt()
        assert kernel.finish(first, timeout=1).content["ename"] == "KeyboardInterrupt"
        assert kernel.run("1+1").value == "2"


def test_kernel_info_does_not_wait_for_the_child(
    runtime_dir: str, spec_folder: Path, tmp_path: Path
):
    (tmp_path / "sitecustomize.py").write_text("import time; time.sleep(2)")
    write_spec(
        spec_folder,
        "facts",
        argv=("--language-version", "3.99.1", "--debugger"),
        env={"PYTHONPATH": str(tmp_path)},
    )
    with running("facts", has_python=False) as kernel:
        began = time.monotonic()
        content = kernel.ask("shell", "kernel_info_request").content
        assert time.monotonic() - began < 1.5
        assert content["language_info"]["version"] == "3.99.1"
        assert content["supported_features"] == ["debugger"]
        kernel.run("pass")
        content = kernel.ask("shell", "kernel_info_request").content
        assert content["language_info"]["version"] == sys.version.split()[0]


def test_another_kernel_as_child(runtime_dir: str, spec_folder: Path):
    """Any module that is started as ipykernel is will do."""
    write_spec(spec_folder, "module", env={"SYNAPSE_KERNEL_CHILD": "ipykernel"})
    with running("module") as kernel:
        assert kernel.run("1+1").value == "2"
