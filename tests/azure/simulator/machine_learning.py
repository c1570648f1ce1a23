"""Azure ML's resource provider: workspaces, computes, linked services, environments,
datastores and data assets.

Source: Azure Machine Learning REST API reference, 2024-04-01 (computes: create or update,
get, list, delete with underlyingResourceAction); linkedServices, 2020-09-01-preview.
"""

from __future__ import annotations

import copy
from typing import Any, Callable

from .arm import GROUP, Arm, workspace_of
from .directory import TENANT, MlWorkspace, attached
from .wire import Refusal, Reply, Request, azure_error, guid, stamp

VERSIONS = {
    "2022-05-01",
    "2022-10-01",
    "2023-04-01",
    "2023-10-01",
    "2024-04-01",
    "2024-10-01",
}
LINK_VERSIONS = {"2020-09-01-preview"}
KIND = "Microsoft.MachineLearningServices/workspaces"
PLACE = f"{GROUP}/providers/{KIND}"
ACTIONS = ("Delete", "Detach")


class MachineLearning:
    """Handlers on the router of Azure Resource Manager."""

    def __init__(self, arm: Arm):
        self.arm = arm
        one = PLACE + "/{workspace}"
        arm.add("GET", PLACE, VERSIONS, self.workspaces)
        arm.add("GET", one, VERSIONS | LINK_VERSIONS, self.workspace_show)
        self.add("GET", "/computes", self.computes)
        self.add("GET", "/computes/{name}", self.compute_show)
        self.add("PUT", "/computes/{name}", self.compute_put)
        self.add("PATCH", "/computes/{name}", self.compute_patch)
        self.add("DELETE", "/computes/{name}", self.compute_delete)
        self.add("GET", "/linkedServices", self.links, LINK_VERSIONS)
        self.add("GET", "/linkedServices/{name}", self.link_show, LINK_VERSIONS)
        self.add("PUT", "/linkedServices/{name}", self.link_put, LINK_VERSIONS)
        self.add("DELETE", "/linkedServices/{name}", self.link_delete, LINK_VERSIONS)
        for kind in ("environments", "data"):
            base = "/" + kind
            self.add("GET", base, self.containers(kind))
            self.add("GET", base + "/{name}", self.container(kind))
            self.add("GET", base + "/{name}/versions", self.versions(kind))
            self.add("GET", base + "/{name}/versions/{version}", self.version(kind))
        self.add("PUT", "/data/{name}/versions/{version}", self.data_put)
        self.add("GET", "/datastores", self.datastores)
        self.add("GET", "/datastores/{name}", self.datastore_show)

    def add(
        self,
        method: str,
        path: str,
        handler: Callable[..., Reply],
        versions: set[str] = VERSIONS,
    ) -> None:
        def found(
            request: Request,
            subscription: str,
            group: str,
            workspace: str,
            **parts: str,
        ) -> Reply:
            place = workspace_of(self.arm.directory, group, workspace)
            if place is None or place.subscription != subscription:
                raise self.arm.not_found(KIND, workspace, group)
            return handler(request, place, **parts)

        self.arm.add(method, PLACE + "/{workspace}" + path, versions, found)

    # -- workspaces

    def workspaces(self, request: Request, subscription: str, group: str) -> Reply:
        found = [
            workspace_view(each)
            for each in self.arm.directory.ml.values()
            if each.group.lower() == group.lower()
        ]
        return self.arm.page(request, found)

    def workspace_show(
        self, request: Request, subscription: str, group: str, workspace: str
    ) -> Reply:
        place = workspace_of(self.arm.directory, group, workspace)
        if place is None:
            raise self.arm.not_found(KIND, workspace, group)
        return Reply(200, workspace_view(place))

    # -- computes

    def computes(self, request: Request, place: MlWorkspace) -> Reply:
        views = [compute_view(place, name) for name in sorted(place.computes)]
        return self.arm.page(request, views)

    def compute_show(self, request: Request, place: MlWorkspace, name: str) -> Reply:
        return Reply(200, compute_view(place, self.known(place, name)))

    def known(self, place: MlWorkspace, name: str) -> str:
        for each in place.computes:
            if each.lower() == name.lower():
                return each
        text = f"Compute with name '{name}' is not found in workspace '{place.name}'."
        raise Refusal(404, azure_error("ComputeNotFound", text))

    def compute_put(self, request: Request, place: MlWorkspace, name: str) -> Reply:
        body = request.json()
        properties = body.get("properties") or {}
        self.check_compute(place, body, properties)
        is_new = name not in place.computes
        new = attached(properties["resourceId"], "Creating" if is_new else "Updating")
        had = place.computes.get(name, {}).get("identity") or {}
        new["identity"] = self.identity(body.get("identity") or {}, had)
        new["tags"] = dict(body.get("tags") or {})
        if properties.get("description"):
            new["properties"]["description"] = properties["description"]
        if is_new:
            now = stamp(self.arm.mint.clock.now())
            new["properties"].update(createdOn=now, modifiedOn=now)
        else:
            kept = place.computes[name]["properties"]["createdOn"]
            new["properties"]["createdOn"] = kept
        place.computes[name] = new
        return self.change(request, place, name, 201 if is_new else 200)

    def change(
        self, request: Request, place: MlWorkspace, name: str, status: int
    ) -> Reply:
        """An operation after which the compute is ready, or is marked as failed."""

        def finish() -> None:
            place.computes[name]["properties"]["provisioningState"] = "Succeeded"

        operation, headers = self.arm.begin(
            request, place.subscription, place.region, finish
        )
        view = compute_view(place, name)
        if operation.error:
            place.computes[name]["properties"]["provisioningState"] = "Failed"
        headers.pop("Location")  # documented for DELETE alone
        return Reply(status, view, headers)

    def check_compute(
        self, place: MlWorkspace, body: dict[str, Any], properties: dict[str, Any]
    ) -> None:
        def bad(text: str) -> Refusal:
            return Refusal(400, azure_error("BadArgument", text))

        if properties.get("computeType") != "SynapseSpark":
            raise bad(
                f"The computeType {properties.get('computeType')!r} is not known."
            )
        if body.get("location", "").lower().replace(" ", "") != place.region:
            raise bad(f"The location must be {place.region}, that of the workspace.")
        parts = (properties.get("resourceId") or "").strip("/").split("/")
        if len(parts) != 10 or parts[8].lower() != "bigdatapools":
            raise bad("resourceId is not that of a Synapse Spark pool.")
        synapse = self.arm.directory.synapse.get(parts[7])
        if synapse is None or parts[9] not in synapse.pools:
            text = f"The Synapse Spark pool '{parts[9]}' was not found."
            raise Refusal(400, azure_error("SynapsePoolNotFound", text))

    def identity(
        self, asked: dict[str, Any], had: dict[str, Any]
    ) -> dict[str, Any] | None:
        """A system-assigned one lives as long as its resource has one."""
        kind = asked.get("type", "None")
        if kind == "None":
            return None
        if kind == "SystemAssigned":
            principal = had.get("principalId") or guid()
            return {"type": kind, "principalId": principal, "tenantId": TENANT}
        names = asked.get("userAssignedIdentities") or {}
        found = {}
        for name in names:
            principal = self.arm.directory.user_identities.get(name.lower())
            if principal is None:
                text = f"The identity '{name}' was not found."
                raise Refusal(400, azure_error("FailedIdentityOperation", text))
            ids = {"principalId": principal.object_id, "clientId": principal.app_id}
            found[name] = ids
        if kind != "UserAssigned" or not found:
            text = "identity needs the type UserAssigned and at least one identity."
            raise Refusal(400, azure_error("InvalidIdentity", text))
        view = {"type": kind, "tenantId": TENANT, "userAssignedIdentities": found}
        return view

    def compute_patch(self, request: Request, place: MlWorkspace, name: str) -> Reply:
        """Only scale settings are documented here; what else is sent changes nothing."""
        name = self.known(place, name)
        settings = (request.json().get("properties") or {}).get("properties") or {}
        scale = settings.get("scaleSettings")
        if scale:
            place.computes[name]["properties"]["properties"]["scaleSettings"] = scale
        return self.change(request, place, name, 200)

    def compute_delete(self, request: Request, place: MlWorkspace, name: str) -> Reply:
        action = request.query.get("underlyingResourceAction")
        if action not in ACTIONS:
            text = "underlyingResourceAction must be Delete or Detach."
            raise Refusal(400, azure_error("BadArgument", text))
        if all(each.lower() != name.lower() for each in place.computes):
            return Reply(204)
        name = self.known(place, name)
        compute = place.computes[name]["properties"]
        if action == "Delete" and compute["isAttachedCompute"]:
            text = "An attached compute can be detached, not deleted."
            raise Refusal(400, azure_error("BadArgument", text))
        if name in place.in_use:
            text = f"The compute '{name}' is in use: jobs are running on it."
            raise Refusal(409, azure_error("Conflict", text))
        compute["provisioningState"] = "Deleting"

        def finish() -> None:
            place.computes.pop(name, None)

        region = place.region
        _, headers = self.arm.begin(request, place.subscription, region, finish)
        return Reply(202, None, headers)

    # -- linked services

    def links(self, request: Request, place: MlWorkspace) -> Reply:
        return self.arm.page(request, list(place.linked_services.values()))

    def link_show(self, request: Request, place: MlWorkspace, name: str) -> Reply:
        if name not in place.linked_services:
            raise self.arm.not_found(KIND + "/linkedServices", name, place.group)
        return Reply(200, place.linked_services[name])

    def link_put(self, request: Request, place: MlWorkspace, name: str) -> Reply:
        body = request.json()
        asked = body.get("properties") or {}
        target = asked.get("linkedServiceResourceId", "")
        known = [s.resource_id.lower() for s in self.arm.directory.synapse.values()]
        if (asked.get("linkType") or "").lower() != "synapse":
            text = "linkType must be Synapse."
            raise Refusal(400, azure_error("BadArgument", text))
        if target.lower() not in known:
            text = f"The Synapse workspace '{target}' was not found."
            raise Refusal(404, azure_error("ResourceNotFound", text))
        if (body.get("identity") or {}).get("type") != "SystemAssigned":
            text = "A linked service needs an identity of the type SystemAssigned."
            raise Refusal(400, azure_error("BadArgument", text))
        is_new = name not in place.linked_services
        now = stamp(self.arm.mint.clock.now())
        identity = {"type": "SystemAssigned", "principalId": guid(), "tenantId": TENANT}
        if not is_new:
            identity = place.linked_services[name]["identity"]
        place.linked_services[name] = {
            "id": f"{place.resource_id}/linkedServices/{name}",
            "name": name,
            "type": KIND + "/linkedServices",
            "location": body.get("location", place.region),
            "identity": identity,
            "properties": {
                "linkType": "Synapse",
                "linkedServiceResourceId": target,
                "createdTime": now,
                "modifiedTime": now,
            },
        }
        return Reply(201 if is_new else 200, place.linked_services[name])

    def link_delete(self, request: Request, place: MlWorkspace, name: str) -> Reply:
        return Reply(200 if place.linked_services.pop(name, None) else 204)

    # -- environments and data: containers with versions

    def containers(self, kind: str) -> Callable[..., Reply]:
        def show(request: Request, place: MlWorkspace) -> Reply:
            names = sorted(getattr(place, kind))
            return self.arm.page(
                request, [container_view(place, kind, name) for name in names]
            )

        return show

    def container(self, kind: str) -> Callable[..., Reply]:
        def show(request: Request, place: MlWorkspace, name: str) -> Reply:
            self.check_asset(place, kind, name)
            return Reply(200, container_view(place, kind, name))

        return show

    def versions(self, kind: str) -> Callable[..., Reply]:
        def show(request: Request, place: MlWorkspace, name: str) -> Reply:
            self.check_asset(place, kind, name)
            held = getattr(place, kind)[name]
            names = list(reversed(held))  # the newest first
            top = int(request.query.get("$top", len(names)))
            views = [version_view(place, kind, name, each) for each in names[:top]]
            return self.arm.page(request, views)

        return show

    def version(self, kind: str) -> Callable[..., Reply]:
        def show(
            request: Request, place: MlWorkspace, name: str, version: str
        ) -> Reply:
            self.check_asset(place, kind, name, version)
            return Reply(200, version_view(place, kind, name, version))

        return show

    def check_asset(
        self, place: MlWorkspace, kind: str, name: str, version: str = ""
    ) -> None:
        held = getattr(place, kind).get(name)
        if held is None or (version and version not in held):
            what = f"{name}:{version}" if version else name
            text = f"Could not find asset with ID: {place.resource_id}/{kind}/{what}"
            raise Refusal(404, azure_error("NotFound", text))

    def data_put(
        self, request: Request, place: MlWorkspace, name: str, version: str
    ) -> Reply:
        properties = request.json().get("properties") or {}
        kinds = ("uri_file", "uri_folder", "mltable")
        if properties.get("dataType") not in kinds or not properties.get("dataUri"):
            text = "properties needs dataUri, and dataType: " + ", ".join(kinds)
            raise Refusal(400, azure_error("BadArgument", text))
        held = place.data.setdefault(name, {})
        is_new = version not in held
        if not is_new and held[version]["dataUri"] != properties["dataUri"]:
            text = "A version's dataUri can't be changed."
            raise Refusal(409, azure_error("Conflict", text))
        held[version] = properties
        view = version_view(place, "data", name, version)
        return Reply(201 if is_new else 200, view)

    # -- datastores

    def datastores(self, request: Request, place: MlWorkspace) -> Reply:
        only = request.query.get("isDefault", "").lower() == "true"
        views = [
            datastore_view(place, name)
            for name, each in place.datastores.items()
            if each["isDefault"] or not only
        ]
        return self.arm.page(request, views)

    def datastore_show(self, request: Request, place: MlWorkspace, name: str) -> Reply:
        if name not in place.datastores:
            text = f"Could not find datastore '{name}' in '{place.name}'."
            raise Refusal(404, azure_error("NotFound", text))
        return Reply(200, datastore_view(place, name))


def workspace_view(place: MlWorkspace) -> dict[str, Any]:
    return {
        "id": place.resource_id,
        "name": place.name,
        "type": KIND,
        "location": place.region,
        "identity": {
            "type": "SystemAssigned",
            "principalId": guid(),
            "tenantId": TENANT,
        },
        "properties": {
            "friendlyName": place.name,
            "provisioningState": "Succeeded",
            "discoveryUrl": f"https://{place.region}.api.azureml.ms/discovery",
        },
    }


def compute_view(place: MlWorkspace, name: str) -> dict[str, Any]:
    view = copy.deepcopy(place.computes[name])
    view.update(
        id=f"{place.resource_id}/computes/{name}",
        name=name,
        type=KIND + "/computes",
        location=place.region,
    )
    view["properties"]["computeLocation"] = place.region
    if view.get("identity") is None:
        view.pop("identity", None)
    return view


def container_view(place: MlWorkspace, kind: str, name: str) -> dict[str, Any]:
    newest = list(getattr(place, kind)[name])[-1]
    properties: dict[str, Any] = {"latestVersion": newest, "isArchived": False}
    if kind == "data":
        properties["dataType"] = place.data[name][newest]["dataType"]
    return {
        "id": f"{place.resource_id}/{kind}/{name}",
        "name": name,
        "type": f"{KIND}/{kind}",
        "properties": properties,
    }


def version_view(
    place: MlWorkspace, kind: str, name: str, version: str
) -> dict[str, Any]:
    return {
        "id": f"{place.resource_id}/{kind}/{name}/versions/{version}",
        "name": version,
        "type": f"{KIND}/{kind}/versions",
        "properties": copy.deepcopy(getattr(place, kind)[name][version]),
    }


def datastore_view(place: MlWorkspace, name: str) -> dict[str, Any]:
    return {
        "id": f"{place.resource_id}/datastores/{name}",
        "name": name,
        "type": KIND + "/datastores",
        "properties": dict(place.datastores[name]),
    }
