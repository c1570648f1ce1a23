"""The simulated Azure Resource Manager: what is there, and what is refused."""

from __future__ import annotations

import pytest

from azure_http import ARM, SYNAPSE, VERSION, Client, Got
from simulator.app import Simulator
from simulator.directory import (
    COMPUTE,
    GROUP,
    OTHER_TENANT,
    POOL,
    SUBSCRIPTION,
    WORKSPACE,
)
from simulator.directory import SYNAPSE as SYNAPSE_NAME
from simulator.wire import Reply

ML = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}"
    f"/providers/Microsoft.MachineLearningServices/workspaces/{WORKSPACE}"
)
COMPUTES = ML + "/computes"
POOLS = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}"
    f"/providers/Microsoft.Synapse/workspaces/{SYNAPSE_NAME}/bigDataPools"
)
LINKS = "2020-09-01-preview"


def attach_body(**more) -> dict:
    properties = {"computeType": "SynapseSpark", "resourceId": f"{POOLS}/{POOL}"}
    return {"location": "eastus2", "properties": properties, **more}


def everything(client: Client, got: Got) -> list[dict]:
    """All pages of a list."""
    items = got.json["value"]
    while got.json.get("nextLink"):
        got = client.send("GET", got.json["nextLink"], token=client.token(ARM))
        items += got.json["value"]
    return items


def test_a_compute_leads_to_its_pool(client: Client) -> None:
    body = client.arm("GET", f"{COMPUTES}/{COMPUTE}").json
    assert body["properties"]["computeType"] == "SynapseSpark"
    assert body["properties"]["resourceId"] == f"{POOLS}/{POOL}"
    assert client.arm("GET", f"{POOLS}/{POOL}", version="2021-06-01").status == 200


def test_names_are_compared_in_any_case(client: Client) -> None:
    path = COMPUTES.replace("resourceGroups", "resourcegroups").upper()
    path = path.replace(SUBSCRIPTION.upper(), SUBSCRIPTION)
    assert client.arm("GET", f"{path}/{COMPUTE.upper()}").json["name"] == COMPUTE


def test_a_list_comes_in_pages(client: Client) -> None:
    got = client.arm("GET", COMPUTES)
    assert len(got.json["value"]) == 3 and got.json["nextLink"]
    names = [each["name"] for each in everything(client, got)]
    assert {COMPUTE, "cpu-cluster", "gone-pool"} <= set(names)
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    "path, code",
    [
        (COMPUTES.replace(SUBSCRIPTION, "0" * 8), "SubscriptionNotFound"),
        (COMPUTES.replace(GROUP, "nogroup"), "ResourceGroupNotFound"),
        (COMPUTES.replace(WORKSPACE, "nows"), "ResourceNotFound"),
        (COMPUTES + "/nocompute", "ComputeNotFound"),
        (ML + "/datastores/none", "NotFound"),
        (ML + "/environments/none/versions/1", "NotFound"),
        (ML + "/data/titanic/versions/9", "NotFound"),
    ],
)
def test_what_is_not_there_is_told(client: Client, path: str, code: str) -> None:
    got = client.arm("GET", path)
    assert (got.status, got.code) == (404, code), got


def test_the_version_of_the_interface_is_checked(client: Client) -> None:
    token = client.token(ARM)
    got = client.send("GET", ARM + COMPUTES, token=token)
    assert (got.status, got.code) == (400, "MissingApiVersionParameter")
    got = client.arm("GET", COMPUTES, version="2010-01-01")
    assert (got.status, got.code) == (400, "InvalidApiVersionParameter")


def refused(client: Client, token: str | None) -> str:
    got = client.send("GET", f"{ARM}{COMPUTES}?api-version={VERSION}", token=token)
    assert got.status == 401 and "authorization_uri=" in got.headers["www-authenticate"]
    return got.code


def test_tokens_are_checked(azure: Simulator, client: Client) -> None:
    good = client.token(ARM)
    assert refused(client, None) == "AuthenticationFailed"
    assert refused(client, good + "x") == "InvalidAuthenticationToken"
    wrong = client.token(SYNAPSE)
    assert refused(client, wrong) == "InvalidAuthenticationTokenAudience"
    foreign, _ = azure.mint.make(ARM, azure.directory.other_user, "test")
    assert azure.directory.other_user.tenant == OTHER_TENANT
    assert refused(client, foreign) == "InvalidAuthenticationTokenTenant"
    azure.mint.revoke_all()
    assert refused(client, good) == "ExpiredAuthenticationToken"
    azure.mint.lifetime = 1
    short = client.token(ARM)
    azure.clock.skew = 5
    assert refused(client, short) == "ExpiredAuthenticationToken"


def test_a_missing_role_is_told(azure: Simulator, client: Client) -> None:
    azure.directory.arm_roles.clear()
    got = client.arm("GET", COMPUTES)
    assert (got.status, got.code) == (403, "AuthorizationFailed")
    assert "MachineLearningServices/workspaces/computes/read" in str(got)
    who = azure.directory.application.principal.object_id
    azure.directory.arm_roles.append((who, "Reader", f"/subscriptions/{SUBSCRIPTION}"))
    assert client.arm("GET", COMPUTES).status == 200
    assert client.arm("PUT", COMPUTES + "/new", attach_body()).status == 403


def follow(client: Client, url: str) -> dict:
    while True:
        got = client.send("GET", url, token=client.token(ARM))
        assert got.status == 200, got
        if got.json["status"] != "InProgress":
            return got.json
        assert got.headers["retry-after"] == "0"


def test_attach_and_detach_are_operations(azure: Simulator, client: Client) -> None:
    identity = {"type": "SystemAssigned"}
    put = client.arm("PUT", COMPUTES + "/new", attach_body(identity=identity))
    assert put.status == 201
    assert put.json["properties"]["provisioningState"] == "Creating"
    assert put.json["identity"]["principalId"]
    assert follow(client, put.headers["azure-asyncoperation"])["status"] == "Succeeded"
    shown = client.arm("GET", COMPUTES + "/new").json
    assert shown["properties"]["provisioningState"] == "Succeeded"
    again = client.arm("PUT", COMPUTES + "/new", attach_body(tags={"a": "b"}))
    assert again.status == 200 and again.json["tags"] == {"a": "b"}
    assert "identity" not in again.json
    assert client.arm("DELETE", COMPUTES + "/new").status == 400
    action = "?underlyingResourceAction="
    assert client.arm("DELETE", f"{COMPUTES}/new{action}Delete").status == 400
    gone = client.arm("DELETE", f"{COMPUTES}/new{action}Detach")
    assert gone.status == 202
    place = gone.headers["location"]
    assert client.send("GET", place, token=client.token(ARM)).status == 202
    follow(client, gone.headers["azure-asyncoperation"])
    assert client.send("GET", place, token=client.token(ARM)).status == 204
    assert client.arm("GET", COMPUTES + "/new").status == 404
    assert client.arm("DELETE", f"{COMPUTES}/new{action}Detach").status == 204


def test_an_operation_may_fail(azure: Simulator, client: Client) -> None:
    azure.arm.operation_error = {"code": "SynapseFailed", "message": "no"}
    put = client.arm("PUT", COMPUTES + "/new", attach_body())
    end = follow(client, put.headers["azure-asyncoperation"])
    assert (end["status"], end["error"]["code"]) == ("Failed", "SynapseFailed")
    shown = client.arm("GET", COMPUTES + "/new").json
    assert shown["properties"]["provisioningState"] == "Failed"


@pytest.mark.parametrize(
    "change, code",
    [
        ({"location": "westeurope"}, "BadArgument"),
        ({"properties": {"computeType": "AmlCompute"}}, "BadArgument"),
        (
            {"properties": {"computeType": "SynapseSpark", "resourceId": "/x"}},
            "BadArgument",
        ),
        (
            {
                "properties": {
                    "computeType": "SynapseSpark",
                    "resourceId": f"{POOLS}/none",
                }
            },
            "SynapsePoolNotFound",
        ),
        ({"identity": {"type": "UserAssigned"}}, "InvalidIdentity"),
        (
            {
                "identity": {
                    "type": "UserAssigned",
                    "userAssignedIdentities": {"/none": {}},
                }
            },
            "FailedIdentityOperation",
        ),
    ],
)
def test_a_wrong_attach_is_refused(client: Client, change: dict, code: str) -> None:
    got = client.arm("PUT", COMPUTES + "/new", {**attach_body(), **change})
    assert (got.status, got.code) == (400, code), got
    assert client.arm("GET", COMPUTES + "/new").status == 404


def test_what_is_in_use_stays(azure: Simulator, client: Client) -> None:
    azure.directory.ml[WORKSPACE].in_use.add(COMPUTE)
    path = f"{COMPUTES}/{COMPUTE}?underlyingResourceAction=Detach"
    assert client.arm("DELETE", path).status == 409
    assert client.arm("GET", f"{COMPUTES}/{COMPUTE}").status == 200


def test_patch_knows_scale_settings_alone(client: Client) -> None:
    got = client.arm("PATCH", f"{COMPUTES}/{COMPUTE}", {"tags": {"a": "b"}})
    assert got.status == 200
    assert client.arm("GET", f"{COMPUTES}/{COMPUTE}").json["tags"] == {}


def test_linked_services_come_and_go(client: Client) -> None:
    path = ML + "/linkedServices"
    target = POOLS.removesuffix("/bigDataPools")
    body = {
        "location": "eastus2",
        "identity": {"type": "SystemAssigned"},
        "properties": {"linkType": "Synapse", "linkedServiceResourceId": target},
    }
    made = client.arm("PUT", path + "/link1", body, version=LINKS)
    assert made.status == 201 and made.json["identity"]["principalId"], made
    again = client.arm("PUT", path + "/link1", body, version=LINKS)
    assert again.status == 200
    assert again.json["identity"] == made.json["identity"]
    assert [
        x["name"] for x in client.arm("GET", path, version=LINKS).json["value"]
    ] == ["link1"]
    wrong = dict(
        body, properties=dict(body["properties"], linkedServiceResourceId="/x")
    )
    assert client.arm("PUT", path + "/link2", wrong, version=LINKS).status == 404
    assert client.arm("DELETE", path + "/link1", version=LINKS).status == 200
    assert client.arm("DELETE", path + "/link1", version=LINKS).status == 204
    assert client.arm("GET", path + "/link1", version=LINKS).status == 404
    assert client.arm("GET", path, version=VERSION).status == 400


def test_assets_have_versions(client: Client) -> None:
    latest = client.arm("GET", ML + "/environments/AzureML-Minimal").json
    assert latest["properties"]["latestVersion"] == "2"
    one = client.arm("GET", ML + "/environments/AzureML-Minimal/versions/1").json
    assert "0.8.10" in one["properties"]["condaFile"]
    properties = {
        "dataType": "uri_folder",
        "dataUri": "azureml://datastores/lake/paths/x",
    }
    put = client.arm("PUT", ML + "/data/new/versions/1", {"properties": properties})
    assert put.status == 201
    changed = {
        "properties": dict(properties, dataUri="azureml://datastores/lake/paths/y")
    }
    assert client.arm("PUT", ML + "/data/new/versions/1", changed).status == 409
    listed = everything(client, client.arm("GET", ML + "/data"))
    assert {each["name"] for each in listed} == {"titanic", "new"}
    default = client.arm("GET", ML + "/datastores?isDefault=true").json["value"]
    assert [each["name"] for each in default] == ["workspaceblobstore"]


def test_a_throttled_call_says_when_to_come_back(
    azure: Simulator, client: Client
) -> None:
    busy = Reply(429, {"error": {"code": "TooManyRequests"}}, {"Retry-After": "1"})
    azure.bad_day("GET", "management", "/computes", reply=busy, times=2)
    codes = [client.arm("GET", COMPUTES).status for _ in range(3)]
    assert codes == [429, 429, 200]
