"""Quick charts: `--chart bar x y` of a cell, display(df, chart="bar x y").

A module of remote/prologue.py, brought along by the first cell that speaks of a chart. Rows
are grouped and counted in Spark; what comes to the driver is bounded. Drawn with matplotlib
where it is installed, else as an SVG of our own. Python 3.8 or later.
"""
import base64
import datetime
import html
import io
import math
import shlex
import sys

KINDS = ("bar", "line", "area", "scatter", "pie", "hist", "box")
POINTS = 5000  # rows of a line or a scatter chart
GROUPS = {"bar": 50, "pie": 12}
BINS = 30
COLOURS = ("#4c78a8", "#f58518", "#54a24b", "#e45756", "#72b7b2", "#b279a2", "#eeca3b")
WIDTH, HEIGHT, LEFT, BOTTOM = 640, 400, 70, 60


def draw(value, words):
    """The MIME bundle of a chart of a Spark or pandas frame."""
    words = shlex.split(words) if isinstance(words, str) else [str(w) for w in words]
    kind, names = (words[0].lower() if words else ""), words[1:]
    if kind not in KINDS:
        raise tools.Refused(
            "A chart is one of %s, then columns: bar x y. %r is none."
            % (", ".join(KINDS), " ".join(words)))
    source = source_of(value)
    for name in names:
        if name not in source.types:
            raise tools.Refused("There is no column %r to draw. There are: %s." % (
                name, ", ".join(source.types)))
    plot = planned(source, kind, names)
    shown = [plot["x_label"]] * (kind != "box") + [name for name, _ in plot["series"]]
    text = kind + " of " + ", ".join(shown) + (" (%s)" % plot["note"] if plot["note"] else "")
    data = as_picture(plot)
    data["text/plain"] = text
    return data


# --- what is drawn ------------------------------------------------------------------------


class SparkSource:
    """The columns of a Spark frame: grouped and cut there."""

    def __init__(self, frame):
        self.frame = frame
        self.types = {f.name: tools.is_number(f.dataType.simpleString()) for f in frame.schema}

    def column(self, name):
        return self.frame["`%s`" % name.replace("`", "``")]

    def rows(self, names, most, is_sorted):
        frame = self.frame.select(*[self.column(name) for name in names])
        if is_sorted:
            frame = frame.orderBy(frame.columns[0])
        return [tuple(row) for row in frame.limit(most + 1).collect()]

    def groups(self, x, ys, most):
        """[(label, rows, sum of each y)] in the order of their first rows."""
        from pyspark.sql import functions as F

        names = ["y%d" % i for i in range(len(ys))]
        columns = [self.column(name) for name in [x] + ys]
        frame = self.frame.select(*columns, F.monotonically_increasing_id())
        frame = frame.toDF("x", *names, "first").groupBy("x").agg(
            F.min("first").alias("first"), F.count(F.lit(1)), *map(F.sum, names))
        rows = frame.orderBy("first").limit(most + 1).collect()
        return [(row[0],) + tuple(row[2:]) for row in rows]

    def counts(self, name, bins):
        """(lowest, highest, [rows in each bin])"""
        from pyspark.sql import functions as F

        column = self.column(name).cast("double")
        column = F.when(F.isnan(column), None).otherwise(column)
        low, high = self.frame.select(F.min(column), F.max(column)).first()
        if low is None:
            return 0.0, 1.0, [0] * bins
        width = (high - low) / bins or 1.0
        number = F.least(F.lit(bins - 1), F.floor((column - F.lit(low)) / F.lit(width)))
        counts = [0] * bins
        for i, count in self.frame.where(column.isNotNull()).groupBy(number).count().collect():
            counts[int(i)] = count
        return low, low + width * bins, counts

    def quartiles(self, name):
        column = self.frame.select(self.column(name).cast("double").alias("c"))
        return column.approxQuantile("c", [0.0, 0.25, 0.5, 0.75, 1.0], 0.001)


class LocalSource:
    """The same of a pandas frame or Series."""

    def __init__(self, frame):
        self.frame = frame
        kinds = [(str(name), frame[name].dtype.kind) for name in frame.columns]
        self.types = {name: kind in "iuf" for name, kind in kinds}
        self.names = {str(name): name for name in frame.columns}

    def values(self, name):
        return [None if value != value else value
                for value in self.frame[self.names[name]].tolist()]

    def rows(self, names, most, is_sorted):
        rows = list(zip(*[self.values(name) for name in names]))
        if is_sorted:
            rows = sorted((r for r in rows if r[0] is not None), key=lambda row: row[0])
        return rows[: most + 1]

    def groups(self, x, ys, most):
        found = {}
        for row in self.rows([x] + ys, len(self.frame), False):
            group = found.setdefault(row[0], [0] + [0] * len(ys))
            group[0] += 1
            for i, value in enumerate(row[1:]):
                group[i + 1] += value or 0
        return [(label,) + tuple(group) for label, group in found.items()][: most + 1]

    def counts(self, name, bins):
        values = [float(v) for v in self.values(name) if v is not None]
        low, high = (min(values), max(values)) if values else (0.0, 1.0)
        width = (high - low) / bins or 1.0
        counts = [0] * bins
        for value in values:
            counts[min(bins - 1, int((value - low) / width))] += 1
        return low, low + width * bins, counts

    def quartiles(self, name):
        values = sorted(float(v) for v in self.values(name) if v is not None)
        return [values[round(q * (len(values) - 1) / 4)] for q in range(5)] if values else []


def source_of(value):
    if tools.is_frame(value):
        return SparkSource(value)
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(value, pandas.Series):
        value = value.rename(value.name or "value").reset_index()
    if pandas is not None and isinstance(value, pandas.DataFrame):
        return LocalSource(value)
    raise tools.Refused(
        "A chart is drawn of a DataFrame or a Series, of Spark or of pandas; the value of "
        "the cell is of type %s." % type(value).__name__)


def planned(source, kind, names):
    """{"kind", "x_label", "x", "series": [(name, values)], "note"} with at least one series.
    hist: "x" are the bins' edges; box: the values are five numbers."""
    numbers = [name for name, is_number in source.types.items() if is_number]
    if kind in ("hist", "box"):
        picked = names or numbers[: 1 if kind == "hist" else None]
        check_numbers(source, kind, picked)
        if kind == "box":
            return {"kind": kind, "x_label": "", "x": picked, "note": "",
                    "series": [(name, source.quartiles(name)) for name in picked]}
        low, high, counts = source.counts(picked[0], BINS)
        edges = [low + (high - low) * i / BINS for i in range(BINS + 1)]
        return {"kind": kind, "x_label": picked[0], "x": edges, "note": "",
                "series": [("rows", counts)]}
    x = names[0] if names else next(iter(source.types), None)
    ys = names[1:] or [name for name in numbers if name != x][:1]
    if kind in GROUPS:
        return grouped(source, kind, x, ys)
    check_numbers(source, kind, ys)
    rows = source.rows([x] + ys, POINTS, kind != "scatter")
    note = "first %d rows" % POINTS if len(rows) > POINTS else ""
    rows = [row for row in rows[:POINTS] if row[0] is not None]
    series = [(y, [number(row[i + 1]) for row in rows]) for i, y in enumerate(ys)]
    return {"kind": kind, "x_label": x, "x": [row[0] for row in rows], "series": series,
            "note": note}


def grouped(source, kind, x, ys):
    """Bars and pies: a number for each value of `x`, of several rows the sum; without a
    column of numbers, how many rows."""
    if ys:
        check_numbers(source, kind, ys)
    most = GROUPS[kind]
    rows = source.groups(x, ys, most)
    note = "first %d values of %s" % (most, x) if len(rows) > most else ""
    rows = rows[:most]
    is_sum = any(row[1] > 1 for row in rows)
    series = [("sum of " * is_sum + y, [number(row[i + 2]) for row in rows])
              for i, y in enumerate(ys)] or [("rows", [row[1] for row in rows])]
    return {"kind": kind, "x_label": x, "x": [label(row[0]) for row in rows],
            "series": series[:1] if kind == "pie" else series, "note": note}


def check_numbers(source, kind, names):
    bad = [name for name in names if not source.types[name]]
    if bad or not names:
        raise tools.Refused("A %s chart needs a column of numbers%s." % (
            kind, ": %s is none" % bad[0] if bad else ""))


def number(value):
    value = math.nan if value is None else float(value)
    return value if math.isfinite(value) else math.nan


def label(value):
    text = "null" if value is None else str(value)
    return text if len(text) <= 24 else text[:23] + "\u2026"


# --- with matplotlib ----------------------------------------------------------------------


def as_picture(plot):
    try:
        from matplotlib.figure import Figure
    except Exception:
        return {"image/svg+xml": svg(plot)}
    figure = Figure(figsize=(6.4, 4), layout="tight")
    axes = figure.subplots()
    paint(axes, plot)
    if plot["x"] and isinstance(plot["x"][0], datetime.date):
        axes.tick_params(axis="x", labelrotation=30)
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=100)
    return {"image/png": base64.b64encode(file.getvalue()).decode("ascii")}


def literal(text):
    """Not to be read as a formula between dollar signs."""
    return text.replace("$", r"\$")


def paint(axes, plot):
    kind, x, series = plot["kind"], plot["x"], plot["series"]
    if kind == "pie":
        sizes = [max(0.0, 0.0 if v != v else v) for v in series[0][1]]
        if sum(sizes):
            axes.pie(sizes, labels=[literal(name) for name in x], autopct="%.0f%%")
        axes.set_title(literal(series[0][0]))
    elif kind == "box":
        stats = [dict(zip(("whislo", "q1", "med", "q3", "whishi"), five), label=literal(name))
                 for name, five in series if five]
        axes.bxp(stats, showfliers=False)
    elif kind == "hist":
        axes.bar(x[:-1], series[0][1], width=x[1] - x[0], align="edge", edgecolor="white")
    elif kind == "bar":
        width = 0.8 / len(series)
        for i, (name, values) in enumerate(series):
            places = [j + (i - (len(series) - 1) / 2) * width for j in range(len(x))]
            axes.bar(places, values, width, label=literal(name))
        axes.set_xticks(range(len(x)))
        is_long = sum(map(len, x)) > 60
        axes.set_xticklabels(map(literal, x), rotation=60 if is_long else 0,
                             ha="right" if is_long else "center")
    else:
        paint_points(axes, plot)
    if kind not in ("pie", "box"):
        axes.set_xlabel(literal(plot["x_label"]))
        axes.set_ylabel(literal(series[0][0]) if len(series) == 1 else "")
        if len(series) > 1:
            axes.legend()
    if plot["note"]:
        axes.text(0.99, 1.01, literal(plot["note"]), transform=axes.transAxes, ha="right",
                  fontsize=8, color="gray")


def paint_points(axes, plot):
    x = [float(value) if hasattr(value, "__float__")
         else value if isinstance(value, datetime.date) else literal(label(value))
         for value in plot["x"]]
    for name, values in plot["series"]:
        if plot["kind"] == "scatter":
            axes.scatter(x, values, s=12, label=literal(name))
        else:
            axes.plot(x, values, label=literal(name))
        if plot["kind"] == "area":
            axes.fill_between(x, values, alpha=0.4)


# --- without ------------------------------------------------------------------------------


def svg(plot):
    """A plain picture: axes, marks, labels. Every text is escaped."""
    parts = ['<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" '
             'font-family="sans-serif" font-size="11">' % (WIDTH, HEIGHT),
             '<rect width="100%" height="100%" fill="white"/>']
    parts += svg_pie(plot) if plot["kind"] == "pie" else svg_axes(plot)
    if plot["note"]:
        parts.append(text_at(WIDTH - 8, 12, plot["note"], "end"))
    return "".join(parts) + "</svg>"


def text_at(x, y, text, anchor="middle"):
    return '<text x="%.1f" y="%.1f" text-anchor="%s">%s</text>' % (
        x, y, anchor, html.escape(str(text)))


def svg_pie(plot):
    parts, turn = [], 0.0
    sizes = [max(0.0, 0.0 if v != v else v) for v in plot["series"][0][1]]
    for i, (name, size) in enumerate(zip(plot["x"], sizes)):
        colour = COLOURS[i % len(COLOURS)]
        share = min(size / sum(sizes), 0.99999) if size else 0.0
        ends = []
        for angle in (turn, turn + share):
            ends += [200 + 150 * math.sin(2 * math.pi * angle),
                     200 - 150 * math.cos(2 * math.pi * angle)]
        parts.append(
            '<path fill="%s" d="M200 200L%.2f %.2fA150 150 0 %d 1 %.2f %.2fZ"/>'
            % ((colour, ends[0], ends[1], share > 0.5) + tuple(ends[2:])))
        parts.append('<rect x="400" y="%d" width="10" height="10" fill="%s"/>' % (
            40 + 20 * i, colour))
        parts.append(text_at(416, 49 + 20 * i, "%s: %.0f %%" % (name, share * 100), "start"))
        turn += share
    return parts


def svg_axes(plot):
    kind, series = plot["kind"], plot["series"]
    values = [v for _, column in series for v in column if v == v]
    low, high = min(values, default=0.0), max(values, default=1.0)
    if kind in ("bar", "hist", "area"):
        low, high = min(low, 0.0), max(high, 0.0)
    high = high if high > low else low + 1.0

    def y_of(value):
        return HEIGHT - BOTTOM - (value - low) / (high - low) * (HEIGHT - BOTTOM - 30)

    parts = ['<path d="M%d 30V%dH%d" fill="none" stroke="#888"/>' % (
        LEFT, HEIGHT - BOTTOM, WIDTH - 10)]
    for i in range(5):
        value = low + (high - low) * i / 4
        parts.append(text_at(LEFT - 6, y_of(value) + 4, "%.6g" % value, "end"))
    parts.append(text_at((LEFT + WIDTH) / 2, HEIGHT - 8, plot["x_label"]))
    parts.append(text_at(LEFT, 20, ", ".join(name for name, _ in series), "start"))
    marks = svg_points if kind in ("line", "area", "scatter") else svg_bars
    return parts + marks(plot, y_of, max(low, min(0.0, high)))


def svg_bars(plot, y_of, base):
    """Bars, bins of a histogram, boxes: a slot each along the axis."""
    kind, series, names = plot["kind"], plot["series"], plot["x"]
    count = max(1, len(names) - (kind == "hist"))
    slot, parts = (WIDTH - LEFT - 10) / count, []
    for i, (_, values) in enumerate(series):
        colour = COLOURS[i % len(COLOURS)]
        if kind == "box":
            parts += svg_box(LEFT + slot * (i + 0.25), slot / 2, [y_of(v) for v in values])
            continue
        width = slot * (1.0 if kind == "hist" else 0.8) / len(series)
        for j, value in enumerate(values):
            if value != value:
                continue
            top, foot = sorted((y_of(value), y_of(base)))
            left = LEFT + slot * (j + (0 if kind == "hist" else 0.1)) + width * i
            parts.append('<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s"/>' % (
                left, top, max(width - 1, 1), foot - top, colour))
    step = max(1, round(count / 10))
    for j in range(0, count, step):
        name = "%.4g" % names[j] if kind == "hist" else names[j]
        parts.append(text_at(LEFT + slot * (j + 0.5), HEIGHT - BOTTOM + 16, name))
    return parts


def svg_box(left, width, ys):
    if not ys:
        return []
    low, q1, middle, q3, high = ys
    return ['<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s" fill-opacity=".5"/>' % (
                left, q3, width, q1 - q3, COLOURS[0])] + [
        '<path stroke="black" d="M%.1f %.1fh%.1f"/>' % (left, y, width)
        for y in (low, middle, high)]


def svg_points(plot, y_of, base):
    x = plot["x"]
    if all(hasattr(value, "__float__") for value in x):
        places = [float(value) for value in x]
    elif all(isinstance(value, datetime.date) for value in x):
        places = [value.toordinal() + getattr(value, "hour", 0) / 24 for value in x]
    else:
        places = [float(i) for i in range(len(x))]
    low, high = min(places, default=0.0), max(places, default=1.0)
    high = high if high > low else low + 1.0
    at = [LEFT + (place - low) / (high - low) * (WIDTH - LEFT - 20) for place in places]
    parts = []
    for i, (_, values) in enumerate(plot["series"]):
        colour = COLOURS[i % len(COLOURS)]
        points = [(a, y_of(v)) for a, v in zip(at, values) if v == v]
        if plot["kind"] == "scatter":
            parts += ['<circle cx="%.1f" cy="%.1f" r="3" fill="%s"/>' % (a, b, colour)
                      for a, b in points]
            continue
        line = " ".join("%.1f,%.1f" % point for point in points)
        if plot["kind"] == "area" and points:
            ground = "%.1f,%.1f %%s %.1f,%.1f" % (points[0][0], y_of(base), points[-1][0], y_of(base))
            parts.append('<polygon points="%s" fill="%s" fill-opacity=".4"/>' % (ground % line, colour))
        parts.append('<polyline points="%s" fill="none" stroke="%s"/>' % (line, colour))
    for j in sorted({0, len(x) // 2, len(x) - 1} if x else ()):
        name = "%.6g" % x[j] if hasattr(x[j], "__float__") else label(x[j])
        parts.append(text_at(at[j], HEIGHT - BOTTOM + 16, name))
    return parts
