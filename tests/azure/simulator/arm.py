"""Azure Resource Manager: what every provider shares, and the small providers.

Subscriptions, resource groups, Synapse workspaces and big data pools, long-running
operations, roles. Azure ML's part is in machine_learning.py.
Source: Azure REST API reference; "Track asynchronous Azure operations"; "Understand how
Azure Resource Manager throttles requests".
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from typing import Any, Callable

from .directory import (
    ARM_AUDIENCES,
    TENANT,
    Directory,
    MlWorkspace,
    Pool,
    SynapseWorkspace,
)
from .tokens import BadToken, Mint, Principal
from .wire import Refusal, Reply, Request, Router, azure_error, guid, stamp

HOSTS = (
    "management.azure.com",
    "management.usgovcloudapi.net",
    "management.chinacloudapi.cn",
)
SYNAPSE_VERSIONS = {"2021-03-01", "2021-06-01", "2021-06-01-preview"}
RESOURCE_VERSIONS = {
    "2016-06-01",
    "2019-11-01",
    "2020-01-01",
    "2021-04-01",
    "2022-09-01",
    "2022-12-01",
}
IDENTITY_VERSIONS = {"2018-11-30", "2023-01-31"}
SUBSCRIPTION = "/subscriptions/{subscription}"
GROUP = SUBSCRIPTION + "/resourceGroups/{group}"
READS = ("GET", "HEAD")


@dataclass
class Operation:
    """A long-running one: what `finish` does happens with its last step."""

    url: str
    steps: int  # looks until it has ended
    finish: Callable[[], Any]
    error: dict[str, str] | None = None
    result: Any = None
    state: str = "InProgress"
    id: str = field(default_factory=guid)
    started: float = 0.0

    def step(self) -> None:
        if self.state != "InProgress":
            return
        if self.steps > 0:
            self.steps -= 1
            return
        if self.error:
            self.state = "Failed"
        else:
            self.state = "Succeeded"
            self.result = self.finish()


class Arm:
    """The service, and the switches of its bad days."""

    def __init__(self, directory: Directory, mint: Mint):
        self.directory = directory
        self.mint = mint
        self.lock = threading.RLock()
        self.operations: dict[str, Operation] = {}
        self.operation_steps = 2
        self.operation_error: dict[str, str] | None = None  # of the next operation
        self.retry_after = 0  # seconds that a running operation asks to wait
        self.page_size = 3
        self.router = Router()
        self.add("GET", "/subscriptions", RESOURCE_VERSIONS, self.subscriptions)
        self.add("GET", SUBSCRIPTION, RESOURCE_VERSIONS, self.subscription)
        self.add(
            "GET", SUBSCRIPTION + "/resourceGroups", RESOURCE_VERSIONS, self.groups
        )
        self.add("GET", GROUP, RESOURCE_VERSIONS, self.group)
        place = SUBSCRIPTION + "/providers/{provider}/locations/{region}"
        for name in ("computeOperationsStatus", "computeOperationResults"):
            path = f"{place}/{name}/{{operation}}"
            self.router.add("GET", path, self.guarded(self.operation_look))
        synapse = GROUP + "/providers/Microsoft.Synapse/workspaces"
        self.add("GET", synapse, SYNAPSE_VERSIONS, self.synapse_list)
        self.add("GET", synapse + "/{name}", SYNAPSE_VERSIONS, self.synapse_show)
        pools = synapse + "/{name}/bigDataPools"
        self.add("GET", pools, SYNAPSE_VERSIONS, self.pool_list)
        self.add("GET", pools + "/{pool}", SYNAPSE_VERSIONS, self.pool_show)
        identities = "/providers/Microsoft.ManagedIdentity/userAssignedIdentities"
        path = GROUP + identities + "/{name}"
        self.add("GET", path, IDENTITY_VERSIONS, self.identity_show)

    # -- for every provider

    def add(
        self, method: str, path: str, versions: set[str], handler: Callable[..., Reply]
    ) -> None:
        """A handler behind the checks of the token, the version and the role."""

        def checked(request: Request, **parts: str) -> Reply:
            self.check_version(request, versions)
            self.check_places(parts)
            return handler(request, **parts)

        self.router.add(method, path, self.guarded(checked))

    def guarded(self, handler: Callable[..., Reply]) -> Callable[..., Reply]:
        def guard(request: Request, **parts: str) -> Reply:
            principal = self.authenticate(request)
            self.authorize(request, principal)
            with self.lock:
                return handler(request, **parts)

        return guard

    def authenticate(self, request: Request) -> Principal:
        try:
            header = request.headers.get("authorization")
            claims = self.mint.read(header, ARM_AUDIENCES)
        except BadToken as problem:
            raise self.unauthorized(problem) from None
        if claims["tid"] != TENANT:
            raise self.unauthorized(BadToken("tenant", "wrong tenant", claims))
        principal = self.directory.principal(claims["oid"])
        assert principal, "tokens are made for known principals"
        return principal

    def unauthorized(self, problem: BadToken) -> Refusal:
        """HTTP 401 as ARM writes it, with the tenant that it wants."""
        codes = {
            "missing": "AuthenticationFailed",
            "malformed": "InvalidAuthenticationToken",
            "expired": "ExpiredAuthenticationToken",
            "early": "InvalidAuthenticationToken",
            "audience": "InvalidAuthenticationTokenAudience",
            "tenant": "InvalidAuthenticationTokenTenant",
        }
        texts = {
            "audience": "The access token has been obtained for wrong audience or "
            f"resource '{problem.claims.get('aud')}'.",
            "tenant": "The access token is from the wrong issuer "
            f"'{problem.claims.get('iss')}'. It must match the tenant "
            f"'https://sts.windows.net/{TENANT}/' associated with this subscription.",
        }
        text = texts.get(problem.reason, str(problem))
        login = f"https://login.microsoftonline.com/{TENANT}"
        ask = (
            f'Bearer authorization_uri="{login}", error="invalid_token", '
            f'error_description="{text}"'
        )
        body = azure_error(codes[problem.reason], text)
        return Refusal(401, body, WWW_Authenticate=ask)

    def authorize(self, request: Request, principal: Principal) -> None:
        scope = request.path.lower()
        for object_id, role, place in self.directory.arm_roles:
            covers = scope == "/subscriptions" or f"{scope}/".startswith(
                place.lower() + "/"
            )
            may = role != "Reader" or request.method in READS
            if object_id == principal.object_id and covers and may:
                return
        match = re.match("/subscriptions/([^/]+)", request.path)
        if match and match[1] not in self.directory.subscriptions:
            raise self.no_subscription(match[1])
        verb = {"GET": "read", "DELETE": "delete"}.get(request.method, "write")
        raise Refusal(
            403,
            azure_error(
                "AuthorizationFailed",
                f"The client '{principal.name}' with object id "
                f"'{principal.object_id}' does not have authorization to perform action "
                f"'{action_of(request.path)}/{verb}' over scope '{request.path}' or the "
                "scope is invalid.",
            ),
        )

    def check_version(self, request: Request, versions: set[str]) -> None:
        version = request.query.get("api-version")
        if not version:
            text = "The api-version query parameter (?api-version=) is required."
            raise Refusal(400, azure_error("MissingApiVersionParameter", text))
        if version not in versions:
            text = f"The api-version '{version}' is invalid. Supported: " + ", ".join(
                sorted(versions)
            )
            raise Refusal(400, azure_error("InvalidApiVersionParameter", text))

    def check_places(self, parts: dict[str, str]) -> None:
        subscription, group = parts.get("subscription"), parts.get("group")
        if subscription and subscription not in self.directory.subscriptions:
            raise self.no_subscription(subscription)
        if group and (subscription, group.lower()) not in self.directory.groups:
            text = f"Resource group '{group}' could not be found."
            raise Refusal(404, azure_error("ResourceGroupNotFound", text))

    def no_subscription(self, name: str) -> Refusal:
        text = f"The subscription '{name}' could not be found."
        return Refusal(404, azure_error("SubscriptionNotFound", text))

    def not_found(self, kind: str, name: str, group: str) -> Refusal:
        text = f"The Resource '{kind}/{name}' under resource group '{group}' was not found."
        return Refusal(404, azure_error("ResourceNotFound", text))

    def page(self, request: Request, items: list[Any]) -> Reply:
        """A list in pages: the address of the next one is in the reply."""
        start = int(request.query.get("$skip", 0))
        body: dict[str, Any] = {"value": items[start : start + self.page_size]}
        if start + self.page_size < len(items):
            version = request.query["api-version"]
            body["nextLink"] = (
                f"{request.base}{request.path}?api-version={version}"
                f"&$skip={start + self.page_size}"
            )
        return Reply(200, body)

    # -- long-running operations

    def begin(
        self,
        request: Request,
        subscription: str,
        region: str,
        finish: Callable[[], Any],
    ) -> tuple[Operation, dict[str, str]]:
        """A new operation, and the headers that tell where to look at it."""
        url = (
            f"{request.base}/subscriptions/{subscription}/providers"
            f"/Microsoft.MachineLearningServices/locations/{region}"
        )
        operation = Operation(url, self.operation_steps, finish, self.operation_error)
        operation.started = self.mint.clock.now()
        self.operation_error = None
        self.operations[operation.id] = operation
        version = "?api-version=" + request.query["api-version"]
        headers = {
            "Azure-AsyncOperation": f"{url}/computeOperationsStatus/{operation.id}"
            + version,
            "Location": f"{url}/computeOperationResults/{operation.id}{version}",
            "Retry-After": str(self.retry_after),
        }
        return operation, headers

    def operation_look(self, request: Request, operation: str, **parts: str) -> Reply:
        found = self.operations.get(operation)
        if found is None:
            raise Refusal(404, azure_error("NotFound", "There is no such operation."))
        found.step()
        is_running = found.state == "InProgress"
        wait = {"Retry-After": str(self.retry_after)} if is_running else {}
        if "/computeoperationresults/" in request.path.lower():
            if is_running:
                return Reply(202, None, wait)
            if found.error:
                return Reply(400, {"error": found.error})
            return Reply(200, found.result) if found.result else Reply(204)
        body: dict[str, Any] = {
            "id": request.path,
            "name": found.id,
            "status": found.state,
            "startTime": stamp(found.started),
        }
        if not is_running:
            body["endTime"] = stamp(self.mint.clock.now())
        if found.error and not is_running:
            body["error"] = found.error
        return Reply(200, body, wait)

    # -- subscriptions and groups

    def subscriptions(self, request: Request) -> Reply:
        names = self.directory.subscriptions
        return self.page(request, [self.subscription_view(each) for each in names])

    def subscription(self, request: Request, subscription: str) -> Reply:
        return Reply(200, self.subscription_view(subscription))

    def subscription_view(self, name: str) -> dict[str, Any]:
        return {
            "id": f"/subscriptions/{name}",
            "subscriptionId": name,
            "tenantId": TENANT,
            "displayName": self.directory.subscriptions[name],
            "state": "Enabled",
        }

    def groups(self, request: Request, subscription: str) -> Reply:
        names = [n for (s, _), n in self.directory.groups.items() if s == subscription]
        return self.page(request, [group_view(subscription, each) for each in names])

    def group(self, request: Request, subscription: str, group: str) -> Reply:
        return Reply(200, group_view(subscription, group))

    # -- Synapse and identities

    def synapse_list(self, request: Request, subscription: str, group: str) -> Reply:
        found = [
            workspace_view(each)
            for each in self.directory.synapse.values()
            if each.group.lower() == group.lower()
        ]
        return self.page(request, found)

    def find_synapse(self, group: str, name: str) -> SynapseWorkspace:
        for each in self.directory.synapse.values():
            if (each.group.lower(), each.name.lower()) == (group.lower(), name.lower()):
                return each
        raise self.not_found("Microsoft.Synapse/workspaces", name, group)

    def synapse_show(
        self, request: Request, subscription: str, group: str, name: str
    ) -> Reply:
        return Reply(200, workspace_view(self.find_synapse(group, name)))

    def pool_list(
        self, request: Request, subscription: str, group: str, name: str
    ) -> Reply:
        workspace = self.find_synapse(group, name)
        views = [pool_view(workspace, pool) for pool in workspace.pools.values()]
        return self.page(request, views)

    def pool_show(
        self, request: Request, subscription: str, group: str, name: str, pool: str
    ) -> Reply:
        workspace = self.find_synapse(group, name)
        for each in workspace.pools.values():
            if each.name.lower() == pool.lower():
                return Reply(200, pool_view(workspace, each))
        kind = "Microsoft.Synapse/workspaces/bigDataPools"
        raise self.not_found(kind, f"{name}/{pool}", group)

    def identity_show(
        self, request: Request, subscription: str, group: str, name: str
    ) -> Reply:
        principal = self.directory.user_identities.get(request.path.lower())
        if principal is None:
            kind = "Microsoft.ManagedIdentity/userAssignedIdentities"
            raise self.not_found(kind, name, group)
        return Reply(
            200,
            {
                "id": request.path,
                "name": name,
                "location": "eastus2",
                "properties": {
                    "principalId": principal.object_id,
                    "clientId": principal.app_id,
                    "tenantId": TENANT,
                },
            },
        )


def action_of(path: str) -> str:
    """Microsoft.X/a/b of a resource's path: its types without its names."""
    match = re.search(r"/providers/([^/]+)/(.+)$", path, re.IGNORECASE)
    if not match:
        return "Microsoft.Resources/subscriptions"
    return match[1] + "/" + "/".join(match[2].split("/")[::2])


def group_view(subscription: str, name: str) -> dict[str, Any]:
    return {
        "id": f"/subscriptions/{subscription}/resourceGroups/{name}",
        "name": name,
        "type": "Microsoft.Resources/resourceGroups",
        "location": "eastus2",
        "properties": {"provisioningState": "Succeeded"},
    }


def workspace_view(workspace: SynapseWorkspace) -> dict[str, Any]:
    return {
        "id": workspace.resource_id,
        "name": workspace.name,
        "type": "Microsoft.Synapse/workspaces",
        "location": workspace.region,
        "identity": {
            "type": "SystemAssigned",
            "principalId": workspace.principal_id,
            "tenantId": TENANT,
        },
        "properties": {
            "provisioningState": "Succeeded",
            "connectivityEndpoints": {
                "dev": f"https://{workspace.name}.dev.azuresynapse.net",
                "web": "https://web.azuresynapse.net?workspace="
                + workspace.resource_id,
            },
        },
    }


def pool_view(workspace: SynapseWorkspace, pool: Pool) -> dict[str, Any]:
    return {
        "id": f"{workspace.resource_id}/bigDataPools/{pool.name}",
        "name": pool.name,
        "type": "Microsoft.Synapse/workspaces/bigDataPools",
        "location": workspace.region,
        "properties": {
            "provisioningState": pool.state,
            "creationDate": "2022-09-09T21:00:00Z",
            "nodeSize": "Small",
            "nodeSizeFamily": "MemoryOptimized",
            "nodeCount": 5,
            "autoPause": {"enabled": True, "delayInMinutes": 15},
            "autoScale": {"enabled": False, "minNodeCount": 0, "maxNodeCount": 0},
            "sparkVersion": "3.4",
            "sessionLevelPackagesEnabled": pool.takes_packages,
            "isComputeIsolationEnabled": False,
            "cacheSize": 0,
        },
    }


def workspace_of(directory: Directory, group: str, name: str) -> MlWorkspace | None:
    for each in directory.ml.values():
        if (each.group.lower(), each.name.lower()) == (group.lower(), name.lower()):
            return each
    return None
