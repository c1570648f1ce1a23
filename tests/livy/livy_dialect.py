"""The suite through the Livy of Synapse or Fabric: LIVY_DIALECT=synapse or fabric.

The endpoint is the simulated Azure of tests/azure, behind its proxy, under the real host
names. Paths, statuses and envelopes are mapped here, each in one place; what a dialect
does not document is left out by name in ABSENT, with the reason.
"""

from __future__ import annotations

import json
import re
import ssl
import time
import urllib.parse
from http.client import HTTPConnection, HTTPSConnection
from typing import Any

from azure_http import FABRIC, SYNAPSE, Client
from livy_http import Endpoint, Reply
from simulator.app import Simulator
from simulator.directory import FABRIC_WORKSPACE, LAKEHOUSE

DIALECTS = ("synapse", "fabric")
TRIES = 20  # looks at what was made a moment ago and is not found yet (Fabric)

BESIDE = "it looks beside a running statement, by submit-job: not documented there"
BODIES = "the bodies and errors of Apache Livy itself; those there: tests/azure"
NO_PAGES = "lists have no such pages there"
NO_LOG = "there is no /log; the log is a field of the session"
NO_BATCHES = "programs come from the service's storage there, not from a folder"
NO_PROGRESS = "a statement has no progress there"
NO_COMPLETION = "there is no /completion"
NO_NAMES = "a session is found by its id alone, its name is free"
NO_SHARED = "the kind is the statement's there; a session has none"
LIMIT = "more than 100 kB, or Livy's own timeouts and limits"
SIZES = "the size of the driver in conf has no effect there"

# Tests by name (regular expressions, the whole name) → why they are left out.
ABSENT = {
    r"test_jobs\.py::.*": BESIDE,
    r".*::test_a_running_spark_job_is_cancelled": BESIDE,
    r".*::test_a_cancelled_scala_job_ends": BESIDE,
    r".*::test_a_waiting_statement_is_cancelled": BESIDE,
    r".*::test_cancelling_twice_is_harmless": BESIDE,
    r".*::test_the_session_is_busy_while_a_statement_runs": BESIDE,
    r".*::test_reads_are_answered_while_a_statement_runs": BESIDE,
    r".*::test_the_session_is_not_idle_while_statements_wait": BESIDE,
    r"test_batches\.py::.*": NO_BATCHES,
    r"test_http\.py::test_a_bad_.*": BODIES,
    r"test_http\.py::test_a_word_for_a_number_is_refused": BODIES,
    r"test_http\.py::test_a_request_without_our_header_is_refused": BODIES,
    r"test_http\.py::test_accept_selects_a_version": BODIES,
    r"test_http\.py::test_a_packed_reply_says_the_same": NO_PAGES,
    r"test_http\.py::test_a_large_request_is_taken": LIMIT,
    r".*::test_version_names_itself": BODIES,
    r".*::test_a_new_session_is_created_with_its_location": BODIES,
    r".*::test_a_session_without_a_kind_is_shared": NO_SHARED,
    r".*::test_a_shared_session_needs_a_kind": NO_SHARED,
    r".*::test_the_list_holds_the_session": BODIES,
    r".*::test_the_list_is_read_in_pages": NO_PAGES,
    r".*::test_a_page_number_must_be_a_number": NO_PAGES,
    r".*::test_a_session_is_found_by_its_name": NO_NAMES,
    r".*::test_a_name_is_.*": NO_NAMES,
    r".*::test_a_missing_session_is_named": BODIES,
    r".*::test_nothing_is_done_to_a_missing_session": BODIES,
    r".*::test_the_log_is_read_in_pages": NO_LOG,
    r".*::test_connect_shows_the_session": BODIES,
    r".*::test_a_second_delete_finds_nothing": BODIES,
    r".*::test_ids_are_not_used_twice": BODIES,
    r".*::test_a_statement_is_created_with_its_location": BODIES,
    r".*::test_a_statement_goes_through_its_states": NO_PROGRESS,
    r".*::test_progress_rises": NO_PROGRESS,
    r".*::test_plain_code_has_no_progress_until_it_ends": NO_PROGRESS,
    r".*::test_several_jobs_in_one_statement_end_at_one": NO_PROGRESS,
    r".*::test_python_that_sleeps_is_cancelling_at_once": NO_PROGRESS,
    r".*::test_the_list_of_statements_is_read_in_pages": NO_PAGES,
    r".*::test_old_statements_are_forgotten": LIMIT,
    r".*::test_a_missing_statement_is_.*": BODIES,
    r".*::test_completion_of_python_is_a_list": NO_COMPLETION,
    r".*::test_scala_is_completed": NO_COMPLETION,
    r".*::test_r_runs_or_is_refused": BODIES,
    r".*::test_a_kind_is_called_by_two_names": "a kind has one name there",
    r".*::test_sessions_expire": LIMIT,
    r".*::test_a_session_that_cannot_start_is_dead_with_its_log": SIZES,
    r"test_lifetime\.py::test_a_killed_.*": NO_LOG,
    r"test_lifetime\.py::test_a_driver_that_exits_.*": NO_LOG,
}


def reason_of(name: str) -> str:
    """Why the test `file::function` is left out of a dialect; "" if it is not."""
    for pattern, reason in ABSENT.items():
        if re.fullmatch(pattern, name):
            return reason
    return ""


class DialectEndpoint(Endpoint):
    """Requests in Apache Livy's form, sent in a dialect's."""

    def __init__(self, simulator: Simulator, dialect: str):
        self.simulator = simulator
        self.dialect = dialect
        self.client = Client(simulator)
        self.kinds: dict[str, str] = {}  # of the sessions that were made here
        self.audience = {"synapse": SYNAPSE, "fabric": FABRIC}[dialect]
        super().__init__(self.livy_url())
        context = ssl.create_default_context(cafile=str(simulator.ca_file))
        self.context = context
        self.headers["Authorization"] = "Bearer " + self.client.token(self.audience)

    def livy_url(self) -> str:
        if self.dialect == "synapse":
            return self.simulator.livy_url()
        workspaces = self.simulator.directory.fabric
        workspace = [w for w in workspaces if w.name == FABRIC_WORKSPACE][0]
        lakehouse = [each for each in workspace.lakehouses if each.name == LAKEHOUSE][0]
        return (
            f"{FABRIC}/v1/workspaces/{workspace.id}/lakehouses/{lakehouse.id}"
            "/livyapi/versions/2023-12-01"
        )

    def connection(self, timeout: float = 30) -> HTTPConnection:
        port = self.simulator.proxy.port
        link = HTTPSConnection("127.0.0.1", port, timeout=timeout, context=self.context)
        link.set_tunnel(urllib.parse.urlsplit(self.url).hostname or "", 443)
        return link

    def request(self, method: str, path: str, body: Any = None, **more: Any) -> Reply:
        bare, _, query = path.partition("?")
        parts = bare.strip("/").split("/")
        number = parts[1] if len(parts) > 1 else ""
        if bare.endswith("/statements") and isinstance(body, dict):
            body = {"kind": self.kinds.get(number, "pyspark"), **body}
        is_field = parts[0] == "sessions" and parts[2:] in (["state"], ["log"])
        sent = f"/sessions/{number}" if is_field else path
        reply = self.send_patiently(method, sent, body, number, **more)
        if reply.json is None and not (method == "DELETE" and reply.status == 200):
            return reply
        if reply.status >= 400:
            text = reply.json.get("Message") or reply.json.get("message")
            reply.json = {"msg": text}
        elif parts[0] == "sessions":
            self.translate(method, parts, reply, body)
        return reply

    def send_patiently(
        self, method: str, path: str, body: Any, number: str, **more: Any
    ) -> Reply:
        """Again while what was just made is not found: documented for Fabric."""
        tries = TRIES if self.dialect == "fabric" and number in self.kinds else 1
        for left in reversed(range(tries)):
            reply = super().request(method, path, body, **more)
            if reply.status != 404 or not left:
                break
            time.sleep(0.02)
        return reply

    def translate(self, method: str, parts: list[str], reply: Reply, body: Any) -> None:
        """A good reply to what Apache Livy says of the same."""
        said = reply.json
        if method == "DELETE":
            self.kinds.pop(parts[1], None)
            said = {"msg": "deleted"}
        elif len(parts) == 1 and method == "GET":
            items = said.get("sessions", said.get("items", []))
            said = {"from": 0, "total": len(items), "sessions": items}
        elif len(parts) == 1:
            reply.status = 201
            self.kinds[str(said["id"])] = (body or {}).get("kind") or "pyspark"
            said = {**said, **self.session(said), "name": (body or {}).get("name")}
        elif len(parts) == 2:
            said = {**said, **self.session(said)}
        elif parts[2] == "state":
            said = {"id": said["id"], "state": self.session(said)["state"]}
        elif parts[2] == "log":
            lines = said["log"]
            said = {"id": said["id"], "from": 0, "total": len(lines), "log": lines}
        elif parts[2] == "statements" and len(parts) == 3 and method == "POST":
            reply.status = 201
        reply.json = said
        reply.raw = json.dumps(said).encode()

    def session(self, said: dict[str, Any]) -> dict[str, Any]:
        """The fields that the suite reads of a session."""
        state = said.get("state", "not_started")
        if self.dialect == "fabric":
            state = (said.get("livyInfo") or {}).get("currentState", "not_started")
        return {"state": state, "kind": self.kinds.get(str(said["id"]), "pyspark")}
