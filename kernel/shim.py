"""The %synapse magic inside the Python child: it asks the kernel and re-emits its answer.

Whole %%synapse cells never come here: the kernel runs them itself. This magic serves every
other place (in an `if`, in a function, `run_cell_magic`, `x = %synapse meta`, after other
Python). One Unix socket connection a call; the messages are described in shim.h.
Standard library only.
"""
import base64
import dis
import json
import os
import re
import socket
import struct
import sys
import types

_NAMES_MAX = 500  # of a completion
_path = None
_data_folder = None
_CELL_MAGICS = (
    "sql", "spark", "scala", "pyspark", "configure", "csharp", "sparkr", "pretty"
)
_LONE_MAGICS = ("info", "logs", "help", "cleanup", "delete", "send_to_spark")  # no body
_AROUND = re.compile(r"%%capture\b")
_LOCAL = re.compile(r"%%?local(?:[ \t]+(.*))?\n?")
_LONE = re.compile(r"%%(\w+)[^\n]*\n?")
_SECOND_SPARK = (
    "A plain cell has started a Spark of its own in the notebook's Python. It is not the one "
    "of %%synapse cells, shares nothing with it, and takes memory beside it: use one of the "
    "two. SparkSession.active().stop() ends this one."
)


class SynapseValue(dict):
    """What `x = %synapse meta` gives: a dict whose repr is the indented JSON."""

    def __repr__(self):
        return json.dumps(self, indent=4, sort_keys=True)

    def _repr_pretty_(self, printer, cycle):
        printer.text(repr(self))

    def __reduce__(self):
        return dict, (dict(self),)  # elsewhere, in a Spark session, there is no shim


class SparkCellError(Exception):
    """A Spark cell failed. Its subclass has the name of the error in Spark."""

    def __init__(self, evalue, traceback):
        super().__init__(evalue)
        self._lines = traceback

    def _render_traceback_(self):
        return self._lines or ["%s: %s" % (type(self).__name__, self)]


def _shell():
    from IPython import get_ipython

    return get_ipython()


# --- the conversation with the kernel ---------------------------------------


def _send(sock, message):
    data = json.dumps(message).encode("utf-8", "replace")
    sock.sendall(struct.pack(">I", len(data)) + data)


class _Reader:
    """Whole messages from the socket; an interrupt loses no byte of them."""

    def __init__(self, sock):
        self._sock = sock
        self._data = bytearray()

    def next(self):
        while True:
            if len(self._data) >= 4:
                (length,) = struct.unpack(">I", self._data[:4])
                if len(self._data) >= 4 + length:
                    message = bytes(self._data[4 : 4 + length])
                    del self._data[: 4 + length]
                    return json.loads(message)
            piece = self._sock.recv(1 << 20)
            if not piece:
                raise ConnectionError("the kernel closed the conversation")
            self._data += piece


def _is_value(message):
    """Does it show the value, which somebody may take instead?"""
    content = message["content"]
    if message["msg_type"] == "stream":
        return content.get("name") == "stdout"
    return (content.get("transient") or {}).get("is_value", False)


def _emit(shell, msg_type, content):
    """Show one output as if it came from this cell's own Python."""
    if msg_type == "stream":
        stream = sys.stderr if content.get("name") == "stderr" else sys.stdout
        stream.write(content.get("text", ""))
        stream.flush()
    elif msg_type == "clear_output":
        from IPython.display import clear_output

        clear_output(wait=content.get("wait", False))
    elif msg_type in ("display_data", "update_display_data", "execute_result"):
        shell.display_pub.publish(
            content.get("data", {}),
            content.get("metadata", {}),
            transient=content.get("transient", {}),
            update=msg_type == "update_display_data",
        )


def _raise(reply):
    name = reply.get("ename", "Error")
    if name == "KeyboardInterrupt":
        raise KeyboardInterrupt(reply.get("evalue", ""))
    if name == "UsageError":
        from IPython.core.error import UsageError

        raise UsageError(reply.get("evalue", ""))
    kind = type(str(name), (SparkCellError,), {})
    raise kind(reply.get("evalue", ""), reply.get("traceback", []))


def _is_silent(shell):
    kernel = getattr(shell, "kernel", None)
    parent = kernel.get_parent("shell") if kernel else {}
    content = parent.get("content", {})
    return content.get("silent") or not content.get("store_history", True)


def _refuse_silent(shell):
    if _is_silent(shell):
        from IPython.core.error import UsageError

        raise UsageError("Silent executions do not touch Spark.")


class _Call:
    """What one call brings along, and what it gets."""

    def __init__(self, is_wanted, names=None):
        self.is_wanted = is_wanted
        self.names = names or {}  # before those of the notebook
        self.taken = []  # what `get` brought


def run(line, cell=None, call=None, magic="synapse"):
    """Run one %synapse line or %%synapse cell. Returns its value, or None."""
    shell = _shell()
    _refuse_silent(shell)
    if call is None:
        frame = _user_frame(shell)
        call = _Call(_value_is_wanted(frame), frame.f_locals if frame else None)
    is_wanted = call.is_wanted
    printed = []  # a value that somebody takes is not printed too
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.connect(_path)
        _send(sock, {"op": "run", "magic": magic, "line": line, "cell": cell})
        reader = _Reader(sock)
        while True:
            try:
                message = reader.next()
            except KeyboardInterrupt:
                _send(sock, {"op": "interrupt"})
                continue
            operation = message["op"]
            if operation == "expand":
                _send(sock, _expanded(message["line"]))
            elif operation == "ask":
                answer = _answer(message["request"], call)
                _send(sock, {"op": "answered", "answer": answer})
            elif operation == "output" and is_wanted and _is_value(message):
                printed.append(message)
            elif operation == "output":
                _emit(shell, message["msg_type"], message["content"])
            elif operation == "done":
                break
    value = message["value"]
    if call.taken and message["reply"].get("status") == "ok":
        return call.taken[-1]
    if value is not None and is_wanted:
        return SynapseValue(value) if isinstance(value, dict) else value
    for output in printed:
        _emit(shell, output["msg_type"], output["content"])
    if message["reply"].get("status") != "ok":
        _raise(message["reply"])
    return None


# --- expansion of $name and {expression} ------------------------------------


def _expand(line):
    """Expand as IPython does for any magic, with the names of the frame that called.

    A line that can't be expanded stays as it is: the kernel names what is left of it.
    """
    from IPython.utils.text import DollarFormatter

    shell = _shell()
    names = dict(shell.user_ns)
    frame = _user_frame(shell)
    if frame:
        names.update(frame.f_locals)
    try:
        return DollarFormatter().vformat(line, args=[], kwargs=names)
    except Exception:
        return line


def _expanded(line):
    return {"op": "expanded", "line": _expand(line)}


def expand64(line64):
    """For the kernel: base64 of a line in, base64 of the expanded line out."""
    line = base64.b64decode(line64).decode("utf-8")
    return base64.b64encode(_expand(line).encode("utf-8")).decode("ascii")


# --- dataframes: questions of the kernel (transfer.h) ------------------------


def answer64(text64):
    """The same in base64, for a cell that the kernel runs."""
    answer = _answer(json.loads(base64.b64decode(text64)), _Call(False))
    return base64.b64encode(json.dumps(answer).encode("ascii")).decode("ascii")


def _answer(request, call):
    """A question's answer, or {"error": …}. An interrupt is one, too."""
    try:
        return _ANSWERS[request["do"]](request, call)
    except KeyboardInterrupt:
        error = {"ename": "KeyboardInterrupt", "evalue": ""}
    except Exception as problem:
        error = {"ename": type(problem).__name__, "evalue": str(problem)}
    return {"error": error}


def _module(file):
    """frames.py or proxy.py, from the kernel's folder."""
    name = "_synapse_kernel_" + file
    if name not in sys.modules:
        import importlib.util

        path = os.path.join(_data_folder, "kernel", file + ".py")
        spec = importlib.util.spec_from_file_location(name, path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        sys.modules[name] = module
    return sys.modules[name]


def _prepare(request, call):
    return {"folder": os.path.dirname(_path), "lacks": _module("frames").prepare()}


def _load(request, call):
    value = _module("frames").load(request["path"], request["told"])
    if call.is_wanted:
        call.taken.append(value)
    if request["is_named"] or not call.is_wanted:
        _shell().user_ns[request["name"]] = value
    return {}


def _offer(request, call):
    name = request["name"]
    for names in (call.names, _shell().user_ns):
        if name in names and _is_proxy(names[name]):
            raise _module("frames").Refused(
                "`%s` is in the Spark session already: %%%%synapse cells use it." % name
            )
        if name in names:
            return _module("frames").offer(names[name], name, request["path"], request["begun"])
    raise _module("frames").Refused("`%s` is not defined in the notebook's Python." % name)


def _has(request, call):
    name = request["name"]
    return {"has": name in _local_names(call.names)}


def _is_proxy(value):
    """Does it stand for a frame of the session?"""
    module = sys.modules.get("_synapse_kernel_proxy")
    return module is not None and type(value) is module.SparkDataFrame


def _local_names(nearer):
    """The variables that have their values here, those of `nearer` before the notebook's."""
    names = dict(_shell().user_ns)
    names.update(nearer)
    return {name: value for name, value in names.items() if not _is_proxy(value)}


def _is_frame(value):
    """Of pandas, or with an Arrow stream? Its classes say; nothing of them runs."""
    for kind in type(value).__mro__:
        names = vars(kind)
        top = str(names.get("__module__")).partition(".")[0]
        if "__arrow_c_stream__" in names or (top, kind.__name__) == ("pandas", "DataFrame"):
            return True
    return False


def _is_users(name, value, hidden):
    """Did a cell make it? Not IPython, not an import."""
    if not isinstance(name, str) or name.startswith("_"):
        return False
    if name in hidden and hidden[name] is value:
        return False
    if isinstance(value, (types.FunctionType, type)):
        return value.__module__ == "__main__"
    return not isinstance(value, (types.ModuleType, types.BuiltinFunctionType))


def _names(request, call):
    """Variables that begin so (in any case), for completion: dataframes first."""
    shell = _shell()
    begin, hidden = request["begin"].lower(), shell.user_ns_hidden
    mine = {
        name: value for name, value in _local_names({}).items()
        if _is_users(name, value, hidden) and name.lower().startswith(begin)
    }
    return {"names": sorted(mine, key=lambda name: not _is_frame(mine[name]))[:_NAMES_MAX]}


def _show(request, call):
    """The session's frames, all of them, as variables here."""
    _module("proxy").show(_shell().user_ns, request["frames"])
    return {}


_ANSWERS = {
    "prepare": _prepare, "load": _load, "offer": _offer, "has": _has, "names": _names,
    "show": _show,
}


def get(name, rows=None, all=False):
    """synapse_kernel.get"""
    line = "get %s%s%s" % (name, " -n %d" % rows if rows is not None else "", " --all" * all)
    return run(line, call=_Call(True))


def put(name, value):
    """synapse_kernel.put"""
    run("put " + name, call=_Call(False, {name: value}))


# --- values of variables that SQL names -------------------------------------


def _told(value, depth=0):
    """A value as remote/sql.py reads it: {"type", "text"}, a list with "items"."""
    import datetime
    import decimal

    if type(value).__module__ == "numpy" and getattr(value, "ndim", 1) == 0:
        value = value.item()
    is_array = type(value).__module__ == "numpy" and getattr(value, "ndim", 0) == 1
    if isinstance(value, (list, tuple, set, frozenset)) or is_array:
        items = [_told(item, 1) for item in value] if depth == 0 else [{"type": "refused"}]
        if any(item["type"] == "refused" for item in items):
            what = "a %s with something else than scalars in it" % type(value).__name__
            return {"type": "refused", "text": what}
        return {"type": "list", "items": items}
    if value is None or type(value).__name__ in ("NaTType", "NAType"):
        return {"type": "none"}
    if isinstance(value, bool):
        return {"type": "true" if value else "false"}
    kinds = (
        ("int", int, str), ("float", float, repr), ("text", str, str),
        ("decimal", decimal.Decimal, str), ("date", datetime.date, str),
    )
    if isinstance(value, datetime.datetime):
        stamp = getattr(value, "to_pydatetime", None)
        value = stamp(warn=False) if stamp else value
        return {"type": "datetime", "text": value.isoformat()}
    for name, kind, text in kinds:
        if isinstance(value, kind):
            return {"type": name, "text": text(value)}
    return {"type": "refused", "text": "a " + type(value).__name__}


def values64(names64):
    """For the kernel: base64 of a JSON list of names in, of what they are out."""
    frame = _user_frame(_shell())
    names = _local_names(frame.f_locals if frame else {})
    told = {
        name: _told(names[name]) if name in names else {"type": "missing"}
        for name in json.loads(base64.b64decode(names64))
    }
    return base64.b64encode(json.dumps(told).encode("ascii")).decode("ascii")


# --- cells that the kernel ran ----------------------------------------------


def _fit_history(shell):
    """In[n] is cell n: cells that ran while no Python was there leave an empty place."""
    history = shell.history_manager
    for inputs in (history.input_hist_parsed, history.input_hist_raw):
        inputs += [""] * (shell.execution_count - len(inputs))
        del inputs[shell.execution_count :]


def remember(execution_count, cell64):
    """Make a Spark cell part of In, %history and the execution count."""
    shell = _shell()
    cell = base64.b64decode(cell64).decode("utf-8", "replace")
    shell.execution_count = execution_count
    _fit_history(shell)
    shell.history_manager.store_inputs(execution_count, cell, cell)
    shell.execution_count = execution_count + 1


# --- the magics --------------------------------------------------------------


def _user_frame(shell):
    """The frame of the user's code that is calling us, or None."""
    frame = sys._getframe(1)
    while frame and frame.f_globals is not shell.user_ns:
        frame = frame.f_back
    return frame


def _value_is_wanted(frame):
    """Does the call's value go anywhere but to the end of its statement or the display?"""
    if frame is None:
        return False
    for step in dis.get_instructions(frame.f_code):
        if step.offset > frame.f_lasti and step.opname not in ("CACHE", "NOP"):
            is_shown = step.opname == "PRINT_EXPR" or (
                step.opname == "CALL_INTRINSIC_1" and step.arg == 1
            )
            return step.opname != "POP_TOP" and not is_shown
    return False


def synapse(line, cell=None):
    """Start and use a Spark session.

    %synapse start [options]        start a session (on this machine by default)
    %%synapse [pyspark|scala|sql]   run the cell on Spark
    %synapse meta | stop | list     look at it, stop it, list the targets
    %synapse help [COMMAND]         all commands and options
    """
    return run(line, cell)


def _named_magic(name):
    def magic(line, cell=None):
        return run(line, cell or "", magic=name)

    magic.__doc__ = "%%%s of Spark notebooks: see %%synapse help." % name
    return magic


def _register_named(shell):
    """The magics that Spark notebooks know, where this IPython has none of that name."""
    from IPython.core.magic import no_var_expand

    taken = shell.magics_manager.magics["cell"]
    ours = [name for name in _CELL_MAGICS + _LONE_MAGICS if name not in taken]
    for name in ours:
        kind = "line_cell" if name in _LONE_MAGICS else "cell"
        shell.register_magic_function(no_var_expand(_named_magic(name)), kind, name)
    return ours


def _first_line(shell, lone, is_spark_default):
    """An input transformer for what begins a cell: `%%local` runs the rest here, `%%info`
    needs no body, and `%%capture` is about a Spark cell where plain cells are Spark's."""

    def transform(lines):
        at = next((i for i, line in enumerate(lines) if line.strip()), None)
        if at is None or not lines[at].startswith("%"):
            return lines
        line, below = lines[at], lines[at + 1 :]
        local, alone = _LOCAL.fullmatch(line), _LONE.fullmatch(line)
        if local and "local" not in shell.magics_manager.magics["cell"]:
            return lines[:at] + [(local.group(1) or "") + "\n"] + below
        if alone and alone.group(1) in lone and not "".join(below).strip():
            return lines[:at] + [line[1:]]
        if is_spark_default and _AROUND.match(line) and not _is_silent(shell):
            if not (below and below[0].startswith("%%")):
                return lines[: at + 1] + ["%%synapse\n"] + below
        return lines

    return transform


def _hint_at_second_spark(*_):
    """After a cell: one line, once, when pyspark was started here and not by %synapse."""
    kind = getattr(sys.modules.get("pyspark"), "SparkContext", None)
    if getattr(kind, "_active_spark_context", None) is not None:
        _shell().events.unregister("post_run_cell", _hint_at_second_spark)
        print(_SECOND_SPARK, file=sys.stderr)


# --- a name that is not defined here ------------------------------------------


def _where(error):
    """What the kernel knows of a missing name, or None; it answers within a second."""
    name = getattr(error, "name", None) or (str(error).split("'") + [""])[1]
    if not name.isidentifier():
        return None
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
            sock.settimeout(3)
            sock.connect(_path)
            _send(sock, {"op": "where", "name": name})
            return _Reader(sock).next()["text"]
    except (OSError, ValueError, KeyboardInterrupt):
        return None


def _add_remedies(shell):
    """The traceback of a NameError ends with where the name is, if Spark has it."""
    show = shell._showtraceback

    def show_with_remedy(kind, error, lines):
        text = _where(error) if kind is NameError else None
        show(kind, error, list(lines) + [text] if text else lines)

    shell._showtraceback = show_with_remedy


def register(path, data_folder, is_spark_default=False):
    """Register the magics in this IPython; `path` is the kernel's socket. The package
    synapse_kernel lies in the folder of the kernel's data."""
    global _path, _data_folder
    from IPython.core.magic import no_var_expand

    _path, _data_folder = path, data_folder
    sys.path.append(os.path.join(data_folder, "python"))
    shell = _shell()
    shell.register_magic_function(no_var_expand(synapse), "line_cell", "synapse")
    _fit_history(shell)
    shell.events.register("post_run_cell", _hint_at_second_spark)
    _add_remedies(shell)
    lone = [name for name in _register_named(shell) if name in _LONE_MAGICS]
    transform = _first_line(shell, lone, is_spark_default)
    shell.input_transformers_cleanup.append(transform)
