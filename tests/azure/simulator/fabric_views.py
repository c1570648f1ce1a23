"""What Fabric tells: workspaces, items, sessions, high-concurrency sessions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .directory import FabricWorkspace, Lakehouse
from .livy_views import livy_info, plugin_info, result_of, scheduler_info
from .sessions import ACQUIRING, QUEUED, RUNNING, SUBMITTING, Session
from .wire import guid, stamp


@dataclass
class Group:
    """A Livy session that high-concurrency sessions of one tag share."""

    tag: str
    id: str = field(default_factory=guid)
    members: list["Member"] = field(default_factory=list)


@dataclass
class Member:
    """A high-concurrency session: a REPL of its own in a group's session."""

    group: Group
    session: Session
    repl: str = field(default_factory=guid)


def workspace_view(workspace: FabricWorkspace) -> dict[str, Any]:
    is_own = workspace.name == "My workspace"
    return {
        "id": workspace.id,
        "displayName": workspace.name,
        "description": "",
        "type": "Personal" if is_own else "Workspace",
        "capacityId": "0f084df7-c13d-451b-af5f-ed0c466403b2",
    }


def item_view(workspace: FabricWorkspace, item: Lakehouse, kind: str) -> dict[str, Any]:
    view: dict[str, Any] = {
        "id": item.id,
        "type": kind,
        "displayName": item.name,
        "description": "",
        "workspaceId": workspace.id,
    }
    if kind == "Lakehouse":
        one_lake = f"https://onelake.dfs.fabric.microsoft.com/{workspace.id}/{item.id}"
        view["properties"] = {
            "oneLakeTablesPath": one_lake + "/Tables",
            "oneLakeFilesPath": one_lake + "/Files",
        }
    return view


ACQUISITION = {
    QUEUED: "queued",
    ACQUIRING: "acquiringSession",
    SUBMITTING: "acquiringSession",
}


def state_info(session: Session) -> dict[str, Any]:
    if session.errors:
        return {"state": "error", "errorMessage": session.errors[0]["message"]}
    return {"state": ACQUISITION.get(session.phase, "unknown"), "errorMessage": None}


def session_view(session: Session, state: str) -> dict[str, Any]:
    return {
        "fabricSessionStateInfo": state_info(session),
        "livyInfo": livy_info(session),
        "name": session.body.get("name"),
        "id": session.id,
        "appId": session.app_id,
        "appInfo": {"driverLogUrl": None} if session.app_id else None,
        "artifactId": session.pool,
        "errorInfo": session.errors,
        "jobType": "SparkSession",
        "submitterId": session.principal.object_id,
        "submitterName": session.principal.name,
        "log": session.log_lines,
        "pluginInfo": plugin_info(session),
        "schedulerInfo": scheduler_info(session),
        "state": state,
        "tags": session.body.get("tags"),
        "result": result_of(session),
        "cancellationReason": None,
    }


def activity_view(session: Session) -> dict[str, Any]:
    return {
        "id": session.id,
        "appId": session.app_id,
        "name": session.body.get("name"),
        "workspaceId": session.workspace,
        "submitterId": session.principal.object_id,
        "submitterName": session.principal.name,
        "artifactId": session.pool,
        "result": result_of(session),
        "submittedAt": stamp(session.times[QUEUED]),
        "startedAt": stamp(session.times.get(RUNNING)),
        "schedulerState": scheduler_info(session)["currentState"],
        "pluginState": plugin_info(session)["currentState"],
        "livyState": session.look(),
        "isJobTimedOut": False,
    }


def member_state(member: Member) -> str:
    session = member.session
    if session.is_over:
        return {"killed": "Killed", "error": "Failed"}.get(session.state, "Dead")
    if session.phase == QUEUED:
        return "NotStarted"
    return "Idle" if session.phase == RUNNING else "AcquiringHighConcurrencySession"


def member_view(member: Member, state: str) -> dict[str, Any]:
    session, is_idle = member.session, state == "Idle"
    view: dict[str, Any] = {
        "id": session.id,
        "state": state,
        "sessionId": member.group.id if is_idle else None,
        "replId": member.repl if is_idle else None,
        "workspaceId": session.workspace,
        "artifactId": session.pool,
        "creatorId": session.principal.object_id,
        "createdAt": stamp(session.times[QUEUED]),
        "sessionTag": member.group.tag,
    }
    if not is_idle:
        view["fabricSessionStateInfo"] = state_info(session)
    return view
