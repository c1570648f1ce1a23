"""Computes managed through both doors: `synapse-kernel compute …` and `%synapse compute …`.

The output is what Azure ML's documentation shows of `az ml compute` ("Attach and manage a
Synapse Spark pool").
"""

from __future__ import annotations

import json
import os
import pathlib
import re
import signal
import subprocess
import textwrap
import time
from typing import Iterator

import pytest
from azure_shell import LIMIT, AzureShell, Done
from notebook_kernel import BINARY, NotebookKernel
from simulator.app import Simulator
from simulator.directory import COMPUTE, GROUP, POOL, SUBSCRIPTION, SYNAPSE, WORKSPACE
from simulator.wire import Reply, azure_error

SYNAPSE_ID = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}"
    f"/providers/Microsoft.Synapse/workspaces/{SYNAPSE}"
)
POOL_ID = f"{SYNAPSE_ID}/bigDataPools/{POOL}"
WORKSPACE_ID = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}"
    f"/providers/Microsoft.MachineLearningServices/workspaces/{WORKSPACE}"
)
USER_IDENTITY = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}"
    "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/yogi-managed-id"
)
PLACE = ("--subscription", SUBSCRIPTION, "-g", GROUP, "-w", WORKSPACE)
ADMINISTRATOR = "6e4bf58a-b8e1-4cc3-bbf9-d73143322b78"

# As the documentation prints it, but for the time.
ATTACHED = f"""\
{{
  "auto_pause_settings": {{
    "auto_pause_enabled": true,
    "delay_in_minutes": 15
  }},
  "created_on": "TIME",
  "id": "{WORKSPACE_ID}/computes/my-spark-pool",
  "location": "eastus2",
  "name": "my-spark-pool",
  "node_count": 5,
  "node_family": "MemoryOptimized",
  "node_size": "Small",
  "provisioning_state": "Succeeded",
  "resourceGroup": "{GROUP}",
  "resource_id": "{POOL_ID}",
  "scale_settings": {{
    "auto_scale_enabled": false,
    "max_node_count": 0,
    "min_node_count": 0
  }},
  "spark_version": "3.2",
  "type": "synapsespark"
}}
"""
TIME = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}\+00:00"


def timeless(text: str) -> str:
    return re.sub(TIME, "TIME", text)


class Shell(AzureShell):
    """A user's shell in a folder of their own."""

    def __init__(self, azure: Simulator, folder: pathlib.Path):
        work = folder / "work"
        work.mkdir()
        super().__init__(azure, folder, work, "secret")

    def ok(self, *words: str) -> Done:
        done = self.run(*words)
        assert done.status == 0, done
        return done

    def fails(self, *words: str) -> str:
        """What it says on stderr; nothing is on stdout."""
        done = self.run(*words)
        assert done.status == 1 and done.out == "", done
        return done.err

    def write(self, name: str, text: str) -> None:
        self.folder.joinpath(name).write_text(textwrap.dedent(text))

    def write_pool(self, more: str = "", name: str = "my-spark-pool") -> None:
        lines = ["# attached-spark.yaml", f"name: {name}", "", "type: synapsespark", ""]
        lines += [f"resource_id: {POOL_ID}", "", textwrap.dedent(more)]
        self.write("attached-spark.yaml", "\n".join(lines))

    def write_config(self) -> None:
        place = {
            "subscription_id": SUBSCRIPTION,
            "resource_group": GROUP,
            "workspace_name": WORKSPACE,
        }
        self.write("config.json", json.dumps(place))


@pytest.fixture
def shell(azure: Simulator, tmp_path: pathlib.Path) -> Shell:
    return Shell(azure, tmp_path)


@pytest.fixture
def kernel(shell: Shell, tmp_path: pathlib.Path) -> Iterator[NotebookKernel]:
    shell.write_config()
    with shell.kernel(tmp_path) as kernel:
        yield kernel


# -- the lines of the documentation


def test_attach_show_list_detach_as_documented(shell: Shell, azure: Simulator) -> None:
    shell.write_pool()
    done = shell.ok("compute", "attach", "--file", "attached-spark.yaml", *PLACE)
    assert timeless(done.out) == ATTACHED
    shell.write_config()
    assert timeless(shell.ok("compute", "show", "--name", "my-spark-pool").out) == ATTACHED
    listed = shell.ok("compute", "list", "-w", WORKSPACE).json
    by_name = {each["name"]: each for each in listed}
    assert json.loads(ATTACHED) == dict(by_name["my-spark-pool"], created_on="TIME")
    assert by_name[COMPUTE]["identity"] == {
        "principal_id": "86e761a6-87f2-4ea1-9ef5-8ce708f0c332",
        "tenant_id": "72f988bf-86f1-41af-91ab-2d7cd011db47",
        "type": "system_assigned",
    }
    assert by_name["cpu-cluster"]["type"] == "amlcompute", "all computes are there"
    assert by_name[COMPUTE]["created_on"] == "2022-09-09 21:28:54.871251+00:00"
    gone = shell.ok("compute", "detach", "--name", "my-spark-pool")
    assert "`my-spark-pool` is detached" in gone.out
    assert "my-spark-pool" not in azure.directory.ml[WORKSPACE].computes
    assert SYNAPSE in azure.directory.synapse, "the pool itself stays"


def test_an_update_by_file_changes_identity_and_tags(
    shell: Shell, azure: Simulator
) -> None:
    shell.write_config()
    shell.write_pool("tags:\n  team: sales\n")
    shell.ok("compute", "attach", "--file", "attached-spark.yaml")
    shell.write_pool("identity:\n  type: system_assigned\n")
    done = shell.ok("compute", "attach", "--file", "attached-spark.yaml")
    assert "is attached already: its identity is brought up to date" in done.err
    assert done.json["identity"]["type"] == "system_assigned"
    assert done.json["tags"] == {"team": "sales"}, "what the file leaves out is kept"
    principal = done.json["identity"]["principal_id"]
    assert f"({principal}) needs the role Synapse Administrator" in done.err
    assert "synapse-kernel compute grant my-spark-pool" in done.err
    done = shell.ok("compute", "update", "my-spark-pool", "--tags", "a=b c", "d=e")
    assert done.json["tags"] == {"a": "b c", "d": "e"}
    assert done.json["identity"]["principal_id"] == principal


def test_user_assigned_identities(shell: Shell, azure: Simulator) -> None:
    shell.write_config()
    shell.write_pool(
        f"""\
        identity:
          type: user_assigned
          user_assigned_identities:
            - resource_id: {USER_IDENTITY}
        """
    )
    done = shell.ok("compute", "attach", "--file", "attached-spark.yaml")
    (identity,) = done.json["identity"]["user_assigned_identities"]
    assert identity["resource_id"] == USER_IDENTITY
    assert identity["principal_id"] == azure.directory.user_identity.object_id
    done = shell.ok("compute", "update", "my-spark-pool", "--identity", "none")
    assert "identity" not in done.json
    done = shell.ok("compute", "update", "my-spark-pool", "--identity", USER_IDENTITY)
    assert done.json["identity"]["type"] == "user_assigned"


def test_the_work_of_azure_is_waited_for_or_not(shell: Shell, azure: Simulator) -> None:
    shell.write_config()
    azure.arm.operation_steps = 4
    done = shell.ok("compute", "attach", "one", "--resource-id", POOL_ID)
    assert done.json["provisioning_state"] == "Succeeded"
    azure.arm.operation_steps = 1000
    done = shell.ok("compute", "attach", "two", "--resource-id", POOL_ID, "--no-wait")
    assert done.json["provisioning_state"] == "Creating"
    assert "`synapse-kernel compute show two` tells" in done.err


def test_tables(shell: Shell) -> None:
    shell.write_config()
    table = shell.ok("compute", "list", "-o", "table", "--type", "synapsespark").out
    assert re.search(rf"\| {COMPUTE} +\| synapsespark +\| Succeeded ", table)
    assert "cpu-cluster" not in table
    table = shell.ok("compute", "show", COMPUTE, "--output", "table").out
    assert re.search(r"\| node_count +\| 5 +\|", table)


# -- roles


def test_grant_without_the_right_gives_the_line_for_an_administrator(
    shell: Shell, azure: Simulator
) -> None:
    shell.write_config()
    words = shell.fails("compute", "grant", COMPUTE)
    assert (
        f"az synapse role assignment create --workspace-name {SYNAPSE} "
        '--role "Synapse Administrator" '
        "--assignee-object-id 86e761a6-87f2-4ea1-9ef5-8ce708f0c332 "
        "--assignee-principal-type ServicePrincipal "
        f"--item-type bigDataPools --item {POOL}"
    ) in words


def test_grant_asks_the_cloud_of_the_region(shell: Shell, azure: Simulator) -> None:
    shell.write_config()
    words = shell.fails("compute", "grant", COMPUTE, "-w", "yogi-gov-ws")
    assert "--workspace-name yogi-gov-synapse" in words
    host = "yogi-gov-synapse.dev.azuresynapse.usgovcloudapi.net"
    assert azure.log.find("PUT", host, "/roleAssignments/")


def test_grant_gives_the_role_at_the_pool_once(shell: Shell, azure: Simulator) -> None:
    shell.write_config()
    workspace = azure.directory.synapse[SYNAPSE]
    workspace.roles.append(
        {
            "id": "the-administrator",
            "roleDefinitionId": ADMINISTRATOR,
            "principalId": azure.directory.application.principal.object_id,
            "scope": f"workspaces/{SYNAPSE}",
            "principalType": "User",
        }
    )
    done = shell.ok("compute", "grant", COMPUTE)
    given = workspace.roles[-1]
    assert given["scope"] == f"workspaces/{SYNAPSE}/bigDataPools/{POOL}"
    assert given["roleDefinitionId"] == ADMINISTRATOR
    assert given["principalId"] == "86e761a6-87f2-4ea1-9ef5-8ce708f0c332"
    assert done.json["role"] == "Synapse Administrator"
    count = len(workspace.roles)
    assert "already" in shell.ok("compute", "grant", COMPUTE).err
    assert len(workspace.roles) == count
    words = shell.fails("compute", "grant", COMPUTE, "--role", "Synapse Administratr")
    assert "Did you mean `Synapse Administrator`?" in words


# -- bad days


def test_a_mistake_in_the_file_is_named_with_its_line(shell: Shell) -> None:
    shell.write_config()
    shell.write("pool.yml", "name: p\ntype: synapsespark\nresorce_id: /x\n")
    words = shell.fails("compute", "attach", "--file", "pool.yml")
    assert "pool.yml:3: there is no field `resorce_id`" in words
    assert "Did you mean `resource_id`?" in words


@pytest.mark.parametrize(
    "words, said",
    [
        (("show", "yogi-sprk-pool"), "Did you mean `yogi-spark-pool`?"),
        (("show", COMPUTE, "-w", "nowhere"), "no Azure ML workspace nowhere"),
        (("list", "-w", "nowhere"), "no Azure ML workspace nowhere"),
        (("show", COMPUTE, "-g", "nowhere"), "no resource group nowhere"),
        (("show", COMPUTE, "-s", "0000"), "no subscription 0000"),
        (("detach", "cpu-cluster"), "of type amlcompute, which Azure ML made"),
        (("grant", "cpu-cluster"), "roles of Synapse are for Synapse Spark pools"),
        (("attach", "cpu-cluster", "--resource-id", POOL_ID), "`cpu-cluster` already"),
        (("attach", COMPUTE, "--resource-id", POOL_ID + "2"), "to another pool"),
        (("attach", "x", "--linked-service", "no", "--pool", POOL), "linked service no"),
    ],
)
def test_what_is_not_there_is_said(
    shell: Shell, words: tuple[str, ...], said: str
) -> None:
    shell.write_config()
    assert said in shell.fails("compute", *words)


def test_what_is_in_use_is_said(shell: Shell, azure: Simulator) -> None:
    shell.write_config()
    azure.directory.ml[WORKSPACE].in_use.add(COMPUTE)
    assert f"`{COMPUTE}` is in use" in shell.fails("compute", "detach", COMPUTE)
    assert COMPUTE in azure.directory.ml[WORKSPACE].computes


def test_an_operation_that_fails_says_why(shell: Shell, azure: Simulator) -> None:
    shell.write_config()
    azure.arm.operation_error = {"code": "BadPool", "message": "The pool is paused."}
    words = shell.fails("compute", "attach", "p", "--resource-id", POOL_ID)
    assert "The pool is paused." in words


def test_a_throttled_attach_is_tried_again(shell: Shell, azure: Simulator) -> None:
    shell.write_config()
    slow_down = azure_error("TooManyRequests", "Slow down.")
    reply = Reply(429, slow_down, {"Retry-After": "1"})
    azure.bad_day("PUT", "management", "/computes/", reply=reply, times=2)
    done = shell.ok("compute", "attach", "p", "--resource-id", POOL_ID)
    assert done.json["provisioning_state"] == "Succeeded"
    assert len(azure.log.find("PUT", "management", "/computes/p")) == 3


def test_a_line_that_cannot_be_read(shell: Shell, azure: Simulator) -> None:
    done = shell.run("compute", "atach", "x")
    assert (done.status, done.out) == (2, "")
    assert "Did you mean `synapse-kernel compute attach`?" in done.err
    assert "Usage: synapse-kernel compute" in done.err
    assert not azure.log.find(), "nothing was asked"


def test_words_of_a_shell_stay_as_they_are(shell: Shell) -> None:
    shell.write_config()
    name = "it's {x} $y"
    assert f"the compute {name} " in shell.fails("compute", "show", name)


def test_an_interrupted_attach_ends_at_once(shell: Shell, azure: Simulator) -> None:
    shell.write_config()
    azure.arm.operation_steps = 10_000
    process = shell.start("compute", "attach", "p", "--resource-id", POOL_ID)
    azure.log.wait("GET", "management", "/computeOperationsStatus/")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=LIMIT)
    assert process.returncode == 130 and out == ""
    assert "Interrupted while attaching p. Azure may go on with it" in err


def test_a_terminal_shows_how_far_it_is(shell: Shell, azure: Simulator) -> None:
    shell.write_config()
    azure.arm.operation_steps, azure.arm.retry_after = 2, 1  # slow enough to be seen
    master, terminal = os.openpty()
    words = [BINARY, "compute", "attach", "p", "--resource-id", POOL_ID]
    done = subprocess.run(
        words,
        cwd=shell.folder,
        env=shell.environment,
        stdout=subprocess.PIPE,
        stderr=terminal,
        timeout=LIMIT,
        check=True,
    )
    os.close(terminal)
    shown = os.read(master, 100_000).decode()
    os.close(master)
    assert json.loads(done.stdout)["name"] == "p"
    assert "\r\x1b[Klooking up the compute p" in shown
    assert "\r\x1b[Kattaching p: Creating" in shown
    assert shown.split("\r\x1b[K")[-1].startswith("It has no managed identity")


# -- names of one's own


def test_places_are_registered_and_forgotten(shell: Shell, azure: Simulator) -> None:
    shell.ok("compute", "attach", "lab", "--livy", "http://lab:8998")
    shell.write(
        "lake.yml",
        """\
        name: lake
        type: fabric
        workspace: Teaching
        lakehouse: Passengers
        """,
    )
    shell.ok("compute", "attach", "--file", "lake.yml")
    listed = shell.ok("compute", "list").json
    assert [(each["name"], each["type"]) for each in listed] == [
        ("lab", "livy"),
        ("lake", "fabric"),
    ]
    assert shell.ok("list").json == ["local", "lab", "lake"]
    assert shell.ok("compute", "show", "lake").json["lakehouse"] == "Passengers"
    shell.ok("compute", "detach", "lab")
    assert shell.ok("list").json == ["local", "lake"]
    assert not azure.log.find(), "no Azure was asked"


# -- the notebook's door


def test_a_cell_attaches_shows_and_detaches(
    kernel: NotebookKernel, shell: Shell, azure: Simulator
) -> None:
    shell.write_pool()
    azure.arm.operation_steps, azure.arm.retry_after = 2, 1  # slow enough to be seen
    cell = kernel.ok("%synapse compute attach --file attached-spark.yaml")
    assert timeless(cell.stdout).startswith(ATTACHED)
    assert any("attaching my-spark-pool: Creating" in line for line in cell.progress)
    cell = kernel.ok("pool = %synapse compute show my-spark-pool\nprint(pool['node_count'])")
    assert cell.stdout == "5\n"
    cell = kernel.ok("%synapse compute list")
    assert json.loads(cell.data()[0])[0]["name"] == "cpu-cluster"
    assert "<td" in cell.data("text/html")[0]
    cell = kernel.ok("%synapse list")
    assert "my-spark-pool" in json.loads(cell.stdout)
    assert "cpu-cluster" not in json.loads(cell.stdout)
    kernel.ok("%synapse compute detach my-spark-pool")
    assert "my-spark-pool" not in azure.directory.ml[WORKSPACE].computes


def test_a_cell_is_interrupted(
    kernel: NotebookKernel, shell: Shell, azure: Simulator
) -> None:
    shell.write_pool()
    azure.arm.operation_steps = 10_000
    sent = kernel.send("%synapse compute attach --file attached-spark.yaml")
    azure.log.wait("GET", "management", "/computeOperationsStatus/")
    kernel.interrupt()
    cell = kernel.finish(sent)
    assert cell.error["ename"] == "KeyboardInterrupt"
    assert "Azure may go on with it" in cell.traceback
    azure.log.clear()
    kernel.ok("print(1)")
    time.sleep(1)  # of ten looks
    assert not azure.log.find("GET", "management"), "nothing is asked any more"


def test_a_cell_says_what_is_wrong(kernel: NotebookKernel) -> None:
    cell = kernel.fails("%synapse compute show yogi-sprk-pool")
    assert cell.error["ename"] == "UsageError"
    assert f"Did you mean `{COMPUTE}`?" in cell.traceback


def test_what_a_session_runs_on_is_not_detached(
    kernel: NotebookKernel, azure: Simulator
) -> None:
    kernel.ok(f"%synapse start -c {COMPUTE}")
    cell = kernel.fails(f"%synapse compute detach {COMPUTE}")
    assert f"The session of this notebook runs on `{COMPUTE}`" in cell.traceback
    kernel.ok("%synapse stop")
    kernel.ok(f"%synapse compute detach {COMPUTE}")
    assert COMPUTE not in azure.directory.ml[WORKSPACE].computes


def test_a_registered_name_is_a_place_to_start(
    kernel: NotebookKernel, shell: Shell, azure: Simulator
) -> None:
    shell.ok("compute", "attach", "lake", "--fabric", "Teaching/Passengers")
    assert "ready" in kernel.ok("%synapse start -c lake").stdout
    assert kernel.ok("%%synapse\nprint('on')").stdout == "on\n"
    kernel.ok("%synapse stop")


def test_registered_names_are_completed(kernel: NotebookKernel, shell: Shell) -> None:
    shell.ok("compute", "attach", "lab", "--livy", "http://lab:8998")
    kernel.ok("%synapse compute list")  # reads the configuration anew
    for line, names in (
        ("%synapse start -c l", ["local", "lab"]),
        ("%synapse compute detach l", ["lab"]),
        (f"%synapse start -c {COMPUTE[:-1]}", [COMPUTE]),  # the list had it
    ):
        reply = kernel.client.complete(line, reply=True, timeout=LIMIT)
        assert reply["content"]["matches"] == names
