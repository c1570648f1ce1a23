"""Notebooks 02 to 06 run to their end, say the same each time, and what they say is true."""

from __future__ import annotations

import re
from decimal import Decimal

import nbformat
import pandas as pd
import pytest

from notebook_runs import NOTEBOOKS, code_cells, shown

NAMES = sorted(path.name for path in NOTEBOOKS.glob("0*.ipynb"))
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
every_notebook = pytest.mark.parametrize("name", NAMES)


@pytest.fixture(scope="module")
def passengers() -> pd.DataFrame:
    return pd.read_csv(NOTEBOOKS / "data" / "titanic.csv")


def test_the_five_are_there():
    assert [name[:3] for name in NAMES] == ["02-", "03-", "04-", "05-", "06-"]


@every_notebook
def test_committed_without_outputs(name):
    notebook = nbformat.read(NOTEBOOKS / name, as_version=4)
    assert all(not cell.outputs for cell in code_cells(notebook))
    assert all(cell.execution_count is None for cell in code_cells(notebook))
    assert notebook.metadata.kernelspec.name == "synapse"


@every_notebook
def test_exactly_the_marked_cells_fail(runs_of, name):
    for cell in code_cells(runs_of(name).fresh[0]):
        failed = any(output.output_type == "error" for output in cell.outputs)
        assert failed == ("raises-exception" in cell.metadata.get("tags", [])), cell["id"]


@every_notebook
@pytest.mark.parametrize("way", ["fresh", "restarted"])
def test_every_run_shows_the_same(runs_of, name, way):
    runs = runs_of(name)
    for notebook in getattr(runs, way):
        for cell, first in zip(code_cells(notebook), code_cells(runs.fresh[0])):
            assert shown(cell) == shown(first), cell["id"]
            assert cell.execution_count == first.execution_count, cell["id"]


@every_notebook
def test_nothing_is_left_beside_the_notebook(runs_of, name):
    assert [path.name for path in runs_of(name).folder.iterdir()] == ["data"]


# --- 02: dataframes -----------------------------------------------------------


@pytest.fixture
def dataframes(runs_of):
    return runs_of("02-dataframes.ipynb")


def test_types_arrive(dataframes):
    kinds = dict(line.split(maxsplit=1) for line in dataframes.text("types").splitlines()
                 if not line.startswith("dtype"))
    assert kinds["id"] in ("int64", "int32")
    assert kinds["minutes"] in ("Int64", "Int32")
    assert "decimal" in kinds["price"]
    assert "date32" in kinds["day"]
    assert kinds["arrived"].startswith("datetime64[")
    assert "list" in kinds["items"]


def test_decimals_are_exact_and_digits_stay_digits(dataframes):
    exact, inexact, code = dataframes.text("exact").splitlines()
    assert Decimal(exact.split()[-1]) == Decimal("0.30")
    assert inexact.split()[-1] == "0.30000000000000004"
    assert code.endswith("'00041'")


def test_fetched_counts_are_those_of_pandas(dataframes, passengers):
    known = passengers.groupby("PClass").Survived.agg(["sum", "count"])
    shown = [line.split()[1:] for line in dataframes.text("classes").splitlines()[1:]]
    assert [row[:3] for row in shown] == [
        [name, str(row["sum"]), str(row["count"])] for name, row in known.iterrows()
    ]


def test_the_first_rows_come_alone(dataframes, passengers):
    shown = dataframes.text("head-shown").splitlines()[1:]
    assert len(shown) == 3
    for line, name in zip(shown, sorted(passengers.Name)):
        assert name in line


def test_a_local_frame_is_joined(dataframes, passengers):
    text = dataframes.text("join")
    assert "decimal(4,2)" in text and "since: date" in text
    for name, fare in (("1st", "30.00"), ("2nd", "12.50"), ("3rd", "7.75")):
        total = Decimal(fare) * int((passengers.PClass == name).sum())
        assert re.search(rf"\|\s*{name}\|.*\|\s*{total}\|", text), text


def test_there_and_back_is_the_same(dataframes):
    assert "the same" in dataframes.text("same")
    assert "(5, 4)" in dataframes.text("after")


# --- 03: plots ----------------------------------------------------------------


@pytest.fixture
def plots(runs_of):
    return runs_of("03-plots.ipynb")


def test_a_name_alone_shows_columns_and_no_rows(plots):
    text = plots.text("frame")
    assert "Age" in text and "Allen" not in text


def test_display_shows_the_first_rows(plots, passengers):
    tables = plots.data("table", "text/html")
    assert len(tables) == 1
    names = sorted(passengers.Name)
    assert all(name.split(",")[0] in tables[0] for name in names[:5])


@pytest.mark.parametrize("cell_id", ["figure", "local"])
def test_matplotlib_is_shown_without_asking(plots, cell_id):
    pictures = plots.data(cell_id, "image/png")
    assert len(pictures) == 1 and len(pictures[0]) > 3000


def test_a_chart_is_a_picture(plots):
    kinds = {kind for output in plots.cell("chart").outputs for kind in output.get("data", {})}
    assert kinds & {"image/svg+xml", "image/png"}, kinds


def test_objects_show_themselves(plots, passengers):
    share = f"{passengers.Survived.mean():.0%} survived"
    assert share in plots.text("rich")
    assert any("<progress" in text for text in plots.data("rich", "text/html"))


def test_values_stay_text(plots):
    assert plots.data("escaped", "text/html")
    for text in plots.data("escaped", "text/html"):
        assert "<script>alert" not in text and "&lt;script&gt;" in text


# --- 04: three languages ------------------------------------------------------


@pytest.fixture
def languages(runs_of):
    return runs_of("04-sql-scala-python.ipynb")


def test_sql_counts_as_pandas_does(languages, passengers):
    text = languages.text("sql")
    for name, count in passengers.PClass.value_counts().items():
        assert re.search(rf"{re.escape(name)}\W+{count}\b", text), text


def test_a_quotation_mark_is_bound_as_a_value(languages, passengers):
    name = passengers.Name[passengers.Name.str.startswith("O'Brien")]
    assert len(name) and all(one in languages.text("by-name") for one in name)


def test_a_list_is_bound_and_the_result_comes_out(languages, passengers):
    oldest = passengers[(passengers.Age > 60) & passengers.PClass.isin(["1st", "2nd"])]
    ages = oldest.Age.sort_values(ascending=False).head(5).tolist()
    assert languages.text("elders").strip() == str(ages)


def test_scala_made_what_sql_and_python_see(languages):
    number = int(re.search(r"(\d+) titles", languages.text("scala"))[1])
    titles = languages.text("titles")
    assert number == 6 and "Colonel" in titles and "Miss" in titles
    assert "people" in languages.text("line")


def test_variables_are_listed(languages):
    text = languages.text("vars")
    assert "passengers" in text and "wanted" in text


# --- 05: errors ---------------------------------------------------------------


@pytest.fixture
def errors(runs_of):
    return runs_of("05-recovering-from-errors.ipynb")


def test_text_before_an_error_is_kept_and_its_line_is_shown(errors):
    text = COLOUR.sub("", errors.text("error"))
    assert "tea costs 3" in text and "KeyError: 'coffee'" in text
    assert "print(item, \"costs\", prices[item])" in text


def test_the_line_that_failed_on_an_executor_is_shown(errors):
    text = COLOUR.sub("", errors.text("worker"))
    assert "return int(text)" in text and "'three'" in text


def test_a_name_from_the_other_side_comes_with_its_remedy(errors):
    assert "%synapse put limit" in COLOUR.sub("", errors.text("border"))
    assert "3" in errors.text("again")


def test_setup_is_replayed_and_nothing_else(errors):
    *_, orders, scratch = errors.text("replayed").split("\n")[-3:-1]
    assert orders == "14 orders of customer 3"
    assert scratch == "False"


# --- 06: anywhere -------------------------------------------------------------


@pytest.fixture
def anywhere(runs_of):
    return runs_of("06-one-notebook-anywhere.ipynb")


def test_one_line_alone_says_where(anywhere):
    sources = [cell.source for cell in code_cells(anywhere.fresh[0])]
    assert [source for source in sources if "%synapse start" in source] == [
        "%synapse start --reuse"
    ]


def test_the_file_is_the_one_beside_the_notebook(anywhere, passengers):
    assert f"{len(passengers)} passengers" in anywhere.text("read")
    lines = len((NOTEBOOKS / "data" / "titanic.csv").read_text("utf-8").splitlines())
    assert f"= {lines} lines" in anywhere.text("executors")


def test_a_variable_and_a_view_meet_in_sql(anywhere, passengers):
    young = passengers[passengers.Age < 15].groupby(["Sex", "PClass"]).Survived
    for (sex, name), group in young:
        row = rf"{sex}\W+{name}\W+{len(group)}\W+{group.sum()}\b"
        assert re.search(row, anywhere.text("sql")), row


def test_sums_are_exact_and_pandas_agrees(anywhere, passengers):
    fares = {"1st": Decimal("30.00"), "2nd": Decimal("12.50"), "3rd": Decimal("7.75")}
    total = sum(fares.get(name, 0) for name in passengers.PClass)
    assert anywhere.text("total") == f"{total} in all; Decimal\n"
