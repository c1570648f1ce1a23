"""What exists in the simulated Azure at the start: names as the users' documents have them.

Tests add to it and take away; every simulator has its own copy.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .tokens import Principal
from .wire import guid

TENANT = "72f988bf-86f1-41af-91ab-2d7cd011db47"
OTHER_TENANT = "11111111-2222-3333-4444-555555555555"
SUBSCRIPTION = "6560575d-fa06-4e7d-95fb-f962e74efd7a"
GROUP = "yogi-res-group"
WORKSPACE = "yogi-aml-ws"
SYNAPSE = "yogi-synapse-ws"
POOL = "yogisparkpool"
COMPUTE = "yogi-spark-pool"
REGION = "eastus2"
FABRIC_WORKSPACE = "Teaching"
LAKEHOUSE = "Passengers"

# What a token may be for, by cloud: the services' own identifiers.
ARM_AUDIENCES = {
    "https://management.azure.com",
    "https://management.core.windows.net",
    "https://management.usgovcloudapi.net",
    "https://management.core.usgovcloudapi.net",
    "https://management.chinacloudapi.cn",
    "https://management.core.chinacloudapi.cn",
}
SYNAPSE_AUDIENCES = {
    "https://dev.azuresynapse.net",
    "https://dev.azuresynapse.usgovcloudapi.net",
    "https://dev.azuresynapse.azure.cn",
}
FABRIC_AUDIENCES = {
    "https://api.fabric.microsoft.com",
    "https://analysis.windows.net/powerbi/api",
}
STORAGE_AUDIENCES = {"https://storage.azure.com"}
RESOURCES = ARM_AUDIENCES | SYNAPSE_AUDIENCES | FABRIC_AUDIENCES | STORAGE_AUDIENCES


@dataclass
class Application:
    """An application of the tenant, with the ways in which it may prove itself."""

    principal: Principal
    secret: str = ""
    is_secret_over: bool = False
    certificates: list[bytes] = field(default_factory=list)  # PEM
    trusted_subject: str = ""  # of a federated token


@dataclass
class Pool:
    """A Spark pool of a Synapse workspace, and its bad days."""

    name: str
    is_full: bool = False  # a session is refused when it is asked for
    takes_packages: bool = True  # session-level packages
    state: str = "Succeeded"
    fates: list[Any] = field(default_factory=list)  # of the next sessions


@dataclass
class SynapseWorkspace:
    name: str
    subscription: str
    group: str
    region: str = REGION
    pools: dict[str, Pool] = field(default_factory=dict)
    refuses_address: bool = False  # the firewall does not know us
    roles: list[dict[str, Any]] = field(default_factory=list)
    principal_id: str = field(default_factory=guid)

    @property
    def resource_id(self) -> str:
        return (
            f"/subscriptions/{self.subscription}/resourceGroups/{self.group}"
            f"/providers/Microsoft.Synapse/workspaces/{self.name}"
        )


@dataclass
class MlWorkspace:
    name: str
    subscription: str
    group: str
    region: str = REGION
    computes: dict[str, dict[str, Any]] = field(default_factory=dict)
    linked_services: dict[str, dict[str, Any]] = field(default_factory=dict)
    environments: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    datastores: dict[str, dict[str, Any]] = field(default_factory=dict)
    data: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    in_use: set[str] = field(default_factory=set)  # computes that jobs run on

    @property
    def resource_id(self) -> str:
        return (
            f"/subscriptions/{self.subscription}/resourceGroups/{self.group}"
            f"/providers/Microsoft.MachineLearningServices/workspaces/{self.name}"
        )


@dataclass
class Lakehouse:
    name: str
    id: str = field(default_factory=guid)


@dataclass
class FabricWorkspace:
    name: str
    id: str = field(default_factory=guid)
    lakehouses: list[Lakehouse] = field(default_factory=list)
    members: dict[str, str] = field(default_factory=dict)  # object id → role
    capacity: int = 8  # sessions at a time; more get HTTP 430
    fates: list[Any] = field(default_factory=list)
    environments: list[Lakehouse] = field(default_factory=list)
    pools: list[Lakehouse] = field(default_factory=list)


CONDA = """\
name: minimal
channels:
  - conda-forge
dependencies:
  - python=3.11
  - pip:
      - tabulate==0.9.0
"""

SPARK_ADMINISTRATOR = "c3a6d2f1-a26f-4810-9b0f-591308d5cbf1"
ROLE_DEFINITIONS = {
    "6e4bf58a-b8e1-4cc3-bbf9-d73143322b78": "Synapse Administrator",
    SPARK_ADMINISTRATOR: "Apache Spark Administrator",
    "7af0c69a-a548-47d6-aea3-d00e69bd83aa": "Synapse SQL Administrator",
    "e3844cc7-4670-42cb-9349-9bdac1ee7881": "Synapse Compute Operator",
}


class Directory:
    """The tenant, its people and applications, and the resources of one subscription."""

    def __init__(self) -> None:
        self.tenants = {TENANT, OTHER_TENANT}
        self.user = Principal(guid(), "ada@contoso.example", TENANT)
        self.other_user = Principal(guid(), "eve@fabrikam.example", OTHER_TENANT)
        self.application = Application(
            Principal(guid(), "nightly", TENANT, app_id=guid()), secret="s3cret~value"
        )
        self.identity = Principal(guid(), "machine", TENANT, app_id=guid())
        self.user_identity = Principal(guid(), "yogi-managed-id", TENANT, app_id=guid())
        self.applications = [self.application]
        self.subscriptions = {SUBSCRIPTION: "Teaching"}
        self.groups = {(SUBSCRIPTION, GROUP.lower()): GROUP}
        self.arm_roles: list[tuple[str, str, str]] = []  # (object id, role, scope)
        self.synapse: dict[str, SynapseWorkspace] = {}
        self.ml: dict[str, MlWorkspace] = {}
        self.fabric: list[FabricWorkspace] = []
        self.user_identities: dict[str, Principal] = {}
        self.fill()

    @property
    def principals(self) -> list[Principal]:
        return [
            self.user,
            self.application.principal,
            self.identity,
            self.user_identity,
        ]

    def fill(self) -> None:
        scope = f"/subscriptions/{SUBSCRIPTION}"
        for principal in self.principals:
            self.arm_roles.append((principal.object_id, "Contributor", scope))
        self.fill_synapse(SYNAPSE, REGION)
        self.fill_synapse("yogi-gov-synapse", "usgovvirginia")
        self.fill_synapse("yogi-china-synapse", "chinaeast2")
        self.fill_ml()
        identity = (
            f"{scope}/resourceGroups/{GROUP}/providers"
            "/Microsoft.ManagedIdentity/userAssignedIdentities/yogi-managed-id"
        )
        self.user_identities[identity.lower()] = self.user_identity
        workspace = FabricWorkspace(FABRIC_WORKSPACE, lakehouses=[Lakehouse(LAKEHOUSE)])
        workspace.lakehouses += [Lakehouse("Archive"), Lakehouse("With space")]
        workspace.environments.append(Lakehouse("numbers"))
        workspace.pools += [Lakehouse("Starter Pool"), Lakehouse("big")]
        for principal in self.principals:
            workspace.members[principal.object_id] = "Contributor"
        self.fabric = [FabricWorkspace("My workspace"), FabricWorkspace("Finance")]
        self.fabric.append(workspace)

    def fill_synapse(self, name: str, region: str) -> None:
        workspace = SynapseWorkspace(name, SUBSCRIPTION, GROUP, region)
        for pool in (Pool(POOL), Pool("other"), Pool("plain", takes_packages=False)):
            workspace.pools[pool.name] = pool
        for principal in self.principals:
            workspace.roles.append(
                {
                    "id": guid(),
                    "roleDefinitionId": SPARK_ADMINISTRATOR,
                    "principalId": principal.object_id,
                    "scope": f"workspaces/{name}",
                    "principalType": "User",
                }
            )
        self.synapse[name] = workspace

    def fill_ml(self) -> None:
        workspace = MlWorkspace(WORKSPACE, SUBSCRIPTION, GROUP)
        pools = self.synapse[SYNAPSE].resource_id + "/bigDataPools/"
        for name, pool, state in (
            (COMPUTE, POOL, "Succeeded"),
            ("plain-pool", "plain", "Succeeded"),
            ("failed-pool", POOL, "Failed"),
            ("creating-pool", POOL, "Creating"),
            ("gone-pool", "deletedpool", "Succeeded"),
        ):
            workspace.computes[name] = attached(pools + pool, state)
        workspace.computes["cpu-cluster"] = other_compute("AmlCompute")
        workspace.computes["my-instance"] = other_compute("ComputeInstance")
        environment = {
            "condaFile": CONDA,
            "environmentType": "UserCreated",
            "image": "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04",
        }
        older = dict(environment, condaFile=CONDA.replace("0.9.0", "0.8.10"))
        workspace.environments["AzureML-Minimal"] = {"1": older, "2": environment}
        workspace.environments["docker-only"] = {"1": dict(environment, condaFile=None)}
        workspace.datastores["workspaceblobstore"] = {
            "datastoreType": "AzureBlob",
            "accountName": "yogistorage",
            "containerName": "azureml-blobstore",
            "endpoint": "core.windows.net",
            "protocol": "https",
            "isDefault": True,
        }
        workspace.datastores["lake"] = {
            "datastoreType": "AzureDataLakeGen2",
            "accountName": "yogilake",
            "filesystem": "data",
            "endpoint": "core.windows.net",
            "protocol": "https",
            "isDefault": False,
        }
        workspace.data["titanic"] = {
            "1": data_version("azureml://datastores/lake/paths/titanic/v1.csv"),
            "2": data_version(workspace_path("lake", "titanic/v2.csv")),
        }
        self.ml[WORKSPACE] = workspace
        for name, region, synapse in (
            ("yogi-gov-ws", "usgovvirginia", "yogi-gov-synapse"),
            ("yogi-china-ws", "chinaeast2", "yogi-china-synapse"),
        ):
            other = MlWorkspace(name, SUBSCRIPTION, GROUP, region)
            pool = f"{self.synapse[synapse].resource_id}/bigDataPools/{POOL}"
            other.computes[COMPUTE] = attached(pool, "Succeeded")
            self.ml[name] = other

    def principal(self, object_id: str) -> Principal | None:
        known = [*self.principals, self.other_user, *self.user_identities.values()]
        return next((each for each in known if each.object_id == object_id), None)


def workspace_path(datastore: str, path: str) -> str:
    return (
        f"azureml://subscriptions/{SUBSCRIPTION}/resourcegroups/{GROUP}"
        f"/workspaces/{WORKSPACE}/datastores/{datastore}/paths/{path}"
    )


def data_version(uri: str) -> dict[str, Any]:
    return {"dataType": "uri_file", "dataUri": uri, "isArchived": False, "tags": {}}


def attached(resource_id: str, state: str) -> dict[str, Any]:
    """The properties of an attached pool; those of the pool itself are filled in."""
    parts = resource_id.strip("/").split("/")
    return {
        "identity": {
            "type": "SystemAssigned",
            "principalId": "86e761a6-87f2-4ea1-9ef5-8ce708f0c332",
            "tenantId": TENANT,
        },
        "tags": {},
        "properties": {
            "computeType": "SynapseSpark",
            "resourceId": resource_id,
            "isAttachedCompute": True,
            "provisioningState": state,
            "provisioningErrors": None,
            "createdOn": "2022-09-09T21:28:54.871251+00:00",
            "modifiedOn": "2022-09-09T21:28:54.871251+00:00",
            "properties": {
                "autoScaleProperties": {
                    "enabled": False,
                    "minNodeCount": 0,
                    "maxNodeCount": 0,
                },
                "autoPauseProperties": {"enabled": True, "delayInMinutes": 15},
                "nodeCount": 5,
                "nodeSize": "Small",
                "nodeSizeFamily": "MemoryOptimized",
                "sparkVersion": "3.2",
                "subscriptionId": parts[1],
                "resourceGroup": parts[3],
                "workspaceName": parts[7],
                "poolName": parts[9],
            },
        },
    }


def other_compute(kind: str) -> dict[str, Any]:
    return {
        "tags": {},
        "properties": {
            "computeType": kind,
            "resourceId": None,
            "isAttachedCompute": False,
            "provisioningState": "Succeeded",
            "provisioningErrors": None,
            "createdOn": "2022-09-01T10:00:00.000000+00:00",
            "modifiedOn": "2022-09-01T10:00:00.000000+00:00",
            "properties": {"vmSize": "STANDARD_DS3_V2"},
        },
    }
