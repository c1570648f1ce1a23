"""The simulated Livy of Synapse and Fabric without a Spark: who may, what is refused,
how a start goes wrong."""

from __future__ import annotations

import ssl
import urllib.request
from typing import Any

import pytest

from azure_http import ARM, FABRIC, SYNAPSE, Client, Got, wait_for
from simulator.app import Simulator
from simulator.directory import FABRIC_WORKSPACE, LAKEHOUSE, POOL
from simulator.directory import SYNAPSE as SYNAPSE_NAME
from simulator.fabric import PACKAGING
from simulator.sessions import ACQUIRING, QUEUED
from simulator.synapse import CAPACITY, LIBRARY, stuck
from simulator.wire import guid

BODY = {"name": "suite", "kind": "pyspark", "driverMemory": "28g", "driverCores": 4}


def lakehouse_path(azure: Simulator) -> str:
    workspace = [w for w in azure.directory.fabric if w.name == FABRIC_WORKSPACE][0]
    lakehouse = [each for each in workspace.lakehouses if each.name == LAKEHOUSE][0]
    livy = "livyapi/versions/2023-12-01"
    return f"/workspaces/{workspace.id}/lakehouses/{lakehouse.id}/{livy}"


# -- Synapse


@pytest.mark.parametrize(
    "change, word",
    [
        ({"name": ""}, "name"),
        ({"driverMemory": "2g"}, "driverMemory"),
        ({"executorCores": 3}, "executorCores"),
        ({"numExecutors": "2"}, "numExecutors"),
        ({"conf": {"spark.x": 1}}, "conf"),
    ],
)
def test_synapse_checks_the_options_of_a_session(
    azure: Simulator, client: Client, change: dict, word: str
) -> None:
    got = client.synapse("POST", "/sessions", {**BODY, **change})
    assert got.status == 400 and word in got.json["Message"], got
    assert not azure.synapse.history


def test_synapse_has_two_versions_and_known_pools(
    azure: Simulator, client: Client
) -> None:
    url, token = azure.livy_url() + "/sessions", client.token(SYNAPSE)
    newer = url.replace("2019-11-01-preview", "2020-12-01")
    assert client.send("GET", newer, token=token).status == 200
    other = url.replace("2019-11-01-preview", "2018-01-01")
    assert client.send("GET", other, token=token).status == 400
    assert client.send("GET", url.replace(POOL, "nopool"), token=token).status == 404
    for absent in ("/sessions/0/state", "/sessions/0/log", "/version"):
        assert client.synapse("GET", absent).status == 404


def test_synapse_lets_in_whom_it_knows(azure: Simulator, client: Client) -> None:
    url = azure.livy_url() + "/sessions"
    assert client.send("GET", url).status == 401
    assert client.send("GET", url, token=client.token(ARM)).status == 401
    workspace = azure.directory.synapse[SYNAPSE_NAME]
    roles, workspace.roles = workspace.roles, []
    got = client.synapse("GET", "/sessions")
    assert (got.status, got.code) == (403, "AccessControlUnauthorized")
    assert "useCompute" in got.json["message"]
    workspace.roles, workspace.refuses_address = roles, True
    got = client.synapse("GET", "/sessions")
    assert (got.status, got.code) == (403, "ClientIpAddressNotAuthorized")
    workspace.refuses_address = False
    token = client.token(SYNAPSE)
    azure.mint.revoke_all()
    assert client.send("GET", url, token=token).status == 401


def test_a_workspace_answers_in_its_own_cloud_alone(
    azure: Simulator, client: Client
) -> None:
    url = azure.livy_url("yogi-gov-synapse") + "/sessions"
    assert client.send("GET", url, token=client.token(SYNAPSE)).status == 404
    host = "https://dev.azuresynapse.usgovcloudapi.net"
    gov = url.replace("dev.azuresynapse.net", "dev.azuresynapse.usgovcloudapi.net")
    assert client.send("GET", gov, token=client.token(SYNAPSE)).status == 401
    assert client.send("GET", gov, token=client.token(host)).status == 200


def test_more_than_100_kb_is_too_large(azure: Simulator, client: Client) -> None:
    body = dict(BODY, tags={"text": "x" * 102400})
    assert client.synapse("POST", "/sessions", body).status == 413


def end_of(client: Client, number: int) -> dict[str, Any]:
    path = f"/sessions/{number}?detailed=true"
    return wait_for(
        lambda: client.synapse("GET", path).json, lambda v: v["result"] != "Uncertain"
    )


@pytest.mark.parametrize("fate", [CAPACITY, LIBRARY], ids=lambda fate: fate.code)
def test_a_failed_start_has_its_error(
    azure: Simulator, client: Client, fate: Any
) -> None:
    azure.synapse.phase_seconds = 0.02
    azure.directory.synapse[SYNAPSE_NAME].pools[POOL].fates.append(fate)
    made = client.synapse("POST", "/sessions?detailed=true", BODY)
    assert made.status == 200
    seen = end_of(client, made.json["id"])
    assert seen["state"] == "error" and seen["pluginInfo"]["currentState"] == "Ended"
    assert seen["errorInfo"][0]["errorCode"] == fate.code
    plain = client.synapse("GET", f"/sessions/{made.json['id']}").json
    assert "errorInfo" not in plain


def test_a_full_pool_refuses_at_once(azure: Simulator, client: Client) -> None:
    azure.directory.synapse[SYNAPSE_NAME].pools[POOL].is_full = True
    got = client.synapse("POST", "/sessions", BODY)
    assert got.status == 400 and CAPACITY.code in got.json["Message"]


@pytest.mark.parametrize(
    "phase, scheduler, plugin",
    [
        (QUEUED, "Queued", "Preparation"),
        (ACQUIRING, "Scheduled", "ResourceAcquisition"),
    ],
)
def test_a_session_waits_in_a_phase_until_it_is_deleted(
    azure: Simulator, client: Client, phase: str, scheduler: str, plugin: str
) -> None:
    azure.synapse.phase_seconds = 0.02
    azure.directory.synapse[SYNAPSE_NAME].pools[POOL].fates.append(stuck(phase))
    number = client.synapse("POST", "/sessions", BODY).json["id"]
    path = f"/sessions/{number}"

    def look() -> Any:
        return client.synapse("GET", path + "?detailed=true").json

    seen = wait_for(look, lambda v: v["pluginInfo"]["currentState"] == plugin)
    assert seen["schedulerInfo"]["currentState"] == scheduler
    assert client.synapse("GET", path).json["state"] == "not_started"
    assert client.synapse("POST", path + "/statements", {"code": "1"}).status == 400
    assert client.synapse("PUT", path + "/reset-timeout").status == 200
    assert client.synapse("POST", path + "/reset-timeout").status == 405
    assert len(azure.running()) == 1
    assert client.synapse("DELETE", path).status == 200
    assert not azure.running()
    assert client.synapse("GET", path).status == 404


def test_more_creations_than_allowed_are_throttled(
    azure: Simulator, client: Client
) -> None:
    azure.synapse.creations_a_second = 2
    azure.synapse.created_at = [azure.clock.now() + 60] * 2  # recent enough for long
    got = client.synapse("POST", "/sessions", BODY)
    assert got.status == 429 and got.headers["retry-after"] == "1", got


def test_the_list_shows_twenty(azure: Simulator, client: Client) -> None:
    fates = azure.directory.synapse[SYNAPSE_NAME].pools[POOL].fates
    fates += [stuck(QUEUED)] * 22
    for _ in range(22):
        assert client.synapse("POST", "/sessions", BODY).status == 200
    first = client.synapse("GET", "/sessions?size=100").json
    assert len(first["sessions"]) == 20
    rest = client.synapse("GET", "/sessions?from=20").json
    assert len(rest["sessions"]) == 2
    for each in first["sessions"] + rest["sessions"]:
        client.synapse("DELETE", f"/sessions/{each['id']}")


def test_roles_are_given_by_administrators(azure: Simulator, client: Client) -> None:
    url = f"https://{SYNAPSE_NAME}.dev.azuresynapse.net"
    token = client.token(SYNAPSE)

    def role(method: str, path: str, body: Any = None) -> Got:
        return client.send(method, f"{url}{path}?api-version=2020-12-01", body, token)

    names = {each["name"]: each["id"] for each in role("GET", "/roleDefinitions").json}
    body = {
        "roleId": names["Synapse Administrator"],
        "principalId": guid(),
        "scope": f"workspaces/{SYNAPSE_NAME}/bigDataPools/{POOL}",
        "principalType": "ServicePrincipal",
    }
    assert role("PUT", f"/roleAssignments/{guid()}", body).status == 403
    for each in azure.directory.synapse[SYNAPSE_NAME].roles:
        each["roleDefinitionId"] = names["Synapse Administrator"]
    assert role("PUT", f"/roleAssignments/{guid()}", body).status == 200
    assert role("PUT", f"/roleAssignments/{guid()}", body).status == 409
    wrong = dict(body, scope="workspaces/other")
    assert role("PUT", f"/roleAssignments/{guid()}", wrong).status == 400


# -- Fabric


def test_fabric_lists_in_pages_what_the_caller_sees(
    azure: Simulator, client: Client
) -> None:
    got = client.fabric("GET", "/workspaces")
    names = [each["displayName"] for each in got.json["value"]]
    assert names == ["My workspace", FABRIC_WORKSPACE]  # not "Finance"
    workspace = got.json["value"][1]["id"]
    first = client.fabric("GET", f"/workspaces/{workspace}/lakehouses").json
    assert len(first["value"]) == 2
    rest = client.send("GET", first["continuationUri"], token=client.token(FABRIC))
    assert [each["displayName"] for each in rest.json["value"]] == ["With space"]


def test_fabric_lets_in_whom_it_knows(azure: Simulator, client: Client) -> None:
    path = lakehouse_path(azure) + "/sessions"
    url = f"{FABRIC}/v1{path}"
    assert client.send("GET", url).code == "Unauthorized"
    assert client.send("GET", url, token=client.token(ARM)).status == 401
    power_bi = client.token("https://analysis.windows.net/powerbi/api")
    assert client.send("GET", url, token=power_bi).status == 200
    members = azure.directory.fabric[2].members
    for who in members:
        members[who] = "Viewer"
    assert client.fabric("GET", path).status == 200
    assert client.fabric("POST", path, {}).code == "InsufficientPrivileges"
    members.clear()
    assert client.fabric("GET", path).status == 403
    old = client.token(FABRIC)
    azure.mint.revoke_all()
    assert client.send("GET", url, token=old).code == "TokenExpired"


@pytest.mark.parametrize(
    "conf, code",
    [
        ({"spark.fabric.pool.name": "none"}, "PoolNotFound"),
        ({"spark.fabric.environmentDetails": '{"id":"none"}'}, "EnvironmentNotFound"),
        ({"spark.livy.session.idle.timeout": "soon"}, "InvalidInput"),
    ],
)
def test_fabric_checks_its_properties(
    azure: Simulator, client: Client, conf: dict, code: str
) -> None:
    got = client.fabric("POST", lakehouse_path(azure) + "/sessions", {"conf": conf})
    assert (got.status, got.code) == (400, code), got


def test_a_fabric_session_is_late_to_be_found(azure: Simulator, client: Client) -> None:
    azure.directory.fabric[2].fates.append(stuck(QUEUED))
    path = lakehouse_path(azure) + "/sessions"
    made = client.fabric("POST", path, {"name": "suite"})
    assert made.status == 202 and len(made.json["id"]) == 36
    one = f"{path}/{made.json['id']}"
    assert client.fabric("GET", one).code == "SessionNotFound"
    seen = client.fabric("GET", one).json
    assert seen["fabricSessionStateInfo"]["state"] == "queued"
    assert seen["livyInfo"]["currentState"] == "not_started"
    assert client.fabric("PUT", one + "/reset-timeout").status == 405
    reset = client.fabric("POST", one + "/reset-timeout")
    assert (reset.status, reset.raw) == (204, b"")
    listed = client.fabric("GET", path + "?$top=5&$count=true").json
    assert listed["totalCountOfMatchedItems"] == 1
    assert client.fabric("DELETE", one).status == 200
    assert client.fabric("GET", one).status == 404


def test_a_full_capacity_is_http_430(azure: Simulator, client: Client) -> None:
    azure.directory.fabric[2].capacity = 0
    got = client.fabric("POST", lakehouse_path(azure) + "/sessions", {})
    assert (got.status, got.code) == (430, "TooManyRequestsForCapacity")


def test_a_failed_fabric_start_has_its_error(azure: Simulator, client: Client) -> None:
    azure.directory.fabric[2].fates.append(PACKAGING)
    path = lakehouse_path(azure) + "/sessions"
    azure.fabric.not_found_first = 0
    number = client.fabric("POST", path, {}).json["id"]
    seen = wait_for(
        lambda: client.fabric("GET", f"{path}/{number}").json,
        lambda v: v["result"] == "Failed",
    )
    assert seen["fabricSessionStateInfo"]["state"] == "error"
    assert seen["errorInfo"][0]["errorCode"] == PACKAGING.code


def test_high_concurrency_sessions_are_packed(azure: Simulator, client: Client) -> None:
    azure.directory.fabric[2].fates += [stuck(QUEUED)] * 6
    path = lakehouse_path(azure) + "/highConcurrencySessions"
    made = [client.fabric("POST", path, {"sessionTag": "t"}).json for _ in range(6)]
    assert len({each["id"] for each in made}) == 6
    assert made[0]["state"] == "NotStarted" and made[0]["replId"] is None
    assert sorted(len(group.members) for group in azure.fabric.groups) == [1, 5]
    for each in made:
        assert client.fabric("DELETE", f"{path}/{each['id']}").status == 200
    assert not azure.fabric.groups


# -- the proxy


def test_the_proxy_answers_for_every_name(azure: Simulator, client: Client) -> None:
    token = client.token(ARM)
    assert client.send("GET", "https://evil.example/x", token=token).status == 200
    entry = azure.log.find("GET", "evil")[0]
    assert entry.request.headers["authorization"] == "Bearer " + token
    assert entry.request.base == "https://evil.example"


def test_the_proxy_may_want_a_password(azure: Simulator, client: Client) -> None:
    azure.proxy.password = "me:secret"
    with pytest.raises(OSError, match="407"):
        client.token(ARM)
    assert "me:secret@" in azure.proxy_url


def test_services_answer_on_loopback_too(azure: Simulator, client: Client) -> None:
    context = ssl.create_default_context(cafile=str(azure.ca_file))
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
    )
    url = azure.endpoints()["arm"] + "/subscriptions?api-version=2022-12-01"
    headers = {"Authorization": "Bearer " + client.token(ARM)}
    request = urllib.request.Request(url, headers=headers)
    with opener.open(request, timeout=10) as reply:
        assert reply.status == 200
