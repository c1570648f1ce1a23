"""`synapse-kernel top`: what local sessions take, and the end of idle ones."""
import json
import os
import subprocess

import pytest

from notebook_kernel import BINARY

pytestmark = pytest.mark.timeout(300)


def top(runtime, *options):
    environment = dict(os.environ, XDG_RUNTIME_DIR=str(runtime))
    return subprocess.run([BINARY, "top", *options], capture_output=True, text=True,
                          env=environment, timeout=60)


def test_nobody_runs_anything(tmp_path):
    done = top(tmp_path)
    assert (done.returncode, done.stdout) == (0, "No local Spark session runs.\n")


def test_a_session_is_listed_and_ended_when_it_is_idle(kernel, runtime):
    kernel.ok("%synapse start")
    kernel.ok("%synapse 1 + 1")
    (row,) = [row for row in json.loads(top(runtime, "--json").stdout)
              if row["state"] == "idle"]
    assert row["memory"] > 100 << 20 and row["cpu_seconds"] > 1
    assert row["idle_seconds"] < 60 and os.path.isdir(row["folder"])
    table = top(runtime).stdout
    assert " memory " in table and str(row["id"]) in table
    kept = top(runtime, "--stop-idle", "1h")
    assert "Stopped: 0." in kept.stderr
    kernel.ok("%synapse 1 + 1")
    stopped = top(runtime, "--stop-idle", "0s")
    assert stopped.returncode == 0 and "Stopped: 1." in stopped.stderr
    assert json.loads(top(runtime, "--json").stdout) == []
    assert "%synapse start" in kernel.fails("%synapse 1 + 1").text


@pytest.mark.parametrize("options, words", [
    (["--stop-idle", "soon"], "30m"), (["--al-users"], "Usage:"),
])
def test_a_wrong_line_says_how(tmp_path, options, words):
    done = top(tmp_path, *options)
    assert done.returncode == 2 and words in done.stderr
