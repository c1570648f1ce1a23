"""Linked services and data assets, in a shell and in cells."""

from __future__ import annotations

import json

import pytest
from notebook_kernel import NotebookKernel
from simulator.app import Simulator
from simulator.directory import (
    COMPUTE,
    GROUP,
    POOL,
    SPARK_ADMINISTRATOR,
    SUBSCRIPTION,
    SYNAPSE,
    WORKSPACE,
    workspace_path,
)
from test_manage import ADMINISTRATOR, PLACE, SYNAPSE_ID, Shell, kernel, shell

__all__ = ["kernel", "shell"]  # fixtures

LAKE = "abfss://data@yogilake.dfs.core.windows.net/titanic"


# -- linked services


def test_a_workspace_is_linked_shown_and_unlinked(
    shell: Shell, azure: Simulator
) -> None:
    shell.write_config()
    links = azure.directory.ml[WORKSPACE].linked_services
    words = (
        "linked-service",
        "register",
        "synapselink1",
        "--synapse-workspace",
        SYNAPSE,
    )
    done = shell.ok(*words, "--attach", POOL, "other")
    principal = links["synapselink1"]["identity"]["principalId"]
    assert done.json["system_assigned_identity_principal_id"] == principal
    assert done.json["linked_service_resource_id"] == SYNAPSE_ID
    assert [each["name"] for each in done.json["attached"]] == [POOL, "other"]
    assert (
        f"({principal}) needs the role Synapse Apache Spark Administrator" in done.err
    )
    assert "`synapse-kernel linked-service grant synapselink1` gives it" in done.err
    attached = azure.directory.ml[WORKSPACE].computes["other"]["properties"]
    assert attached["resourceId"] == f"{SYNAPSE_ID}/bigDataPools/other"

    done = shell.ok("linked-service", "show", "synapselink1", *PLACE)
    assert done.json["synapse_workspace"] == SYNAPSE
    assert f"({principal}) needs the role" in done.err
    (listed,) = shell.ok("linked-service", "list").json
    assert listed["name"] == "synapselink1"
    done = shell.ok(*words)
    assert "`synapselink1` was registered already" in done.err
    linked = ("--linked-service", "synapselink1", "--pool", POOL)
    done = shell.ok("compute", "attach", "mine", *linked)
    assert done.json["resource_id"] == f"{SYNAPSE_ID}/bigDataPools/{POOL}"

    assert (
        "is unregistered"
        in shell.ok("linked-service", "unregister", "synapselink1").out
    )
    assert not links and SYNAPSE in azure.directory.synapse
    assert shell.ok("linked-service", "list").json == []


def test_its_identity_gets_its_role(shell: Shell, azure: Simulator) -> None:
    shell.write_config()
    workspace = azure.directory.synapse[SYNAPSE]
    shell.ok("linked-service", "register", "link", "--resource-id", SYNAPSE_ID)
    link = azure.directory.ml[WORKSPACE].linked_services["link"]
    words = shell.fails("linked-service", "grant", "link")
    assert f"az synapse role assignment create --workspace-name {SYNAPSE}" in words
    workspace.roles.append(
        {
            "id": "the-administrator",
            "roleDefinitionId": ADMINISTRATOR,
            "principalId": azure.directory.application.principal.object_id,
            "scope": f"workspaces/{SYNAPSE}",
            "principalType": "User",
        }
    )
    done = shell.ok("linked-service", "grant", "link")
    given = workspace.roles[-1]
    assert given["principalId"] == link["identity"]["principalId"]
    assert given["roleDefinitionId"] == SPARK_ADMINISTRATOR
    assert given["scope"] == f"workspaces/{SYNAPSE}"
    assert done.json["role"] == "Apache Spark Administrator"
    count = len(workspace.roles)
    assert "already" in shell.ok("linked-service", "grant", "link").err
    assert len(workspace.roles) == count


@pytest.mark.parametrize(
    "words, said",
    [
        (("show", "nowhere"), "linked service nowhere"),
        (("unregister", "nowhere"), "There is none at all there."),
        (("register", "x", "--synapse-workspace", "no-such"), "no-such' was not found"),
        (("register", "x", "--resource-id", "/subscriptions/s"), "no resource ID of a"),
    ],
)
def test_links_that_can_not_be(shell: Shell, words: tuple[str, ...], said: str) -> None:
    shell.write_config()
    assert said in shell.fails("linked-service", *words)


def test_a_pool_that_is_not_there(shell: Shell, azure: Simulator) -> None:
    shell.write_config()
    words = shell.fails(
        "linked-service",
        "register",
        "x",
        "--synapse-workspace",
        SYNAPSE,
        "--attach",
        "no",
    )
    assert (
        "The linked service x is registered, but its pool no is not attached" in words
    )
    assert "'no' was not found" in words
    assert "x" in azure.directory.ml[WORKSPACE].linked_services


# -- data assets


def test_data_is_registered_listed_and_shown(shell: Shell, azure: Simulator) -> None:
    shell.write_config()
    uri = "azureml://datastores/workspaceblobstore/paths/raw/titanic.csv"
    done = shell.ok("data", "register", "titanic", uri, "--description", "the ship")
    assert done.json["version"] == "3" and done.json["type"] == "uri_file"
    kept = azure.directory.ml[WORKSPACE].data["titanic"]["3"]
    assert kept["dataUri"] == workspace_path("workspaceblobstore", "raw/titanic.csv")
    assert kept["description"] == "the ship"
    (listed,) = shell.ok("data", "list").json
    assert (listed["name"], listed["latest_version"]) == ("titanic", "3")
    versions = [each["version"] for each in shell.ok("data", "list", "titanic").json]
    assert versions == ["3", "2", "1"]
    assert shell.ok("data", "show", "titanic").json["path"] == kept["dataUri"]
    assert shell.ok("data", "show", "titanic:1").json["path"].endswith("/v1.csv")
    done = shell.ok("data", "register", "fresh", "abfss://c@a.dfs.core.windows.net/x")
    assert (done.json["version"], done.json["type"]) == ("1", "uri_folder")
    words = shell.fails("data", "register", "fresh", "abfss://c@a/y", "--version", "1")
    assert "dataUri can't be changed" in words


@pytest.mark.parametrize(
    "name, path",
    [
        ("titanic", LAKE + "/v2.csv"),
        ("azureml:titanic@latest", LAKE + "/v2.csv"),
        ("azureml:titanic:1", LAKE + "/v1.csv"),
        ("azureml://datastores/lake/paths/titanic/v1.csv", LAKE + "/v1.csv"),
        (workspace_path("lake", "titanic"), LAKE),
        (
            "azureml://datastores/workspaceblobstore/paths/a/b",
            "abfss://azureml-blobstore@yogistorage.dfs.core.windows.net/a/b",
        ),
    ],
)
def test_where_spark_reads_it(shell: Shell, name: str, path: str) -> None:
    shell.write_config()
    assert shell.ok("data", "path", name).json["path"] == path


@pytest.mark.parametrize(
    "words, said",
    [
        (("show", "titanik"), "Did you mean `titanic`?"),
        (("path", "titanic:7"), "data list titanic` shows its versions"),
        (("path", "azureml://datastores/lak/paths/x"), "Did you mean `lake`?"),
        (("path", "./titanic.csv"), "is a path of this machine"),
        (("register", "x", "adl://old.azuredatalakestore.net/x"), "Gen1 was retired"),
        (("list", "-w", "nowhere"), "no Azure ML workspace nowhere"),
    ],
)
def test_data_that_is_not_there(
    shell: Shell, words: tuple[str, ...], said: str
) -> None:
    shell.write_config()
    assert said in shell.fails("data", *words)


def test_the_workspace_of_an_address_is_asked(shell: Shell, azure: Simulator) -> None:
    shell.ok("data", "path", workspace_path("lake", "x"))
    (asked,) = azure.log.find("GET", "management", "/datastores/lake")
    place = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/"
    assert asked.request.path.startswith(place)
    assert f"/workspaces/{WORKSPACE}/" in asked.request.path


# -- the notebook's door

DATASET_CELL = """\
%%synapse
from azureml.core import Workspace, Dataset

dset = Dataset.get_by_name(ws, "titanic")
spark_df = dset.to_spark_dataframe()
"""


def test_a_dataset_has_a_new_form(kernel: NotebookKernel) -> None:
    kernel.ok(f"%synapse start -c {COMPUTE}")
    cell = kernel.fails(DATASET_CELL)
    assert 'spark_df = spark.read.csv("{azureml:titanic}", header=True)' in cell.traceback
    cell = kernel.ok('%%synapse\nprint("{azureml:titanic}")')
    assert cell.stdout == f"{LAKE}/v2.csv\n"
    kernel.ok("x = %synapse data path titanic")
    kernel.ok("%synapse put x")
    cell = kernel.ok("%%synapse\nprint(type(x).__name__, x['path'])")
    assert cell.stdout == f"dict {LAKE}/v2.csv\n"
    kernel.ok("%synapse stop")


def test_cells_find_data(kernel: NotebookKernel, azure: Simulator) -> None:
    cell = kernel.ok("x = %synapse data path titanic\nprint(x['path'])")
    assert cell.stdout.endswith(LAKE + "/v2.csv\n")
    cell = kernel.ok("%synapse data list")
    assert json.loads(cell.data()[0])[0]["name"] == "titanic"
    cell = kernel.fails("%synapse data show titanik")
    assert "Did you mean `titanic`?" in cell.traceback
    cell = kernel.ok(
        f"%synapse linked-service register link --synapse-workspace {SYNAPSE}"
    )
    assert "%synapse linked-service grant link" in cell.stdout
