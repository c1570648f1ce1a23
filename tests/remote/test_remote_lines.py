"""Magics, commands and name? in the cells of the driver (remote/lines.py)."""
import sys

import pytest


@pytest.mark.parametrize(
    "text, wanted",
    [
        ("!echo one; echo two", "one\ntwo\n"),
        ("print('a')\n!echo b\nprint('c')", "a\nb\nc\n"),
        ("if True:\n    !echo inside", "inside\n"),
        ("word = 'x y'\n!echo $word {1 + 1} $$HOME_", "x y 2\n"),
        ("!echo a \\\n  b", "a b\n"),
        ("%cd /\n!pwd", "/\n/\n"),
        ("%env GREETING=hello\n!echo $GREETING", "env: GREETING=hello\nhello\n"),
        ("%%bash\nfor i in 1 2; do\n  echo $i\ndone", "1\n2\n"),
        ("text = '''\n!echo no\n'''\n!echo yes\nprint(text)", "yes\n\n!echo no\n\n"),
        ("x = (5\n%3\n)\n!echo $x", "2\n"),
        ("%run nothing.py\n", ""),
        ("%matplotlib inline\nif 1:\n    %matplotlib inline\nprint(3)", "3\n"),
        ("made = 1\n%who", None),
    ],
)
def test_what_a_line_prints(shell, text, wanted):
    cell = shell.cell(text)
    if "nothing.py" in text:
        assert cell.error["ename"] == "UsageError"
        assert "there is no file nothing.py on the driver" in cell.trace()
    elif wanted is None:
        assert "made" in cell.text()
    else:
        assert (cell.status, cell.text()) == ("ok", wanted), cell.outputs


def test_a_name_with_a_question_mark_is_explained(shell):
    for text in ("len?", "x = 1\n?len", "if 1:\n    len??"):
        cell = shell.cell(text)
        assert "Return the number of items in a container." in str(cell.outputs)


def test_values_of_lines(shell):
    assert shell.cell("names = !printf 'a\\nb\\n'\nnames").value() == "['a', 'b']"
    assert shell.cell("here = %pwd\nhere == __import__('os').getcwd()").value() == "True"
    cell = shell.cell("%time 6 * 7")
    assert cell.value() == "42" and "Wall time:" in cell.text()


def test_time_above_a_cell_keeps_its_lines_and_its_value(shell):
    cell = shell.cell("%%time\nx = 20\n\nx + 1")
    assert cell.value() == "21" and "Wall time:" in cell.text()
    cell = shell.cell("%%time\nx = 20\n1 / 0")
    assert "----> 3 1 / 0" in cell.trace()
    assert "Wall time" not in shell.cell("1").text()


def test_timeit(shell):
    shell.cell("base = 3")
    assert "each, the best of 5" in shell.cell("%timeit base + 1").text()
    assert "each, the best of 5" in shell.cell("%%timeit y = base\ny + 1\n").text()


def test_pip_is_that_of_the_driver(shell):
    assert sys.prefix.split("/")[-1] in shell.cell("%pip --version").text()
    cell = shell.cell("%pip frobnicate")
    assert cell.error["ename"] == "UsageError" and "exit code" in cell.trace()


def test_run_takes_files_and_notebooks(shell, tmp_path):
    tmp_path.joinpath("a.py").write_text("from_file = 6 * 7\n")
    notebook = (
        '{"cells": [{"cell_type": "markdown", "source": "x"}, {"cell_type": "code",'
        ' "source": ["%%pyspark\\n", "from_notebook = 1\\n", "!echo there"]}]}'
    )
    tmp_path.joinpath("b.ipynb").write_text(notebook)
    shell.cell("import os; os.chdir(%r)" % str(tmp_path))
    assert shell.cell("%run a.py\nfrom_file").value() == "42"
    cell = shell.cell("%run b\nfrom_notebook")
    assert (cell.value(), cell.text()) == ("1", "there\n")


@pytest.mark.parametrize(
    "text, words",
    [
        ("x = 1\n%matplotlb inline", "Did you mean %matplotlib?"),
        ("x = 1\n%load_ext autoreload", "acts on the Python of the notebook"),
        ("x = 1\n%xyzzy", "%xyzzy is no magic of a Spark cell."),
        ("%conda install x", "use %pip"),
        ("nobody?", "There is no variable nobody"),
    ],
)
def test_what_a_line_can_not_do_is_a_sentence(shell, text, words):
    cell = shell.cell(text)
    assert cell.error["ename"] == "UsageError" and words in cell.error["evalue"]


def test_a_mistake_beside_a_magic_is_the_users_own(shell):
    cell = shell.cell("!echo a\nx = = 1")
    assert cell.error["ename"] == "SyntaxError" and cell.text() == ""


def test_an_interrupted_command_ends_with_all_it_started(shell):
    shell.start("!sleep 321 & sleep 322")
    shell.interrupt_when("True")
    cell = shell.finish()
    assert cell.error["ename"] == "KeyboardInterrupt"
    left = shell.cell("!pgrep -f 'sleep 32[12]' | wc -l").text()
    assert left.strip() == "0"
