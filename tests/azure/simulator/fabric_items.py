"""Fabric's workspaces and their items: what is there, in pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .fabric_views import item_view, workspace_view
from .wire import Reply, Request

if TYPE_CHECKING:
    from .fabric import Fabric


class Items:
    """Handlers on the router of Fabric."""

    def __init__(self, fabric: "Fabric"):
        self.fabric = fabric
        one = "/v1/workspaces/{w}"
        add = fabric.router.add
        add("GET", "/v1/workspaces", self.workspaces)
        add("GET", one, self.workspace_show)
        add("GET", one + "/lakehouses", self.lakehouses)
        add("GET", one + "/lakehouses/{item}", self.lakehouse_show)
        add("GET", one + "/environments", self.environments)
        add("GET", one + "/spark/pools", self.pools)

    def page(self, request: Request, items: list[dict[str, Any]]) -> Reply:
        start = int(request.query.get("continuationToken") or 0)
        body: dict[str, Any] = {"value": items[start : start + self.fabric.page_size]}
        if start + self.fabric.page_size < len(items):
            token = str(start + self.fabric.page_size)
            url = f"{request.base}{request.path}?continuationToken={token}"
            body.update(continuationToken=token, continuationUri=url)
        return Reply(200, body)

    def workspaces(self, request: Request) -> Reply:
        principal = self.fabric.enter(request)
        own = [
            w for w in self.fabric.directory.fabric if principal.object_id in w.members
        ]
        others = [w for w in self.fabric.directory.fabric if w.name == "My workspace"]
        return self.page(request, [workspace_view(each) for each in others + own])

    def workspace_show(self, request: Request, w: str) -> Reply:
        return Reply(
            200, workspace_view(self.fabric.workspace(self.fabric.enter(request), w))
        )

    def lakehouses(self, request: Request, w: str) -> Reply:
        workspace = self.fabric.workspace(self.fabric.enter(request), w)
        views = [item_view(workspace, i, "Lakehouse") for i in workspace.lakehouses]
        return self.page(request, views)

    def lakehouse_show(self, request: Request, w: str, item: str) -> Reply:
        workspace = self.fabric.workspace(self.fabric.enter(request), w)
        lakehouse = self.fabric.lakehouse(workspace, item)
        return Reply(200, item_view(workspace, lakehouse, "Lakehouse"))

    def environments(self, request: Request, w: str) -> Reply:
        workspace = self.fabric.workspace(self.fabric.enter(request), w)
        views = [item_view(workspace, i, "Environment") for i in workspace.environments]
        return self.page(request, views)

    def pools(self, request: Request, w: str) -> Reply:
        workspace = self.fabric.workspace(self.fabric.enter(request), w)
        views = [
            {
                "id": pool.id,
                "name": pool.name,
                "type": "Workspace",
                "nodeSize": "Medium",
            }
            for pool in workspace.pools
        ]
        return self.page(request, views)
