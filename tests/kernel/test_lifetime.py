"""How a kernel ends, and that nothing is left."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from harness import IS_ASAN, PATIENCE, PROGRAM, Kernel, belongings, running, wait_gone
from test_transport import connection


def end_of(kernel: Kernel, seconds: float) -> None:
    """Until the process is over."""
    deadline = time.monotonic() + seconds
    while kernel.manager.provisioner.process.poll() is None:
        assert time.monotonic() < deadline, "the kernel did not end"
        time.sleep(0.02)


@pytest.mark.parametrize("channel", ["control", "shell"])
@pytest.mark.parametrize("restart", [False, True])
def test_shutdown_request(runtime_dir: str, channel: str, restart: bool):
    with running() as kernel:
        began = time.monotonic()
        msg_id = kernel.send(channel, "shutdown_request", {"restart": restart})
        reply = kernel.reply(msg_id, channel)
        assert reply["content"] == {"status": "ok", "restart": restart}
        types = [m["msg_type"] for m in kernel.until_idle(msg_id)]
        assert types == ["status", "shutdown_reply", "status"]
        end_of(kernel, 5)
        assert time.monotonic() - began < 3
        assert kernel.manager.provisioner.process.returncode == 0
        wait_gone(runtime_dir, 1)
        kernel.kill()


def test_shutdown_while_a_cell_runs(runtime_dir: str):
    code = (
        "print('running', flush=True)\nimport time\nwhile True:\n"
        "    try: time.sleep(60)\n    except KeyboardInterrupt: pass"
    )
    with running() as kernel:
        msg_id = kernel.kc.execute(code)
        waiting = kernel.kc.execute("1")
        kernel.wait_running(msg_id)
        began = time.monotonic()
        shutdown = kernel.send("control", "shutdown_request", {"restart": False})
        assert kernel.reply(shutdown, "control")["content"]["status"] == "ok"
        end_of(kernel, 5)
        assert time.monotonic() - began < 3.5
        assert kernel.reply(waiting)["content"]["status"] == "aborted"
        kernel.kill()


def test_shutdown_before_the_child_is_up(runtime_dir: str):
    kernel = Kernel()
    msg_id = kernel.send("control", "shutdown_request", {"restart": False})
    assert kernel.reply(msg_id, "control")["content"]["status"] == "ok"
    end_of(kernel, 5)
    kernel.kill()


def test_restart(runtime_dir: str):
    with running() as kernel:
        kernel.run("x = 1")
        pid = kernel.process.pid
        kernel.manager.restart_kernel()
        assert kernel.process.pid != pid
        kernel.kc.wait_for_ready(timeout=PATIENCE)
        result = kernel.run("'x' in globals()")
        assert result.value == "False" and result.content["execution_count"] == 1


def test_restart_now(runtime_dir: str):
    """By SIGKILL, on the same ports."""
    with running() as kernel:
        for _ in range(3):
            kernel.manager.restart_kernel(now=True)
            kernel.kc.wait_for_ready(timeout=PATIENCE)
            assert kernel.run("1+1").value == "2"


@pytest.mark.parametrize("signo", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("is_busy", [False, True])
def test_signals_that_end(runtime_dir: str, signo: int, is_busy: bool):
    with running() as kernel:
        if is_busy:
            kernel.wait_running(
                kernel.kc.execute(
                    "print('running', flush=True)\nimport time; time.sleep(60)"
                )
            )
        kernel.process.send_signal(signo)
        end_of(kernel, 5)
        wait_gone(runtime_dir, 1)
        kernel.kill()


@pytest.mark.parametrize("is_busy", [False, True])
def test_sigkill_leaves_nothing(runtime_dir: str, is_busy: bool):
    with running() as kernel:
        if is_busy:
            kernel.wait_running(
                kernel.kc.execute(
                    "print('running', flush=True)\nimport time; time.sleep(60)"
                )
            )
        assert len(belongings(runtime_dir)) > 3
        kernel.process.send_signal(signal.SIGKILL)
        end_of(kernel, 5)
        wait_gone(runtime_dir, 3)
        kernel.kill()


def test_sigkill_while_the_child_starts(runtime_dir: str):
    kernel = Kernel()
    while len(belongings(runtime_dir)) < 3:
        time.sleep(0.01)
    kernel.process.send_signal(signal.SIGKILL)
    end_of(kernel, 5)
    wait_gone(runtime_dir, 3)
    kernel.kill()


def test_private_folder(runtime_dir: str):
    with running():
        (folder,) = Path(runtime_dir).glob("synapse-kernel-*")
        assert folder.stat().st_mode & 0o777 == 0o700
        assert (folder / "kernel.json").stat().st_mode & 0o777 == 0o600
        assert json.loads((folder / "kernel.json").read_text())["transport"] == "ipc"


def test_parent_that_goes_away(runtime_dir: str, tmp_path: Path):
    """A kernel whose front end was killed ends, as ipykernel does."""
    starter = (
        "import os, subprocess, sys, time\n"
        "os.environ['JPY_PARENT_PID'] = str(os.getpid())\n"
        "p = subprocess.Popen(sys.argv[1:], start_new_session=True)\n"
        "print(p.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    path = tmp_path / "c.json"
    path.write_text(json.dumps(connection()))
    parent = subprocess.Popen(
        [sys.executable, "-c", starter, PROGRAM, "kernel", "-f", path],
        stdout=subprocess.PIPE,
        text=True,
    )
    pid = int(parent.stdout.readline())
    time.sleep(1)
    assert psutil.pid_exists(pid)
    parent.kill()
    parent.wait()
    wait_gone(runtime_dir, 10)


def test_memory_after_many_cells(runtime_dir: str):
    with running() as kernel:
        for _ in range(1000):
            kernel.run("1")
        memory = kernel.process.memory_full_info()
    if not IS_ASAN:
        assert memory.uss <= 6 << 20, memory
        assert memory.rss <= 20 << 20, memory
