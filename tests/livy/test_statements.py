"""Statements of a PySpark session: replies, values, errors, magics, lists."""

from __future__ import annotations

import base64
import re
import time
import uuid

import pytest

from livy_http import Endpoint, wait_for
from livy_session import DONE, Session
from livy_shapes import check

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
TABLE = "application/vnd.livy.table.v1+json"


def test_a_statement_is_created_with_its_location(
    endpoint: Endpoint, pyspark: Session
) -> None:
    reply = endpoint.post(pyspark.path + "/statements", {"code": "1+1"})
    assert reply.status == 201, reply
    check(reply.json, "statement")
    number = reply.json["id"]
    assert reply.headers["location"].endswith(f"{pyspark.path}/statements/{number}")
    assert reply.json["code"] == "1+1"
    # A trivial statement may be over in the reply to its POST.
    assert reply.json["state"] in ("waiting", "running", "available")
    done = pyspark.wait_statement(number)
    check(done, "statement")
    check(done["output"], "output_ok")
    assert done["state"] == "available"
    assert done["output"] == {
        "status": "ok",
        "execution_count": number,
        "data": {"text/plain": "2"},
    }
    assert done["progress"] == 1.0
    assert 0 < done["started"] <= done["completed"] <= time.time() * 1000 + 60_000


def test_a_statement_goes_through_its_states(cells: Session) -> None:
    order = ["waiting", "running", "available"]
    statement = cells.submit("import time\ntime.sleep(0.5)\n7")
    seen = [statement["state"]]

    def probe() -> str:
        told = cells.statement(statement["id"])
        check(told, "statement")
        if told["state"] != "available":
            assert told["output"] is None, told
            assert told["completed"] == 0, told
        seen.append(told["state"])
        return told["state"]

    wait_for(probe, lambda state: state == "available", 30, "statement ends")
    assert [order.index(s) for s in seen] == sorted(order.index(s) for s in seen)
    assert "running" in seen, seen


def test_the_session_is_busy_while_a_statement_runs(cells: Session) -> None:
    held = cells.hold()
    cells.wait_state("busy", seconds=10)
    held.release()
    cells.wait_state("idle", seconds=20)


def test_reads_are_answered_while_a_statement_runs(
    endpoint: Endpoint, cells: Session
) -> None:
    held = cells.hold()
    for path in ("", "/state", "/log", "/statements", f"/statements/{held.id}"):
        assert endpoint.get(cells.path + path).status == 200, path
    assert endpoint.get("/sessions").status == 200
    held.release()


def test_the_session_is_not_idle_while_statements_wait(cells: Session) -> None:
    held = cells.hold()
    numbers = [cells.submit(code)["id"] for code in ("1", "2")]
    cells.wait_state("busy", seconds=10)
    assert [cells.statement(n)["state"] for n in numbers] == ["waiting"] * 2
    held.release()
    seen = []

    def probe() -> str:
        seen.append((cells.state(), cells.statement(numbers[-1])["state"]))
        return seen[-1][1]

    wait_for(probe, lambda state: state == "available", 30, "the last statement ends")
    early = {state for state, last in seen if last == "waiting"}
    assert early <= {"busy"}, seen
    cells.wait_state("idle", seconds=20)


@pytest.mark.parametrize(
    "code, text",
    [
        ("1 + 2", "3"),
        ("'a'", "'a'"),
        ("None", ""),
        ("x_assigned = 5", ""),
        ("", ""),
        ("   \n", ""),
        ("# nothing", ""),
        ('print("hello")', "hello"),
        ('print("a")\nprint("b")\n40+2', "a\nb\n42"),
        ('print("é ✓ 漢字 🙂")', "é ✓ 漢字 🙂"),
        ("'漢' * 2", "'漢漢'"),
        ("print(1)\r\nprint(1)", "1\n1"),
        ("\nx1 = 1\n\ny1 = 2\n\nx1 + y1\n      ", "3"),
        ('import sys\nprint("to stderr", file=sys.stderr)', "to stderr"),
        ("import sys\n_ = sys.stdout.write('no newline')", "no newline"),
        ("for i in range(3): print(i)", "0\n1\n2"),
        ("def twice(n):\n\n    return n * 2\n\ntwice(21)", "42"),
        ("class A:\n    def __repr__(self):\n        return '<A>'\n\nA()", "<A>"),
        ("def deco(f):\n    return f\n\n@deco\ndef g():\n\n    return 3\ng()", "3"),
        ("if True:\n    7", "7"),
        ("(1,\n 2)", "(1, 2)"),
        ("a, b = 1, 2; a + b", "3"),
        ("'''x\ny'''", "'x\\ny'"),
        ("_big = 2 ** 70\n_big", "1180591620717411303424"),
    ],
)
def test_what_a_statement_shows(cells: Session, code: str, text: str) -> None:
    assert cells.text(code) == cells.expected(code, text)


def test_stdout_comes_before_stderr(cells: Session) -> None:
    code = "import sys\nprint('err', file=sys.stderr)\nprint('out')"
    assert sorted(cells.text(code).split("\n")) == ["err", "out"]


def test_only_the_last_expression_is_shown(cells: Session) -> None:
    assert cells.text("1\n2\n3") == "3"


def test_variables_stay(cells: Session) -> None:
    name = f"v_{uuid.uuid4().hex[:8]}"
    assert cells.text(f"{name} = 1") == ""
    assert cells.text(f"{name} += 2") == ""
    assert cells.text(name) == "3"


def test_a_class_is_used_by_a_later_statement(cells: Session) -> None:
    cells.text(
        "class Counter(object):\n"
        "   def __init__(self):\n"
        "       self.count = 0\n"
        "\n"
        "   def add(self, n):\n"
        "       self.count += n\n"
    )
    assert cells.text("c = Counter()\nc.add(1)\nc.add(2)\nc.count") == "3"


def test_spark_is_there(cells: Session) -> None:
    double = "sc.parallelize(range(100)).map(lambda x: x * 2)"
    assert cells.text(double + ".sum()") == "9900"
    assert cells.text("spark.range(5).count()") == "5"
    assert cells.text("type(sqlContext).__name__") == "'SQLContext'"
    assert cells.text("spark.sparkContext is sc") == "True"


def test_a_dataframe_shows_its_schema_and_its_rows(cells: Session) -> None:
    cells.text('df = spark.createDataFrame([(1, "x", None), (2, None, 1.5)],'
                 ' "id long, s string, d double")')
    schema = "DataFrame[id: bigint, s: string, d: double]"
    assert cells.text("df") == cells.expected("df", schema)
    assert cells.text("df.show()") == (
        "+---+----+----+\n"
        "| id|   s|   d|\n"
        "+---+----+----+\n"
        "|  1|   x|NULL|\n"
        "|  2|NULL| 1.5|\n"
        "+---+----+----+"
    )
    rows = "for r in df.toJSON().collect(): print(r)"
    assert cells.text(rows) == '{"id":1,"s":"x"}\n{"id":2,"d":1.5}'


def test_a_function_of_a_statement_runs_on_executors(cells: Session) -> None:
    cells.text(
        "from pyspark.sql.functions import udf\n"
        "shift = 3\n"
        "class Pair:\n"
        "    def __init__(self, n): self.n = n\n"
        "def moved(n): return Pair(n + shift).n"
    )
    assert cells.text("sc.parallelize([1, 2]).map(moved).collect()") == "[4, 5]"
    code = "spark.range(2).select(udf(moved, 'long')('id').alias('m')).collect()"
    assert cells.text(code) == "[Row(m=3), Row(m=4)]"


@pytest.mark.parametrize(
    "code, ename, evalue",
    [
        ("undefined_name", "NameError", "name 'undefined_name' is not defined"),
        ("raise KeyError('foo')", "KeyError", "'foo'"),
        ("raise ValueError('boom\\nsecond line')", "ValueError", "boom\nsecond line"),
        ("import sys\nsys.exit(3)", "SystemExit", "3"),
        ("raise KeyboardInterrupt('x')", "KeyboardInterrupt", "x"),
        ("class OddError(Exception): pass\nraise OddError(1, 2)", "OddError", "(1, 2)"),
        ("1 +", "SyntaxError", None),
        ("def f(:", "SyntaxError", None),
        ("if True:\nprint(1)", "IndentationError", None),
        ("input()", "EOFError", None),
        ("spark.read.csv('/no/such/file.csv')", "AnalysisException", None),
        ("sc.parallelize([0]).map(lambda v: 1 / v).collect()", "Py4JJavaError", None),
    ],
)
def test_what_an_error_shows(
    cells: Session, code: str, ename: str, evalue: str | None
) -> None:
    ename, evalue = cells.expected(code, (ename, evalue))
    output = cells.run(code)
    check(output, "output_error")
    assert output["status"] == "error"
    assert output["ename"] == ename, output
    if evalue is not None:
        assert output["evalue"] == evalue
    else:
        assert output["evalue"]
    # Lines of the traceback end with a newline; the last one names the error.
    assert output["traceback"], output
    assert ename in "".join(output["traceback"]), output
    assert cells.text("40+2") == "42", "the session goes on after an error"


def test_an_error_in_a_function_names_it(cells: Session) -> None:
    output = cells.run("def inverse(x):\n    return 1/x\ninverse(0)")
    assert output["ename"] == "ZeroDivisionError"
    trace = COLOUR.sub("", "".join(output["traceback"]))
    assert "Traceback (most recent call last)" in trace
    assert cells.expected("a frame", "line 2, in inverse") in trace
    assert trace.rstrip().endswith("ZeroDivisionError: division by zero")


def test_an_error_on_an_executor_shows_the_python_one(cells: Session) -> None:
    output = cells.run("sc.parallelize([0]).map(lambda v: 1 / v).collect()")
    assert "ZeroDivisionError" in output["evalue"] + "".join(output["traceback"])


def test_a_syntax_error_runs_nothing(cells: Session) -> None:
    name = f"v_{uuid.uuid4().hex[:8]}"
    output = cells.run(f"{name} = 1\n'")
    assert output["ename"] == "SyntaxError"
    assert "unterminated string literal" in output["evalue"]
    assert cells.run(name)["ename"] == "NameError"


def test_what_ran_before_an_error_holds(cells: Session) -> None:
    name = f"v_{uuid.uuid4().hex[:8]}"
    assert cells.run(f"{name} = 5\nraise ValueError('late')")["status"] == "error"
    assert cells.text(name) == "5"


def test_text_before_an_error_is_not_lost(cells: Session) -> None:
    """Apache Livy shows it with the next statement that succeeds; better: not there."""
    word = uuid.uuid4().hex
    output = cells.run(f"print('{word}')\nraise ValueError('boom')")
    assert output["ename"] == "ValueError"
    shown = "printed" if word in output.get("before", "") else "lost"
    assert shown == cells.expected("text before an error", "lost")
    assert cells.text("40+2") in (f"{word}\n42", "42")
    assert cells.text("40+2") == "42"


def test_json_magic_shows_data(pyspark: Session) -> None:
    code = 'rows = [{"a": 1, "b": "q"}, {"a": 2, "b": None}]\n%json rows'
    expected = [{"a": 1, "b": "q"}, {"a": 2, "b": None}]
    assert pyspark.data(code, "application/json") == expected
    assert pyspark.data("x = [[1, 'a'], [3, 'b']]\n%json x\n", "application/json") == [
        [1, "a"],
        [3, "b"],
    ]


@pytest.mark.parametrize(
    "rows, headers, data",
    [
        ("[[1, 'x'], [2, 'y']]", [("0", "INT"), ("1", "STRING")], [[1, "x"], [2, "y"]]),
        (
            "[{'a': 1, 'b': 2.5}, {'a': 2, 'b': 3.5}]",
            [("a", "INT"), ("b", "DOUBLE")],
            [[1, 2.5], [2, 3.5]],
        ),
        (
            "[{'a': '1', 'b': None}, {'a': '2', 'b': 2}]",
            [("a", "STRING"), ("b", "INT")],
            [["1", None], ["2", 2]],
        ),
        (
            "[{'a': None, 'b': None}, {'a': '2', 'b': 2}]",
            [("a", "STRING"), ("b", "INT")],
            [[None, None], ["2", 2]],
        ),
        ("[True, False]", [("0", "BOOLEAN")], [[True], [False]]),
        (
            "[(__import__('datetime').date(2020, 1, 2),"
            " __import__('decimal').Decimal('1.50'))]",
            [("0", "DATE"), ("1", "DECIMAL")],
            [["2020-01-02", "1.50"]],
        ),
        ("[[[1, 2]]]", [("0", "ARRAY")], [[[1, 2]]]),
        (
            "[__import__('pyspark').sql.Row(age=1, name='a')]",
            [("age", "INT"), ("name", "STRING")],
            [[1, "a"]],
        ),
        ("7", [("0", "INT")], [[7]]),
    ],
)
def test_table_magic_shows_rows(
    pyspark: Session,
    rows: str,
    headers: list[tuple[str, str]],
    data: list[list[object]],
) -> None:
    table = pyspark.data(f"rows = {rows}\n%table rows", TABLE)
    check(table, "table")
    found = [(each["name"], each["type"]) for each in table["headers"]]
    assert found == [(name, kind + "_TYPE") for name, kind in headers]
    assert table["data"] == data


def test_matplot_magic_shows_a_picture(pyspark: Session) -> None:
    find = "import importlib.util\nimportlib.util.find_spec('matplotlib') is None"
    if pyspark.text(find) == "True":
        pytest.skip("no matplotlib in the session's Python")
    code = (
        "import matplotlib\n"
        "matplotlib.use('agg')\n"
        "import matplotlib.pyplot as plt\n"
        "fig = plt.figure(figsize=(1, 1))\n"
        "plt.plot([1, 2])\n"
        "%matplot plt"
    )
    picture = base64.b64decode(pyspark.data(code, "image/png"))
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    pyspark.text("plt.close('all')")


def test_code_after_a_magic_runs(pyspark: Session) -> None:
    output = pyspark.run("x = [[1, 'a'], [3, 'b']]\n%table x\n1 + 2\n")
    assert output["data"]["text/plain"] == "3"


@pytest.mark.parametrize(
    "code, ename, evalue",
    [
        ("%", "UnknownMagic", "magic command not specified"),
        ("%foo", "UnknownMagic", "unknown magic command 'foo'"),
        ("%nosuch x", "UnknownMagic", "unknown magic command 'nosuch'"),
    ],
)
def test_an_unknown_magic_is_an_error(
    pyspark: Session, code: str, ename: str, evalue: str
) -> None:
    output = pyspark.run(code)
    check(output, "output_error")
    assert (output["ename"], output["evalue"]) == (ename, evalue)


def test_a_command_is_no_python(pyspark: Session) -> None:
    output = pyspark.run("!ls")
    check(output, "output_error")
    assert output["ename"] == "SyntaxError"


@pytest.mark.parametrize("magic", ["json", "table", "matplot"])
def test_a_magic_on_an_unknown_name_says_so(pyspark: Session, magic: str) -> None:
    output = pyspark.run(f"%{magic} no_such_name")
    if output["status"] == "ok":
        # Apache Livy wraps the error as if it were data; a plain error is better.
        output = output["data"]["content"]
    assert output["status"] == "error"
    assert output["ename"] == "KeyError"
    assert "no_such_name" in output["evalue"]
    assert pyspark.text("40+2") == "42"


def test_many_characters_come_back_whole(cells: Session) -> None:
    size = 5_000_000
    text = cells.text(f"print('0123456789' * {size // 10})")
    assert len(text) == size
    assert text == "0123456789" * (size // 10)


def test_control_characters_come_back(cells: Session) -> None:
    text = cells.text(r"print('a\tb\x1b[1mc\x00d\u2028e')")
    assert text == "a\tb\x1b[1mc\x00d\u2028e"


def test_statements_run_in_order(cells: Session) -> None:
    cells.text("order_of = []")
    statements = [cells.submit(f"order_of.append({n})") for n in range(10)]
    numbers = [each["id"] for each in statements]
    assert numbers == list(range(numbers[0], numbers[0] + 10))
    for number in numbers:
        assert cells.wait_statement(number)["output"]["status"] == "ok"
    assert cells.text("order_of") == str(list(range(10)))


def test_the_list_of_statements_is_read_in_pages(
    endpoint: Endpoint, pyspark: Session
) -> None:
    for code in ("11", "22", "33"):
        pyspark.text(code)
    path = pyspark.path + "/statements"
    whole = endpoint.get(path).json
    check(whole, "statement_list")
    total = whole["total_statements"]
    ids = [each["id"] for each in whole["statements"]]
    assert len(ids) == total
    assert ids == sorted(ids)
    assert [each["code"] for each in whole["statements"][-3:]] == ["11", "22", "33"]

    def page(query: str) -> list[int]:
        reply = endpoint.get(f"{path}?{query}")
        assert reply.status == 200, reply
        assert reply.json["total_statements"] == total
        return [each["id"] for each in reply.json["statements"]]

    assert page("from=0&size=2") == ids[:2]
    assert page("from=1&size=1") == ids[1:2]
    assert page(f"from={total - 1}") == ids[-1:]
    assert page(f"from={total + 5}") == []
    assert page("size=0") == []
    assert page("order=desc") == ids[::-1]
    assert page("order=desc&size=2") == ids[::-1][:2]
    assert page("order=desc&from=1&size=2") == ids[::-1][1:3]
    assert page("order=asc&size=2") == ids[:2]
    assert endpoint.get(path + "?from=abc").status == 400


def test_a_missing_statement_is_not_found(endpoint: Endpoint, pyspark: Session) -> None:
    reply = endpoint.get(pyspark.path + "/statements/99999")
    assert reply.status == 404
    assert "Statement not found" in reply.text
    assert endpoint.get(pyspark.path + "/statements/abc").status == 400


def test_old_statements_are_forgotten(endpoint: Endpoint, pyspark: Session) -> None:
    """A hundred are kept (livy.rsc.retained-statements), the newest."""
    numbers = [pyspark.submit("0")["id"] for _ in range(101)]
    pyspark.wait_statement(numbers[-1])
    whole = endpoint.get(pyspark.path + "/statements?size=1000").json
    assert whole["total_statements"] == 100
    assert [each["id"] for each in whole["statements"]] == numbers[1:]
    assert endpoint.get(f"{pyspark.path}/statements/{numbers[0]}").status == 404
    assert pyspark.statement(numbers[1])["state"] == "available"


def test_progress_rises(cells: Session) -> None:
    code = (
        "import time\n"
        "sc.parallelize(range(16), 16).map(lambda v: time.sleep(0.2) or v).count()"
    )
    statement = cells.submit(code)
    seen: list[float] = []

    def probe() -> str:
        told = cells.statement(statement["id"])
        seen.append(told["progress"])
        return told["state"]

    wait_for(probe, lambda state: state in DONE, 60, "statement ends")
    assert seen == sorted(seen), "progress never falls"
    assert all(0 <= value <= 1 for value in seen)
    assert len({value for value in seen if 0 < value < 1}) >= 3, seen
    assert seen[-1] == 1.0
    assert cells.statement(statement["id"])["output"]["data"]["text/plain"] == "16"


def test_plain_code_has_no_progress_until_it_ends(cells: Session) -> None:
    statement = cells.submit("import time\ntime.sleep(0.5)")
    running = cells.wait_statement(statement["id"], "running")
    assert running["progress"] == 0.0
    assert cells.wait_statement(statement["id"])["progress"] == 1.0


def test_several_jobs_in_one_statement_end_at_one(cells: Session) -> None:
    code = "sc.parallelize([1, 2], 2).count()\nsc.parallelize([1, 2], 2).count()"
    statement = cells.submit(code)
    assert cells.wait_statement(statement["id"])["progress"] == 1.0


def test_completion_of_python_is_a_list(endpoint: Endpoint, pyspark: Session) -> None:
    body = {"code": "spark.ra", "kind": "pyspark", "cursor": 8}
    reply = endpoint.post(pyspark.path + "/completion", body, timeout=60)
    assert reply.status == 200, reply
    check(reply.json, "completion")
    # Apache Livy never completes Python: nothing, or what really begins like this.
    found = reply.json["candidates"]
    assert found == [] or any("range" in each for each in found), found
    assert pyspark.complete("zzzz_no_such", "pyspark") == []
