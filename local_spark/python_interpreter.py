"""Runs Python statements as Livy's Python shell does, and says what came out.

The dialect: the code is compiled as `<stdin>`, its last statement in `single` mode,
so that an expression prints its repr. Standard output, then standard error, become
one `text/plain`. Lines that start with `%` are magics when the code as a whole is not
Python. Text that a failing statement printed is dropped, as Livy drops it.
"""

import ast
import base64
import builtins
import datetime
import decimal
import io
import json
import keyword
import os
import re
import sys
import traceback
from typing import Any, Callable

TABLE_MIME = "application/vnd.livy.table.v1+json"
TOP_FRAME = re.compile(r'\s*File "<stdin>".*in <module>')

# The handler that raises an interrupt is the last frame of its traceback.
OUR_FRAME = '  File "%s%s' % (os.path.dirname(os.path.abspath(__file__)), os.sep)


class UnknownMagic(Exception):
    """Raised for a `%name` that is none of ours; its bare name is part of the reply."""

    __module__ = "__main__"


class Capture(io.StringIO):
    """Standard output of one statement: readable while it runs, and not closable.

    A library that closes sys.stdout must not take the statement's text with it.
    """

    def write(self, text: Any) -> int:
        if isinstance(text, (bytes, bytearray)):
            text = bytes(text).decode("utf-8", "replace")
        return super().write(text)

    def close(self) -> None:
        pass


def ok(data: dict) -> dict:
    return {"status": "ok", "data": data}


def error(ename: str, evalue: str, lines: list) -> dict:
    return {"status": "error", "ename": ename, "evalue": evalue, "traceback": lines}


def text_of(value: BaseException) -> str:
    try:
        return str(value)
    except BaseException as problem:
        return "<exception str() failed: %s>" % type(problem).__name__


def error_of(problem: BaseException, with_frames: bool = True) -> dict:
    """The reply for an exception, its traceback without frames above the user's."""
    frames = problem.__traceback__ if with_frames else None
    lines = traceback.format_exception(type(problem), problem, frames, chain=False)
    for index, line in enumerate(lines):
        if TOP_FRAME.match(line):
            lines = lines[:1] + lines[index + 1 :]
            break
    lines = [line for line in lines if not line.startswith(OUR_FRAME)]
    return error(type(problem).__name__, text_of(problem), lines)


def interrupted() -> dict:
    """The reply for a statement whose interrupt came between its last line and us."""
    lines = ["Traceback (most recent call last):\n", "KeyboardInterrupt\n"]
    return error("KeyboardInterrupt", "", lines)


def split(code: str) -> list:
    """[("code", ast.Module) | ("magic", line)]; SyntaxError when it is neither."""
    try:
        return [("code", parse(code))]
    except SyntaxError:
        chunks: list = []
        for line in code.rstrip().split("\n"):
            if line.startswith("%"):
                chunks.append(("magic", line))
            elif chunks and chunks[-1][0] == "code":
                chunks[-1] = ("code", chunks[-1][1] + "\n" + line)
            else:
                chunks.append(("code", line))
        return [(k, t if k == "magic" else parse(t)) for k, t in chunks]


def parse(code: str) -> ast.Module:
    return compile(code, "<stdin>", "exec", ast.PyCF_ONLY_AST, True)


class PythonInterpreter:
    """Statements in the namespace `variables`; the main thread's."""

    def __init__(self, variables: dict):
        self.variables = variables
        self.magics: dict = {
            "json": self.magic_json,
            "table": self.magic_table,
            "matplot": self.magic_matplot,
        }

    def execute(self, code: str) -> dict:
        sys.stdin = io.StringIO()
        out = sys.stdout = Capture()
        err = sys.stderr = Capture()
        try:
            chunks = split(code)
        except (SyntaxError, ValueError, MemoryError, RecursionError) as problem:
            return error_of(problem, with_frames=False)
        result: dict = {}
        try:
            for kind, chunk in chunks:
                if kind == "magic":
                    result = self.run_magic(chunk)
                    if result.get("status") == "error":
                        return result
                else:
                    result = {}
                    self.run_code(chunk)
        except UnknownMagic as problem:
            return error_of(problem, with_frames=False)
        except BaseException as problem:
            return error_of(problem)
        text = (result.pop("text/plain", "") + out.getvalue() + err.getvalue()).rstrip()
        if text or not result:
            result["text/plain"] = text
        return ok(result)

    def run_code(self, module: ast.Module) -> None:
        for node in module.body[:-1]:
            code = compile(ast.Module([node], []), "<stdin>", "exec", 0, True)
            exec(code, self.variables)
        for node in module.body[-1:]:
            code = compile(ast.Interactive([node]), "<stdin>", "single", 0, True)
            exec(code, self.variables)

    def run_magic(self, line: str) -> dict:
        name, _, rest = line[1:].partition(" ")
        if not name:
            raise UnknownMagic("magic command not specified")
        if name not in self.magics:
            raise UnknownMagic("unknown magic command '%s'" % name)
        rest = rest.strip()
        if rest not in self.variables:
            return embedded_error(KeyError(rest))
        return self.magics[name](self.variables[rest])

    @staticmethod
    def magic_json(value: Any) -> dict:
        try:
            json.dumps(value)
        except (TypeError, ValueError, RecursionError) as problem:
            return error_of(problem, with_frames=False)
        return {"application/json": value}

    @staticmethod
    def magic_table(value: Any) -> dict:
        try:
            return {TABLE_MIME: table_of(value)}
        except TypeError as problem:
            return error_of(problem, with_frames=False)

    @staticmethod
    def magic_matplot(value: Any) -> dict:
        try:
            image = io.BytesIO()
            value.gcf().savefig(image, format="png")
        except Exception as problem:
            return embedded_error(problem)
        encoded = base64.b64encode(image.getvalue()).decode("ascii")
        return {"image/png": encoded, "text/plain": ""}

    def complete(self, code: str, cursor: int) -> list:
        return complete(self.variables, code[:cursor])


def embedded_error(problem: BaseException) -> dict:
    """Livy's own quirk: a magic's failure comes as data of a statement that is ok."""
    reply = error_of(problem, with_frames=False)
    return {"msg_type": "execute_reply", "content": reply}


def table_of(value: Any) -> dict:
    """Rows (lists, dicts, Rows or single values) as headers with types, and data.

    A column may hold nulls beside values of one type; two types are a TypeError.
    """
    rows = value if isinstance(value, (list, tuple)) else [value]
    headers: dict = {}
    data = []
    for row in rows:
        if type(row).__name__ == "Row" and hasattr(row, "asDict"):
            row = row.asDict()
        if isinstance(row, dict):
            items = sorted(row.items(), key=lambda item: str(item[0]))
        elif isinstance(row, (list, tuple)):
            items = list(enumerate(row))
        else:
            items = [(0, row)]
        data.append([table_cell(headers, name, cell) for name, cell in items])
    ordered = sorted(headers.items(), key=lambda item: (str(type(item[0])), item[0]))
    return {"headers": [header for _, header in ordered], "data": data}


def table_cell(headers: dict, name: Any, cell: Any) -> Any:
    kind, cell = table_value(cell)
    header = headers.setdefault(name, {"name": str(name), "type": kind})
    if header["type"] == "NULL_TYPE":
        header["type"] = kind
    elif kind not in ("NULL_TYPE", header["type"]):
        raise TypeError("table rows have different types")
    return cell


TABLE_TYPES: dict = {
    type(None): "NULL_TYPE",
    bool: "BOOLEAN_TYPE",
    int: "INT_TYPE",
    float: "DOUBLE_TYPE",
    datetime.date: "DATE_TYPE",
    datetime.datetime: "TIMESTAMP_TYPE",
    decimal.Decimal: "DECIMAL_TYPE",
}
NATIVE_TYPES = ("NULL_TYPE", "BOOLEAN_TYPE", "INT_TYPE", "DOUBLE_TYPE")


def table_value(cell: Any) -> tuple:
    """(Livy's type name, JSON value); what has no type of its own goes as text."""
    if isinstance(cell, (list, tuple)):
        return "ARRAY_TYPE", same_type([table_value(item) for item in cell])
    if isinstance(cell, dict):
        values = same_type([table_value(item) for item in cell.values()])
        return "MAP_TYPE", dict(zip(map(str, cell), values))
    kind = TABLE_TYPES.get(type(cell), "STRING_TYPE")
    return kind, cell if kind in NATIVE_TYPES else str(cell)


def same_type(items: list) -> list:
    if len({kind for kind, _ in items}) > 1:
        raise TypeError("value has inconsistent types")
    return [item for _, item in items]


def complete(variables: dict, before: str) -> list:
    """Names that may follow `before`; only plain dotted names are evaluated."""
    match = re.search(r"((?:[^\W\d]\w*\.)*)(\w*)$", before)
    path, prefix = match.group(1), match.group(2)
    if prefix[:1].isdigit() or (not path and re.search(r"[\w)\]'\"]\s*\.\s*$", before)):
        return []
    if not path:
        if not prefix:
            return []
        names = set(variables) | set(dir(builtins)) | set(keyword.kwlist)
    else:
        names = attributes_of(variables, path.rstrip(".").split("."))
    hidden = prefix.startswith("_")
    return sorted(
        name
        for name in names
        if name.startswith(prefix) and (hidden or not name.startswith("_"))
    )


def attributes_of(variables: dict, path: list) -> set:
    try:
        if path[0] in variables:
            value = variables[path[0]]
        else:
            value = getattr(builtins, path[0])
        for name in path[1:]:
            value = getattr(value, name)
        return {name for name in dir(value) if isinstance(name, str)}
    except Exception:
        return set()


Interpreter = Callable[[str], dict]
