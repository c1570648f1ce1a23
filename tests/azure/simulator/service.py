"""What Synapse and Fabric do alike: sessions are made and counted, and asked of Spark.

How a service refuses and how it shows a statement is its own: `refusal`,
`statement_view`.
"""

from __future__ import annotations

import threading
from typing import Any

from .cluster import Cluster
from .directory import TENANT, Directory
from .sessions import SPARK_UI, Fate, Session
from .tokens import BadToken, Mint, Principal
from .wire import Refusal, Reply, Request, Router


class Service:
    def __init__(
        self,
        directory: Directory,
        mint: Mint,
        cluster: Cluster,
        idle_seconds: float,
    ):
        self.directory = directory
        self.mint = mint
        self.cluster = cluster
        self.lock = threading.RLock()
        self.history: list[Session] = []  # also those that were deleted
        self.phase_seconds = 0.1
        self.idle_seconds = idle_seconds
        self.router = Router()

    def refusal(self, status: int, text: str, code: str = "") -> Refusal:
        """`code`: where the usual one of this status does not say it."""
        raise NotImplementedError

    def statement_view(self, body: dict[str, Any]) -> dict[str, Any]:
        raise NotImplementedError

    def read_token(self, request: Request, audiences: set[str]) -> dict[str, Any]:
        """The claims of a token of our tenant, or BadToken."""
        claims = self.mint.read(request.headers.get("authorization"), audiences)
        if claims["tid"] != TENANT:
            raise BadToken("tenant", "The token is of another tenant.", claims)
        return claims

    def known(self, claims: dict[str, Any]) -> Principal:
        principal = self.directory.principal(claims["oid"])
        assert principal, "tokens are made for known principals"
        return principal

    def begin(
        self,
        identifier: Any,
        body: dict[str, Any],
        principal: Principal,
        fate: Fate | None,
        idle_seconds: float | None = None,
    ) -> Session:
        session = Session(
            identifier,
            body,
            principal,
            self.cluster,
            self.mint.clock,
            fate,
            self.phase_seconds,
            self.idle_seconds if idle_seconds is None else idle_seconds,
        )
        self.history.append(session)
        return session

    def running(self) -> list[Session]:
        """Every session that costs money."""
        return [session for session in self.history if not session.is_over]

    # -- what is asked of Spark

    def asked(self, answer: tuple[int, Any]) -> Any:
        """The body of a good answer; another one is refused in the service's words."""
        status, body = answer
        if status not in (200, 201):
            text = body.get("msg", body) if isinstance(body, dict) else body
            raise self.refusal(status, str(text))
        return body

    def statements(self, request: Request, session: Session) -> Reply:
        body = self.asked(session.ask("GET", "/statements"))
        views = [self.statement_view(each) for each in body["statements"]]
        return Reply(200, {**body, "statements": views})

    def statement_cancel(self, request: Request, session: Session, n: str) -> Reply:
        return Reply(200, self.asked(session.ask("POST", f"/statements/{n}/cancel")))

    def spark_ui(
        self, request: Request, session: Session, application: str, what: str
    ) -> Reply:
        if what not in SPARK_UI or application != session.app_id:
            text = f"{application}/{what} not found."
            raise self.refusal(404, text, "ItemNotFound")
        try:
            return Reply(200, session.ask_spark(what))
        except OSError as problem:
            text = f"The application does not answer: {problem}"
            raise self.refusal(503, text, "Unavailable") from None
