"""Real cells on the simulated clusters: the users' notebook, the incumbent's options, a
token's end in the middle, limits, interrupts. One kernel for all of it."""

from __future__ import annotations

import json
import os
import pathlib
from dataclasses import dataclass
from typing import Callable, Iterator

import pytest
from azure_kernel import PLACE, START, Place, at_work, said, shown
from notebook_kernel import NotebookKernel
from simulator.app import Simulator
from simulator.certificates import Certificates
from simulator.cluster import Cluster
from simulator.directory import (
    COMPUTE,
    CONDA,
    FABRIC_WORKSPACE,
    GROUP,
    LAKEHOUSE,
    POOL,
    SUBSCRIPTION,
    SYNAPSE,
    WORKSPACE,
)
from simulator.sessions import Session
from simulator.synapse import CAPACITY

pytestmark = pytest.mark.timeout(300)
NOTEBOOKS = pathlib.Path(__file__).resolve().parents[2] / "notebooks"
FABRIC = f"%synapse start -c fabric:{FABRIC_WORKSPACE}/{LAKEHOUSE}"
STARTS = {"synapse": START, "fabric": FABRIC}
LIMIT = 240


@dataclass
class Desk:
    """A kernel, the machine that it runs on, and the Azure that it asks."""

    azure: Simulator
    place: Place
    kernel: NotebookKernel
    dialect: str = ""  # of the session that tests share

    def session(self) -> Session:
        """The one that runs."""
        (session,) = self.azure.running()
        return session

    def stop(self) -> None:
        self.dialect = ""
        if self.azure.running():
            self.kernel.run("%synapse stop", limit=LIMIT)
        assert not self.azure.running()


@pytest.fixture(scope="module")
def desk(
    cluster: Cluster, certificates: Certificates, jupyter_path: pathlib.Path
) -> Iterator[Desk]:
    place = Place(jupyter_path)
    data = place.notebook / "data"
    data.mkdir()
    titanic = (NOTEBOOKS / "data" / "titanic.csv").read_bytes()
    (data / "titanic.csv").write_bytes(titanic)
    with at_work(cluster, certificates, place) as (azure, kernel):
        yield Desk(azure, place, kernel)


@pytest.fixture
def fresh(desk: Desk) -> Iterator[Desk]:
    """No session before, none after."""
    desk.stop()
    yield desk
    desk.azure.bad_days.clear()
    desk.stop()


@pytest.fixture(scope="module", params=list(STARTS))
def dialect(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def started(desk: Desk, dialect: str) -> Desk:
    """With a session in that dialect; tests share it."""
    if not desk.azure.running() or desk.dialect != dialect:
        desk.stop()
        desk.kernel.ok(STARTS[dialect], limit=LIMIT)
        desk.dialect = dialect
    return desk


# -- the notebook of the documentation, with other names


def test_the_users_notebook_runs_from_start_to_stop(fresh: Desk, dialect: str) -> None:
    run = fresh.kernel.ok
    run(f"import os\npool = {COMPUTE!r}\nworkspace = {WORKSPACE!r}")
    line = STARTS[dialect].replace(COMPUTE, "$pool").replace(f"-w {WORKSPACE}", "")
    run(f"{line} -w {{workspace}}" if dialect == "synapse" else line, limit=LIMIT)
    meta = json.loads(run("%synapse meta").stdout)
    assert meta["session_id"] == str(fresh.session().id)
    run("%synapse upload data/titanic.csv")
    load = "%%synapse\n\nimport os\nfolder = 'file://' + os.getcwd()\n"
    load += 'df = spark.read.option("header", "true").csv(folder + "/titanic.csv")'
    run(load)
    prepared = run(
        "%%synapse\nfrom pyspark.sql.functions import col, desc\n\n"
        "df.filter(col('Survived') == 1).groupBy('Sex').count()"
        ".orderBy(desc('count')).show(10)\n\ndf.show()"
    )
    assert (
        "|female|  308|" in prepared.stdout and "only showing top 20" in prepared.stdout
    )
    dataset = fresh.kernel.fails(
        "%%synapse\nfrom azureml.core import Workspace, Dataset\n\n"
        'dset = Dataset.get_by_name(ws, "blob_dset")\n'
        "spark_df = dset.to_spark_dataframe()"
    )
    assert 'spark.read.csv("{azureml:blob_dset}", header=True)' in dataset.text
    write = (
        '%% synapse\n\ndf.write.format("csv").mode("overwrite").save(folder + "/out")'
    )
    run(write)
    again = run("%%synapse\nspark.read.csv(folder + '/out').count()")
    assert again.data() == ["1313"]
    assert "Session stopped." in run("%synapse stop").stdout
    assert not fresh.azure.running()


def test_the_cluster_does_not_see_the_notebooks_folder(started: Desk) -> None:
    file = started.place.notebook / "data" / "titanic.csv"
    cell = started.kernel.fails(f"%%synapse\nopen({str(file)!r})")
    assert cell.error["ename"] in ("PermissionError", "FileNotFoundError")
    other = started.kernel.ok("%%synapse\nimport os\nos.getuid()").data()
    if started.azure.cluster.is_elsewhere:
        assert other != [str(os.getuid())]


# -- the incumbent's command line

OPTIONS = (
    "--driver-memory 56g --driver-cores 8 --executor-memory 112g --executor-cores 16"
)


def asked(desk: Desk, line: str) -> dict:
    """The body of the session that a line asks for; the pool then has no room."""
    pool = desk.azure.directory.synapse[SYNAPSE].pools[POOL]
    pool.fates.append(CAPACITY)
    desk.kernel.fails(line, limit=LIMIT)
    assert not pool.fates and not desk.azure.running()
    return desk.azure.synapse.history[-1].body


SIZES = {
    "driverMemory": "56g",
    "driverCores": 8,
    "executorMemory": "112g",
    "executorCores": 16,
    "numExecutors": 3,
}
DEFAULTS = {
    "driverMemory": "28g",
    "driverCores": 4,
    "executorMemory": "28g",
    "executorCores": 4,
    "numExecutors": 2,
}


@pytest.mark.parametrize(
    "line, sizes",
    [
        (START, DEFAULTS),
        (f"{START} {OPTIONS} -n 3", SIZES),
        (f"%synapse START -c {COMPUTE} {PLACE} {OPTIONS} --num-executors 3", SIZES),
        (
            f"%synapse start --compute-target {COMPUTE} --subscription-id {SUBSCRIPTION} "
            f"--resource-group {GROUP} --workspace-name {WORKSPACE}",
            DEFAULTS,
        ),
    ],
)
def test_options_reach_the_session(fresh: Desk, line: str, sizes: dict) -> None:
    body = asked(fresh, line)
    assert {name: body[name] for name in sizes} == sizes
    assert body["name"]


def test_a_workspace_file_is_named_or_found(fresh: Desk) -> None:
    file = fresh.place.workspace_file()
    asked(fresh, f"%synapse start -c {COMPUTE}")
    moved = file.rename(fresh.place.home / "ws.json")
    asked(fresh, f"%synapse start -c {COMPUTE} -f {moved}")
    asked(fresh, f"%synapse start -c {COMPUTE} --config-file {moved}")
    for folder in (".azureml", "aml_config"):
        place = fresh.place.notebook / folder
        place.mkdir()
        moved = moved.rename(place / "config.json")
        asked(fresh, f"%synapse start -c {COMPUTE}")
    moved.unlink()


@pytest.mark.parametrize("version, text", [("", "0.9.0"), ("1", "0.8.10")])
def test_an_environments_conda_part_goes_along(
    fresh: Desk, version: str, text: str
) -> None:
    line = f"{START} -e AzureML-Minimal"
    line += f" --environment-version {version}" if version else ""
    conda = asked(fresh, line)["conf"]["spark.synapse.library.python.env"]
    assert f"tabulate=={text}" in conda
    assert conda.count("\n") == CONDA.count("\n")


def test_an_environment_without_conda_is_told(fresh: Desk) -> None:
    sentence = said(fresh.kernel.run(f"{START} -e docker-only", limit=LIMIT))
    assert "docker-only" in sentence and "Conda" in sentence
    sentence = said(fresh.kernel.run(f"{START} -e nothing", limit=LIMIT))
    assert "nothing" in sentence
    line = f"%synapse start -c plain-pool {PLACE} -e AzureML-Minimal"
    sentence = said(fresh.kernel.run(line, limit=LIMIT))
    assert "package" in sentence
    assert not fresh.azure.running()


def test_a_body_is_the_sessions_configuration(fresh: Desk) -> None:
    body = asked(fresh, f'%{START}\n{{"spark.sql.shuffle.partitions": "7"}}')
    assert body["conf"]["spark.sql.shuffle.partitions"] == "7"
    before = len(fresh.azure.synapse.history)
    fresh.kernel.fails(f'%{START}\n{{"spark.x": }}', limit=LIMIT)
    assert len(fresh.azure.synapse.history) == before


def test_packages_go_along_but_for_those_that_are_built_in(fresh: Desk) -> None:
    body = asked(fresh, f"{START} --packages azure,g:a:1")
    assert body["conf"]["spark.jars.packages"] == "g:a:1"
    sentence = said(fresh.kernel.run(f"{START} --packages aws", limit=LIMIT))
    assert "name the packages with the version there" in sentence
    assert not fresh.azure.running()
    text = fresh.kernel.ok(f"{START} --packages azure", limit=LIMIT).text
    assert "--packages azure is not needed there: Spark has it built in." in text
    assert "spark.jars.packages" not in fresh.session().body.get("conf", {})


def test_meta_list_and_a_second_start(fresh: Desk) -> None:
    listed = json.loads(fresh.kernel.ok(f"%synapse list {PLACE}").stdout)
    assert COMPUTE in listed and "cpu-cluster" not in listed
    line = f"{START} -t 45 --start-timeout 600 -n 1"
    fresh.kernel.ok(line, limit=LIMIT)
    meta = json.loads(fresh.kernel.ok("%synapse meta").stdout)
    session = fresh.session()
    known = {
        "subscription_id": SUBSCRIPTION,
        "resource_group": GROUP,
        "workspace_name": WORKSPACE,
        "session_id": str(session.id),
        "application_id": session.app_id,
        "application_name": session.body["name"],
        "application_state": "idle",
        "driver_memory": "28g",
        "driver_cores": 4,
        "executor_memory": "28g",
        "executor_cores": 4,
        "num_executors": 1,
        "environment_name": None,
        "environment_version": None,
        "start_timeout_seconds": 600,
        "timeout_minutes": 45,
    }
    assert {name: meta[name] for name in known} == known
    assert {"spark_ui_url", "spark_conf", "synapse_session_guid"} <= set(meta)
    assert meta["application_url"].startswith(
        "https://web.azuresynapse.net/monitoring/sparkapplication/"
    )
    again = said(fresh.kernel.run(START))
    assert "A Spark session is active already (on " in again
    assert len(fresh.azure.running()) == 1


# -- tokens in the middle of a session


def test_a_token_that_ends_is_renewed_unseen(started: Desk) -> None:
    azure, run = started.azure, started.kernel.ok
    assert run("%%synapse\nx = 6 * 7\nx").data() == ["42"]
    azure.mint.revoke_all()
    azure.log.clear()
    assert run("%%synapse\nx").data() == ["42"]
    assert any(entry.status == 401 for entry in azure.log.find())
    assert azure.log.find("POST", "login")
    sent = started.kernel.send("%%synapse\nimport time\ntime.sleep(3)\nx + 1")
    azure.log.clear()
    azure.log.wait("GET", "", "/statements/")
    azure.mint.revoke_all()
    assert started.kernel.finish(sent, LIMIT).data() == ["43"]
    assert any(entry.status == 401 for entry in azure.log.find("GET")), str(azure.log)


def test_a_lost_login_is_told_and_the_session_stays(started: Desk) -> None:
    azure = started.azure
    azure.mint.revoke_all()
    azure.login.fails_with = 7000222
    sentence = said(started.kernel.run("%%synapse\n1 + 1", limit=LIMIT))
    azure.login.fails_with = 0
    assert "AADSTS7000222" in sentence
    assert started.kernel.ok("%%synapse\n1 + 1", limit=LIMIT).data() == ["2"]


# -- cells


def test_errors_keep_their_place(started: Desk) -> None:
    cell = started.kernel.fails("%%synapse\nprint('before')\n1 / 0")
    assert cell.stdout == "before\n" and cell.error["ename"] == "ZeroDivisionError"
    assert "1 / 0" in cell.traceback


def test_code_over_the_limit_runs(started: Desk) -> None:
    text = "é" * 120_000  # more than 100 KB, and no ASCII
    cell = started.kernel.ok(f"%%synapse\ntext = '{text}'\nlen(text)", limit=LIMIT)
    assert cell.data() == ["120000"]
    assert not [entry for entry in started.azure.log.find() if entry.status == 413]


def test_a_large_output_comes_whole(started: Desk) -> None:
    cell = started.kernel.ok("%%synapse\nprint('ü' * 300_000 + 'end')", limit=LIMIT)
    assert cell.stdout == "ü" * 300_000 + "end\n"


def test_sql_and_scala_share_the_session(started: Desk) -> None:
    scala = '%%synapse scala\nspark.range(5).createOrReplaceTempView("five")'
    started.kernel.ok(scala, limit=LIMIT)
    cell = started.kernel.ok("%%synapse sql\nselect count(*) as n from five")
    assert "5" in cell.text


def test_an_interrupt_frees_the_session(started: Desk) -> None:
    code = "%%synapse\nsc.parallelize(range(64), 64).map("
    code += "lambda v: __import__('time').sleep(20)).count()"
    sent = started.kernel.send(code)
    started.azure.log.clear()
    started.azure.log.wait("GET", "", "/statements/")
    started.kernel.interrupt()
    cell = started.kernel.finish(sent, LIMIT)
    assert cell.status == "error" and "Interrupt" in cell.error["ename"]
    assert started.kernel.ok("%%synapse\n40 + 2", limit=LIMIT).data() == ["42"]


def test_data_travels_both_ways(started: Desk) -> None:
    run: Callable = started.kernel.ok
    run("import pandas as pd\nprices = pd.DataFrame({'a': range(2000), 'b': 'x'})")
    run("%synapse put prices")
    code = "%%synapse -o back\nback = prices.selectExpr('a + 1 as a', 'b')"
    run(code, limit=LIMIT)
    assert run("(len(back), int(back.a.sum()), list(back.b.unique()))").data() == [
        "(2000, 2001000, ['x'])"
    ]


# -- a session that ends by itself


def test_a_session_that_idled_out_says_so(fresh: Desk) -> None:
    fresh.kernel.ok(START, limit=LIMIT)
    session = fresh.session()
    session.idle_seconds = 0.1
    session.thread.join(30)
    assert session.is_over
    sentence = said(fresh.kernel.run("%%synapse\n1", limit=LIMIT))
    assert "%synapse start" in sentence


# -- the same notebook everywhere


def cells_of(name: str) -> list[str]:
    notebook = json.loads((NOTEBOOKS / name).read_text("utf-8"))
    sources = [c["source"] for c in notebook["cells"] if c["cell_type"] == "code"]
    return ["".join(source) for source in sources]


def test_one_notebook_shows_the_same_everywhere(fresh: Desk) -> None:
    start, *cells = cells_of("06-one-notebook-anywhere.ipynb")
    assert start.startswith("%synapse start")
    fresh.azure.cluster.ensure()
    livy = os.environ.get("LIVY_URL", f"unix:{fresh.azure.cluster.socket}")
    lines = {
        "local": start,
        "livy": f"%synapse start --livy {livy}",
        "synapse": START,
        "fabric": FABRIC,
    }
    seen = {}
    for where, line in lines.items():
        fresh.kernel.ok(line, limit=LIMIT)
        seen[where] = [shown(fresh.kernel.ok(cell, limit=LIMIT)) for cell in cells]
    for where in lines:
        assert seen[where] == seen["local"], where
