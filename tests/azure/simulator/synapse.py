"""Synapse's development endpoint: its Livy, its monitoring calls, its roles.

Source: Azure REST API specifications, Synapse data plane: sparkJob 2019-11-01-preview and
2020-12-01, monitoring and role assignments 2020-12-01; "Apache Spark in Azure Synapse:
limits"; known errors as the documentation of troubleshooting lists them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable

from .cluster import Cluster
from .directory import (
    ROLE_DEFINITIONS,
    Directory,
    Pool,
    SynapseWorkspace,
)
from .livy_views import livy_info, plugin_info, result_of, scheduler_info
from .service import Service
from .sessions import ACQUIRING, ENDED, QUEUED, SUBMITTING, Fate, Session
from .synapse_roles import Roles
from .tokens import BadToken, Mint, Principal
from .wire import Refusal, Reply, Request, azure_error, guid, stamp

SUFFIXES = {
    "dev.azuresynapse.net": "https://dev.azuresynapse.net",
    "dev.azuresynapse.usgovcloudapi.net": "https://dev.azuresynapse.usgovcloudapi.net",
    "dev.azuresynapse.azure.cn": "https://dev.azuresynapse.azure.cn",
}
PUBLIC = "dev.azuresynapse.net"
SUFFIX_OF_REGION = {
    "usgov": "dev.azuresynapse.usgovcloudapi.net",
    "china": "dev.azuresynapse.azure.cn",
}
VERSIONS = ("2019-11-01-preview", "2020-12-01")
BODY_LIMIT = 100 * 1024
PAGE_LIMIT = 20
MEMORY = ("28g", "56g", "112g", "224g", "400g", "472g")
CORES = (4, 8, 16, 32, 64, 80)
STATEMENT = ("id", "code", "state", "output")  # its fields
KINDS = ("spark", "pyspark", "dotnetspark", "sql")
RUNS_SPARK = (
    "Synapse Administrator",
    "Apache Spark Administrator",
    "Synapse Compute Operator",
)

# What a session may fail with, in the words of the service's documentation.
CAPACITY = Fate(
    ACQUIRING,
    "MAXIMUM_WORKSPACE_CAPACITY_EXCEEDED",
    "Your Spark job requested 24 vcores. However, the workspace has a 12 core limit. "
    "Try reducing the numbers of vcores requested or increasing your vcore quota.",
)
LIBRARY = Fate(
    SUBMITTING,
    "LIBRARY_MANAGEMENT_FAILED",
    "Library management failed: the environment's specification could not be applied "
    "to the session: ResolvePackageNotFound: nosuchpackage==1.0",
)
TOKEN_SERVICE = Fate(
    ACQUIRING,
    "TRANSIENT_TOKEN_PROVIDER_ERROR",
    "The token provider did not answer in time. Please try again.",
    "Dependency",
)


def stuck(phase: str) -> Fate:
    return Fate(phase, is_stuck=True)


@dataclass
class Visit:
    """Who asks, of which pool, and the pool's sessions."""

    workspace: SynapseWorkspace
    pool: Pool
    principal: Principal
    held: dict[int, Session]


class Synapse(Service):
    """Every Synapse workspace of the directory, by its host name."""

    def __init__(self, directory: Directory, mint: Mint, cluster: Cluster):
        super().__init__(directory, mint, cluster, idle_seconds=1800.0)
        self.sessions: dict[tuple[str, str], dict[int, Session]] = {}
        self.next_id = 0
        self.creations_a_second = 0  # above it: 429; 0 = any
        self.created_at: list[float] = []
        pool = "/livyApi/versions/{version}/sparkPools/{pool}"
        one = pool + "/sessions/{number}"
        self.add("GET", pool + "/sessions", self.list)
        self.add("POST", pool + "/sessions", self.create)
        self.add("GET", one, self.show)
        self.add("DELETE", one, self.delete)
        self.add("PUT", one + "/reset-timeout", self.reset_timeout)
        self.add("GET", one + "/statements", self.statements)
        self.add("POST", one + "/statements", self.statement_post)
        self.add("GET", one + "/statements/{n}", self.statement_show)
        self.add("POST", one + "/statements/{n}/cancel", self.statement_cancel)
        self.add("GET", one + "/applications/{application}/{what}", self.spark_ui)
        applications = "/monitoring/workloadTypes/spark/Applications"
        self.router.add("GET", applications, self.applications)
        self.roles = Roles(self)

    # -- who may

    def workspace(self, host: str) -> tuple[SynapseWorkspace, str] | None:
        """The workspace of a host name and its audience."""
        name, _, suffix = host.partition(".")
        workspace = self.directory.synapse.get(name)
        audience = SUFFIXES.get(suffix)
        if workspace is None or audience is None:
            return None
        is_at_home = SUFFIX_OF_REGION.get(workspace.region[:5], PUBLIC) == suffix
        return (workspace, audience) if is_at_home else None

    def enter(self, request: Request) -> tuple[SynapseWorkspace, Principal]:
        found = self.workspace(request.host)
        if found is None:
            raise Refusal(404, azure_error("WorkspaceNotFound", request.host))
        workspace, audience = found
        try:
            claims = self.read_token(request, {audience})
        except BadToken as problem:
            text = f"Token Authentication failed: {problem}"
            body = {"code": "AuthenticationFailed", "message": text}
            ask = 'Bearer error="invalid_token"'
            raise Refusal(401, body, WWW_Authenticate=ask) from None
        if workspace.refuses_address:
            body = {
                "code": "ClientIpAddressNotAuthorized",
                "message": "Client Ip address : 192.0.2.7",
            }
            raise Refusal(403, body)
        return workspace, self.known(claims)

    def refusal(self, status: int, text: str, code: str = "") -> Refusal:
        return failure(status, text)

    def check_role(
        self,
        workspace: SynapseWorkspace,
        principal: Principal,
        scope: str,
        roles: tuple[str, ...],
        action: str,
    ) -> None:
        for each in workspace.roles:
            name = ROLE_DEFINITIONS[each["roleDefinitionId"]]
            covers = f"{scope}/".lower().startswith(each["scope"].lower() + "/")
            if each["principalId"] == principal.object_id and covers and name in roles:
                return
        text = (
            f"The principal '{principal.object_id}' does not have the required Synapse "
            "RBAC permission to perform this action. Required permission: Action: "
            f"Microsoft.Synapse/workspaces/{action}, Scope: {scope}."
        )
        raise Refusal(403, {"code": "AccessControlUnauthorized", "message": text})

    def add(self, method: str, path: str, handler: Callable[..., Reply]) -> None:
        """A handler of a pool's Livy, behind the checks."""

        def guarded(request: Request, version: str, pool: str, **parts: str) -> Reply:
            workspace, principal = self.enter(request)
            if version not in VERSIONS:
                raise failure(400, f"The Livy API version {version} is not known.")
            found = workspace.pools.get(pool)
            if found is None:
                raise failure(404, f"The Spark pool {pool} was not found.")
            scope = f"workspaces/{workspace.name}/bigDataPools/{found.name}"
            action = "bigDataPools/useCompute/action"
            self.check_role(workspace, principal, scope, RUNS_SPARK, action)
            if len(request.body) > BODY_LIMIT:
                raise failure(413, "The request is larger than 100 KB.")
            held = self.sessions.setdefault((workspace.name, pool), {})
            if "number" in parts:
                return handler(request, self.find(held, parts.pop("number")), **parts)
            return handler(request, Visit(workspace, found, principal, held))

        self.router.add(method, path, guarded)

    def find(self, held: dict[int, Session], number: str) -> Session:
        session = held.get(int(number)) if number.isdigit() else None
        if session is None:
            raise failure(404, f"Session '{number}' not found.")
        return session

    # -- sessions

    def create(self, request: Request, visit: Visit) -> Reply:
        body, pool = request.json(), visit.pool
        check_options(body)
        self.check_rate()
        if pool.state != "Succeeded":
            raise failure(400, f"The Spark pool {pool.name} is {pool.state}.")
        if pool.is_full:
            raise failure(400, f"{CAPACITY.code}: {CAPACITY.message}")
        wants_packages = "spark.synapse.library.python.env" in (body.get("conf") or {})
        fate = pool.fates.pop(0) if pool.fates else None
        if wants_packages and not pool.takes_packages:
            text = "Session level packages are not enabled for this Spark pool."
            fate = Fate(SUBMITTING, "LIBRARY_MANAGEMENT_FAILED", text)
        with self.lock:
            number = self.next_id
            self.next_id += 1
            session = self.begin(number, body, visit.principal, fate)
            session.workspace, session.pool = visit.workspace.name, pool.name
            visit.held[number] = session
        return Reply(200, view(session, request))

    def check_rate(self) -> None:
        now = self.mint.clock.now()
        with self.lock:
            self.created_at = [at for at in self.created_at if at > now - 1]
            if 0 < self.creations_a_second <= len(self.created_at):
                raise failure(429, "Too many requests.", Retry_After="1")
            self.created_at.append(now)

    def list(self, request: Request, visit: Visit) -> Reply:
        start = int(request.query.get("from", 0))
        size = min(int(request.query.get("size", PAGE_LIMIT)), PAGE_LIMIT)
        chosen = list(visit.held.values())[start : start + size]
        body = {"from": start, "total": len(chosen)}
        return Reply(200, {**body, "sessions": [view(s, request) for s in chosen]})

    def show(self, request: Request, session: Session) -> Reply:
        session.look()
        return Reply(200, view(session, request))

    def delete(self, request: Request, session: Session) -> Reply:
        session.end()
        for held in self.sessions.values():
            if held.get(session.id) is session:
                del held[session.id]
        return Reply(200)

    def reset_timeout(self, request: Request, session: Session) -> Reply:
        if session.is_over:
            raise failure(404, f"Session '{session.id}' not found.")
        session.reset_timeout()
        return Reply(200)

    # -- statements

    def statement_post(self, request: Request, session: Session) -> Reply:
        body = request.json()
        if body.get("kind") and body["kind"] not in KINDS:
            raise failure(400, f"Invalid kind: {body['kind']}")
        made = self.asked(session.post_statement(body))
        return Reply(200, self.statement_view(made))

    def statement_show(self, request: Request, session: Session, n: str) -> Reply:
        body = self.asked(session.ask("GET", f"/statements/{n}"))
        return Reply(200, self.statement_view(body))

    def statement_view(self, body: dict[str, Any]) -> dict[str, Any]:
        return {name: body.get(name) for name in STATEMENT}

    # -- monitoring

    def applications(self, request: Request) -> Reply:
        workspace, _ = self.enter(request)
        if not request.query.get("api-version"):
            raise failure(400, "api-version is missing.")
        jobs = []
        for (name, pool), held in self.sessions.items():
            for session in held.values() if name == workspace.name else ():
                jobs.append(
                    {
                        "state": session.look(),
                        "name": session.body["name"],
                        "submitter": session.principal.name,
                        "compute": pool,
                        "sparkApplicationId": session.app_id,
                        "livyId": str(session.id),
                        "timing": [],
                        "sparkJobDefinition": None,
                        "pipeline": [],
                        "jobType": "SparkSession",
                        "submitTime": stamp(session.times[QUEUED]),
                        "endTime": stamp(session.times.get(ENDED)),
                        "queuedDuration": "0sec",
                        "runningDuration": "0sec",
                        "totalDuration": "0sec",
                    }
                )
        return Reply(200, {"nJobs": len(jobs), "sparkJobs": jobs})


def failure(status: int, text: str, **headers: str) -> Refusal:
    return Refusal(status, {"TraceId": guid(), "Message": text}, **headers)


def check_options(body: Any) -> None:
    """What Synapse refuses in the options of a session."""
    if not isinstance(body, dict) or not body.get("name"):
        raise failure(400, "The field 'name' is required.")
    for field in ("driverMemory", "executorMemory"):
        if field in body and body[field] not in MEMORY:
            raise failure(400, f"{field} must be one of {', '.join(MEMORY)}.")
    for field in ("driverCores", "executorCores"):
        if field in body and body[field] not in CORES:
            raise failure(400, f"{field} must be one of {CORES}.")
    number = body.get("numExecutors", 1)
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        raise failure(400, "numExecutors must be a number.")
    conf = body.get("conf") or {}
    if not all(isinstance(value, str) for value in conf.values()):
        raise failure(400, "The values of conf must be text.")


def view(session: Session, request: Request) -> dict[str, Any]:
    """The session object; what goes beyond Livy's own only with detailed=true."""
    info = {"driverLogUrl": None, "sparkUiUrl": session.ui_url}
    plain = {
        "id": session.id,
        "appId": session.app_id,
        "appInfo": info if session.app_id else None,
        "state": session.state,
        "log": session.log_lines,
        "name": session.body["name"],
    }
    if request.query.get("detailed", "").lower() != "true":
        return plain
    return {
        **plain,
        "livyInfo": livy_info(session),
        "workspaceName": session.workspace,
        "sparkPoolName": session.pool,
        "submitterName": session.principal.name,
        "submitterId": session.principal.object_id,
        "artifactId": session.body.get("artifactId"),
        "jobType": "SparkSession",
        "result": result_of(session),
        "schedulerInfo": scheduler_info(session),
        "pluginInfo": plugin_info(session),
        "errorInfo": session.errors or None,
        "tags": session.body.get("tags"),
    }
