"""Statements of the other kinds: Scala, SQL, R, and what the kinds share."""

from __future__ import annotations

import re
import uuid
from typing import Callable

import pytest

from livy_http import Endpoint
from livy_session import Session
from livy_shapes import check

JSON = "application/json"
TABLE = "application/vnd.livy.table.v1+json"


def test_a_kind_is_called_by_two_names(pyspark: Session) -> None:
    assert pyspark.text("1 + 2", "pyspark") == "3"
    assert pyspark.text("1 + 2", "python") == "3"
    for kind in ("spark", "scala"):
        assert re.fullmatch(r"res\d+: Int = 3\n", pyspark.text("1 + 2", kind)), kind


@pytest.mark.parametrize(
    "code, pattern",
    [
        ("1 + 2", r"res\d+: Int = 3\n"),
        ("val x = 1", r"x: Int = 1\n"),
        (
            "val x = 1\n\nval y = 2\n\nx + y",
            r"x: Int = 1\ny: Int = 2\nres\d+: Int = 3\n",
        ),
        ('println("Hello World")', r"Hello World\n"),
        ("print(1)\nprint(2)", r"12"),
        ("println(1)\nprintln(2)", r"1\n2\n"),
        ("// comment", r""),
        ("/*\ncomment\n*/", r""),
        ("", r""),
        ("val r = 1\n// comment", r"r: Int = 1\n"),
        ("val r = 1\n/*\ncomment\n*/", r"r: Int = 1\n"),
        (
            "def twice(n: Int): Int = {\n  n * 2\n}\ntwice(21)",
            r"(?s).*res\d+: Int = 42\n",
        ),
        ('"é ✓ 漢字"', r"res\d+: String = é ✓ 漢字\n"),
        ("sc", r"res\d+: org\.apache\.spark\.SparkContext = .*\n"),
        ("spark.range(5).count()", r"res\d+: Long = 5\n"),
        (
            "sc.parallelize(0 to 1).map { i => i + 1 }.collect",
            r"res\d+: Array\[Int\] = Array\(1, 2\)\n",
        ),
        (
            "val n = 3\nspark.range(2).rdd.map(_ + n).sum",
            r"(?s).*res\d+: Double = 7\.0\n",
        ),
    ],
)
def test_what_scala_shows(scala: Session, code: str, pattern: str) -> None:
    text = scala.text(code)
    assert re.fullmatch(pattern, text), repr(text)


def test_scala_shows_a_dataframe(scala: Session) -> None:
    text = scala.text("spark.range(2).show()")
    assert text.strip() == "+---+\n| id|\n+---+\n|  0|\n|  1|\n+---+"


def test_scala_has_datasets_of_its_own_classes(scala: Session) -> None:
    text = scala.text(
        "case class Person(name: String, age: Int)\n"
        "import spark.implicits._\n"
        'val people = Seq(Person("x", 1), Person("y", 2)).toDS()\n'
        "people.filter(_.age > 1).map(_.name).collect()"
    )
    assert re.search(r"res\d+: Array\[String\] = Array\(y\)\n$", text), text
    older = "people.map(p => p.copy(age = p.age + 1))"
    again = scala.text(older + ".collect().map(_.age).sum")
    assert re.fullmatch(r"res\d+: Int = 5\n", again), again


@pytest.mark.parametrize(
    "code, evalue",
    [
        ("abcde", r"<console>:\d+: error: not found: value abcde"),
        ('val y: Int = "s"', r"<console>:\d+: error: type mismatch;"),
        ("1/0", r"java\.lang\.ArithmeticException: / by zero"),
        (
            'def pif() {\nthrow new Exception("pif")\n}\npif()',
            r"java\.lang\.Exception: pif",
        ),
        ("List(1,", r"incomplete statement"),
        ("def f(x: Int) = {", r"incomplete statement"),
    ],
)
def test_what_a_scala_error_shows(scala: Session, code: str, evalue: str) -> None:
    output = scala.run(code)
    check(output, "output_error")
    assert output["status"] == "error"
    assert output["ename"] == "Error"
    assert re.fullmatch(evalue, output["evalue"]), output
    assert re.fullmatch(r"res\d+: Int = 42\n", scala.text("40 + 2"))


def test_a_scala_error_shows_where(scala: Session) -> None:
    output = scala.run("def paf() { throw new Exception() }\npaf()")
    assert "paf(<console>:" in "".join(output["traceback"])
    trace = "".join(scala.run('val y: Int = "s"')["traceback"])
    assert 'found   : String("s")' in trace and "^" in trace


@pytest.mark.parametrize(
    "value, headers, data",
    [
        (
            'List(List(1, "a"), List(3, "b"))',
            {"0": "BIGINT_TYPE", "1": "STRING_TYPE"},
            [[1, "a"], [3, "b"]],
        ),
        (
            'List((1, "a"), (3, "b"))',
            {"_1": "BIGINT_TYPE", "_2": "STRING_TYPE"},
            [[1, "a"], [3, "b"]],
        ),
        ('List(Map("a" -> 1), Map("a" -> 2))', {"a": "BIGINT_TYPE"}, [[1], [2]]),
    ],
)
def test_scala_has_the_table_magic(
    scala: Session, value: str, headers: dict[str, str], data: list[list[object]]
) -> None:
    name = f"rows_{uuid.uuid4().hex[:6]}"
    table = scala.data(f"val {name} = {value}\n%table {name}", TABLE)
    check(table, "table")
    assert {each["name"]: each["type"] for each in table["headers"]} == headers
    assert table["data"] == data


def test_scala_has_the_json_magic(scala: Session) -> None:
    name = f"m_{uuid.uuid4().hex[:6]}"
    assert scala.data(f'val {name} = Map("a" -> 1)\n%json {name}', JSON) == {"a": 1}
    output = scala.run("%foo m")
    assert output["ename"] == "UnknownMagic"
    assert "foo" in output["evalue"]


def test_scala_is_completed(scala: Session) -> None:
    scala.text('val str = "str"')
    found = scala.complete("str.", "spark")
    assert {"compareTo", "contains"} <= set(found), found
    assert set(scala.complete("spark.re", "spark")) >= {"read", "readStream"}
    assert scala.complete("no_such_value.", "spark") == []
    assert "range" in scala.complete("val a = 1; spark.ra + 1", "spark", cursor=19)


def test_sql_shows_schema_and_rows(pyspark: Session) -> None:
    value = pyspark.data(
        "select 1 as a, cast(12.50 as decimal(10,2)) as d, 1.5D as f, true as b,"
        " 'x' as s, cast(5 as bigint) as l, date'2020-01-02' as day,"
        " cast(null as date) as no_day, timestamp'2020-01-02 03:04:05' as t,"
        " array(1, 2) as xs, map('k', 1) as m, null as n, double('NaN') as nan",
        JSON,
        "sql",
    )
    check(value, "sql")
    assert value["schema"]["type"] == "struct"
    fields = {field["name"]: field["type"] for field in value["schema"]["fields"]}
    assert fields == {
        "a": "integer",
        "d": "decimal(10,2)",
        "f": "double",
        "b": "boolean",
        "s": "string",
        "l": "long",
        "day": "date",
        "no_day": "date",
        "t": "timestamp",
        "xs": {"type": "array", "elementType": "integer", "containsNull": False},
        "m": {
            "type": "map",
            "keyType": "string",
            "valueType": "integer",
            "valueContainsNull": False,
        },
        "n": "void",
        "nan": "double",
    }
    row = dict(zip(fields, value["data"][0]))
    moment = row.pop("t")
    assert moment.startswith("2020-01-0"), "the zone is the server's"
    # Apache Livy loses the decimal's scale (12.5), writes NaN as null.
    assert float(row.pop("d")) == 12.5
    assert row.pop("nan") in (None, "NaN")
    assert row == {
        "a": 1,
        "f": 1.5,
        "b": True,
        "s": "x",
        "l": 5,
        "day": "2020-01-02",
        "no_day": None,
        "xs": [1, 2],
        "m": {"k": 1},
        "n": None,
    }


def test_sql_without_rows_has_a_schema(pyspark: Session) -> None:
    value = pyspark.data("select 1 as a where 1 = 0", JSON, "sql")
    assert [field["name"] for field in value["schema"]["fields"]] == ["a"]
    assert value["data"] == []


@pytest.mark.parametrize(
    "value, text",
    [
        ("1", "1"),
        ("1.5D", "1.5"),
        ("true", "true"),
        ("'<b>'", "<b>"),
        ("'é 漢'", "é 漢"),
        ("''", ""),
        ("null", None),
        ("date'2020-01-02'", "2020-01-02"),
        ("cast(12.50 as decimal(10,2))", "12.5"),
        ("double('NaN')", None),
        ("array(1, 2)", "[1, 2]"),
        ("map('k', 1)", '{"k": 1}'),
    ],
)
def test_what_sql_shows(cells: Session, value: str, text: str | None) -> None:
    assert cells.rows(f"select {value} as v") == [[cells.expected(value, text)]]


def test_sql_shows_a_thousand_rows(cells: Session) -> None:
    rows = cells.rows("select * from range(1500)")
    assert rows == [[str(number)] for number in range(1000)]


def test_sql_makes_views(cells: Session) -> None:
    name = f"v_{uuid.uuid4().hex[:8]}"
    code = f"create temporary view {name} as select 7 as seven"
    made = cells.run(code, "sql")
    assert made["status"] == "ok"
    nothing = {JSON: {"schema": {"type": "struct", "fields": []}, "data": []}}
    assert made["data"] == cells.expected("create temporary view", nothing)
    assert cells.rows(f"select * from {name}") == [["7"]]


@pytest.mark.parametrize(
    "code, words",
    [
        ("selec 1", "PARSE_SYNTAX_ERROR"),
        ("select * from no_such_table", "TABLE_OR_VIEW_NOT_FOUND"),
        ("select no_such_column", "UNRESOLVED_COLUMN"),
    ],
)
def test_what_a_sql_error_shows(cells: Session, code: str, words: str) -> None:
    output = cells.run(code, "sql")
    check(output, "output_error")
    assert output["status"] == "error"
    assert output["ename"] in cells.expected("the name of an error of SQL", ("Error",))
    assert words in output["evalue"], output
    assert cells.rows("select 1 as a") == [["1"]]


def test_sql_is_one_statement_or_several(cells: Session) -> None:
    output = cells.run("select 1 as a; select 2 as a", "sql")
    assert output["status"] == cells.expected("statements with a semicolon", "error")


def test_the_kinds_share_views(cells: Session) -> None:
    name = f"v_{uuid.uuid4().hex[:8]}"
    cells.text(
        "spark.createDataFrame([('jerry', 20), ('michael', 21)],"
        " 'name string, age int')"
        f".createOrReplaceTempView('{name}')"
    )
    rows = cells.rows(f"select * from {name} order by age")
    assert rows == [["jerry", "20"], ["michael", "21"]]
    count = cells.text(f'spark.table("{name}").count()', "spark")
    assert re.fullmatch(r"res\d+: Long = 2\n", count), count
    scala_name = f"w_{uuid.uuid4().hex[:8]}"
    cells.text(f'spark.range(3).createOrReplaceTempView("{scala_name}")', "spark")
    assert cells.text(f"spark.table('{scala_name}').count()") == "3"


def test_r_runs_or_is_refused(endpoint: Endpoint, pyspark: Session) -> None:
    body = {"code": "1+1", "kind": "sparkr"}
    reply = endpoint.post(pyspark.path + "/statements", body)
    if reply.status >= 400:
        assert reply.text
        return
    output = pyspark.wait_statement(reply.json["id"])["output"]
    if output["status"] == "ok":
        assert output["data"]["text/plain"] == "[1] 2"
    else:
        check(output, "output_error")
        assert output["ename"] and output["evalue"]
    assert pyspark.text("40+2") == "42"


def test_a_shared_session_needs_a_kind(
    endpoint: Endpoint, new_session: Callable[..., Session]
) -> None:
    session = new_session()
    assert session.info["kind"] == "shared"
    reply = endpoint.post(session.path + "/statements", {"code": "1 + 2"})
    # Apache Livy: 500 with the driver's exception; a better server may say 400.
    assert reply.status in (400, 500), reply
    assert reply.text
    assert session.text("1 + 2", "pyspark") == "3"
    assert session.text("1 + 2", "spark") == "res0: Int = 3\n"
    assert session.data("select 3 as n", JSON, "sql")["data"] == [[3]]


def test_a_sql_session_takes_sql(new_session: Callable[..., Session]) -> None:
    session = new_session(kind="sql")
    assert session.info["kind"] == "sql"
    assert session.data("select 3 as n", JSON)["data"] == [[3]]
    assert session.text("1 + 2", "pyspark") == "3"
