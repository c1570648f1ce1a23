"""Replies and refusals in Livy's words: pure functions from values to JSON.

A client written for Livy tells its errors apart by these texts, so they are kept to
the letter where they were seen; positions and Java's object names are approximate.
"""

import json
from typing import Any, Optional


class Refusal(Exception):
    """An HTTP error. `body` is what JSON it carries: a string, or {"msg": …}."""

    def __init__(self, status: int, body: Any):
        super().__init__(str(body))
        self.status = status
        self.body = body


def message(status: int, text: str) -> Refusal:
    return Refusal(status, {"msg": text})


SESSION_FIELDS = (
    "executorCores conf driverMemory name driverCores idleTimeout pyFiles archives "
    "kind files jars proxyUser numExecutors heartbeatTimeoutInSecond ttl queue "
    "executorMemory"
).split()
BATCH_FIELDS = (
    "executorCores className conf driverMemory name driverCores pyFiles archives "
    "executorMemory files jars proxyUser numExecutors file args queue"
).split()
SESSION_CLASS = "org.apache.livy.server.interactive.CreateInteractiveRequest"
BATCH_CLASS = "org.apache.livy.server.batch.CreateBatchRequest"
STATEMENT_CLASS = "org.apache.livy.server.interactive.ExecuteRequest"
SOURCE = (
    "\n at [Source: (org.eclipse.jetty.server.HttpInputOverHTTP); line: %d, column: %d]"
)

KINDS = {
    "spark": "spark",
    "scala": "spark",
    "pyspark": "pyspark",
    "python": "pyspark",
    "sparkr": "sparkr",
    "r": "sparkr",
    "shared": "shared",
    "sql": "sql",
}
NUMBERS = ("driverCores", "executorCores", "numExecutors")
LISTS = ("jars", "pyFiles", "files", "archives")


def place(text: str, offset: int) -> str:
    before = text[:offset]
    return SOURCE % (before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1)


def parse_body(data: bytes, fields: Optional[list], class_name: str) -> dict:
    """The JSON object of a request; a Refusal in the parser's words otherwise.

    `fields` are those that are known, None when unknown ones are ignored.
    """
    text = data.decode("utf-8", "replace")
    try:
        value = json.loads(text)
    except json.JSONDecodeError as problem:
        raise Refusal(400, syntax_text(text, problem)) from None
    if not isinstance(value, dict):
        what = {list: "START_ARRAY", str: "VALUE_STRING"}.get(
            type(value), "VALUE_NUMBER"
        )
        raise Refusal(
            400,
            "Cannot deserialize value of type `%s` from token `JsonToken.%s`%s"
            % (class_name, what, place(text, 0)),
        )
    for key in value:
        if fields is not None and key not in fields:
            raise Refusal(400, unknown_field_text(text, key, fields, class_name))
    return value


def syntax_text(text: str, problem: json.JSONDecodeError) -> str:
    stripped = text.strip()
    if not stripped:
        return "No content to map due to end-of-input" + place(text, len(text))
    token = "".join(c if c.isalnum() or c == "_" else " " for c in text[problem.pos :])
    word = token.split(" ")[0]
    if word and not word[0].isdigit():
        return (
            "Unrecognized token '%s': was expecting (JSON String, Number, Array, Object "
            "or token 'null', 'true' or 'false')%s"
            % (word, place(text, problem.pos + len(word)))
        )
    if problem.pos >= len(text.rstrip()) or "Unterminated" in problem.msg:
        inside = "Array" if stripped.startswith("[") else "Object"
        end = place(text, len(text))
        return "Unexpected end-of-input within/between %s entries%s" % (inside, end)
    char = text[problem.pos]
    return "Unexpected character ('%s' (code %d)): %s%s" % (
        char,
        ord(char),
        problem.msg,
        place(text, problem.pos + 1),
    )


def unknown_field_text(text: str, key: str, fields: list, class_name: str) -> str:
    known = ", ".join('"%s"' % field for field in fields)
    at = text.find(json.dumps(key))
    colon = text.find(":", at + len(key) + 2)
    value = colon + 1
    while value < len(text) and text[value] in " \t\r\n":
        value += 1
    return (
        'Unrecognized field "%s" (class %s), not marked as ignorable (%d known '
        'properties: %s])%s (through reference chain: %s["%s"])'
        % (key, class_name, len(fields), known, place(text, value + 1), class_name, key)
    )


def checked_session(body: dict) -> dict:
    """The request with every field there and of its type."""
    kind = body.get("kind", "shared")
    if not isinstance(kind, str) or kind.lower() not in KINDS:
        raise Refusal(
            400,
            'Invalid kind: %s (through reference chain: %s["kind"])'
            % (kind, SESSION_CLASS),
        )
    result = checked_common(body, SESSION_CLASS)
    result["kind"] = KINDS[kind.lower()]
    timeout = body.get("heartbeatTimeoutInSecond", 0)
    if isinstance(timeout, bool) or not isinstance(timeout, int):
        raise Refusal(400, not_a_number(timeout, "heartbeatTimeoutInSecond"))
    result["heartbeatTimeoutInSecond"] = timeout
    for field in ("ttl", "idleTimeout"):
        result[field] = body.get(field)
        if result[field] is not None:
            parse_time(result[field])
    return result


def checked_common(body: dict, class_name: str) -> dict:
    """Fields that sessions and batches share."""
    result = dict.fromkeys(("name", "proxyUser", "queue", "driverMemory"))
    result["executorMemory"] = None
    for field in list(result):
        value = body.get(field)
        if value is not None and not isinstance(value, (str, int, float)):
            raise Refusal(400, not_a_string(value, class_name, field))
        result[field] = None if value is None else str(value)
    for field in NUMBERS:
        value = body.get(field)
        if isinstance(value, str):
            raise Refusal(500, class_cast("String"))
        if value is not None and (
            isinstance(value, bool) or not isinstance(value, int)
        ):
            raise Refusal(500, class_cast(type(value).__name__.capitalize()))
        result[field] = value
    for field in LISTS:
        value = body.get(field)
        if value is not None and not isinstance(value, list):
            raise Refusal(400, not_a_string(value, class_name, field))
        result[field] = [str(item) for item in value or []]
    conf = body.get("conf")
    if conf is not None and not isinstance(conf, dict):
        raise Refusal(400, not_a_string(conf, class_name, "conf"))
    result["conf"] = conf or {}
    return result


def class_cast(name: str) -> str:
    return (
        "java.lang.ClassCastException: class java.lang.%s cannot be cast to class "
        "java.lang.Integer (java.lang.%s and java.lang.Integer are in module java.base "
        "of loader 'bootstrap')" % (name, name)
    )


def not_a_number(value: Any, field: str) -> str:
    return (
        'Cannot deserialize value of type `int` from String "%s": not a valid `int` '
        'value (through reference chain: %s["%s"])' % (value, SESSION_CLASS, field)
    )


def not_a_string(value: Any, class_name: str, field: str) -> str:
    token = {dict: "START_OBJECT", list: "START_ARRAY"}.get(type(value), "VALUE_STRING")
    return (
        "Cannot deserialize value of that type from token `JsonToken.%s` (through "
        'reference chain: %s["%s"])' % (token, class_name, field)
    )


TIME_UNITS = {
    "us": 1e-6,
    "ms": 1e-3,
    "s": 1,
    "m": 60,
    "min": 60,
    "h": 3600,
    "d": 86400,
}


def parse_time(text: str) -> float:
    """Seconds of Livy's `10m`, `30s`, `1h`, `2d`; a bare number is milliseconds."""
    lowered = str(text).strip().lower()
    digits = lowered.rstrip("abcdefghijklmnopqrstuvwxyz")
    unit = lowered[len(digits) :]
    if not digits.isdigit():
        raise message(400, "Rejected, Reason: Invalid time string: " + str(text))
    if unit and unit not in TIME_UNITS:
        raise message(400, 'Rejected, Reason: Invalid suffix: "%s"' % unit)
    return int(digits) * TIME_UNITS[unit or "ms"]


JAVA_STACK = (
    "\n\tat org.apache.livy.repl.Session.execute(Session.scala)"
    "\n\tat org.apache.livy.repl.ReplDriver.handle(ReplDriver.scala)\n"
)


def rpc_failure(cause: str) -> Refusal:
    """How Livy words an exception of its driver."""
    outer = "java.util.concurrent.ExecutionException: "
    inner = "org.apache.livy.rsc.rpc.RpcException: "
    return Refusal(500, outer + inner + cause + JAVA_STACK)


def not_running(state: str) -> Refusal:
    return Refusal(500, "java.lang.IllegalStateException: Session is in state " + state)


def statement_kind(kind: Any, session_kind: str) -> str:
    """Which interpreter a statement goes to."""
    if kind is None:
        if session_kind == "shared":
            raise rpc_failure(
                "java.lang.IllegalArgumentException: Code type should be specified if "
                "session kind is shared"
            )
        return session_kind
    if not isinstance(kind, str) or kind.lower() not in KINDS:
        raise rpc_failure("java.lang.IllegalArgumentException: Invalid kind: %s" % kind)
    return KINDS[kind.lower()]


def statement_code(code: Any) -> str:
    """The code with the line ends of this system."""
    if code is None:
        raise rpc_failure(
            'java.lang.NullPointerException: Cannot invoke "String.toCharArray()" because '
            '"s" is null'
        )
    if not isinstance(code, str):
        raise Refusal(400, not_a_string(code, STATEMENT_CLASS, "code"))
    return code.replace("\r\n", "\n")


VERSION = {
    "url": "",
    "branch": "",
    "revision": "",
    "version": "0.9.0-incubating",
    "date": "",
    "user": "",
}
