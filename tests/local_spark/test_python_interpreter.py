import datetime
import decimal
import json
import sys

import pytest

from local_spark.python_interpreter import PythonInterpreter, complete, interrupted


@pytest.fixture
def python(monkeypatch):
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, getattr(sys, name))
    return PythonInterpreter({"__name__": "__main__"})


def text(interpreter, code):
    output = interpreter.execute(code)
    assert output["status"] == "ok", output
    return output["data"]["text/plain"]


@pytest.mark.parametrize(
    "code, printed",
    [
        ("1+1", "2"),
        ('print("hello")', "hello"),
        ('print("a")\nprint("b")\n40+2', "a\nb\n42"),
        ('print("é ✓ 漢字 🙂")', "é ✓ 漢字 🙂"),
        ('import sys\nprint("to stderr",file=sys.stderr)', "to stderr"),
        ("", ""),
        ("# nothing", ""),
        ("   \n", ""),
        ("x=5", ""),
        ("None", ""),
        ('class A:\n    def __repr__(self):\n        return "<A>"\n\nA()', "<A>"),
        ("def d(f):\n\n    return f\n\n@d\ndef g():\n\n    return 3\ng()", "3"),
        ("1\n2", "2"),
        ("for i in range(3): i", "0\n1\n2"),
    ],
)
def test_what_a_statement_prints_and_gives(python, code, printed):
    assert text(python, code) == printed


@pytest.mark.parametrize(
    "code, ename, evalue, lines",
    [
        (
            "undefined_name",
            "NameError",
            "name 'undefined_name' is not defined",
            [
                "Traceback (most recent call last):\n",
                "NameError: name 'undefined_name' is not defined\n",
            ],
        ),
        (
            "def f(x):\n    return 1/x\nf(0)",
            "ZeroDivisionError",
            "division by zero",
            [
                "Traceback (most recent call last):\n",
                '  File "<stdin>", line 2, in f\n',
                "ZeroDivisionError: division by zero\n",
            ],
        ),
        (
            "import sys\nsys.exit(3)",
            "SystemExit",
            "3",
            ["Traceback (most recent call last):\n", "SystemExit: 3\n"],
        ),
        (
            'raise KeyboardInterrupt("x")',
            "KeyboardInterrupt",
            "x",
            ["Traceback (most recent call last):\n", "KeyboardInterrupt: x\n"],
        ),
        (
            "%nosuch x",
            "UnknownMagic",
            "unknown magic command 'nosuch'",
            ["UnknownMagic: unknown magic command 'nosuch'\n"],
        ),
        (
            "%",
            "UnknownMagic",
            "magic command not specified",
            ["UnknownMagic: magic command not specified\n"],
        ),
    ],
)
def test_errors_have_livys_words_and_no_frames_of_ours(
    python, code, ename, evalue, lines
):
    output = python.execute(code)
    output["traceback"] = [
        line
        for line in output["traceback"]
        if not line.lstrip().startswith("return 1/x")
    ]
    assert output == {
        "status": "error",
        "ename": ename,
        "evalue": evalue,
        "traceback": lines,
    }


def test_a_syntax_error_runs_nothing_and_points_at_the_place(python):
    output = python.execute("x = 1\ndef f(:")
    assert output["ename"] == "SyntaxError"
    assert output["evalue"] == "invalid syntax (<stdin>, line 2)"
    assert output["traceback"][-1] == "SyntaxError: invalid syntax\n"
    assert "x" not in python.variables


def test_text_before_an_error_is_dropped_and_not_the_next_statements(python):
    assert python.execute('print("before")\n1/0')["ename"] == "ZeroDivisionError"
    assert text(python, "2") == "2"


def test_the_interpreter_survives_an_exception_that_cant_be_shown(python):
    code = "class E(Exception):\n    def __str__(self): 1/0\nraise E()"
    output = python.execute(code)
    assert output["ename"] == "E" and "str() failed" in output["evalue"]


def test_standard_output_can_be_read_while_the_statement_runs(python):
    code = "import sys\nprint('so far')\nseen = sys.stdout.getvalue()"
    python.execute(code)
    assert python.variables["seen"] == "so far\n"


def test_closing_standard_output_loses_nothing(python):
    assert (
        text(python, "import sys\nprint('a')\nsys.stdout.close()\nprint('b')") == "a\nb"
    )


def test_input_is_at_its_end(python):
    assert python.execute("input()")["ename"] == "EOFError"


def test_a_carriage_return_in_text_is_kept(python):
    assert text(python, r"print('a\rb')") == "a\rb"


def test_json_magic(python):
    code = 'rows=[{"a":1,"b":"q"},{"a":2,"b":None}]\n%json rows'
    assert python.execute(code)["data"] == {
        "application/json": [{"a": 1, "b": "q"}, {"a": 2, "b": None}]
    }


def test_json_of_what_json_cant_hold_is_an_error_and_not_the_end(python):
    assert python.execute("x = object()\n%json x")["ename"] == "TypeError"
    assert text(python, "1") == "1"


def table(python, value):
    python.variables["rows"] = value
    return python.execute("%table rows")


def test_table_magic_of_lists_and_of_dicts(python):
    mime = "application/vnd.livy.table.v1+json"
    assert table(python, [[1, "x"], [2, "y"]])["data"] == {
        mime: {
            "headers": [
                {"name": "0", "type": "INT_TYPE"},
                {"name": "1", "type": "STRING_TYPE"},
            ],
            "data": [[1, "x"], [2, "y"]],
        }
    }
    assert table(python, [{"a": 1, "b": 2.5}, {"a": 2, "b": 3.5}])["data"] == {
        mime: {
            "headers": [
                {"name": "a", "type": "INT_TYPE"},
                {"name": "b", "type": "DOUBLE_TYPE"},
            ],
            "data": [[1, 2.5], [2, 3.5]],
        }
    }


def test_table_magic_knows_livys_types_and_nulls(python):
    row = [
        None,
        True,
        datetime.date(2020, 1, 2),
        datetime.datetime(2020, 1, 2, 3, 4, 5),
        decimal.Decimal("1.50"),
        [1, 2],
        {"k": 1},
    ]
    data = table(python, [row])["data"]["application/vnd.livy.table.v1+json"]
    assert [header["type"][:-5] for header in data["headers"]] == [
        "NULL",
        "BOOLEAN",
        "DATE",
        "TIMESTAMP",
        "DECIMAL",
        "ARRAY",
        "MAP",
    ]
    assert data["data"][0][2:5] == ["2020-01-02", "2020-01-02 03:04:05", "1.50"]
    filled = table(python, [[None], [3]])["data"]["application/vnd.livy.table.v1+json"]
    assert filled["headers"] == [{"name": "0", "type": "INT_TYPE"}]


def test_table_magic_of_mixed_types_is_an_error_and_not_the_end(python):
    output = table(python, [[1], ["x"]])
    assert output["ename"] == "TypeError"
    assert output["evalue"] == "table rows have different types"
    assert text(python, "1") == "1"


def test_a_magic_of_an_unknown_name_is_livys_error_inside_an_ok(python):
    assert python.execute("%table 3") == {
        "status": "ok",
        "data": {
            "msg_type": "execute_reply",
            "content": {
                "ename": "KeyError",
                "evalue": "'3'",
                "traceback": ["KeyError: '3'\n"],
                "status": "error",
            },
        },
    }


def test_a_percent_sign_in_real_python_is_no_magic(python):
    assert text(python, "x = '''\n%json x\n'''\n(5\n%3)") == "2"


def test_outputs_are_json(python):
    python.variables["rows"] = [{"d": datetime.date(2020, 1, 2)}]
    json.dumps(python.execute("%table rows"))


def test_completion_of_names_attributes_and_keywords():
    variables = {"frame": "text", "_hidden": 1}
    assert "frame" in complete(variables, "fra")
    assert "upper" in complete(variables, "x = frame.up")
    assert "lambda" in complete(variables, "lam")
    assert "print" in complete(variables, "pri")
    assert complete(variables, "_hid") == ["_hidden"]
    assert "_hidden" not in complete(variables, "h")


@pytest.mark.parametrize("before", ["", "f().", "1.", "nosuch.x", "'a'.u", "x[0].u"])
def test_completion_evaluates_nothing_but_dotted_names(before):
    assert complete({}, before) == []


def test_the_reply_for_an_interrupt_between_two_lines():
    assert interrupted()["ename"] == "KeyboardInterrupt"
