"""A session of a simulated cluster: its phases, its end, and the Spark behind it.

The dialects show the same session each in its own words. The phases take `phase_seconds`
each, where real ones take minutes.
"""

from __future__ import annotations

import json
import threading
import urllib.request
from dataclasses import dataclass
from typing import Any

from .cluster import Cluster
from .tokens import Clock, Principal

QUEUED, ACQUIRING, SUBMITTING, RUNNING, ENDED = (
    "queued",
    "acquiring",
    "submitting",
    "running",
    "ended",
)
PHASES = (QUEUED, ACQUIRING, SUBMITTING)
DONE = ("available", "error", "cancelled")
SPARK_UI = ("jobs", "stages", "executors")  # of Spark's own monitoring API
# Properties that mean something to the service or size the cluster; not Spark's here.
OF_THE_SERVICE = (
    "spark.synapse.",
    "spark.fabric.",
    "spark.livy.",
    "spark.driver.",
    "spark.executor.",
    "spark.dynamicAllocation.",
    "spark.jars",
    "spark.ui.",
)


@dataclass
class Fate:
    """How a session ends in a phase: with an error, or never (`is_stuck`)."""

    phase: str = ACQUIRING
    code: str = ""
    message: str = ""
    source: str = "User"
    state: str = "error"
    is_stuck: bool = False


class Session:
    """One session; its thread takes it through its phases and sees that it idles out."""

    def __init__(
        self,
        identifier: Any,
        body: dict[str, Any],
        principal: Principal,
        cluster: Cluster,
        clock: Clock,
        fate: Fate | None,
        phase_seconds: float,
        idle_seconds: float,
    ):
        self.id = identifier
        self.body = body
        self.principal = principal
        self.cluster = cluster
        self.clock = clock
        self.fate = fate
        self.phase_seconds = phase_seconds
        self.idle_seconds = idle_seconds
        self.phase = QUEUED
        self.state = "not_started"
        self.errors: list[dict[str, str]] = []
        self.log_lines: list[str] = []
        self.times: dict[str, float] = {QUEUED: clock.now()}
        self.backend: int | None = None
        self.app_id: str | None = None
        self.ui_url: str | None = None
        self.ending = threading.Event()
        self.lock = threading.RLock()
        self.used_at = clock.now()
        self.timeout_resets = 0
        self.looks = 0  # how often a client has looked at it
        self.workspace = self.pool = ""  # Synapse's names
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    # -- its life

    def run(self) -> None:
        for phase in PHASES:
            self.enter(phase)
            if self.fate and self.fate.phase == phase:
                if self.fate.is_stuck:
                    self.ending.wait()
                    return
                self.fail(self.fate)
                return
            if self.ending.wait(self.phase_seconds):
                return
        try:
            self.start_spark()
        except (OSError, AssertionError) as problem:
            self.fail(Fate(SUBMITTING, "SIMULATOR", str(problem), "System", "dead"))
            return
        while not self.ending.wait(0.1):
            idle = self.clock.now() - self.used_at
            if idle > self.idle_seconds and self.look() != "busy":
                self.fail(Fate(RUNNING, "LIVY_SESSION_TIMEOUT", "It was idle.", "User"))
                return

    def enter(self, phase: str) -> None:
        with self.lock:
            self.phase = phase
            self.times.setdefault(phase, self.clock.now())
            if phase == SUBMITTING:
                self.set_state("starting")

    def set_state(self, state: str) -> None:
        self.state = state
        self.times.setdefault("state " + state, self.clock.now())

    def start_spark(self) -> None:
        conf = {
            name: value
            for name, value in (self.body.get("conf") or {}).items()
            if not name.startswith(OF_THE_SERVICE)
        }
        kind = self.body.get("kind") or "pyspark"
        number = self.cluster.open_session(kind, conf)
        with self.lock:
            self.backend = number
            if self.ending.is_set():  # deleted meanwhile
                self.close_spark()
                return
        while not self.ending.wait(0.03):
            with self.lock:
                if self.refresh() != "starting":
                    self.enter(RUNNING)
                    self.touch()
                    return

    def look(self) -> str:
        """The state, as Spark has it by now."""
        with self.lock:
            return self.refresh() if self.phase == RUNNING else self.state

    def refresh(self) -> str:
        status, view = self.cluster.call("GET", f"/sessions/{self.backend}")
        if status != 200:
            self.set_state("dead")
            return self.state
        self.app_id = view["appId"]
        self.ui_url = (view.get("appInfo") or {}).get("sparkUiUrl")
        self.log_lines = view["log"]
        self.set_state(view["state"])
        return self.state

    def fail(self, fate: Fate) -> None:
        with self.lock:
            if self.phase == ENDED:
                return
            self.errors.append(
                {
                    "message": fate.message,
                    "errorCode": fate.code,
                    "source": fate.source,
                }
            )
            self.finish(fate.state)

    def end(self) -> None:
        """Deleted, or the simulator stops."""
        with self.lock:
            if self.phase != ENDED:
                self.finish("killed")

    def finish(self, state: str) -> None:
        self.set_state(state)
        self.phase = ENDED
        self.times.setdefault(ENDED, self.clock.now())
        self.ending.set()
        self.close_spark()

    def close_spark(self) -> None:
        if self.backend is not None and self.cluster.process is not None:
            self.cluster.call("DELETE", f"/sessions/{self.backend}")
            self.backend = None

    @property
    def is_over(self) -> bool:
        return self.phase == ENDED

    def touch(self) -> None:
        self.used_at = self.clock.now()

    def reset_timeout(self) -> None:
        self.timeout_resets += 1
        self.touch()

    # -- statements: (status, JSON) as the local server gives them

    def post_statement(self, body: dict[str, Any]) -> tuple[int, Any]:
        self.touch()
        sent = {name: body.get(name) for name in ("code", "kind")}
        return self.ask("POST", "/statements", sent)

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        if (method, path) == ("GET", "/statements") and not self.is_over:
            if self.phase != RUNNING:
                return 200, {"total_statements": 0, "statements": []}
        if self.backend is None or self.phase != RUNNING:
            status = 404 if self.is_over else 400
            text = f"The session {self.id} is {self.state}; it takes no statements."
            return status, {"msg": text}
        return self.cluster.call(method, f"/sessions/{self.backend}{path}", body)

    def ask_spark(self, what: str) -> Any:
        """A list of SPARK_UI, from the driver that runs the session."""
        if self.ui_url is None:
            return []
        url = f"{self.ui_url}/api/v1/applications/{self.app_id}/{what}"
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(url, timeout=30) as reply:
            return json.loads(reply.read())
