"""Places to start on, and ways to reach them: what is asked of whom. But for the shared
Fabric sessions no Spark runs here: the service has no room for it."""

from __future__ import annotations


import pytest
from azure_kernel import PLACE, START, Place
from notebook_kernel import NotebookKernel
from simulator.app import Simulator
from simulator.directory import (
    COMPUTE,
    FABRIC_WORKSPACE,
    GROUP,
    LAKEHOUSE,
    POOL,
    SUBSCRIPTION,
)
from simulator.fabric import PACKAGING
from simulator.synapse import CAPACITY

pytestmark = pytest.mark.timeout(240)
LIMIT = 200
FABRIC = {"type": "fabric", "workspace": FABRIC_WORKSPACE, "lakehouse": LAKEHOUSE}


def fails_to_start(azure: Simulator, kernel: NotebookKernel, line: str) -> dict:
    """The session's request; the service says no to it afterwards."""
    for workspace in azure.directory.synapse.values():
        workspace.pools[POOL].fates.append(CAPACITY)
    azure.directory.fabric[2].fates.append(PACKAGING)
    azure.synapse.phase_seconds = azure.fabric.phase_seconds = 0.02
    kernel.fails(line, limit=LIMIT)
    assert not azure.running()
    (session,) = azure.synapse.history + azure.fabric.history
    return session.body


# -- Synapse


@pytest.mark.parametrize("version", ["2019-11-01-preview", "2020-12-01"])
def test_both_versions_of_synapses_livy(
    azure: Simulator, place: Place, version: str
) -> None:
    place.configure(endpoints={"synapse_api_version": version})
    with place.kernel(azure) as kernel:
        fails_to_start(azure, kernel, START)
    posted = azure.log.find("POST", "azuresynapse", "/sessions$")
    assert [entry.status for entry in posted] == [200]
    assert f"/versions/{version}/" in posted[0].request.path


@pytest.mark.parametrize(
    "workspace, host",
    [
        ("yogi-gov-ws", "yogi-gov-synapse.dev.azuresynapse.usgovcloudapi.net"),
        ("yogi-china-ws", "yogi-china-synapse.dev.azuresynapse.azure.cn"),
    ],
)
def test_the_region_of_a_workspace_tells_the_cloud(
    azure: Simulator, place: Place, workspace: str, host: str
) -> None:
    line = f"%synapse start -c {COMPUTE} -s {SUBSCRIPTION} -r {GROUP} -w {workspace}"
    with place.kernel(azure) as kernel:
        fails_to_start(azure, kernel, line)
    assert azure.log.find("POST", f"^{host}$", "/sessions$")[0].status == 200


def test_a_private_cloud_is_reached_without_the_proxy(
    azure: Simulator, place: Place
) -> None:
    place.configure(endpoints=azure.endpoints())
    nothing = {"HTTPS_PROXY": "", "HTTP_PROXY": ""}
    with place.kernel(azure, **nothing) as kernel:
        fails_to_start(azure, kernel, START)
    bases = {entry.request.base for entry in azure.log.find()}
    assert bases and all(base.startswith("https://localhost:") for base in bases)


def test_a_login_of_another_service_is_not_sent(azure: Simulator, place: Place) -> None:
    with place.kernel(azure) as kernel:
        fails_to_start(azure, kernel, START)
    seen: dict[str, set[str]] = {}
    for entry in azure.log.find():
        header = entry.request.headers.get("authorization")
        if header:
            seen.setdefault(header, set()).add(entry.request.host)
    assert len(seen) == 2  # one for Resource Manager, one for Synapse
    assert all(len(hosts) == 1 for hosts in seen.values()), seen.values()
    assert not any(
        "authorization" in e.request.headers for e in azure.log.find("", "login")
    )


# -- Fabric


def test_fabric_is_told_by_names_or_ids(azure: Simulator, place: Place) -> None:
    workspace = azure.directory.fabric[2]
    ids = f"%synapse start -c fabric:{workspace.id}/{workspace.lakehouses[0].id}"
    with place.kernel(azure) as kernel:
        body = fails_to_start(azure, kernel, ids)
        azure.fabric.history.clear()
        fails_to_start(azure, kernel, '%synapse start -c "fabric:Teaching/With space"')
    assert "driverMemory" not in body  # the starter pool
    posted = azure.log.find("POST", "api.fabric", "/sessions$")
    assert [entry.status for entry in posted] == [202, 202]
    assert workspace.lakehouses[2].id in posted[1].request.path


def test_a_registered_target_brings_pool_and_environment(
    azure: Simulator, place: Place
) -> None:
    target = {**FABRIC, "pool": "big", "environment": "numbers"}
    place.configure(targets={"team": target})
    with place.kernel(azure) as kernel:
        conf = fails_to_start(azure, kernel, "%synapse start -c team -t 25")["conf"]
    environment = azure.directory.fabric[2].environments[0].id
    assert conf["spark.fabric.pool.name"] == "big"
    assert environment in conf["spark.fabric.environmentDetails"]
    assert conf["spark.livy.session.idle.timeout"] in ("25m", "1500s")


def test_managed_compute_is_what_the_administrator_named(
    azure: Simulator, place: Place
) -> None:
    """On Fabric the starter pool, which a size would leave."""
    place.configure(managed=FABRIC)
    line = "%synapse start --managed --instance-type standard_e8s_v3 -t 30"
    with place.kernel(azure) as kernel:
        body = fails_to_start(azure, kernel, line)
    assert "executorCores" not in body
    assert body["conf"]["spark.livy.session.idle.timeout"] in ("30m", "1800s")


def shared_target(place: Place) -> None:
    shared = {**FABRIC, "high_concurrency": True, "session_tag": "class"}
    place.configure(targets={"shared": shared})


def test_high_concurrency_shares_an_application_and_no_variables(
    azure: Simulator, place: Place, jupyter_path
) -> None:
    shared_target(place)
    other_place = Place(jupyter_path)
    shared_target(other_place)
    start = "%synapse start -c shared"
    try:
        with place.kernel(azure) as one, other_place.kernel(azure) as two:
            one.ok(start, limit=LIMIT)
            assert one.ok("%%synapse\nx = 1\nx").data() == ["1"]
            two.ok(start, limit=LIMIT)
            assert two.fails("%%synapse\nx").error["ename"] == "NameError"
            (group,) = azure.fabric.groups
            assert group.tag == "class" and len(group.members) == 2
            two.ok("%synapse stop")
            assert len(group.members) == 1
            assert one.ok("%%synapse\nx").data() == ["1"]
    finally:
        other_place.remove()
    assert not azure.fabric.groups


def test_what_is_asked_is_documented(azure: Simulator, place: Place) -> None:
    """Only what is documented is asked for: everything else would be a 404 or 405."""
    with place.kernel(azure) as kernel:
        fails_to_start(azure, kernel, f"{START} -e AzureML-Minimal")
        kernel.ok(f"%synapse list {PLACE}")
    bad = [entry for entry in azure.log.find() if entry.status in (404, 405)]
    assert not bad, "\n".join(str(entry) for entry in bad)
