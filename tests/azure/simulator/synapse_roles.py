"""Synapse's own roles: their definitions and assignments, on the development endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .directory import ROLE_DEFINITIONS
from .wire import Refusal, Reply, Request, azure_error

if TYPE_CHECKING:
    from .synapse import Synapse


class Roles:
    """Handlers on the router of Synapse."""

    def __init__(self, synapse: "Synapse"):
        self.synapse = synapse
        synapse.router.add("GET", "/roleAssignments", self.role_list)
        synapse.router.add("PUT", "/roleAssignments/{name}", self.role_put)
        synapse.router.add("DELETE", "/roleAssignments/{name}", self.role_delete)
        synapse.router.add("GET", "/roleDefinitions", self.role_definitions)

    def role_list(self, request: Request) -> Reply:
        workspace, _ = self.synapse.enter(request)
        wanted = {
            "principalId": request.query.get("principalId"),
            "roleDefinitionId": request.query.get("roleId"),
            "scope": request.query.get("scope"),
        }
        found = [
            role
            for role in workspace.roles
            if all(v is None or role[k] == v for k, v in wanted.items())
        ]
        return Reply(200, {"count": len(found), "value": found})

    def role_put(self, request: Request, name: str) -> Reply:
        workspace, principal = self.synapse.enter(request)
        body = request.json()
        scope = body.get("scope", "")
        root = f"workspaces/{workspace.name}"
        if not f"{scope}/".lower().startswith(root.lower() + "/"):
            raise Refusal(400, azure_error("InvalidScope", f"'{scope}'"))
        if body.get("roleId") not in ROLE_DEFINITIONS:
            raise Refusal(400, azure_error("InvalidRole", f"{body.get('roleId')!r}"))
        administrator = ("Synapse Administrator",)
        action = "roleAssignments/write"
        self.synapse.check_role(workspace, principal, scope, administrator, action)
        role = {
            "id": name,
            "roleDefinitionId": body["roleId"],
            "principalId": body.get("principalId"),
            "scope": scope,
            "principalType": body.get("principalType", "ServicePrincipal"),
        }
        if not role["principalId"]:
            raise Refusal(
                400, azure_error("InvalidPrincipal", "principalId is missing")
            )
        same = ("roleDefinitionId", "principalId", "scope")
        if any(all(each[k] == role[k] for k in same) for each in workspace.roles):
            text = "The role assignment already exists."
            raise Refusal(409, azure_error("RoleAssignmentExists", text))
        workspace.roles.append(role)
        return Reply(200, role)

    def role_delete(self, request: Request, name: str) -> Reply:
        workspace, principal = self.synapse.enter(request)
        scope = f"workspaces/{workspace.name}"
        administrator = ("Synapse Administrator",)
        action = "roleAssignments/delete"
        self.synapse.check_role(workspace, principal, scope, administrator, action)
        found = [role for role in workspace.roles if role["id"] == name]
        for role in found:
            workspace.roles.remove(role)
        return Reply(200 if found else 204)

    def role_definitions(self, request: Request) -> Reply:
        workspace, _ = self.synapse.enter(request)
        scopes = [
            f"workspaces/{workspace.name}",
            f"workspaces/{workspace.name}/bigDataPools/*",
        ]
        body = [
            {
                "id": role,
                "name": name,
                "isBuiltIn": True,
                "description": name,
                "permissions": [],
                "scopes": scopes,
                "availabilityStatus": "Available",
            }
            for role, name in ROLE_DEFINITIONS.items()
        ]
        return Reply(200, body)
