"""`:name` in SQL: from the session's variables, else from local Python's."""
import pytest

pytestmark = pytest.mark.timeout(300)


def value(cell):
    return cell.data()[-1].split("\n")[3].split("|")[1].strip()


def test_both_places(spark):
    spark.ok("%%synapse\nthere, both = 1, 'session'")
    spark.ok("here, both = 2, 'local'")
    query = "%%%%synapse sql\nselect %s as v"
    assert value(spark.ok(query % ":there + :here")) == "3"
    assert value(spark.ok(query % ":both")) == "session"


def test_values_are_values_whatever_is_in_them(spark):
    spark.ok("name = \"x' or '1'='1\"; ages = [1, 2]; empty = []")
    assert value(spark.ok("%%synapse sql\nselect :name as v")) == "x' or '1'='1"
    query = "%%synapse sql\nselect count(*) as n from range(5) where id in (:{})"
    assert value(spark.ok(query.format("ages"))) == "2"
    assert value(spark.ok(query.format("empty"))) == "0"
    assert value(spark.ok("%%synapse sql\nselect size(:ages) as n")) == "2"


def test_types_of_local_python(spark):
    spark.ok(
        "import datetime, decimal, numpy, pandas\n"
        "d, m = datetime.date(2024, 2, 29), decimal.Decimal('1.50')\n"
        "n, t = numpy.int64(7), pandas.Timestamp('2024-01-01 12:30')"
    )
    cell = spark.ok("%%synapse sql\nselect typeof(:d) || typeof(:m) || hour(:t) || :n as v")
    assert value(cell) == "datedecimal(3,2)127"


def test_a_missing_name_and_a_wrong_value(spark):
    failed = spark.fails("%%synapse sql\nselect :nobody_has_it")
    assert failed.error["ename"] == "SqlVariableError"
    assert "no variable nobody_has_it in the Spark session" in failed.error["evalue"]
    spark.ok("thing = object()")
    failed = spark.fails("%%synapse sql\nselect :thing")
    assert "in local Python it is a object" in failed.error["evalue"]


def test_from_within_python_too(spark):
    cell = spark.ok(
        "def ask(limit):\n"
        "    get_ipython().run_cell_magic('sql', '', 'select :limit as v')\n"
        "ask(5)"
    )
    assert value(cell) == "5"


def test_rows_that_are_shown(spark):
    query = "select id from range(3000)"
    assert spark.ok("%%synapse sql\n" + query).data()[-1].endswith("first 1000 rows")
    assert spark.ok("%%synapse sql -n 7\n" + query).data()[-1].endswith("first 7 rows")
    assert spark.ok("%%synapse sql -n all\n" + query).data()[-1].endswith("\n3000 rows")
    assert spark.ok("%%synapse sql -q\n" + query).data() == []
