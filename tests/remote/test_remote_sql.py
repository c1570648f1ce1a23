"""Variables in SQL: remote/sql.py on a real Spark."""
import json

import pytest


def options(**values):
    return ", %r" % json.dumps(values)


def sql(spark, text, **values):
    return spark.cell(text, method="sql", extra=options(values=values))


@pytest.fixture(scope="module")
def spark(spark):
    spark.cell(
        "import datetime, decimal\n"
        "number, text, nothing = 7, \"it's \\\"x\\\" -- ; :n\", None\n"
        "price, day = decimal.Decimal('1.50'), datetime.date(2024, 2, 29)\n"
        "moment = datetime.datetime(2024, 1, 1, 12, 30)\n"
        "ages, none, huge, flag = [1, 2, None], [], 1 << 70, True\n"
        "words = ('a', \"b'c\")\n"
        "def function(): pass\n"
    )
    return spark


@pytest.mark.parametrize(
    "query, value",
    [
        ("select :number + 1", "8"),
        ("select :text", 'it\'s "x" -- ; :n'),
        ("select :nothing is null", "true"),
        ("select :price", "1.50"),
        ("select typeof(:price)", "decimal(3,2)"),
        ("select date_add(:day, 1)", "2024-03-01"),
        ("select hour(:moment)", "12"),
        ("select size(:ages), 0", "3"),
        ("select size(:none)", "0"),
        ("select count(*) from range(3) where id not in (:none)", "3"),
        ("select count(*) from range(3) where id in (:none)", "0"),
        ("select 2 in (:ages)", "true"),
        ("select 2 in ( :none )", "false"),
        ("select array_contains(:words, \"b'c\")", "true"),
        ("select typeof(:huge)", "decimal(22,0)"),
        ("select :flag", "true"),
        ("select ':number', \":number\" -- :number", ":number"),
        ("select 1 /* :number */", "1"),
        ("select get_json_object('{\"a\": 1}', '$.a')", "1"),
        ("select 1 as `:number`", "1"),
        ("select id from range(100) limit :number", "0"),
    ],
)
def test_a_query_with_variables_of_the_session(spark, query, value):
    cell = spark.cell(query, method="sql")
    assert cell.status == "ok", cell.trace()
    row = cell.value().split("\n")[3]
    assert row.split("|")[1].strip() == value


def test_what_looks_like_a_name_and_is_none(spark):
    query = "select a::int, b:c, d['e']:f, x[1:number], :n, `o`:p, 'q':r from t -- :s"
    found = "__synapse_kernel__.modules['sql'].parameters(%r)" % query
    assert spark.cell(found).value() == "[('n', %d, False)]" % query.index(":n,")


def test_names_that_the_session_lacks_are_asked_for(spark):
    query = "select :here + :number, :function, :text"
    assert spark.cell(query, method="sql") == ["function", "here"]


@pytest.mark.parametrize(
    "told, value",
    [
        ({"type": "int", "text": "5"}, "5"),
        ({"type": "float", "text": "nan"}, "NaN"),
        ({"type": "text", "text": "x'; drop"}, "x'; drop"),
        ({"type": "none"}, "null"),
        ({"type": "true"}, "true"),
        ({"type": "decimal", "text": "2.50"}, "2.50"),
        ({"type": "date", "text": "2024-02-29"}, "2024-02-29"),
        ({"type": "datetime", "text": "2024-02-29T01:02:03"}, "2024-02-29 01:02:03"),
        ({"type": "list", "items": [{"type": "int", "text": "1"}]}, "[1]"),
    ],
)
def test_values_of_local_python(spark, told, value):
    row = sql(spark, "select :here", here=told).value().split("\n")[3]
    assert row.split("|")[1].strip() == value


def test_the_sessions_own_variable_wins(spark):
    cell = sql(spark, "select :number", number={"type": "int", "text": "1"})
    assert "| 7" in cell.value()


def test_a_name_without_a_value_says_where_it_was_looked_for(spark):
    cell = sql(spark, "select :nowhere", nowhere={"type": "missing"})
    assert cell.error["ename"] == "SqlVariableError"
    assert "`:nowhere` has no value" in cell.error["evalue"]
    assert "in the Spark session, and none in local Python" in cell.error["evalue"]


def test_a_value_that_is_no_parameter_is_named(spark):
    cell = sql(spark, "select :function", function={"type": "refused", "text": "a Figure"})
    assert "in the Spark session it is a function" in cell.error["evalue"]
    assert "in local Python it is a Figure" in cell.error["evalue"]


def test_statements_have_their_own_variables(spark):
    cell = spark.cell("select :number as a; select :flag as b", method="sql")
    assert "| 7" in cell.data("display_data")[0]["text/plain"] and "true" in cell.value()


def test_quiet_and_rows(spark):
    cell = spark.cell("select 1", method="sql", extra=options(quiet=True))
    assert (cell.status, cell.outputs) == ("ok", [])
    cell = spark.cell("select id from range(3000)", method="sql", extra=options(rows=-1))
    assert cell.value().endswith("\n3000 rows")
