"""Errors of SQL point at their place in the cell: remote/sql.py and failure.py."""
import re

import pytest


def caret_word(trace):
    """(line, the text that the caret stands under) of a shown place."""
    lines = trace.split("\n")
    line = re.match(r'  File "<cell \d+>", line (\d+)$', lines[0])
    assert line and lines[2].strip() == "^", trace
    return int(line.group(1)), lines[1][lines[2].index("^") :]


CASES = [
    ("selec 1", "ParseException", 1, "selec 1"),
    ("select 1;\n\n  -- fine\n  select 2;\n selec 3; select 4", "ParseException", 5,
     "selec 3; select 4"),
    ("select 1;\nselect 2,\n  3) as x", "ParseException", 3, ") as x"),
    ("select 1;\n select nme from\n (select 1 as name)", "AnalysisException", 2, "nme from"),
    ("select 1;\nselect *\n  from nosuch", "AnalysisException", 3, "nosuch"),
    ("/* one\ntwo */ select 1; select nosuch(1)", "AnalysisException", 2, "nosuch(1)"),
    ("select 1 in (:many), size(:many), :one + nme", "AnalysisException", 1, "nme"),
    ("select size(:many),\n  array(:many), nme", "AnalysisException", 2, "nme"),
    ("select '\u6f22\U0001f642', nme", "AnalysisException", 1, "nme"),
]


@pytest.mark.parametrize("text, name, line, rest", CASES)
def test_an_error_points_at_its_place_in_the_cell(spark, text, name, line, rest):
    spark.cell("many, one = [1, 2, 3], 1")
    cell = spark.cell(text, method="sql")
    assert cell.error["ename"] == name
    assert caret_word(cell.trace()) == (line, rest)
    said = cell.error["evalue"]
    assert said.endswith("(<cell %d>, line %d)" % (spark.n, line))
    assert "== SQL" not in cell.trace() and "pos " not in cell.trace()


def test_names_that_are_near_are_told(spark):
    cell = spark.cell("select nme from (select 1 as name)", method="sql")
    assert "[`name`]" in cell.error["evalue"]


def test_a_query_on_one_long_line_is_shown_around_its_error(spark):
    cell = spark.cell("select %s nme" % ("1, " * 300), method="sql")
    lines = cell.trace().split("\n")
    assert len(lines[1]) < 130 and lines[1][lines[2].index("^") :] == "nme"


def test_an_error_while_a_query_runs(spark):
    spark.cell("spark.conf.set('spark.sql.ansi.enabled', True)")
    cell = spark.cell("select 1;\nselect id,\n  id / 0 from range(1)", method="sql")
    spark.cell("spark.conf.unset('spark.sql.ansi.enabled')")
    assert cell.kinds()[-1] == "error" and "DIVIDE_BY_ZERO" in cell.error["evalue"]
    assert caret_word(cell.trace()) == (3, "id / 0 from range(1)")


def test_the_next_cell_has_a_place_of_its_own(spark):
    spark.cell("selec 1", method="sql")
    cell = spark.cell("1 / 0")
    assert "<cell %d>" % spark.n in cell.trace() and "selec" not in cell.trace()
