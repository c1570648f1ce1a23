"""The data frames among the session's variables, for the notebook's Python to show.

A module of remote/prologue.py, there from the start of a session: `kernel` and `tools`.
Python 3.8 or later, standard library only.
"""
import weakref

FRAMES_MAX = 50
SCHEMA_MAX = 2000  # characters

seen = {}  # name: (weak reference to the frame, its schema or None)
told = []  # {"name", "schema"} each, as the last report has them
at = 0  # counts the reports


def news(known):
    """A report {"at", "all"} for a kernel that has report `known` (0: none); None where
    that is still true. No job runs, and nothing is raised."""
    global told, at
    try:
        found = frames()
    except Exception:
        return None
    if found != told:
        told, at = found, at + 1
    return {"at": at, "all": told} if at != known else None


def frames():
    """What there is now. Only a frame that was not seen under its name is looked at."""
    global seen
    now = {}
    named = list(kernel.user.items())
    # Seen after every cell: what is no frame costs one comparison.
    for name, value in [pair for pair in named if type(pair[1]).__name__ == "DataFrame"]:
        if tools.is_frame(value) and name.isidentifier() and name[0] != "_":
            frame, schema = seen.get(name, (None, None))
            if frame is None or frame() is not value:
                frame, schema = weakref.ref(value), schema_of(value)
            now[name] = frame, schema
            if len(now) == FRAMES_MAX:
                break
    seen = now
    return [{"name": name, "schema": schema} for name, (_, schema) in now.items()
            if schema is not None]


def schema_of(frame):
    """One line, as the repr of a frame has it; None where Spark does not tell."""
    try:
        fields = ["%s: %s" % column for column in frame.dtypes]
    except Exception:  # of a session that has stopped, or a plan that can't be
        return None
    text = ", ".join(fields)
    if len(text) > SCHEMA_MAX:
        text = text[:SCHEMA_MAX] + "\u2026"
    return "".join(letter if letter.isprintable() else " " for letter in text)
