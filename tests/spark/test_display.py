"""What a Spark cell shows in a notebook: tables, charts, errors with their stack."""
import pytest

pytestmark = pytest.mark.timeout(300)

RESOURCE = "application/vnd.dataresource+json"


def test_a_sql_result_is_a_table_for_people_and_for_data_explorers(spark):
    cell = spark.ok("%%synapse sql\nselect '<script>' as `a<b`, 1.50 as d")
    html = cell.data("text/html")[0]
    assert "<script>" not in html and "&lt;script&gt;" in html and "a&lt;b" in html
    assert cell.data(RESOURCE)[0]["data"] == [{"a<b": "<script>", "d": 1.5}]


def test_a_chart_of_a_frame_and_of_a_query(spark):
    cell = spark.ok("%%synapse --chart bar k n\nspark.sql('select id % 3 k, id n from range(9)')")
    assert cell.data("text/plain") == ["bar of k, sum of n"]
    cell = spark.ok("%%synapse sql --chart line n m\nselect id n, id * id m from range(9)")
    assert cell.data("text/plain") == ["line of n, m"]
    cell = spark.ok("%%synapse\ndisplay(spark.range(40), chart='hist id')")
    assert cell.data("text/plain") == ["hist of id, rows"]
    assert cell.data("image/png") or cell.data("image/svg+xml")


def test_a_chart_that_can_not_be_is_one_sentence(spark):
    cell = spark.fails("%%synapse --chart cake id\nspark.range(3)")
    assert cell.error["ename"] == "UsageError"
    assert "bar, line, area" in cell.error["evalue"]


def test_an_error_of_the_jvm_has_its_stack_behind_a_click(spark):
    cell = spark.fails("%%synapse\nspark.sql('select assert_true(false)').collect()")
    assert "is not true!" in cell.error["evalue"]
    assert "<details><summary>Java stack" in cell.data("text/html")[0]
