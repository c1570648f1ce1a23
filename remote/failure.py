"""An error as the user is told it: where, what, why, and what to do next.

A module of remote/prologue.py, there from the start of a session: `kernel` and `tools`.
Python 3.8 or later; standard library only.
"""
import linecache
import re
import sys
import traceback

# --- errors ------------------------------------------------------------------------------

RED, GREEN, CYAN, PLAIN = "\x1b[31m", "\x1b[32m", "\x1b[36m", "\x1b[0m"
HIDDEN = re.compile(r"[/\\]py4j[/\\]|[/\\]pyspark[/\\]errors[/\\]")
WORKER_TRACE = re.compile(
    r"Traceback \(most recent call last\):\n(.*?)(?=\n\s*\n|\n\tat |\Z)", re.S)


def chain(error):
    """`error` and what it came from."""
    seen = []
    while error is not None and not any(error is known for known in seen):
        seen.append(error)
        cause = error.__cause__
        if cause is None and not error.__suppress_context__:
            cause = error.__context__
        error = cause
    return seen


def user_frames(trace, only_cells):
    """`trace` without our own frames, and without what ran above the cell."""
    entries = []
    while trace is not None:
        entries.append(trace)
        trace = trace.tb_next
    in_cell = [t for t in entries if is_cell(t.tb_frame.f_code)]
    if in_cell:
        entries = in_cell if only_cells else entries[entries.index(in_cell[0]) :]
    entries = [t for t in entries if not HIDDEN.search(t.tb_frame.f_code.co_filename)
               and t.tb_frame.f_code not in tools.own_code]
    for before, after in zip(entries, entries[1:] + [None]):
        before.tb_next = after
    return entries[0] if entries else None


def is_cell(code):
    return code.co_filename in tools.cells


def worker_frames(text):
    """(last line, lines) of the Python traceback that an executor sent."""
    match = WORKER_TRACE.search(text)
    if match is None:
        return None, []
    frames, last = [], []
    for line in match.group(1).rstrip().rstrip("'").split("\n"):
        place = re.match(r'  File "(.*)", line (\d+), in ', line)
        if place:
            frames.append((place.group(1), [line]))
            source = linecache.getline(place.group(1), int(place.group(2)))
            if place.group(1) in tools.cells and source:
                frames[-1][1].append("    " + source.strip())
        elif line.startswith("    ") and frames:
            frames[-1][1].append(line)
        else:
            last.append(line)
    own = [lines for name, lines in frames if not re.search(r"[/\\]pyspark[/\\.]", name)]
    kept = own or [lines for _, lines in frames]
    return "\n".join(last), [line for lines in kept for line in lines]


def java_stack(text):
    """The Java part of an error, three calls of each cause."""
    lines, calls, left = [], 0, 0
    for line in text.split("\n"):
        if not line.startswith("\t"):
            if line.startswith("Caused by: ") or not lines:
                if left:
                    lines.append("\t... %d more" % left)
                lines.append(line[:1000])
                calls = left = 0
        elif calls < 3 and not re.match(r"\tat (scala|java|jdk|py4j)\.", line):
            lines.append(line)
            calls += 1
        else:
            left += 1
    return lines + (["\t... %d more" % left] if left else [])


class Told:
    """An error as the user is told it: a short message, and parts that go below."""

    def __init__(self, error):
        self.error = error
        self.name = type(error).__name__
        self.message = tools.message_of(error)
        self.below = []
        java = self.name == "Py4JJavaError" and "\n: " in self.message
        if java or self.name == "PythonException":
            last, frames = worker_frames(self.message)
            if frames:
                self.below += ["In the Python worker:"] + frames + [last]
        if java:
            text = self.message.split("\n: ", 1)[1]
            causes = re.findall(r"^Caused by: (.*)$", text, re.M)
            first = (causes[-1] if causes else text).split("\n", 1)[0]
            self.below += ["Java stack, shortened:"] + java_stack(text)
            self.message = last if frames else first
        elif self.below:
            self.message = last


def stand_in(error, told):
    """`error` with its short message, for printers that call str()."""
    short = [item.message for item in told]
    if all(item.message == tools.message_of(item.error) for item in told):
        return error
    copies = []
    for item, text in zip(told, short):
        copy = type(item.name, (Exception,), {"__module__": "builtins"})(text)
        copy.__traceback__ = item.error.__traceback__
        copy.__suppress_context__ = item.error.__suppress_context__
        copies.append(copy)
    for item, copy, source in zip(told, copies, copies[1:]):
        if item.error.__cause__ is not None:
            copy.__cause__ = source
        else:
            copy.__context__ = source
    return copies[0]


def ipython_lines(error):
    from IPython.core.ultratb import VerboseTB

    try:
        printer = VerboseTB(theme_name="neutral", include_vars=False)
    except TypeError:
        printer = VerboseTB(color_scheme="Neutral", include_vars=False)
    lines = printer.structured_traceback(type(error), error, error.__traceback__)
    return "\n".join(lines).split("\n")


def plain_lines(told):
    """The same without IPython."""
    lines = []
    for item in reversed(told):
        if lines:
            text = "The above exception was the direct cause of the following exception:"
            if item.error.__cause__ is None:
                text = "During handling of the above exception, another exception occurred:"
            lines += ["", text, ""]
        lines.append(RED + "-" * 75 + PLAIN)
        lines.append("%s%s%s%35s" % (RED, item.name, PLAIN, "Traceback (most recent call last)"))
        frames = traceback.extract_tb(item.error.__traceback__)
        if len(frames) > 40:
            frames = list(frames[:20]) + [None] + list(frames[-20:])
        for frame in frames:
            if frame is None:
                lines += ["... frames left out ...", ""]
                continue
            where = "%sFile %s:%d%s" % (GREEN, frame.filename, frame.lineno, PLAIN)
            if frame.name != "<module>":
                where += ", in %s%s%s" % (CYAN, frame.name, PLAIN)
            lines.append(where)
            around = range(max(1, frame.lineno - 2), frame.lineno + 3)
            for number in around:
                source = linecache.getline(frame.filename, number).rstrip()
                if number == frame.lineno:
                    lines.append("%s----> %d %s%s" % (GREEN, number, PLAIN, source))
                elif source:
                    lines.append("%7d %s" % (number, source))
            lines.append("")
        lines.append("%s%s%s: %s" % (RED, item.name, PLAIN, item.message))
    return "\n".join(lines).split("\n")


def failure(error, text, is_syntax, has_frames, note):
    """The error output of a cell."""
    interrupted = isinstance(error, KeyboardInterrupt)
    if interrupted:
        error.__suppress_context__, error.__cause__ = True, None
    for item in chain(error):
        item.__traceback__ = user_frames(item.__traceback__, interrupted)
    told = [Told(item) for item in chain(error)]
    name, message = told[0].name, told[0].message
    if is_syntax and error.text is None and error.lineno:
        error.text = (text.split("\n") + [""] * error.lineno)[error.lineno - 1]
    if not has_frames or error.__traceback__ is None:
        lines = "".join(traceback.format_exception_only(type(error), error)).rstrip()
        if not is_syntax:
            lines = "%s: %s" % (name, message)
        lines = lines.split("\n")
        if is_syntax and len(lines) == 3:  # Python shows no caret below an indent
            lines.insert(2, "    ^")
        head = len(lines) - 1 if is_syntax else 0
        lines[head] = lines[head].replace(name, RED + name + PLAIN, 1)
    else:
        try:
            lines = ipython_lines(stand_in(error, told))
        except Exception:
            lines = plain_lines(told)
    for item in told:
        lines += [""] * bool(item.below) + "\n".join(item.below).split("\n") * bool(item.below)
    for hint in (note, hint_for(error, message, text, is_syntax)):
        lines += ["", hint] if hint else []
    return {"output_type": "error", "ename": name, "evalue": message, "traceback": lines}


def hint_for(error, message, text, is_syntax):
    """What to do next, where we know it."""
    if is_syntax and re.search(r"^\s*[!%]", text, re.M):
        return ("Lines that begin with ! or % belong to plain Python cells: this cell "
                "runs on the Spark driver. For a command there: "
                "import os; os.system('ls')")
    gone = "pyspark" in sys.modules and tools.spark_context() is None
    if "stopped SparkContext" in message or (gone and "NoneType" in message):
        return ("This session's Spark was stopped (spark.stop()). Start a new one: "
                "%synapse stop, then %synapse start.")
    return None


tools.failure = failure
