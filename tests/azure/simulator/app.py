"""All services together: hosts to services, the servers, the environment of a client."""

from __future__ import annotations

import dataclasses
import functools
import shutil
import tempfile
import threading
import traceback
from pathlib import Path
from typing import Any, Callable

from . import arm, fabric, login
from .certificates import Certificates, Stranger
from .cluster import Cluster
from .directory import POOL, SYNAPSE, Directory
from .identity import Identity
from .machine_learning import MachineLearning
from .server import Server
from .sessions import Session
from .synapse import SUFFIXES, Synapse
from .tokens import Clock, Mint
from .wire import (
    BadDay,
    BadDays,
    Dropped,
    Entry,
    Log,
    Refusal,
    Reply,
    Request,
    Router,
    azure_error,
)

# Variables that this machine may have and that would win, or lead elsewhere.
OTHERS = (
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "SSL_CERT_DIR",
    "https_proxy",
    "http_proxy",
    "no_proxy",
    "ALL_PROXY",
    "all_proxy",
)


class Simulator:
    """The simulated Azure. Give it a cluster to share a Spark with others, and
    certificates to share the making of them."""

    def __init__(
        self,
        cluster: Cluster | None = None,
        certificates: Certificates | None = None,
        port: int = 0,
    ):
        self.clock = Clock()
        self.mint = Mint(self.clock)
        self.directory = Directory()
        self.owns_cluster = cluster is None
        self.cluster = cluster or Cluster()
        self.login = login.Login(self.directory, self.mint)
        self.identity = Identity(self.directory, self.mint)
        self.arm = arm.Arm(self.directory, self.mint)
        self.ml = MachineLearning(self.arm)
        self.synapse = Synapse(self.directory, self.mint, self.cluster)
        self.fabric = fabric.Fabric(self.directory, self.mint, self.cluster)
        self.log = Log()
        self.asked = Log()  # also what is not answered yet
        self.faults: list[str] = []  # tracebacks of the simulator's own
        self.bad_days = BadDays()
        self.stopping = threading.Event()
        self.folder = Path(tempfile.mkdtemp(prefix="azure-ca-"))
        self.certificates = certificates or Certificates()
        self.ca_file = self.certificates.write_ca(self.folder)
        self.proxy = Server(self.answer, self.certificates, is_proxy=True, port=port)
        self.direct: dict[str, Server] = {}

    # -- what a client is given

    @property
    def proxy_url(self) -> str:
        password = self.proxy.password
        return f"http://{password + '@' if password else ''}127.0.0.1:{self.proxy.port}"

    def environment(self, credential: str = "secret") -> dict[str, str]:
        """Variables for a kernel behind the proxy; `credential`: how it proves who it is
        (secret, none, or a place of identity.py). A name in it set to "" is to be unset.
        """
        result = {
            "HTTPS_PROXY": self.proxy_url,
            "HTTP_PROXY": self.proxy_url,
            "NO_PROXY": "127.0.0.1,localhost",
            "SSL_CERT_FILE": str(self.ca_file),
            **dict.fromkeys(OTHERS, ""),
            "AZURE_TENANT_ID": "",
            "AZURE_CLIENT_ID": "",
            "AZURE_CLIENT_SECRET": "",
        }
        if credential == "secret":
            application = self.directory.application
            result["AZURE_TENANT_ID"] = application.principal.tenant
            result["AZURE_CLIENT_ID"] = application.principal.app_id
            result["AZURE_CLIENT_SECRET"] = application.secret
        elif credential != "none":
            result.update(self.identity_environment(credential))
        return result

    def identity_environment(self, kind: str) -> dict[str, str]:
        if kind == "service_fabric":
            thumbprint = self.stranger.thumbprint
            return self.identity.environment(kind, self.fabric_node.url, thumbprint)
        url = f"http://127.0.0.1:{self.machine.port}"
        return self.identity.environment(kind, url)

    def endpoints(self) -> dict[str, str]:
        """Addresses on loopback, without the proxy: for a client's configuration."""
        hosts = {
            "login": login.HOSTS[0],
            "arm": arm.HOSTS[0],
            "synapse": f"{SYNAPSE}.dev.azuresynapse.net",
            "fabric": fabric.HOST,
        }
        return {
            name: self.server(name, functools.partial(self.serve_directly, host)).url
            for name, host in hosts.items()
        }

    def serve_directly(self, host: str) -> Server:
        def answer(request: Request) -> Reply:
            return self.answer(dataclasses.replace(request, host=host))

        context = self.certificates.context("localhost")
        return Server(answer, self.certificates, context)

    def livy_url(self, workspace: str = SYNAPSE, pool: str = POOL) -> str:
        return (
            f"https://{workspace}.dev.azuresynapse.net/livyApi/versions"
            f"/2019-11-01-preview/sparkPools/{pool}"
        )

    def server(self, name: str, make: Callable[[], Server]) -> Server:
        """The server of that name, started when somebody asks for it."""
        if name not in self.direct:
            self.direct[name] = make()
        return self.direct[name]

    @property
    def machine(self) -> Server:
        """The identity endpoints of a machine."""
        return self.server(
            "machine", lambda: Server(self.answer_machine, self.certificates)
        )

    @functools.cached_property
    def stranger(self) -> Stranger:
        return Stranger("localhost")

    @property
    def fabric_node(self) -> Server:
        """The identity endpoint of a Service Fabric node."""
        context = self.stranger.context
        return self.server(
            "node", lambda: Server(self.answer_node, self.certificates, context)
        )

    # -- requests

    def answer(self, request: Request) -> Reply:
        """Through the proxy, or on a port of its own."""
        return self.logged(request, self.router_of(request.host.lower()))

    def answer_machine(self, request: Request) -> Reply:
        request = dataclasses.replace(request, host="machine")
        return self.logged(request, self.identity.router)

    def answer_node(self, request: Request) -> Reply:
        request = dataclasses.replace(request, host="machine")
        return self.logged(request, self.identity.stranger_router)

    def router_of(self, host: str) -> Router | None:
        if host in login.HOSTS:
            return self.login.router
        if host in arm.HOSTS:
            return self.arm.router
        if host == fabric.HOST:
            return self.fabric.router
        if host.partition(".")[2] in SUFFIXES:
            return self.synapse.router
        return None

    def logged(self, request: Request, router: Router | None) -> Reply:
        entry = Entry(request)
        self.asked.add(entry)
        try:
            reply = self.with_bad_day(request, router)
            entry.status = reply.status
        finally:
            self.log.add(entry)
        return reply

    def with_bad_day(self, request: Request, router: Router | None) -> Reply:
        day = self.bad_days.take(request)
        if day is None:
            return self.dispatch(request, router)
        self.stopping.wait(day.delay)
        if day.passes:
            return self.dispatch(request, router)
        if day.loses_reply:
            self.dispatch(request, router)
        if day.reply is None:
            raise Dropped()
        return day.reply

    def dispatch(self, request: Request, router: Router | None) -> Reply:
        if router is None:  # a name that is none of ours: what reaches it is in the log
            return Reply(200, {"host": request.host})
        if request.scheme == "http" and request.host != "machine":
            return Reply(403, azure_error("HttpsRequired", "This needs https."))
        handler, parts, is_known = router.find(request)
        if handler is None:
            text = f"No route for {request.method} {request.path}."
            return Reply(405 if is_known else 404, azure_error("NotFound", text))
        try:
            return handler(request, **parts)
        except Refusal as refusal:
            return refusal.reply
        except Dropped:
            raise
        except Exception:
            self.faults.append(traceback.format_exc())
            return Reply(500, azure_error("SimulatorFault", self.faults[-1]))

    # -- tests

    def bad_day(
        self, method: str = "", host: str = "", path: str = "", **how: Any
    ) -> BadDay:
        return self.bad_days.add(method, host, path, **how)

    def running(self) -> list[Session]:
        """Sessions that were started and not ended: what would cost money."""
        return self.synapse.running() + self.fabric.running()

    def stop(self) -> None:
        self.stopping.set()
        for session in self.running():
            session.end()
        for server in (self.proxy, *self.direct.values()):
            server.stop()
        if self.owns_cluster:
            self.cluster.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
