"""notebooks/titanic.ipynb, executed as the demo does, tells the truth."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
RUNS = 10 if os.environ.get("SYNAPSE_TEST_LONG") else 2


def execute(folder: Path) -> nbformat.NotebookNode:
    notebook = nbformat.read(NOTEBOOKS / "titanic.ipynb", as_version=4)
    client = NotebookClient(
        notebook,
        timeout=180,
        startup_timeout=60,
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute()
    return notebook


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """The notebook's folder, with the data beside it."""
    folder = tmp_path_factory.mktemp("titanic")
    shutil.copytree(NOTEBOOKS / "data", folder / "data")
    return folder


@pytest.fixture(scope="module")
def runs(folder: Path) -> list[nbformat.NotebookNode]:
    """The same folder again and again: what the first run left must not matter."""
    return [execute(folder) for _ in range(RUNS)]


@pytest.fixture
def executed(runs) -> nbformat.NotebookNode:
    return runs[0]


@pytest.fixture(scope="module")
def passengers() -> pd.DataFrame:
    return pd.read_csv(NOTEBOOKS / "data" / "titanic.csv")


def cell_of(notebook: nbformat.NotebookNode, cell_id: str):
    return next(cell for cell in notebook.cells if cell["id"] == cell_id)


def text_of(notebook: nbformat.NotebookNode, cell_id: str) -> str:
    """What a reader sees of a cell's outputs as text."""
    parts = []
    for output in cell_of(notebook, cell_id).outputs:
        if output.output_type == "stream":
            parts.append(output.text)
        else:
            parts.append(output.get("data", {}).get("text/plain", ""))
    return "".join(parts)


def rows_of_show(text: str) -> list[list[str]]:
    """The rows of a table as Spark's show() draws it, without its head."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[word.strip() for word in line.strip("|").split("|")] for line in lines[1:]]


def code_cells(notebook: nbformat.NotebookNode) -> list:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_committed_without_outputs():
    notebook = nbformat.read(NOTEBOOKS / "titanic.ipynb", as_version=4)
    assert all(not cell.outputs for cell in code_cells(notebook))
    assert all(cell.execution_count is None for cell in code_cells(notebook))
    assert notebook.metadata.kernelspec.name == "synapse"


def test_no_cell_fails(executed):
    outputs = [output for cell in code_cells(executed) for output in cell.outputs]
    assert [output for output in outputs if output.output_type == "error"] == []


def test_cells_are_numbered_in_order(executed):
    counts = [cell.execution_count for cell in code_cells(executed)]
    assert counts == list(range(1, len(counts) + 1))


def test_survivors_by_age_are_those_of_pandas(executed, passengers):
    survivors = passengers[passengers.Survived == 1]
    expected = survivors.groupby("Age", dropna=False).size().reset_index(name="count")
    expected = expected.sort_values(
        ["count", "Age"], ascending=[False, True], na_position="first"
    ).head(10)
    assert rows_of_show(text_of(executed, "survivors")) == [
        ["NULL" if pd.isna(age) else str(age), str(count)]
        for age, count in expected.itertuples(index=False)
    ]


def test_show_has_the_first_twenty_passengers(executed, passengers):
    rows = rows_of_show(text_of(executed, "show"))
    assert len(rows) == 20
    assert [row[1] for row in rows] == list(passengers.PClass.head(20))


def test_sql_counts_as_pandas_does(executed, passengers):
    """Every number of the table, whatever the table looks like as text."""
    known = passengers[passengers.PClass != "*"].groupby(["PClass", "Sex"]).Survived
    numbers = [re.findall(r"\d+(?:\.\d+)?", line) for line in
               text_of(executed, "sql").splitlines() if re.search("male", line)]
    expected = [
        [name[0], f"{len(group)}", f"{group.sum()}", f"{100 * group.mean():.1f}"]
        for (name, _), group in known
    ]
    assert [row[-4:] for row in numbers] == expected


def test_sql_result_is_a_table_for_the_browser(executed):
    kinds = [set(output.data) for output in cell_of(executed, "sql").outputs
             if "data" in output]
    assert any("text/html" in kind for kind in kinds)


def test_prepared_data_has_every_passenger(runs, folder, passengers):
    prepared = pd.read_parquet(folder / "titanic_prepared")
    assert sorted(prepared.Name) == sorted(passengers.Name)
    assert prepared.Survived.sum() == passengers.Survived.sum()
    assert prepared.PClass.isna().sum() == 1


def test_model_is_better_than_the_commonest_answer(executed, passengers):
    score = re.search(r"right for ([\d.]+)% of 263", text_of(executed, "model"))
    assert float(score[1]) / 100 > (passengers.Survived == 0).mean() + 0.05


def test_there_is_a_picture(executed):
    pictures = [output.data["image/png"] for output in cell_of(executed, "picture").outputs
                if "image/png" in output.get("data", {})]
    assert len(pictures) == 1 and len(pictures[0]) > 5000


def test_nothing_is_left_beside_the_notebook(runs, folder):
    assert sorted(path.name for path in folder.iterdir()) == ["data", "titanic_prepared"]
    assert [path.name for path in (folder / "data").iterdir() if path.suffix == ".csv"]


@pytest.mark.parametrize("cell_id", ["read", "survivors", "show", "sql", "prepare",
                                     "load", "model"])
def test_every_run_says_the_same(runs, cell_id):
    first, *others = [text_of(notebook, cell_id) for notebook in runs]
    assert first.strip()
    assert others == [first] * len(others)
