"""SQL cells: statements one by one, `:name` bound to variables as parameters.

A module of remote/prologue.py: `kernel` and `tools` are there. A value never enters the
text of a query. Python 3.8 or later; standard library and pyspark.
"""
import datetime
import decimal
import re
import types

SHOWN_ROWS = 1000
MOST_ROWS = 100000
LONG = 1 << 63
NOTHING = "SELECT NULL WHERE false"  # of an empty IN (): NOT IN (NULL) is never true
ERROR_PLACES = [  # the number of the first character of a line is 0, or 1
    (r"\(line (\d+), pos (\d+)\)", 0),
    (r"; line (\d+) pos (\d+)", 0),
    (r"== SQL ?\(line (\d+), position (\d+)\) ==", 1),
]
TOKEN = re.compile(
    r"""(?P<quoted>'(?:\\.|[^'\\])*(?:'|\Z)|"(?:\\.|[^"\\])*(?:"|\Z)|`[^`]*(?:`|\Z))"""
    r"|(?P<comment>--[^\n]*)|(?P<open>/\*)|(?P<close>\*/)"
    r"|(?P<space>\s+)|(?P<cast>::)|(?P<name>:[A-Za-z_]\w*)|(?P<word>\w+)|.",
    re.S,
)


class SqlVariableError(Exception):
    """A `:name` of a query has no value, or none that can be a parameter."""


def tokens(text):
    """(kind, piece, start) of `text` outside of comments; kind None is a sign."""
    depth = 0
    for match in TOKEN.finditer(text):
        kind = match.lastgroup
        if kind == "open":
            depth += 1
        elif kind == "close" and depth:
            depth -= 1
        elif depth == 0 and kind != "comment":
            yield kind, match.group(), match.start()


def split(text):
    """[(start, statement)] of `text`: cut at semicolons; what holds only comments is left
    out."""
    found, start, solid = [], 0, False
    for kind, piece, at in tokens(text):
        if kind is None and piece == ";":
            found.append((start, at, solid))
            start, solid = at + 1, False
        elif kind != "space":
            solid = True
    found.append((start, len(text), solid))
    statements = []
    for begin, end, keep in found:
        piece = text[begin:end]
        if keep:
            lead = len(piece) - len(piece.lstrip())
            statements.append((begin + lead, piece.strip()))
    return statements


def parameters(text):
    """[(name, start, is_in)] of the `:name`s of a statement. is_in: it stands alone in
    `IN (:name)`. `a:b` (a path into JSON), `a::b` (a cast) and `1:2` are none."""
    pieces = [token for token in tokens(text) if token[0] != "space"]
    found = []
    for i, (kind, piece, start) in enumerate(pieces):
        if kind != "name":
            continue
        before = text[start - 1] if start else " "
        if before.isalnum() or before in "_)]`'\":":
            continue
        around = [token[1].upper() for token in pieces[max(0, i - 2) : i + 2]]
        is_in = len(around) == 4 and around[:2] == ["IN", "("] and around[3] == ")"
        found.append((piece[1:], start, is_in))
    return found


# --- values -------------------------------------------------------------------------------


def parameter(value):
    """`value` as Spark takes it for a parameter: a scalar, or a list of them. TypeError."""
    if isinstance(value, (list, tuple, set, frozenset)):
        return [scalar(item) for item in value]
    if type(value).__module__ == "numpy" and getattr(value, "ndim", 0) == 1:
        return [scalar(item) for item in value]
    return scalar(value)


def scalar(value):
    if type(value).__module__ == "numpy" and getattr(value, "ndim", 1) == 0:
        value = value.item()
    if type(value).__name__ in ("NaTType", "NAType"):
        return None
    if isinstance(value, datetime.datetime):
        stamp = getattr(value, "to_pydatetime", None)  # pandas' Timestamp
        return stamp(warn=False) if stamp else value
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value) if -LONG <= value < LONG else decimal.Decimal(value)
    if isinstance(value, str):
        return str(value)
    if value is None or isinstance(value, (bool, float, decimal.Decimal, datetime.date)):
        return value
    raise TypeError(type(value).__name__)


def local_value(told):
    """A value as kernel/shim.py writes it: {"type", "text"}, or {"type", "items"}."""
    kind, text = told["type"], told.get("text")
    if kind == "list":
        return [local_value(item) for item in told["items"]]
    if kind == "float":
        return float(text)
    if kind == "int":
        return scalar(int(text))
    if kind == "decimal":
        return decimal.Decimal(text)
    if kind == "date":
        return datetime.date.fromisoformat(text)
    if kind == "datetime":
        return datetime.datetime.fromisoformat(text)
    return {"none": None, "true": True, "false": False}.get(kind, text)


def session_value(name):
    """(is there one that can be a parameter, it or what it is instead)."""
    if name not in kernel.user:
        return False, None
    value = kernel.user[name]
    if isinstance(value, (type, types.ModuleType)) or callable(value):
        return False, "a " + type(value).__name__
    try:
        return True, parameter(value)
    except TypeError as problem:
        return False, "a %s, or holds one" % problem


def missing(text):
    """Names that the session has no value for: local Python is asked for them."""
    names = [name for _, part in split(text) for name, _, _ in parameters(part)]
    return sorted({name for name in names if not session_value(name)[0]})


def value_of(name, local):
    """The session's variable wins over that of local Python."""
    is_there, value = session_value(name)
    if is_there:
        return value
    told = local.get(name, {"type": "missing"})
    if told["type"] not in ("missing", "refused"):
        return local_value(told)
    here = told.get("text")
    if value is None and here is None:
        raise SqlVariableError(
            "`:%s` has no value: there is no variable %s in the Spark session, and none in "
            "local Python. Set it in one of them, or write the value into the query."
            % (name, name)
        )
    places = [("in the Spark session", value), ("in local Python", here)]
    is_what = " and ".join("%s it is %s" % place for place in places if place[1])
    raise SqlVariableError(
        "`:%s` can't be a parameter: %s. A parameter is a number, a text, a boolean, a date, "
        "a datetime, a Decimal, None, or a list of these." % (name, is_what)
    )


def bound(text, local):
    """(text, args, edits) of a statement for spark.sql. A list becomes array(:a_0, :a_1),
    or IN (:a_0, :a_1), because Spark takes only scalars. edits: [(start in `text`, length
    there, length in the result)]."""
    args, pieces, edits, at = {}, [], [], 0
    used = {name for name, _, _ in parameters(text)}
    for name, start, is_in in parameters(text):
        value = value_of(name, local)
        pieces.append(text[at:start])
        at = start + 1 + len(name)
        new = ":" + name
        if isinstance(value, list):
            mark = name
            while any(other.startswith(mark + "_") for other in used):
                mark += "_"
            items = ["%s_%d" % (mark, i) for i in range(len(value))]
            args.update(zip(items, value))
            inner = ", ".join(":" + item for item in items)
            new = (inner or NOTHING) if is_in else "array(%s)" % inner
        else:
            args[name] = value
        pieces.append(new)
        edits.append((start, at - start, len(new)))
    return "".join(pieces) + text[at:], args, edits


# --- where an error is --------------------------------------------------------------------


def position(message):
    """(line, characters in front of it there) that Spark names, or None."""
    for pattern, first in ERROR_PLACES:
        found = re.search(pattern, message)
        if found:
            return int(found.group(1)), int(found.group(2)) - first
    return None


def offset_of(text, line, column):
    """The offset of a position in `text`, or None where it has no such line."""
    lines = text.split("\n")
    if not 1 <= line <= len(lines) or not 0 <= column <= len(lines[line - 1]):
        return None
    return sum(len(part) + 1 for part in lines[: line - 1]) + column


def before_edits(offset, edits):
    """Where `offset` was before bound() made its `edits`."""
    moved = 0
    for start, old, new in edits:
        if offset < start + moved:
            break
        if offset < start + moved + new:
            return start
        moved += new - old
    return offset - moved


def point_out(error, text, start, statement, edits):
    """Tell the kernel the place in the cell's `text` that `error` names: Spark counts in
    the statement that it got, which was `statement`, from `start` on."""
    named = position(tools.message_of(error))
    offset = named and offset_of(statement, *named)
    if offset is None:
        return
    offset = start + before_edits(offset, edits)
    line = text.count("\n", 0, offset)
    column = offset - (text.rfind("\n", 0, offset) + 1)
    kernel.place = (line + 1, text.split("\n")[line], column)


# --- a cell -------------------------------------------------------------------------------


def run(text, rows=0, quiet=False, values=None, chart=None):
    """Execute the statements of a cell. `rows`: how many are shown; 0 = SHOWN_ROWS, -1 =
    MOST_ROWS."""
    kernel.has_frames = False
    session = kernel.user.get("spark")
    if session is None:
        from pyspark.sql import SparkSession

        session = SparkSession.builder.getOrCreate()
    statements = split(text)
    for i, (start, statement) in enumerate(statements):
        if len(statements) > 1:
            kernel.note = "In statement %d of %d, which begins in line %d." % (
                i + 1, len(statements), text.count("\n", 0, start) + 1)
        statement, args, edits = bound(statement, values or {})
        is_last = i + 1 == len(statements)
        try:
            frame = session.sql(statement, args=args) if args else session.sql(statement)
            if frame.columns:
                kernel.user["_sqldf"] = frame
                if not quiet:
                    show(frame, is_last, rows or SHOWN_ROWS, chart)
        except Exception as error:
            point_out(error, text, start, statement, edits)
            raise


def show(frame, is_last, limit, chart):
    if chart and is_last:
        shown = kernel.modules["chart"].draw(frame, chart)
    else:
        shown = tools.frame_table(frame, limit if limit > 0 else MOST_ROWS)
    tools.publish(shown, kind="execute_result" if is_last else None)
