"""What each path answers: requests to calls of the registry, and their replies."""

import json
import os
import re
import select
import socket
from http.server import BaseHTTPRequestHandler
from typing import Callable, Optional
from urllib.parse import parse_qs, unquote, urlsplit

from . import VERSION, batches, replies, uploads
from .log_ring import page
from .registry import Registry
from .replies import Refusal

ROUTES: list = []


def route(method: str, pattern: str) -> Callable:
    """Registers a handler; `{name}` in the pattern is one part of the path."""
    expression = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", pattern) + "/?$")

    def register(function: Callable) -> Callable:
        ROUTES.append((method, expression, function))
        return function

    return register


class Request:
    """What a handler gets: path parts, query, headers, body, and the registry."""

    def __init__(self, registry: Registry, handler: BaseHTTPRequestHandler):
        self.registry = registry
        self.handler = handler
        self.headers = handler.headers
        url = urlsplit(handler.path)
        self.path = url.path
        self.query = {k: v[-1] for k, v in parse_qs(url.query).items()}
        self.data = b""

    @property
    def lease(self) -> Optional[str]:
        return self.headers.get("X-Synapse-Lease") or None

    def body(self, fields: Optional[list] = None, class_name: str = "Object") -> dict:
        return replies.parse_body(self.data, fields, class_name)

    def number(self, name: str, default: int) -> int:
        text = self.query.get(name)
        if text is None:
            return default
        try:
            return int(text)
        except ValueError:
            text = 'For input string: "%s"' % text
            raise replies.message(400, text) from None


def dispatch(method: str, request: Request) -> Optional[tuple]:
    """(status, body[, headers]), None when the handler answered by itself."""
    known = False
    for verb, expression, function in ROUTES:
        match = expression.match(request.path)
        if match:
            known = True
            if verb == method or (verb == "GET" and method == "HEAD"):
                parts = {k: unquote(v) for k, v in match.groupdict().items()}
                return function(request, **parts)
    raise replies.message(405 if known else 404, "%s not found." % request.path)


def number_of(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise replies.message(400, 'For input string: "%s"' % text) from None


# -- the server itself


@route("GET", "/version")
def get_version(request: Request) -> tuple:
    return 200, dict(replies.VERSION, synapse=VERSION)


@route("GET", "/ping")
def get_ping(request: Request) -> tuple:
    return 200, "pong"


@route("GET", "/standby")
def get_standby(request: Request) -> tuple:
    return 200, request.registry.standby_list(request.lease)


@route("GET", "/usage")
def get_usage(request: Request) -> tuple:
    return 200, request.registry.usage_list()


@route("POST", "/leases")
def post_lease(request: Request) -> None:
    """The reply never ends: the connection that holds it is the lease."""
    registry, handler = request.registry, request.handler
    lease = registry.take_lease(request.body())
    holder = lease.holder
    # With these a kernel of another version tells whether it may end us.
    line = {"id": lease.name, "server": VERSION, "pid": os.getpid()}
    line["leases"] = len(registry.leases.leases)
    data = json.dumps(line).encode() + b"\n"
    head = (
        "HTTP/1.1 200 OK\r\nContent-Type: application/json;charset=utf-8\r\n"
        "Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(data)
    )
    handler.close_connection = True
    try:
        handler.wfile.write(head.encode() + data + b"\r\n")
        wait_for_end(handler.connection)
    except OSError:
        pass
    finally:
        registry.lease_lost(lease.name, holder)


def wait_for_end(connection: socket.socket) -> None:
    """Until the other side closes; what it sends meanwhile means nothing."""
    poll = select.poll()
    poll.register(connection, select.POLLIN | select.POLLHUP | select.POLLERR)
    while True:
        poll.poll()
        if not connection.recv(4096):
            return


@route("DELETE", "/leases/{name}")
def delete_lease(request: Request, name: str) -> None:
    def reply(known: bool) -> None:
        if known:
            request.handler.reply(200, {"msg": "deleted"})
        else:
            request.handler.reply(404, {"msg": "Lease '%s' not found." % name})

    request.registry.goodbye(name, reply)


# -- sessions


@route("GET", "/sessions")
def get_sessions(request: Request) -> tuple:
    sessions = list(request.registry.sessions.values())
    return 200, listed(request, sessions)


def listed(request: Request, items: list) -> dict:
    start, size = request.number("from", 0), request.number("size", 100)
    chosen = items[max(start, 0) : max(start, 0) + max(size, 0)]
    views = [item.view() for item in chosen]
    return {"from": start, "total": len(items), "sessions": views}


@route("POST", "/sessions")
def post_session(request: Request) -> tuple:
    body = request.body(replies.SESSION_FIELDS, replies.SESSION_CLASS)
    checked = replies.checked_session(body)
    session = request.registry.create_session(checked, request.lease)
    return 201, session.view(), (("Location", "/sessions/%d" % session.number),)


@route("GET", "/sessions/{key}")
def get_session(request: Request, key: str) -> tuple:
    session = request.registry.session(key)
    session.heartbeat()
    return 200, session.view()


@route("GET", "/sessions/{key}/state")
def get_session_state(request: Request, key: str) -> tuple:
    session = request.registry.session(key)
    session.heartbeat()
    return 200, {"id": session.number, "state": session.state}


@route("GET", "/sessions/{key}/log")
def get_session_log(request: Request, key: str) -> tuple:
    session = request.registry.session(key)
    session.heartbeat()
    return 200, log_view(request, session.number, session.log())


def log_view(request: Request, number: int, lines: list) -> dict:
    start, chosen = page(lines, request.number("from", -1), request.number("size", 100))
    return {"id": number, "from": start, "total": len(lines), "log": chosen}


@route("DELETE", "/sessions/{key}")
def delete_session(request: Request, key: str) -> tuple:
    session = request.registry.session(key)
    standby = request.query.get("standby", "true") != "false"
    request.registry.delete_session(session, standby)
    return 200, {"msg": "deleted"}


@route("POST", "/sessions/{key}/stop")
def stop_session(request: Request, key: str) -> tuple:
    request.registry.session(key).end()
    return 204, None


@route("POST", "/sessions/{key}/interrupt")
def interrupt_session(request: Request, key: str) -> tuple:
    request.registry.session(key).end()
    return 200, {"msg": "interrupted"}


@route("POST", "/sessions/{key}/connect")
def connect_session(request: Request, key: str) -> tuple:
    session = request.registry.session(key)
    session.heartbeat()
    session.touch()
    return 200, session.view()


@route("POST", "/sessions/{key}/completion")
def post_completion(request: Request, key: str) -> tuple:
    session = request.registry.session(key)
    session.heartbeat()
    return 200, {"candidates": session.complete(request.body())}


# -- statements


@route("GET", "/sessions/{key}/statements")
def get_statements(request: Request, key: str) -> tuple:
    session = request.registry.session(key)
    session.heartbeat()
    with session.lock:
        session.ensure_active()
        statements = list(session.statements.values())
    if request.query.get("order", "").strip().lower() == "desc":
        statements.reverse()
    start = max(request.number("from", 0), 0)
    size = request.number("size", len(statements))
    views = [s.view() for s in statements[start : start + max(size, 0)]]
    return 200, {"total_statements": len(statements), "statements": views}


@route("POST", "/sessions/{key}/statements")
def post_statement(request: Request, key: str) -> tuple:
    session = request.registry.session(key)
    session.heartbeat()
    body = request.body(["code", "kind"], replies.STATEMENT_CLASS)
    statement = session.post_statement(body)
    where = "/sessions/%d/statements/%d" % (session.number, statement.number)
    return 201, statement.view(), (("Location", where),)


@route("GET", "/sessions/{key}/statements/{number}")
def get_statement(request: Request, key: str, number: str) -> tuple:
    session = request.registry.session(key)
    session.heartbeat()
    return 200, session.get_statement(number_of(number)).view()


@route("POST", "/sessions/{key}/statements/{number}/cancel")
def cancel_statement(request: Request, key: str, number: str) -> tuple:
    session = request.registry.session(key)
    session.heartbeat()
    session.cancel_statement(number_of(number))
    return 200, {"msg": "canceled"}


# -- jobs and files of the side channel


@route("POST", "/sessions/{key}/submit-job")
def submit_job(request: Request, key: str) -> tuple:
    session = request.registry.session(key)
    session.heartbeat()
    return 201, session.submit_job(request.body())


@route("POST", "/sessions/{key}/run-job")
def run_job(request: Request, key: str) -> tuple:
    session = request.registry.session(key)
    session.heartbeat()
    status = session.submit_job(request.body())
    session.wait_for_job(status["id"])
    return 201, status


@route("GET", "/sessions/{key}/jobs/{number}")
def get_job(request: Request, key: str, number: str) -> tuple:
    session = request.registry.session(key)
    session.heartbeat()
    return 200, session.job(number_of(number))


@route("POST", "/sessions/{key}/jobs/{number}/cancel")
def cancel_job(request: Request, key: str, number: str) -> tuple:
    session = request.registry.session(key)
    session.heartbeat()
    session.cancel_job(number_of(number))
    return 200, None


def add_upload(request: Request, key: str, field: str, what: str) -> tuple:
    session = request.registry.session(key)
    session.heartbeat()
    part = uploads.find(request.headers.get("Content-Type", ""), request.data, field)
    if part is None:
        raise Refusal(400, "No %s sent!" % field)
    session.add_resource(what, uploads.store(part, session.driver.private))
    return 200, None


@route("POST", "/sessions/{key}/upload-jar")
def upload_jar(request: Request, key: str) -> tuple:
    return add_upload(request, key, "jar", "jar")


@route("POST", "/sessions/{key}/upload-pyfile")
def upload_pyfile(request: Request, key: str) -> tuple:
    return add_upload(request, key, "file", "jar")


@route("POST", "/sessions/{key}/upload-file")
def upload_file(request: Request, key: str) -> tuple:
    return add_upload(request, key, "file", "file")


def add_uri(request: Request, key: str, what: str) -> tuple:
    session = request.registry.session(key)
    session.heartbeat()
    uri = request.body().get("uri")
    if not isinstance(uri, str) or not uri:
        raise Refusal(500, "java.lang.NullPointerException")
    session.add_resource(what, uri)
    return 200, None


@route("POST", "/sessions/{key}/add-jar")
def add_jar(request: Request, key: str) -> tuple:
    return add_uri(request, key, "jar")


@route("POST", "/sessions/{key}/add-pyfile")
def add_pyfile(request: Request, key: str) -> tuple:
    return add_uri(request, key, "jar")


@route("POST", "/sessions/{key}/add-file")
def add_file(request: Request, key: str) -> tuple:
    return add_uri(request, key, "file")


# -- batches


@route("GET", "/batches")
def get_batches(request: Request) -> tuple:
    return 200, listed(request, list(request.registry.batches.values()))


@route("POST", "/batches")
def post_batch(request: Request) -> tuple:
    body = batches.checked(request.body(replies.BATCH_FIELDS, replies.BATCH_CLASS))
    batch = batches.create(request.registry, body, request.lease)
    return 201, batch.view(), (("Location", "/batches/%d" % batch.number),)


@route("GET", "/batches/{key}")
def get_batch(request: Request, key: str) -> tuple:
    return 200, batches.find(request.registry, key).view()


@route("GET", "/batches/{key}/state")
def get_batch_state(request: Request, key: str) -> tuple:
    batch = batches.find(request.registry, key)
    return 200, {"id": batch.number, "state": batch.state}


@route("GET", "/batches/{key}/log")
def get_batch_log(request: Request, key: str) -> tuple:
    batch = batches.find(request.registry, key)
    return 200, log_view(request, batch.number, batch.log())


@route("DELETE", "/batches/{key}")
def delete_batch(request: Request, key: str) -> tuple:
    batch = batches.find(request.registry, key)
    request.registry.delete_batch(batch)
    return 200, {"msg": "deleted"}
