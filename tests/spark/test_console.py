"""The kernel in a terminal: jupyter console, which shows no updates of a display."""
import os
import sys

import pexpect
import pytest

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def console(jupyter_path, folder, runtime):
    environment = dict(
        os.environ,
        JUPYTER_PATH=str(jupyter_path),
        XDG_RUNTIME_DIR=str(runtime),
        TERM="dumb",
    )
    arguments = ["-m", "jupyter_console", "--kernel", "synapse", "--simple-prompt"]
    terminal = pexpect.spawn(
        sys.executable, arguments, env=environment, cwd=folder, encoding="utf-8", timeout=60
    )
    terminal.expect(r"In \[1\]")
    yield terminal
    terminal.sendline("exit")
    terminal.expect(pexpect.EOF)
    terminal.close()


def test_both_kinds_of_cells_in_a_console(console):
    console.sendline("6 * 7")
    console.expect(r"Out\[1\]: 42")
    console.expect(r"In \[2\]")
    console.sendline("%synapse start")
    console.expect("Spark session ready on local Spark")
    console.expect(r"In \[3\]")
    console.sendline("%synapse spark.range(3).count()")
    console.expect(r"Out\[3\]: 3")
    console.expect(r"In \[4\]")
    console.sendline("%synapse 1 / 0")
    console.expect("ZeroDivisionError")
    console.expect(r"In \[5\]")
    console.sendline("%synapse stop")
    console.expect("Session stopped")
    console.expect(r"In \[6\]")
