"""Interrupts: they reach the running cell, and nothing else."""

import os
import random
import signal
import time

import pytest

BUSY = [
    "import time; time.sleep(60)",
    "while True: pass",
    "while True: print('x' * 10)",
    "while True: display(1)",
    "import subprocess; subprocess.run(['sleep', '60'])",
    "import asyncio; await asyncio.sleep(60)",
    "import threading; threading.Event().wait()",
    "class A:\n    def __repr__(self):\n        while True: pass\nA()",
]


@pytest.mark.parametrize("text", BUSY)
def test_interrupt(shell, text):
    shell.cell("x = 5")
    shell.start("print('before')\n" + text)
    shell.interrupt_when("__synapse_kernel__.running == %d" % shell.n)
    begin = time.monotonic()
    cell = shell.finish(20)
    assert time.monotonic() - begin < 5  # under load; 0.02 to 0.6 s on a quiet machine
    assert cell.error["ename"] == "KeyboardInterrupt" and cell.text().startswith(
        "before\n"
    )
    assert len(cell.trace()) < 2000
    assert shell.cell("x").value() == "5"


def test_wrong_or_late_number_does_nothing(shell):
    shell.cell("1")
    assert not shell.interrupt()
    shell.start("import time; time.sleep(0.5); 'done'")
    time.sleep(0.2)
    assert not shell.interrupt(shell.n - 1) and not shell.interrupt(shell.n + 1)
    assert shell.finish().value() == "'done'"


def test_swallowed_interrupt_can_be_repeated(shell):
    shell.start(
        "import time\nn = 0\nwhile n < 2:\n    try: time.sleep(60)\n"
        "    except KeyboardInterrupt: n += 1\nn"
    )
    for _ in range(2):
        time.sleep(0.3)
        assert shell.interrupt()
    assert shell.finish(10).value() == "2"


def test_late_sigint_is_swallowed(shell):
    for _ in range(50):
        os.kill(shell.process.pid, signal.SIGINT)
        time.sleep(0.002)
    assert shell.cell("1").value() == "1"
    assert shell.post("2")["text"] == "2"


def test_sigint_from_outside_interrupts_a_cell(shell):
    shell.start("import time; time.sleep(60)")
    time.sleep(0.3)
    os.kill(shell.process.pid, signal.SIGINT)
    assert shell.finish(10).error["ename"] == "KeyboardInterrupt"


def test_a_cell_that_takes_the_handler_away_does_not_keep_it(shell):
    shell.cell("import signal; signal.signal(signal.SIGINT, signal.SIG_DFL);")
    shell.cell("1")
    os.kill(shell.process.pid, signal.SIGINT)
    assert shell.cell("2").value() == "2"


def test_finally_runs_undisturbed(shell):
    shell.start(
        "import time\ntry:\n    time.sleep(60)\nfinally:\n    time.sleep(0.7); print('cleaned')"
    )
    shell.interrupt_when("__synapse_kernel__.running == %d" % shell.n)
    assert shell.finish(10).text() == "cleaned\n"


def test_200_interrupts_around_the_end_of_cells(fresh):
    told, text = (
        0,
        "import time\nend = time.time() + 0.02\nwhile time.time() < end: time.sleep(0.001)\n"
        "print('last')\n7",
    )
    for i in range(200):
        fresh.start(text)
        time.sleep(0.012 + random.random() * 0.015)
        sent = fresh.interrupt()
        cell = fresh.finish(10)
        if cell.status == "error":
            assert sent and cell.error["ename"] == "KeyboardInterrupt"
            told += 1
        else:
            assert cell.value() == "7" and cell.text() == "last\n"
        assert fresh.post("1 + %d" % i)["text"] == str(1 + i)
    assert told > 10  # else the window was missed
