"""An interactive session: its state, its queue of statements, its driver."""

import base64
import binascii
import collections
import threading
import time
from typing import Any, Optional

from . import replies, statements
from .driver_process import DriverProcess
from .statements import Statement

STARTING, IDLE, BUSY = "starting", "idle", "busy"
SHUTTING_DOWN, DEAD = "shutting_down", "dead"
ALIVE = (STARTING, IDLE, BUSY)
AT_ONCE = 0.015  # seconds a POST waits, in case its statement is over by then
REPLY_LIMIT = 30.0
JOBS_KEPT = 1000


class Session:
    """Everything here happens under `lock`; the driver's reader thread calls in."""

    def __init__(self, number: int, request: dict, lease: Optional[str], size: tuple):
        self.number = number
        self.request = request
        self.lease = lease
        self.memory, self.cores = size
        self.kind: str = request["kind"]
        self.name: Optional[str] = request["name"]
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.server_state = STARTING
        self.driver: Optional[DriverProcess] = None
        self.is_warm = False  # its driver was up before it was asked for
        self.statements: collections.OrderedDict = collections.OrderedDict()
        self.queue: collections.deque = collections.deque()
        self.current: Optional[Statement] = None  # what the driver is in
        self.next_statement = 0
        self.jobs: collections.OrderedDict = collections.OrderedDict()
        self.next_job = 0
        self.answers: dict = {}
        self.next_answer = 0
        self.created = self.last_activity = time.monotonic()
        self.last_heartbeat: Optional[float] = None
        self.ended_at: Optional[float] = None

    # -- state

    @property
    def state(self) -> str:
        with self.lock:
            if self.server_state != IDLE:
                return self.server_state
            busy = self.current is not None or any(
                statement.state == statements.WAITING for statement in self.queue
            )
            return BUSY if busy else IDLE

    def attach(self, driver: DriverProcess) -> None:
        """Takes the driver; a stand-by may be up already."""
        with self.lock:
            self.driver = driver
            driver.on_message = self.on_message
            driver.on_end = self.on_end
            if driver.ready is not None:
                self.server_state = IDLE
                self.is_warm = True
            if driver.is_over:
                self.on_end()

    def on_message(self, message: dict) -> None:
        event = message["event"]
        with self.lock:
            if event == "ready" and self.server_state == STARTING:
                self.server_state = IDLE
                self.touch()
            elif event == "done":
                self.on_done(message)
            elif event == "progress":
                if self.current and self.current.number == message["id"]:
                    value = max(self.current.progress, message["value"])
                    self.current.progress = min(value, 1.0)
            elif event == "job":
                job = self.jobs.get(message["id"])
                if job is not None and job["state"] not in ("CANCELLED", "FAILED"):
                    job.update({k: v for k, v in message.items() if k in job})
            elif event == "reply":
                self.answers[message["ref"]] = message
            self.changed.notify_all()

    def on_done(self, message: dict) -> None:
        statement, self.current = self.current, None
        if statement is not None and statement.number == message["id"]:
            statement.finish(message["output"])
        self.touch()
        self.dispatch()

    def on_end(self) -> None:
        """The driver is gone: what waited for it will wait no longer."""
        with self.lock:
            self.server_state = DEAD
            self.ended_at = time.monotonic()
            self.queue.clear()
            self.current = None
            for statement in self.statements.values():
                statement.over.set()
            for job in self.jobs.values():
                if job["state"] in ("SENT", "QUEUED", "STARTED"):
                    job.update(state="FAILED", error="The driver of the session ended.")
            self.changed.notify_all()

    def touch(self) -> None:
        self.last_activity = time.monotonic()

    def heartbeat(self) -> None:
        self.last_heartbeat = time.monotonic()

    def expired(self, now: float) -> Optional[str]:
        """Why the session's time is over, None when it is not."""
        if self.server_state not in ALIVE:
            return None
        limit = self.request["heartbeatTimeoutInSecond"]
        if limit > 0 and self.last_heartbeat and now - self.last_heartbeat > limit:
            return "no heartbeat for %d s" % limit
        idle = self.request["idleTimeout"]
        if self.state != IDLE:
            self.last_activity = now  # starting and working are not idling
        if idle and now - self.last_activity > replies.parse_time(idle):
            return "idle for more than %s" % idle
        ttl = self.request["ttl"]
        if ttl and now - self.created > replies.parse_time(ttl):
            return "older than its ttl of %s" % ttl
        return None

    def end(self) -> None:
        with self.lock:
            if self.server_state in ALIVE:
                self.server_state = SHUTTING_DOWN
            busy = self.current is not None
        if self.driver is not None:
            self.driver.end(busy)

    def ensure_active(self) -> None:
        if self.server_state not in ALIVE:
            raise replies.message(400, "requirement failed: Session isn't active.")

    def ensure_running(self) -> None:
        if self.server_state != IDLE:
            raise replies.not_running(self.server_state)
        self.touch()

    # -- statements

    def post_statement(self, body: dict) -> Statement:
        with self.lock:
            self.ensure_running()
            code = replies.statement_code(body.get("code"))
            kind = replies.statement_kind(body.get("kind"), self.kind)
            statement = Statement(self.next_statement, code, kind)
            self.next_statement += 1
            self.statements[statement.number] = statement
            while len(self.statements) > statements.RETAINED:
                self.statements.popitem(last=False)
            self.queue.append(statement)
            self.dispatch()
        statement.over.wait(AT_ONCE)
        return statement

    def dispatch(self) -> None:
        """Gives the driver the next statement that nobody cancelled."""
        while self.current is None and self.queue:
            statement = self.queue.popleft()
            if statement.state != statements.WAITING:
                continue
            self.current = statement
            statement.begin()
            self.driver.send(
                op="execute",
                id=statement.number,
                kind=statement.kind,
                code=statement.code,
            )

    def get_statement(self, number: int) -> Statement:
        with self.lock:
            self.ensure_active()
            statement = self.statements.get(number)
            if statement is None:
                raise replies.Refusal(404, "Statement not found")
            if statement is self.current:
                self.driver.send(op="progress")
            return statement

    def cancel_statement(self, number: int) -> None:
        with self.lock:
            self.ensure_running()
            statement = self.statements.get(number)
            if statement is not None and statement.cancel():
                self.driver.send(op="cancel", id=number)

    def force_cancels(self, now: float) -> None:
        with self.lock:
            statement = self.current
            if statement is None or statement.state != statements.CANCELLING:
                return
            if now - statement.cancelled_at > statements.CANCEL_LIMIT:
                statement.force_cancelled()

    # -- questions to the driver

    def ask(self, **message: Any) -> dict:
        """Sends a command that has a reply, and waits for it."""
        with self.lock:
            self.next_answer += 1
            number = self.next_answer
            self.driver.send(ref=number, **message)
            self.changed.wait_for(
                lambda: number in self.answers or self.server_state == DEAD, REPLY_LIMIT
            )
            return self.answers.pop(number, {})

    def complete(self, body: dict) -> list:
        with self.lock:
            self.ensure_running()
        kind = replies.statement_kind(body.get("kind"), self.kind)
        code, cursor = body.get("code") or "", body.get("cursor")
        if not isinstance(cursor, int):
            cursor = len(code)
        if kind not in ("pyspark", "spark"):
            return []
        return self.ask(op="complete", kind=kind, code=code, cursor=cursor).get(
            "names", []
        )

    # -- jobs

    def submit_job(self, body: dict) -> dict:
        job = body.get("job")
        if not job:
            raise replies.message(400, "requirement failed: no job provided.")
        try:
            base64.b64decode(job, validate=True)
        except (TypeError, ValueError, binascii.Error) as problem:
            raise replies.Refusal(400, "The job is not base64: %s" % problem) from None
        kind = replies.KINDS.get(str(body.get("jobType", "spark")).lower())
        with self.lock:
            self.ensure_active()
            if self.server_state != IDLE:
                self.changed.wait_for(lambda: self.server_state != STARTING, 120)
                self.ensure_active()
            self.touch()
            self.next_job += 1
            status = {
                "id": self.next_job,
                "state": "SENT",
                "result": None,
                "error": None,
            }
            self.jobs[self.next_job] = status
            while len(self.jobs) > JOBS_KEPT:
                self.jobs.popitem(last=False)
            first = dict(status)
            if kind == "pyspark":
                self.driver.send(op="job", id=self.next_job, job=job)
            else:
                status["state"] = "FAILED"
                status["error"] = "Only jobs of the type pyspark run on local Spark."
            return first

    def wait_for_job(self, number: int) -> None:
        with self.lock:
            self.changed.wait_for(
                lambda: self.jobs[number]["state"] not in ("SENT", "QUEUED", "STARTED")
            )

    def job(self, number: int) -> dict:
        with self.lock:
            self.ensure_active()
            self.touch()
            if number not in self.jobs:
                text = "java.util.NoSuchElementException: key not found: %d" % number
                raise replies.Refusal(500, text)
            return dict(self.jobs[number])

    def cancel_job(self, number: int) -> None:
        with self.lock:
            self.ensure_active()
            job = self.jobs.get(number)
            if job and job["state"] in ("SENT", "QUEUED", "STARTED"):
                job["state"] = "CANCELLED"
                self.driver.send(op="cancel_job", id=number)

    def add_resource(self, what: str, uri: str) -> None:
        with self.lock:
            self.ensure_active()
        answer = self.ask(op="add", what=what, uri=uri)
        if answer.get("error"):
            raise replies.rpc_failure("java.lang.Exception: " + answer["error"])

    # -- views

    def log(self) -> list:
        return self.driver.log.all() if self.driver else ["stdout: ", "\nstderr: "]

    def usage(self, now: float) -> dict:
        with self.lock:
            state = self.state
            idle = now - self.last_activity if state == IDLE else None
        return {
            "id": self.number,
            "name": self.name,
            "state": state,
            "idle_seconds": None if idle is None else int(idle),
        }

    def view(self) -> dict:
        """Livy's session object, with `start`, `localInfo`, `sparkVersion`: ours.
        `local[N]` has no executors: their fields are null and 0; memory and cores of
        the driver are those in effect."""
        request = self.request
        ready = self.driver.ready if self.driver else None
        return {
            "id": self.number,
            "name": self.name,
            "appId": ready["app_id"] if ready else None,
            "owner": None,
            "proxyUser": request["proxyUser"],
            "state": self.state,
            "kind": self.kind,
            "appInfo": {
                "driverLogUrl": None,
                "sparkUiUrl": ready["ui_url"] if ready else None,
                "executorLogUrls": None,
            },
            "log": self.log()[-10:],
            "ttl": request["ttl"],
            "idleTimeout": request["idleTimeout"],
            "driverMemory": self.memory,
            "driverCores": self.cores,
            "executorMemory": None,
            "executorCores": 0,
            "conf": request["conf"],
            "archives": request["archives"],
            "files": request["files"],
            "heartbeatTimeoutInSecond": request["heartbeatTimeoutInSecond"],
            "jars": request["jars"],
            "numExecutors": 0,
            "pyFiles": request["pyFiles"],
            "queue": request["queue"],
            "start": "warm" if self.is_warm else "cold",
            "localInfo": {"currentState": self.driver.phase if self.driver else None},
            "sparkVersion": ready["spark_version"] if ready else None,
        }
