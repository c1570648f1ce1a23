"""A cell: value, text, error, in order and truthfully."""

import ast
import glob
import os
import re
import shutil
import sys

import pytest
from remote_session import FILES, REMOTE, Session


def test_prologue_binds_its_name_and_display(fresh):
    names = fresh.cell(
        "sorted(n for n in globals() if n not in ('__name__', '__builtins__'))"
    )
    assert names.value() == "['__synapse_kernel__', 'display', 'displayHTML']"


@pytest.mark.parametrize("path", sorted(REMOTE.glob("*.py")), ids=lambda p: p.stem)
def test_files_are_small_ascii_and_python_3_8(path):
    text = path.read_text("utf-8")
    assert text.isascii() and len(text) < 60000
    ast.parse(text, feature_version=(3, 8))


def test_the_prologue_is_the_files_that_the_client_posts():
    source = (REMOTE.parent / "livy_client" / "prologue.c").read_text("utf-8")
    listed = re.search(r"files\[\] = \{(.*?)\}", source).group(1)
    assert tuple(re.findall(r'"(\w+)"', listed)) == FILES


def test_a_second_post_changes_nothing(fresh):
    fresh.cell("d = display")
    fresh.add_prologue()
    assert fresh.cell("d is display").value() == "True"


def test_value_of_the_last_expression(shell):
    cell = shell.cell("x = 20\nx + 1")
    assert (cell.status, cell.kinds(), cell.value()) == ("ok", ["execute_result"], "21")


@pytest.mark.parametrize(
    "text", ["None", "5;", "(5\n);  # x", "x = 5", "", "# only", "5 ;"]
)
def test_no_value(shell, text):
    cell = shell.cell(text)
    assert (cell.status, cell.outputs) == ("ok", [])


@pytest.mark.parametrize(
    "text", ["5 # ;", "';'", "(5\n)", "if 1: pass\n5\n\n", "x=1;5"]
)
def test_a_semicolon_elsewhere_hides_nothing(shell, text):
    assert shell.cell(text).kinds() == ["execute_result"]


def test_underscore_is_the_last_value_unless_the_user_took_it(fresh):
    fresh.cell("41")
    assert fresh.cell("_ + 1").value() == "42"
    fresh.cell("_ = 'mine'\n7")
    assert fresh.cell("_").value() == "'mine'"


def test_text_before_an_error_is_kept(shell):
    cell = shell.cell("print('before')\n1/0")
    assert cell.status == "error" and cell.kinds() == ["stdout", "error"]
    assert cell.text() == "before\n"
    assert cell.error["ename"] == "ZeroDivisionError"
    assert cell.error["evalue"] == "division by zero"


def test_traceback_shows_cell_line_and_source_and_none_of_our_frames(shell):
    name = "<cell %d>" % (shell.n + 1)
    trace = shell.cell("def half(x):\n    return 1 / x\n\nhalf(0)").trace()
    assert name + ":4" in trace and name + ":2" in trace
    assert "--> 2     return 1 / x" in trace and "half" in trace
    assert "prologue" not in trace and "<stdin>" not in trace and "eval(" not in trace


def test_traceback_keeps_the_chain_of_causes(shell):
    trace = shell.cell(
        "try:\n    1/0\nexcept Exception as e:\n    raise KeyError('k') from e"
    ).trace()
    assert (
        trace.index("ZeroDivisionError")
        < trace.index("direct cause")
        < trace.index("KeyError: 'k'")
    )
    trace = shell.cell(
        "try:\n    1/0\nexcept Exception:\n    raise KeyError('k')"
    ).trace()
    assert "During handling of the above exception" in trace


def test_traceback_is_coloured(shell):
    assert any("\x1b[31m" in line for line in shell.cell("1/0").error["traceback"])


def test_functions_of_earlier_cells_show_their_source(shell):
    shell.cell("def broken():\n    raise ValueError('old')")
    assert "raise ValueError('old')" in shell.cell("broken()").trace()


@pytest.mark.parametrize(
    "text, line",
    [
        ("print(1)\nx = = 1", "x = = 1"),
        ("print(1)\n  x = 1", "x = 1"),
        ("print(1)\nreturn 5", "return 5"),
    ],
)
def test_syntax_error_runs_nothing_and_shows_line_and_caret(shell, text, line):
    cell = shell.cell(text)
    assert cell.kinds() == ["error"]
    assert cell.error["ename"] in ("SyntaxError", "IndentationError")
    assert line in cell.trace() and "^" in cell.trace() and "line 2" in cell.trace()


def test_top_level_await_and_background_tasks(shell):
    assert (
        shell.cell(
            "import asyncio\nasync def f():\n    await asyncio.sleep(0.01)\n    return 5\n"
            "await f()"
        ).value()
        == "5"
    )
    cell = shell.cell("y = await f()\nfor i in [1]:\n    await asyncio.sleep(0)\ny + 1")
    assert cell.value() == "6"
    assert "in f" in shell.cell("async def f():\n    1/0\nawait f()").trace()
    assert shell.cell("asyncio.run(asyncio.sleep(0, 3))").value() == "3"


def test_future_imports_last(fresh):
    fresh.cell("from __future__ import annotations")
    assert (
        fresh.cell("def f(x: nowhere): pass\nf.__annotations__").value()
        == "{'x': 'nowhere'}"
    )


def test_exit_does_not_end_the_session(shell):
    for text in ("exit()", "import sys; sys.exit(0)", "quit()"):
        cell = shell.cell(text)
        assert cell.status == "ok" and "%synapse stop" in cell.text("stderr")
    cell = shell.cell("exit(3)")
    assert (cell.status, cell.error["ename"]) == ("error", "SystemExit")
    assert shell.cell("1").value() == "1"


@pytest.mark.parametrize(
    "text",
    [
        "input('name? ')",
        "import getpass; getpass.getpass()",
        "breakpoint()",
        "import sys; sys.stdin.readline()",
    ],
)
def test_questions_fail_clearly(shell, text):
    cell = shell.cell(text)
    assert cell.error["ename"] == "StdinNotImplementedError"
    assert "plain Python cell" in cell.error["evalue"]


def test_a_repr_that_raises_is_an_error_of_the_cell(shell):
    cell = shell.cell(
        "class A:\n    def __repr__(self): raise KeyError('no repr')\nprint(1)\nA()"
    )
    assert cell.kinds() == ["stdout", "error"] and cell.error["ename"] == "KeyError"
    cell = shell.cell(
        "class E(Exception):\n    def __str__(self): raise KeyError\nraise E"
    )
    assert cell.error["ename"] == "E"


def test_result_survives_anything_in_text(shell):
    cell = shell.cell(r"print('\ud800 \0 \x1b[1m é 日本 \\ \" \r')")
    assert cell.text() == '\ufffd \0 \x1b[1m é 日本 \\ " \r\n'


def test_text_that_looks_like_a_result(shell):
    assert (
        shell.cell("print('synapse-kernel-result {}')").text()
        == "synapse-kernel-result {}\n"
    )


def test_deep_recursion_is_reported_short(shell):
    cell = shell.cell("def f(n): return f(n + 1)\nf(0)")
    assert cell.error["ename"] == "RecursionError" and len(cell.trace()) < 20000


def test_post_again_keeps_everything(fresh):
    fresh.cell("x = 5")
    for _ in range(3):
        fresh.add_prologue()
    assert (
        fresh.cell("import os\nprint('a')\nos.system('echo b')\nx").text() == "a\nb\n"
    )
    assert fresh.cell("x").value() == "5"
    assert (
        fresh.cell(
            "import threading\nsum('synapse' in t.name for t in threading.enumerate())"
        ).value()
        == "1"
    )


def test_foreign_display_is_left_alone():
    session = Session(prologue=False)
    session.post("def display(x): print('theirs')")
    session.add_prologue()
    assert session.cell("display(1)").text() == "theirs\n"
    session.close()


def test_a_statement_without_the_runner_still_works(shell):
    assert shell.post("print('plain')\n3") == {"status": "ok", "text": "plain\n3"}


PYTHONS = [shutil.which("python3.%d" % minor) for minor in range(8, 15)]
PYTHONS += glob.glob(os.path.expanduser("~/.pyenv/versions/3.*/bin/python3"))


@pytest.mark.parametrize("python", sorted({p for p in PYTHONS + [sys.executable] if p}))
def test_on_every_python_found(python):
    try:
        session = Session(python=(python,), prologue=False)
        version = session.post("import sys; print(sys.version_info >= (3, 8))")
    except AssertionError as error:
        assert "pyenv" in str(error)  # a name without a version behind it
        pytest.skip(str(error))
    if version.get("text") != "True":
        session.close()
        pytest.skip("too old")
    session.add_prologue()
    cell = session.cell("import os\nprint('a')\nos.system('echo b')\n[1, {'a': None}]")
    assert (cell.text(), cell.value()) == ("a\nb\n", "[1, {'a': None}]")
    cell = session.cell("def f():\n    1/0\nf()")
    assert cell.error["ename"] == "ZeroDivisionError" and "1/0" in cell.trace()
    assert session.cell("import asyncio\nawait asyncio.sleep(0, 4)").value() == "4"
    session.start("while True: pass")
    while not session.interrupt():
        pass
    assert session.finish(10).error["ename"] == "KeyboardInterrupt"
    session.close()
