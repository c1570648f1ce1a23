"""What a value looks like: MIME bundles, display(), figures, tables of data frames.

A module of remote/prologue.py, there from the start of a session: `kernel` and `tools`.
Python 3.8 or later; standard library, and what is installed beside it.
"""
import base64
import decimal
import html
import importlib.abc
import importlib.util
import io
import json
import os
import re
import sys
import unicodedata
import uuid

DISPLAY_ROWS = 20
TABLE_SIZE = 4000000  # characters of values in one table
RESOURCE_SIZE = 500000  # the same, for data explorers
SAFE_INT = 2 ** 53 - 1  # a larger one is rounded by JavaScript

# --- values as MIME bundles --------------------------------------------------------------

MIMES = (
    ("_repr_html_", "text/html"),
    ("_repr_markdown_", "text/markdown"),
    ("_repr_latex_", "text/latex"),
    ("_repr_svg_", "image/svg+xml"),
    ("_repr_png_", "image/png"),
    ("_repr_jpeg_", "image/jpeg"),
    ("_repr_json_", "application/json"),
    ("_repr_javascript_", "application/javascript"),
)
SCALARS = (type(None), bool, int, float, complex, str, bytes)


def pretty(value):
    """As IPython prints it, which is imported only where it would differ."""
    kind = type(value)
    if kind in SCALARS:
        return repr(value)
    if kind in (list, tuple, dict):
        parts = list(value.items()) if kind is dict else [value]
        if all(type(item) in SCALARS for part in parts for item in part):
            text = repr(value)
            if len(text) < 80:
                return text
    own_repr = kind.__repr__ not in (object.__repr__, list.__repr__, tuple.__repr__,
                                     dict.__repr__, set.__repr__, frozenset.__repr__)
    if own_repr and not hasattr(kind, "_repr_pretty_") and kind.__module__ != "builtins":
        return repr(value)
    try:
        from IPython.lib.pretty import pretty as ipython_pretty
    except Exception:
        return repr(value)
    return ipython_pretty(value)


def bundle(value):
    """(data, metadata) of any value; text/plain is always there."""
    if is_frame(value):
        return frame_summary(value), {}
    if is_figure(value):
        return figure_bundle(value), {}
    data, metadata = {}, {}
    methods = () if isinstance(value, type) else MIMES
    for name, mime in (("_repr_mimebundle_", None),) + tuple(methods):
        # Looked up on the class: a Spark Column has every attribute.
        method = getattr(type(value), name, None)
        if method is None or isinstance(value, type):
            continue
        try:
            found = method(value)
        except Exception as error:
            text = "%s.%s: %s: %s\n" % (
                type(value).__name__, name, type(error).__name__, error)
            tools.stderr.write(text)
            continue
        extra = None
        if isinstance(found, tuple) and len(found) == 2:
            found, extra = found
        if found is None:
            continue
        if mime is None:
            data.update(found)
            metadata.update(extra or {})
        elif mime not in data:
            data[mime] = found
            if extra:
                metadata[mime] = extra
    data.setdefault("text/plain", pretty(value))
    return {
        mime: base64.b64encode(item).decode("ascii")
        if isinstance(item, (bytes, bytearray)) else item
        for mime, item in data.items()
    }, metadata


def is_figure(value):
    module = sys.modules.get("matplotlib.figure")
    return module is not None and isinstance(value, module.Figure)


def figure_bundle(figure):
    """A figure as PNG. It is closed, or the end of the cell would show it again."""
    file = io.BytesIO()
    figure.savefig(file, format="png", bbox_inches="tight")
    plot = sys.modules.get("matplotlib.pyplot")
    if plot is not None:
        plot.close(figure)
    image = base64.b64encode(file.getvalue()).decode("ascii")
    return {"image/png": image, "text/plain": repr(figure)}


def show_figures(*_, **__):
    plot = sys.modules.get("matplotlib.pyplot")
    for number in plot.get_fignums() if plot is not None else ():
        publish(figure_bundle(plot.figure(number)))


def publish(data, metadata=None, transient=None, update=False, kind=None, **_):
    output = {
        "output_type": kind or ("update_" if update else "") + "display_data",
        "data": tools.clean(data),
        "metadata": tools.clean(metadata or {}),
    }
    if kind is None:
        output["transient"] = tools.clean(transient or {})
    tools.capture.add(output)
    kernel.catch_up()


def clear_output(wait=False):
    tools.capture.add({"output_type": "clear_output", "wait": bool(wait)})


class DisplayHandle:
    """What display(..., display_id=...) returns: shows again, or in place."""

    def __init__(self, display_id=None):
        self.display_id = display_id or uuid.uuid4().hex

    def display(self, value, **options):
        display(value, display_id=self.display_id, **options)

    def update(self, value, **options):
        update_display(value, display_id=self.display_id, **options)


class Display:
    """display(...): an object of its own, so that a function that uses it can still
    be sent to executors, where it prints."""

    def __call__(self, *values, metadata=None, transient=None, display_id=None,
                 raw=False, clear=False, update=False, limit=DISPLAY_ROWS,
                 chart=None, **_):
        if clear:
            clear_output(wait=True)
        transient = dict(transient or {})
        if display_id:
            display_id = uuid.uuid4().hex if display_id is True else display_id
            transient["display_id"] = display_id
        for value in values:
            if raw:
                data, extra = value, {}
            elif chart:
                data, extra = kernel.modules["chart"].draw(value, chart), {}
            elif is_frame(value):
                data, extra = frame_table(value, limit), {}
            else:
                data, extra = bundle(value)
            extra = dict(extra, **(metadata or {}))
            publish(data, extra, transient, update)
        return DisplayHandle(display_id) if display_id and not update else None

    def __reduce__(self):
        return eval, ("print",)


class DisplayHTML:
    """displayHTML(text), as notebooks of Synapse and Databricks have it."""

    def __call__(self, text):
        publish({"text/html": str(text), "text/plain": "<HTML>"})

    def __reduce__(self):
        return eval, ("print",)


def update_display(value, *, display_id, **options):
    display(value, display_id=display_id, update=True, **options)


# --- Spark data frames -------------------------------------------------------------------


def is_frame(value):
    kind = type(value)
    return kind.__name__ == "DataFrame" and kind.__module__.startswith("pyspark.sql.")


def frame_summary(frame):
    """A data frame that is only named runs no job, unless the user wants that."""
    try:
        eager = frame.sparkSession.conf.get("spark.sql.repl.eagerEval.enabled")
    except Exception:
        eager = "false"
    if str(eager).lower() == "true":
        data = {"text/plain": repr(frame), "text/html": frame._repr_html_()}
        return {mime: text for mime, text in data.items() if text}
    if frame.isStreaming:
        return {"text/plain": repr(frame)}
    return {"text/plain": "%r\ndisplay(\u2026) shows its rows" % frame}


def frame_table(frame, limit):
    """The first `limit` rows as text, HTML and data. One more is fetched to know whether
    there are more."""
    if frame.isStreaming:
        raise tools.Refused(
            "A streaming DataFrame has no first rows: start a query, such as "
            "df.writeStream.format('memory').queryName('q').start(), and display "
            "spark.table('q').")
    limit = max(0, int(limit))
    fields = [(field.name, field.dataType.simpleString()) for field in frame.schema]
    rows = frame.limit(limit + 1).collect()
    return table(fields, rows, limit)


def table(fields, rows, limit):
    """The bundle of a table. `fields`: (name, Spark's type) each."""
    cells, size = [], 0
    for row in rows[:limit]:
        cells.append([cell_text(value) for value in row])
        size += sum(len(cell or "") + 20 for cell in cells[-1])
        if size > TABLE_SIZE:
            break
    if len(cells) < min(limit, len(rows)):
        note = "first %s, with more the table would be too large" % plural(len(cells))
    elif len(rows) > limit:
        note = "first %s" % plural(limit)
    else:
        note = plural(len(rows))
    data = {
        "text/plain": text_table(fields, cells, note),
        "text/html": html_table(fields, cells, note),
    }
    if size <= RESOURCE_SIZE and len({name for name, _ in fields}) == len(fields):
        data["application/vnd.dataresource+json"] = resource(fields, rows[: len(cells)])
    return data


def resource(fields, rows):
    """The rows for data explorers. A column whose numbers JavaScript would round is one of
    strings."""
    columns, kinds = [], []
    for i, (_, kind) in enumerate(fields):
        values = [row[i] for row in rows]
        columns.append([plain(value) for value in values])
        kinds.append(resource_type(kind))
        if kinds[-1] in ("integer", "number") and not all(map(is_exact, values)):
            kinds[-1] = "string"
            columns[-1] = [None if value is None else cell_text(value) for value in values]
    names = [name for name, _ in fields]
    return {
        "schema": {"fields": [
            {"name": name, "type": kind, "sparkType": spark}
            for (name, spark), kind in zip(fields, kinds)
        ]},
        "data": [dict(zip(names, row)) for row in zip(*columns)],
    }


def resource_type(kind):
    if re.match(r"((tiny|small|big)?int)$", kind):
        return "integer"
    if is_number(kind):
        return "number"
    first = re.match(r"\w*", kind).group()
    return {"boolean": "boolean", "date": "date", "timestamp": "datetime",
            "timestamp_ntz": "datetime", "array": "array", "map": "object",
            "struct": "object"}.get(first, "string")


def is_exact(value):
    """Is it the same as a number of JavaScript?"""
    if isinstance(value, decimal.Decimal):
        return decimal.Decimal(repr(float(value))) == value
    if isinstance(value, float):
        return value - value == 0
    return value is None or abs(value) <= SAFE_INT


def plain(value):
    if isinstance(value, decimal.Decimal):
        return float(value)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, (tuple, list, dict)):
        return nested(value)
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    return cell_text(value)


def plural(count):
    return "%d row%s" % (count, "" if count == 1 else "s")


def cell_text(value):
    """One value as people read it; None stays None."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, decimal.Decimal):
        return format(value, "f")  # the scale stays: 1.50
    if isinstance(value, float) and value != value:
        return "NaN"
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).hex()
    if isinstance(value, (tuple, list, dict)):
        return json.dumps(nested(value), ensure_ascii=False)
    return str(value)


def nested(value):
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return value if value - value == 0 else str(value)
    if isinstance(value, tuple) and hasattr(value, "__fields__"):
        return {name: nested(item) for name, item in zip(value.__fields__, value)}
    if isinstance(value, (list, tuple)):
        return [nested(item) for item in value]
    if isinstance(value, dict):
        return {
            key if isinstance(key, str) else cell_text(key) or "null": nested(item)
            for key, item in value.items()
        }
    return cell_text(value)


def is_number(kind):
    return re.match(r"(tiny|small|big)?int|float|double|decimal", kind) is not None


def width_of(text):
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF"
        else 1 for c in text
    ) if not text.isascii() else len(text)


def one_line(text, most):
    text = "null" if text is None else text
    text = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text[: most + 1])
    return text if len(text) <= most else text[: most - 1] + "\u2026"


def text_table(fields, rows, note):
    names = [one_line(name, 60) for name, _ in fields]
    lines = [[one_line(cell, 80) for cell in row] for row in rows]
    widths = [
        max([width_of(name)] + [width_of(line[i]) for line in lines])
        for i, name in enumerate(names)
    ]

    def row_text(cells):
        padded = []
        for cell, width, (_, kind) in zip(cells, widths, fields):
            space = " " * (width - width_of(cell))
            padded.append(space + cell if is_number(kind) else cell + space)
        return "| " + " | ".join(padded) + " |"

    rule = "+" + "+".join("-" * (width + 2) for width in widths) + "+"
    body = [row_text(line) for line in lines]
    return "\n".join([rule, row_text(names), rule] + body + [rule, note])


def html_table(fields, rows, note):
    """Layout and class as pandas has them: notebook style sheets expect it."""

    def cell_html(cell):
        if cell is None:
            return "<i>null</i>"
        cut = cell if len(cell) <= 1000 else cell[:1000] + "\u2026"
        return html.escape(cut)

    out = ['<div>\n<table border="1" class="dataframe">\n<thead>\n<tr>']
    for name, kind in fields:
        side = "right" if is_number(kind) else "left"
        head = '<th title="%s" style="text-align: %s">%s<br><small>%s</small></th>'
        short = html.escape(one_line(kind, 30))
        out.append(head % (html.escape(kind), side, html.escape(name), short))
    out.append("</tr>\n</thead>\n<tbody>")
    align = [
        "" if is_number(kind) else ' style="text-align: left"' for _, kind in fields
    ]
    for row in rows:
        cells = zip(align, row)
        out.append(
            "<tr>" + "".join("<td%s>%s</td>" % (a, cell_html(c)) for a, c in cells) + "</tr>"
        )
    out.append("</tbody>\n</table>\n<p>%s</p>\n</div>" % html.escape(note))
    return "\n".join(out)


# --- modules that show things by themselves ----------------------------------------------


def patch_pyplot(module):
    module.show = show_figures


def patch_ipython(module):
    for name, ours in (("display", display), ("clear_output", clear_output),
                       ("update_display", update_display),
                       ("publish_display_data", publish)):
        if hasattr(module, name):
            setattr(module, name, ours)

PATCHES = {
    "matplotlib.pyplot": patch_pyplot,
    "IPython.core.display_functions": patch_ipython,
    "IPython.core.display": patch_ipython,
    "IPython.display": patch_ipython,
}


class AfterImport(importlib.abc.MetaPathFinder):
    """Patches a module of PATCHES when somebody imports it."""

    busy = False

    def find_spec(self, name, path=None, target=None):
        if name not in PATCHES or self.busy:
            return None
        self.busy = True
        try:
            spec = importlib.util.find_spec(name)
        finally:
            self.busy = False
        if spec is not None and hasattr(spec.loader, "exec_module"):
            execute = spec.loader.exec_module

            def exec_module(module):
                execute(module)
                PATCHES[name](module)

            spec.loader.exec_module = exec_module
        return spec


def attach():
    """Be what the session's globals, matplotlib and IPython show things with."""
    known = kernel.user.get("display")
    if known is None or type(known).__name__ == "Display" or str(
        getattr(known, "__module__", "")
    ).startswith("IPython"):
        kernel.user["display"] = display
    kernel.user.setdefault("displayHTML", DisplayHTML())
    os.environ.setdefault("MPLBACKEND", "agg")
    for name, patch in PATCHES.items():
        if name in sys.modules:
            patch(sys.modules[name])


display = Display()
vars(tools).update(
    bundle=bundle, display=display, frame_table=frame_table, is_frame=is_frame,
    is_number=is_number,
    publish=publish, show_figures=show_figures, table=table)
sys.meta_path.insert(0, AfterImport())
attach()
