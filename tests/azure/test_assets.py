"""Data of Azure ML named in the code of cells, in every language: {azureml:NAME}."""

from __future__ import annotations

import pathlib
from dataclasses import dataclass
from typing import Iterator

import pytest
from azure_kernel import PLACE, START, Place, at_work, said
from notebook_kernel import NotebookKernel
from simulator.app import Simulator
from simulator.certificates import Certificates
from simulator.cluster import Cluster
from simulator.directory import FABRIC_WORKSPACE, LAKEHOUSE, WORKSPACE, workspace_path

pytestmark = pytest.mark.timeout(300)
LAKE = "abfss://data@yogilake.dfs.core.windows.net/titanic"
FABRIC = f"%synapse start -c fabric:{FABRIC_WORKSPACE}/{LAKEHOUSE}"
LIMIT = 240


@dataclass
class Desk:
    azure: Simulator
    place: Place
    kernel: NotebookKernel

    def asked(self) -> list[str]:
        """The paths of what Azure ML was asked of data since the last call."""
        found = self.azure.asked.find("GET", "management", "/(data|datastores)(/|$)")
        self.azure.asked.clear()
        return [each.request.path.partition(f"/{WORKSPACE}")[2] for each in found]


@pytest.fixture(scope="module")
def desk(
    cluster: Cluster, certificates: Certificates, jupyter_path: pathlib.Path
) -> Iterator[Desk]:
    """A machine whose folder names no workspace: the session is all that knows one."""
    place = Place(jupyter_path)
    with at_work(cluster, certificates, place) as (azure, kernel):
        kernel.ok(START, limit=LIMIT)
        yield Desk(azure, place, kernel)
        kernel.ok("%synapse stop --all", limit=LIMIT)


@pytest.fixture
def fresh(desk: Desk) -> Iterator[Desk]:
    """Nothing is known of any data, and Azure was asked nothing."""
    desk.kernel.ok(f"%synapse data path {workspace_path('lake', 'x')}")
    desk.azure.asked.clear()
    yield desk
    desk.azure.bad_days.clear()


# -- a session that belongs to a workspace


@pytest.mark.parametrize(
    "code, path",
    [
        ("%%synapse\nprint('{azureml:titanic@latest}')", LAKE + "/v2.csv"),
        ("%%synapse\nprint(f'{azureml:titanic}')", LAKE + "/v2.csv"),
        ("%synapse print('{azureml:titanic:1}')", LAKE + "/v1.csv"),
        ("if True:\n    %synapse print('{azureml:titanic:1}')", LAKE + "/v1.csv"),
        ("%%pyspark\nprint('{azureml:titanic:1}')", LAKE + "/v1.csv"),
        ('%%synapse scala\nprintln("{azureml:titanic:1}")', LAKE + "/v1.csv"),
        ('%%spark\nprintln(s"{azureml:titanic:1}")', LAKE + "/v1.csv"),
        (
            "%%synapse\nprint('{azureml://datastores/lake/paths/titanic}/*.csv')",
            LAKE + "/*.csv",
        ),
        ("%%%%synapse\nprint('{%s}')" % workspace_path("lake", "titanic"), LAKE),
    ],
)
def test_code_runs_with_the_address(fresh: Desk, code: str, path: str) -> None:
    cell = fresh.kernel.ok(code, limit=LIMIT)
    assert cell.stdout == path + "\n"
    assert cell.outputs and fresh.asked()


@pytest.mark.parametrize("magic", ["%%synapse sql", "%%sql"])
def test_a_query_too(fresh: Desk, magic: str) -> None:
    code = f"{magic}\nselect length('{{azureml:titanic:1}}') as n"
    assert str(len(LAKE + "/v1.csv")) in fresh.kernel.ok(code, limit=LIMIT).text


def test_it_is_asked_once_and_then_known(fresh: Desk) -> None:
    code = "%%synapse\n[{0}, {0}, {1}]".format(
        "'{azureml:titanic:1}'", "'{azureml:titanic@latest}'"
    )
    first = fresh.kernel.ok(code).data()
    assert fresh.asked() == [
        "/data/titanic/versions/1",
        "/datastores/lake",
        "/data/titanic",
        "/data/titanic/versions/2",
        "/datastores/lake",
    ]
    assert fresh.kernel.ok(code).data() == first and not fresh.asked()


def test_code_without_one_asks_nothing(fresh: Desk) -> None:
    code = "%%synapse\nprint('{{azureml:titanic}} { azureml:titanic} {azureml:titanic')"
    cell = fresh.kernel.ok(code)
    assert cell.stdout == "{{azureml:titanic}} { azureml:titanic} {azureml:titanic\n"
    assert not fresh.asked()


def test_a_version_that_was_just_registered_counts(fresh: Desk) -> None:
    kernel, path = fresh.kernel, "azureml://datastores/lake/paths/new/"
    for number in ("1", "2"):
        kernel.ok(f"%synapse data register new {path}{number} {PLACE}")
        cell = kernel.ok("%%synapse\nprint('{azureml:new}')")
        assert cell.stdout.endswith(f"/new/{number}\n")


def test_lines_keep_their_numbers(fresh: Desk) -> None:
    cell = fresh.kernel.fails("%%synapse\nx = 1\n\ny = '{azureml:titanic}'; 1 / 0")
    assert cell.error["ename"] == "ZeroDivisionError"
    assert f"----> 3 y = '{LAKE}/v2.csv'; 1 / 0" in cell.traceback


def test_what_is_looked_up_is_shown(fresh: Desk) -> None:
    cell = fresh.kernel.ok("%%synapse\nprint('{azureml:titanic:1}')")
    assert any("looking up" in text for text in cell.progress)


@pytest.mark.parametrize(
    "token, sentence",
    [
        ("{azureml:titanik}", "Did you mean `titanic`?"),
        ("{azureml:titanic:7}", "data list titanic` shows its versions"),
        ("{azureml:titanic@newest}", "there is @latest alone"),
        ("{azureml://datastores/lak/paths/x}", "Did you mean `lake`?"),
        ("{azureml:}", "names no data"),
    ],
)
def test_what_is_not_there_is_an_error(fresh: Desk, token: str, sentence: str) -> None:
    code = f"%%synapse\nseen = True\nx = ('{{azureml:titanic}}', '{token}')"
    words = said(fresh.kernel.run(code))
    assert sentence in words and f"`{token}`: " in words
    cell = fresh.kernel.ok("%%synapse\n'seen' in globals()")
    assert cell.data() == ["False"], "nothing of the cell ran"


def test_an_address_that_is_no_text_of_code(fresh: Desk) -> None:
    data = fresh.azure.directory.ml[WORKSPACE].data
    version = {**data["titanic"]["1"], "dataUri": "abfss://c@a/x'+str(1/0)+'"}
    data["odd"] = {"1": version}
    words = said(fresh.kernel.run("%%synapse\nx = '{azureml:odd}'"))
    assert "`{azureml:odd}`: " in words and "can't stand in code" in words
    del data["odd"]


def test_an_interrupt_runs_nothing(fresh: Desk) -> None:
    fresh.azure.bad_day("GET", "management", "/data/titanic", delay=60)
    sent = fresh.kernel.send("%%synapse\nlate = '{azureml:titanic@latest}'")
    fresh.azure.asked.wait("GET", "management", "/data/titanic")
    fresh.kernel.interrupt()
    cell = fresh.kernel.finish(sent, LIMIT)
    assert cell.error["ename"] == "KeyboardInterrupt"
    assert "looking up" in cell.error["evalue"]
    fresh.azure.bad_days.clear()
    assert fresh.kernel.ok("%%synapse\n'late' in globals()").data() == ["False"]
    cell = fresh.kernel.ok("%%synapse\nprint('{azureml:titanic@latest}')")
    assert cell.stdout == LAKE + "/v2.csv\n"


def test_a_setup_cell_runs_again_with_it(fresh: Desk) -> None:
    fresh.kernel.ok("%%synapse --setup\nwhere = '{azureml:titanic:1}'")
    cell = fresh.kernel.ok("%synapse session restart", limit=LIMIT)
    assert "Ran 1 setup cell again." in cell.stdout
    cell = fresh.kernel.ok("%%synapse\nprint(where)", limit=LIMIT)
    assert cell.stdout == LAKE + "/v1.csv\n"


# -- sessions that belong to none


@pytest.mark.parametrize("start", ["%synapse start", FABRIC])
def test_the_folders_workspace_is_meant(fresh: Desk, start: str) -> None:
    kernel = fresh.kernel
    kernel.ok(f"{start} --name other", limit=LIMIT)
    code = "%%synapse --session other\nprint('{azureml:titanic@latest}')"
    words = said(kernel.run(code, limit=LIMIT))
    assert "Which Azure ML workspace?" in words and not fresh.asked()
    file = fresh.place.workspace_file()
    cell = kernel.ok(code, limit=LIMIT)
    assert cell.stdout == LAKE + "/v2.csv\n" and fresh.asked()
    file.unlink()
    kernel.ok("%synapse stop other", limit=LIMIT)


def test_without_a_session_nothing_is_asked(azure: Simulator, place: Place) -> None:
    place.workspace_file()
    with place.kernel(azure) as kernel:
        words = said(kernel.run("%%synapse\nx = '{azureml:titanic}'"))
    assert "NoSparkSession" in words
    assert not azure.asked.find("GET", "management", "")
