"""Microsoft Fabric: workspaces, lakehouses, and the Livy API of a lakehouse.

Sessions have GUIDs and an own state in livyInfo.currentState; the top-level one lags
behind. A session and a statement are not found for a moment after they were made.
Source: Fabric REST API reference (workspaces, items), the published description of the
Livy API (sessions, statements with from and size in bytes, high-concurrency sessions),
and of Spark's monitoring API below livySessions.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Callable

from .cluster import Cluster
from .directory import (
    FABRIC_AUDIENCES,
    Directory,
    FabricWorkspace,
    Lakehouse,
)
from .fabric_items import Items
from .fabric_views import (
    Group,
    Member,
    activity_view,
    member_state,
    member_view,
    session_view,
)
from .service import Service
from .sessions import DONE, QUEUED, RUNNING, Fate, Session
from .tokens import BadToken, Mint, Principal
from .wire import Refusal, Reply, Request, guid

HOST = "api.fabric.microsoft.com"
VERSION = "2023-12-01"
WRITERS = ("Admin", "Member", "Contributor")
REPLS = 5  # of a Livy session that high-concurrency sessions share
PACKAGING = Fate(
    QUEUED,
    "LibraryPackagingFailed",
    "The libraries of the environment could not be packaged.",
)
CAPACITY_TEXT = (
    "This Spark job can't be run because you have hit a Spark compute or API rate limit. "
    "Cancel an active Spark job, choose a larger capacity SKU, or try again later."
)


def failure(status: int, code: str, text: str, **headers: str) -> Refusal:
    body = {"errorCode": code, "message": text, "requestId": guid()}
    return Refusal(status, body, **headers)


@dataclass
class Visit:
    """Who asks, and of which lakehouse."""

    principal: Principal
    workspace: FabricWorkspace
    lakehouse: Lakehouse


class Fabric(Service):
    def __init__(self, directory: Directory, mint: Mint, cluster: Cluster):
        super().__init__(directory, mint, cluster, idle_seconds=1200.0)
        self.sessions: dict[str, Session] = {}
        self.members: dict[str, Member] = {}
        self.groups: list[Group] = []
        self.not_found_first = 1  # looks at a new session that find nothing
        self.statements_late = 1  # looks at a new statement that find nothing
        self.state_lags = 2  # looks at an idle session whose top-level state is old
        self.error_state = "available"  # or "Error": of a statement that failed
        self.capacity_back = ""  # Retry-After of a full capacity's HTTP 430
        self.page_size = 2
        self.unseen: dict[str, int] = {}
        self.items = Items(self)
        livy = f"/v1/workspaces/{{w}}/lakehouses/{{l}}/livyapi/versions/{VERSION}"
        self.add_sessions(livy)
        seen = "/v1/workspaces/{w}/lakehouses/{l}/livySessions/{s}/applications"
        self.add("GET", seen + "/{application}/{what}", self.spark_ui)
        self.add_members(livy)

    def add_sessions(self, livy: str) -> None:
        one = livy + "/sessions/{s}"
        statement = one + "/statements/{n}"
        self.add("GET", livy + "/sessions", self.list)
        self.add("POST", livy + "/sessions", self.create)
        self.add("GET", one, self.show)
        self.add("DELETE", one, self.delete)
        self.add("POST", one + "/reset-timeout", self.reset_timeout)
        self.add("GET", one + "/statements", self.statements)
        self.add("POST", one + "/statements", self.statement_post)
        self.add("GET", statement, self.statement_show)
        self.add("POST", statement + "/cancel", self.statement_cancel)

    def add_members(self, livy: str) -> None:
        one = livy + "/highConcurrencySessions"
        repl = one + "/{s}/repls/{r}/statements"
        self.add("POST", one, self.member_create)
        self.add("GET", one + "/{m}", self.member_show)
        self.add("DELETE", one + "/{m}", self.member_delete)
        self.add("GET", repl, self.statements)
        self.add("POST", repl, self.statement_post)
        self.add("GET", repl + "/{n}", self.statement_show)
        self.add("POST", repl + "/{n}/cancel", self.statement_cancel)

    # -- who may

    def enter(self, request: Request) -> Principal:
        try:
            claims = self.read_token(request, FABRIC_AUDIENCES)
        except BadToken as problem:
            code = "TokenExpired" if problem.reason == "expired" else "Unauthorized"
            raise failure(401, code, str(problem)) from None
        return self.known(claims)

    def refusal(self, status: int, text: str, code: str = "") -> Refusal:
        usual = "StatementNotFound" if status == 404 else "InvalidInput"
        return failure(status, code or usual, text)

    def workspace(
        self, principal: Principal, name: str, needs_writer: bool = False
    ) -> FabricWorkspace:
        for each in self.directory.fabric:
            if each.id == name.lower():
                role = each.members.get(principal.object_id)
                if role is None or (needs_writer and role not in WRITERS):
                    text = "The caller does not have sufficient permissions."
                    raise failure(403, "InsufficientPrivileges", text)
                return each
        raise failure(404, "WorkspaceNotFound", f"The workspace {name} was not found.")

    def lakehouse(self, workspace: FabricWorkspace, name: str) -> Lakehouse:
        for each in workspace.lakehouses:
            if each.id == name.lower():
                return each
        raise failure(404, "ItemNotFound", f"The lakehouse {name} was not found.")

    def add(self, method: str, path: str, handler: Callable[..., Reply]) -> None:
        """A handler of a lakehouse's Livy, behind the checks."""

        def guarded(request: Request, w: str, l: str, **parts: str) -> Reply:
            principal = self.enter(request)
            is_write = request.method not in ("GET", "HEAD")
            workspace = self.workspace(principal, w, is_write)
            lakehouse = self.lakehouse(workspace, l)
            if "r" in parts:
                session = self.find_repl(parts.pop("s"), parts.pop("r"))
                return handler(request, session, **parts)
            if "s" in parts:
                return handler(request, self.find(parts.pop("s")), **parts)
            if "m" in parts:
                return handler(request, self.find_member(parts.pop("m")), **parts)
            return handler(request, Visit(principal, workspace, lakehouse))

        self.router.add(method, path, guarded)

    def find(self, name: str) -> Session:
        session = self.sessions.get(name.lower())
        if session is None or self.is_unseen(name.lower()):
            raise failure(404, "SessionNotFound", f"The session {name} was not found.")
        return session

    def is_unseen(self, name: str) -> bool:
        """A new thing is not found by the first looks at it."""
        with self.lock:
            left = self.unseen.get(name, 0)
            self.unseen[name] = max(left - 1, 0)
            return left > 0

    # -- sessions

    def start(self, body: dict[str, Any], visit: Visit) -> Session:
        workspace = visit.workspace
        conf = body.get("conf") or {}
        if not all(isinstance(value, str) for value in conf.values()):
            raise failure(400, "InvalidInput", "The values of conf must be text.")
        self.check_conf(conf, workspace)
        if len(self.running()) >= workspace.capacity:
            later = {"Retry_After": self.capacity_back} if self.capacity_back else {}
            raise failure(430, "TooManyRequestsForCapacity", CAPACITY_TEXT, **later)
        idle = conf.get("spark.livy.session.idle.timeout")
        fate = workspace.fates.pop(0) if workspace.fates else None
        seconds = seconds_of(idle) if idle else None
        session = self.begin(guid(), body, visit.principal, fate, seconds)
        session.workspace, session.pool = workspace.id, visit.lakehouse.id
        return session

    def check_conf(self, conf: dict[str, str], workspace: FabricWorkspace) -> None:
        details = conf.get("spark.fabric.environmentDetails")
        if details:
            match = re.search(r'"id"\s*:\s*"([^"]+)"', details)
            known = [each.id for each in workspace.environments]
            if match is None or match[1] not in known:
                text = f"The environment {details} was not found."
                raise failure(400, "EnvironmentNotFound", text)
        pool = conf.get("spark.fabric.pool.name")
        if pool and pool not in [each.name for each in workspace.pools]:
            raise failure(400, "PoolNotFound", f"The pool {pool} was not found.")

    def create(self, request: Request, visit: Visit) -> Reply:
        session = self.start(request.json(), visit)
        self.sessions[session.id] = session
        self.unseen[session.id] = self.not_found_first
        return Reply(202, {"id": session.id, "artifactId": session.pool})

    def list(self, request: Request, visit: Visit) -> Reply:
        held = [s for s in self.sessions.values() if s.pool == visit.lakehouse.id]
        start = int(request.query.get("$skip", 0))
        size = int(request.query.get("$top", 20))
        items = [activity_view(each) for each in held[start : start + size]]
        body: dict[str, Any] = {"items": items, "pageSize": size}
        if request.query.get("$count", "").lower() == "true":
            body["totalCountOfMatchedItems"] = len(held)
        return Reply(200, body)

    def show(self, request: Request, session: Session) -> Reply:
        state = session.look()
        if state in ("idle", "busy") and session.phase == RUNNING:
            session.looks += 1
            if session.looks <= self.state_lags:
                state = "starting"
        return Reply(200, session_view(session, state))

    def delete(self, request: Request, session: Session) -> Reply:
        session.end()
        self.sessions.pop(session.id, None)
        return Reply(200)

    def reset_timeout(self, request: Request, session: Session) -> Reply:
        if session.is_over:
            text = f"The session {session.id} has ended."
            raise failure(404, "SessionNotFound", text)
        session.reset_timeout()
        return Reply(204)

    # -- statements

    def statement_post(self, request: Request, session: Session) -> Reply:
        body = request.json()
        made = self.asked(session.post_statement(body))
        self.unseen[f"{session.id}/{made['id']}"] = self.statements_late
        view = self.statement_view(made)
        view["sourceId"] = body.get("sourceId")
        return Reply(200, view)

    def statement_show(self, request: Request, session: Session, n: str) -> Reply:
        body = self.asked(session.ask("GET", f"/statements/{n}"))
        if self.is_unseen(f"{session.id}/{n}"):
            raise self.refusal(404, f"The statement {n} was not found.")
        view = self.statement_view(body)
        if {"from", "size"} & request.query.keys() and view["output"]:
            start = int(request.query.get("from", 0))
            size = int(request.query.get("size", 1 << 30))
            view["output"] = paged(view["output"], start, size)
        return Reply(200, view)

    def statement_view(self, body: dict[str, Any]) -> dict[str, Any]:
        view = {name: body.get(name) for name in ("id", "code", "state", "output")}
        failed = (view["output"] or {}).get("status") == "error"
        if failed and view["state"] in DONE:
            view["state"] = self.error_state
        return view

    # -- high-concurrency sessions

    def member_create(self, request: Request, visit: Visit) -> Reply:
        """Never the same one twice: the call is not idempotent."""
        body = request.json()
        tag = body.get("sessionTag") or guid()
        session = self.start(body, visit)
        with self.lock:
            free = [g for g in self.groups if g.tag == tag and len(g.members) < REPLS]
            group = free[0] if free else Group(tag)
            if not free:
                self.groups.append(group)
            member = Member(group, session)
            group.members.append(member)
            self.members[session.id] = member
        return Reply(202, member_view(member, "NotStarted"))

    def find_member(self, name: str) -> Member:
        member = self.members.get(name.lower())
        if member is None:
            text = f"The high-concurrency session {name} was not found."
            raise failure(404, "SessionNotFound", text)
        return member

    def find_repl(self, group: str, repl: str) -> Session:
        for member in self.members.values():
            if (member.group.id, member.repl) == (group.lower(), repl.lower()):
                return member.session
        raise failure(404, "ReplNotFound", f"The REPL {repl} was not found.")

    def member_show(self, request: Request, member: Member) -> Reply:
        member.session.look()
        return Reply(200, member_view(member, member_state(member)))

    def member_delete(self, request: Request, member: Member) -> Reply:
        member.session.end()
        with self.lock:
            self.members.pop(member.session.id, None)
            member.group.members.remove(member)
            if not member.group.members:
                self.groups.remove(member.group)
        return Reply(200)


def seconds_of(text: str) -> float:
    """Spark's times: 20m, 1200s, 1h, 500ms; a plain number is seconds."""
    match = re.fullmatch(r"(\d+)(ms|s|m|min|h)?", text.strip())
    if match is None:
        raise failure(400, "InvalidInput", f"{text!r} is no time.")
    units = {"ms": 0.001, "s": 1, "m": 60, "min": 60, "h": 3600, None: 1}
    return int(match[1]) * units[match[2]]


def paged(output: dict[str, Any], start: int, size: int) -> dict[str, Any]:
    """The bytes [start, start + size) of the output's text; never half a character."""
    data = dict(output.get("data") or {})
    text = data.get("text/plain")
    if isinstance(text, str):
        piece = text.encode()[start : start + size]
        data["text/plain"] = piece.decode("utf-8", "ignore")
    return {**output, "data": data}
