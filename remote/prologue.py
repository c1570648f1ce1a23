# synapse-kernel prologue: runs the cells of a notebook in this Spark session.
#
# It is the first statement of a session. It binds one name, __synapse_kernel__, whose
# run() and sql() execute a cell and answer with one line: "synapse-kernel-result" and
# JSON that keeps text, pictures, tables, the value and the error of the cell in order.
# What a value and an error look like is in display.py and failure.py, which follow it, as
# frames.py does: which data frames a cell leaves.
# Everything is inside one function, so that nothing else lands among your variables.
# Standard library only, Python 3.8 or later. Licence: Apache-2.0.


def __synapse_kernel__(posted_in):
    """Build the runner, or attach the one that is there to this post's globals."""
    import ast
    import base64
    import builtins
    import codecs
    import functools
    import io
    import json
    import linecache
    import logging
    import os
    import re
    import select
    import signal
    import sys
    import tempfile
    import threading
    import time
    import traceback
    import types
    import uuid

    VERSION = 1
    MARK = "synapse-kernel-result "
    REPLY_LIMIT = 8000000  # characters of JSON in one reply
    PIECE = 4000000  # of a longer one; escaping may double it twice
    OUTPUT_LIMIT = 64 << 20  # characters of one cell held in memory
    LATE_LIMIT = 1 << 20  # the same, between two cells
    SPOOL_LIMIT = 2 << 30  # bytes of the file that takes what is over
    SEGMENT = 256 << 10  # a live reader copies no more than this at once
    GROUP = "synapse-kernel-cell-"
    CHART = re.compile(r"\bchart\s*=")
    UTILITIES = re.compile(r"\b(?:notebookutils|mssparkutils)\b|%run\s")
    MAGIC = re.compile(r"(?m)^[ \t]*[%!?]|=[ \t]*[%!]|\?[ \t]*$")

    present = sys.modules.get("__synapse_kernel__")
    if present is not None and getattr(present, "version", None) == VERSION:
        return present.attach(posted_in)

    # ---- values that are safe in JSON ------------------------------------------------

    def clean_text(text):
        """`text` without lone surrogates, which no JSON reader has to accept."""
        try:
            text.encode("utf-8")
            return text
        except UnicodeEncodeError:
            return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")

    def clean(value):
        """`value` as plain JSON: no NaN, no bytes, no foreign objects."""
        if isinstance(value, str):
            return clean_text(str(value))
        if value is None or isinstance(value, (bool, int)):
            return value
        if isinstance(value, float):
            return value if value - value == 0 else None
        if isinstance(value, dict):
            return {clean_text(str(key)): clean(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [clean(item) for item in value]
        if isinstance(value, (bytes, bytearray)):
            return base64.b64encode(value).decode("ascii")
        if hasattr(value, "tolist"):  # numpy
            return clean(value.tolist())
        return clean_text(str(value))

    def to_json(value):
        return json.dumps(clean(value), ensure_ascii=True, allow_nan=False)

    class Result:
        """A reply: its repr is what the server sends back as text/plain."""

        def __init__(self, text):
            self.text = text

        def __repr__(self):
            # What a thread printed since the cell ended would stand on our line.
            capture.put("stdout", take_stray(sys.stdout))
            text, self.text = self.text, "null"  # `_` must not keep megabytes
            return MARK + text

    def take_stray(stream):
        """Take the text out of the server's own string stream."""
        try:
            text = "" if isinstance(stream, Stream) else stream.getvalue()
            if text:
                stream.seek(0)
                stream.truncate(0)
            return text
        except (AttributeError, OSError, ValueError):
            return ""

    def divert_threads(kind):
        """What a thread prints between two cells goes into string streams of the server
        that nobody reads: have their class hand it to the next cell."""
        write = kind.__dict__.get("write")
        if write is None or getattr(write, "is_diverted", False):
            return

        def diverted(stream, text):
            if threading.current_thread() is threading.main_thread():
                return write(stream, text)
            capture.put("stderr" if stream is sys.stderr else "stdout", str(text))
            return len(text)

        diverted.is_diverted = True
        kind.write = diverted

    def spark_context():
        """The running SparkContext, or None. Never starts one."""
        pyspark = sys.modules.get("pyspark")
        kind = getattr(pyspark, "SparkContext", None)
        context = getattr(kind, "_active_spark_context", None)
        return context if getattr(context, "_jsc", None) is not None else None

    def message_of(error):
        try:
            return str(error).strip("\n")
        except Exception as problem:
            return "<its message can't be read: %s>" % type(problem).__name__

    # ---- what a cell shows, in the order it happened ---------------------------------

    class Recorder:
        """Outputs of one cell. Events are only appended, for a reader beside the cell:
        [stream name, StringIO, length] or a finished output. What the reader has is
        counted in units: a character of a stream, or all of another output."""

        def __init__(self, limit, spool, n=None):
            self.n = n
            self.events = []
            self.units = self.index = self.offset = 0  # up to here the reader has it
            self.room = limit
            self.spool = spool
            self.path = self.file = None
            self.spooled = self.dropped = 0

        def add_text(self, name, text):
            text = clean_text(text)
            if len(text) > self.room:
                self.overflow(text[self.room :])
                text = text[: self.room]
            if not text:
                return
            self.room -= len(text)
            last = self.events[-1] if self.events else None
            if type(last) is not list or last[0] != name or last[2] > SEGMENT:
                last = [name, io.StringIO(), 0]
                self.events.append(last)
            last[1].write(text)
            last[2] += len(text)

        def add(self, output):
            size = size_of(output)
            if size > self.room:
                note = "[left out: %s, %d characters, over the limit of a cell]"
                output["data"] = {"text/plain": note % (", ".join(output["data"]), size)}
                size = 0
            self.room -= size
            self.events.append(output)

        def overflow(self, text):
            """The rest of a flood goes to a private file, and what is too much for
            that is only counted."""
            data = text.encode("utf-8", "replace")
            try:
                if not self.spool or self.spooled + len(data) > SPOOL_LIMIT:
                    raise OSError
                if self.file is None:
                    handle, self.path = tempfile.mkstemp(".txt", "synapse-kernel-")
                    self.file = open(handle, "wb")
                    spool_files.append(self.path)
                self.file.write(data)
                self.spooled += len(data)
            except OSError:
                self.dropped += len(data)

        def acknowledge(self, at):
            """The reader has all units before `at`: let go of them."""
            while self.index < len(self.events):
                event = self.events[self.index]
                size = event[2] if type(event) is list else 1
                step = min(at - self.units, size - self.offset)
                self.units += max(step, 0)
                self.offset += max(step, 0)
                if self.offset < size or self.index + 1 == len(self.events):
                    break  # the last one may grow
                self.events[self.index] = None
                self.index += 1
                self.offset = 0

        def news(self, limit):
            """What the reader does not have: (outputs, the unit after them, is there
            more), some `limit` characters of it, or one large output."""
            found, units, offset = [], self.units, self.offset
            for event in self.events[self.index :]:
                if type(event) is list:
                    text = event[1].getvalue()[offset : offset + max(limit, 0)]
                    is_whole = offset + len(text) == event[2]
                    add_stream(found, event[0], text)
                    units += len(text)
                    limit -= len(text)
                else:
                    size = size_of(event)
                    is_whole = offset == 1 or size <= (limit if found else REPLY_LIMIT // 2)
                    if is_whole and offset == 0:
                        found.append(event)
                        units += 1
                        limit -= size
                if not is_whole:
                    return found, units, bool(found)
                offset = 0
            return found, units, False

        def outputs(self):
            """What the reader does not have, as notebook outputs, streams merged."""
            if self.file is not None:
                self.file.close()
                note = "\n[%d more bytes of output: in %s on the driver until the session ends]\n"
                self.room = LATE_LIMIT
                self.add_text("stderr", note % (self.spooled, self.path))
            if self.dropped:
                self.room = LATE_LIMIT
                self.add_text("stderr", "\n[%d bytes of output dropped]\n" % self.dropped)
            merged = []
            if self.units:
                merged.append({"output_type": "taken", "units": self.units})
            offset = self.offset
            for event in self.events[self.index :]:
                if type(event) is list:
                    add_stream(merged, event[0], event[1].getvalue()[offset:])
                elif offset == 0:
                    merged.append(event)
                offset = 0
            return merged

    def size_of(output):
        """In characters, about."""
        data = output.get("data", {})
        return 500 + sum(len(v) if isinstance(v, str) else 500 for v in data.values())

    def add_stream(outputs, name, text):
        if outputs and outputs[-1].get("name") == name:
            outputs[-1]["text"] += text
        elif text:
            outputs.append({"output_type": "stream", "name": name, "text": text})

    spool_files = []

    class Capture:
        """Routes text and displays: to the running cell, else kept for the next one.

        File descriptors 1 and 2 are pipes. Whoever adds something empties the pipes
        first and under the same lock, so text of `print`, of child processes and of C
        code keeps its order; a thread empties them when nobody prints."""

        def __init__(self):
            self.lock = threading.RLock()  # a signal handler or __del__ may print too
            self.recorder = Recorder(LATE_LIMIT, False)
            self.forked = self.in_cell = self.is_draining = False
            self.pipes = {}  # read end -> (stream name, decoder)
            self.ready = select.poll()
            self.log = None  # the driver's own fd 2
            self.on_wake = None
            self.wake_read, self.wake_write = os.pipe()
            os.set_blocking(self.wake_write, False)
            os.register_at_fork(after_in_child=self.in_child)

        def in_child(self):
            self.forked = True  # then text goes to the pipe, the parent reads it

        def write(self, name, text):
            with self.lock:
                self.drain()
                self.recorder.add_text(name, text)

        def put(self, name, text):
            if text:
                self.write(name, text)

        def add(self, output):
            with self.lock:
                self.drain()
                self.recorder.add(output)

        def drain(self):
            """Take what is in the pipes now: one read each holds all of it. Not again
            inside itself, from a signal handler of the user that prints."""
            if self.is_draining:
                return []
            try:
                self.is_draining = True
                found = self.ready.poll(0)
                for fd, _ in found:
                    name, decoder = self.pipes[fd]
                    data = os.read(fd, 1 << 16)
                    if name == "stderr" and not self.in_cell:
                        os.write(self.log, data)
                    else:
                        self.recorder.add_text(name, decoder.decode(data))
                return found
            finally:
                self.is_draining = False

        def begin(self, n, stray, late_header):
            with self.lock:
                self.drain()
                late, self.recorder = self.recorder, Recorder(OUTPUT_LIMIT, True, n)
                if late.events or stray:
                    self.recorder.add_text("stdout", late_header)
                    self.recorder.events += late.events
                    self.recorder.add_text("stdout", stray)
                self.in_cell = True
                if self.log is not None:
                    os.dup2(self.error_pipe, 2)

        def end(self):
            with self.lock:
                for _ in range(64):
                    if not self.drain():
                        break
                if self.log is not None:
                    os.dup2(self.log, 2)
                self.in_cell = False
                done, self.recorder = self.recorder, Recorder(LATE_LIMIT, False)
                return done

        def pipe(self, name):
            read, write = os.pipe()
            decoder = codecs.getincrementaldecoder("utf-8")("replace")
            self.pipes[read] = (name, decoder)
            self.ready.register(read, select.POLLIN)
            return write

        def guard(self):
            """Keep the server's pipes apart from fds 0 and 1, which child processes and
            C code use too. The server's shell holds sys.__stdin__ and sys.__stdout__
            in local variables: only the objects themselves can be moved."""
            out, source = sys.__stdout__, sys.__stdin__
            if is_wrapper_of(out, 1):
                out.flush()
                through = getattr(out, "write_through", False)
                file = open(os.dup(1), "wb", 0 if through else -1)
                out.__init__(
                    file,
                    encoding="utf-8",
                    line_buffering=out.line_buffering,
                    write_through=through,
                )
                move(self.pipe("stdout"), 1)
            if is_wrapper_of(source, 0):
                source.__init__(open(os.dup(0), "rb"), encoding="utf-8")
                move(os.open(os.devnull, os.O_RDONLY), 0)
            try:
                self.log = os.dup(2)
                self.error_pipe = self.pipe("stderr")
                import faulthandler

                faulthandler.enable(self.log)  # a crash is told in the driver's log
            except (OSError, ValueError, RuntimeError):
                pass
            threading.Thread(
                target=self.pump, name="synapse-kernel-output", daemon=True
            ).start()

        def pump(self):
            poller = select.poll()
            for fd in list(self.pipes) + [self.wake_read]:
                poller.register(fd, select.POLLIN)
            while True:
                ready = poller.poll()
                with self.lock:
                    self.drain()
                if any(fd == self.wake_read for fd, _ in ready):
                    os.read(self.wake_read, 4096)
                    self.on_wake()

        def wake(self):
            """Have the thread call on_wake. Safe in a signal handler."""
            try:
                os.write(self.wake_write, b"!")
            except BlockingIOError:
                pass

    def is_wrapper_of(stream, fd):
        try:
            return isinstance(stream, io.TextIOWrapper) and stream.fileno() == fd
        except (OSError, ValueError):
            return False

    def move(fd, to):
        os.dup2(fd, to)
        os.close(fd)

    class Bytes(io.BufferedIOBase):
        """sys.stdout.buffer"""

        def __init__(self, text):
            self.text = text
            self.decoder = codecs.getincrementaldecoder("utf-8")("replace")

        def writable(self):
            return True

        def write(self, data):
            self.text.write(self.decoder.decode(bytes(data)))
            return len(data)

        def fileno(self):
            return self.text.fileno()

        def close(self):
            pass

    class Stream(io.TextIOBase):
        """sys.stdout and sys.stderr of a cell. The same objects in every cell, because
        a logging handler keeps the one it saw first."""

        encoding = "utf-8"
        errors = "replace"

        def __init__(self, name, fd):
            self.kind, self.fd = name, fd
            self.name = "<%s>" % name
            self.buffer = Bytes(self)

        def write(self, text):
            if not isinstance(text, str):
                raise TypeError("write() argument must be str, not " + type(text).__name__)
            if capture.forked:
                data = text.encode("utf-8", "replace")
                while data:
                    data = data[os.write(self.fd, data) :]
            elif text:
                capture.write(self.kind, text)
                kernel.catch_up()
            return len(text)

        def writable(self):
            return True

        def isatty(self):
            return False

        def fileno(self):
            return self.fd

        def reconfigure(self, **_):
            pass

        def close(self):
            pass

    class Refused(Exception):
        """A module's function says no: its text is the sentence that the user reads."""

    class Ended(BaseException):
        """The cell is over, and well: its text is the exit value."""

    class StdinNotImplementedError(EOFError, NotImplementedError):
        pass

    def no_input(*_, **__):
        raise StdinNotImplementedError(
            "input() can't ask here: this cell runs in the Spark driver, away from your "
            "keyboard. Ask in a plain Python cell, and write the answer down here."
        )

    def no_breakpoint(*_, **__):
        raise StdinNotImplementedError(
            "breakpoint() can't stop here: this cell runs in the Spark driver, away from your "
            "keyboard. Debug the function in a plain Python cell, on a few rows brought there "
            "by %synapse get.")

    class NoInput(io.TextIOBase):
        """sys.stdin of a cell."""

        encoding = "utf-8"
        read = readline = no_input

        def readable(self):
            return True

        def close(self):  # exit() closes stdin first
            pass

    # ---- the runner ------------------------------------------------------------------

    class Kernel:
        """Runs cells one after the other; interrupt() and poll() come from a thread
        beside them."""

        version = VERSION

        def __init__(self):
            self.lock = threading.Lock()
            self.running = None  # number of the cell whose code may be interrupted
            self.interrupted = False  # somebody asked to
            self.pending = False  # and the code of the cell has not been told
            self.was_interrupted = False  # it has
            self.is_patient = True  # a call to the JVM may end by itself
            self.thread = None
            self.group = None
            self.wants_group = False
            self.last = None
            self.pieces = (None, [])
            self.parts = (None, {})  # of code that comes in pieces
            self.loop = None
            self.flags = 0  # of `from __future__ import ...` in earlier cells
            self.underscore = None
            self.user = {}
            self.modules = {}
            self.value = None  # what a call as a cell gives
            self.guard = None  # of remote/sentinel.py, where it is needed
            self.at_end = None  # of the cell that runs: called behind its code

        def attach(self, posted_in):
            """Take over a session, or do so again: nothing is lost by a second post."""
            main = sys.modules.get("__main__")
            self.user = getattr(main, "global_dict", None)
            if not isinstance(self.user, dict):
                self.user = posted_in
            if "display" in self.modules:
                self.modules["display"].attach()
            if isinstance(sys.stdout, io.StringIO):
                divert_threads(type(sys.stdout))
            for name in ("py4j.clientserver", "py4j.java_gateway"):
                module = sys.modules.get(name)
                if module is not None and module not in patched:
                    patched.append(module)
                    patch_py4j(module)
            context = spark_context()
            if (
                context is not None
                and str(context.master).startswith("local")
                and not os.environ.get("PYSPARK_PYTHON")
            ):
                os.environ["PYSPARK_PYTHON"] = context.pythonExec = sys.executable
            if threading.current_thread() is threading.main_thread():
                signal.signal(signal.SIGINT, self.on_sigint)
            return self

        # -- one cell --

        def run(self, n, name, text, options="{}"):
            """Execute Python. A Result comes back; nothing is raised. Where a module is
            needed first, {"needs"}, and nothing has been executed. Options: "quiet",
            "chart": what to draw of the value; "frames": the report on the session's
            frames that the kernel has."""
            options = json.loads(options)
            known = options.pop("frames", 0)
            lacks = [name for name in ("lines", "look") if name not in self.modules]
            if lacks and self.has_magics(text):
                return self.asks(n, needs=lacks[0])
            if "chart" not in self.modules and ("chart" in options or CHART.search(text)):
                return self.asks(n, needs="chart")
            if UTILITIES.search(text) and self.lacks_utilities():
                return self.asks(n, needs="notebookutils" if "lines" in self.modules else "lines")
            return self.cell(n, name, text, lambda: self.python(name, text, **options), known)

        def sql(self, n, name, text, options="{}"):
            """Execute SQL statements, separated by semicolons, through spark.sql. {"needs"}
            as above; {"asks"}: names of variables that are to be in "values". Options: as
            sql.run has them, and "frames"."""
            sql, options = self.modules.get("sql"), json.loads(options)
            known = options.pop("frames", 0)
            if sql is None:
                return self.asks(n, needs="sql")
            if "chart" in options and "chart" not in self.modules:
                return self.asks(n, needs="chart")
            names = [] if "values" in options else sql.missing(text)
            if names:
                return self.asks(n, asks=names)
            return self.cell(n, name, text, lambda: sql.run(text, **options), known)

        def keep(self, key, i, data):
            """A piece of code that is longer than one request may be."""
            if self.parts[0] != key:
                self.parts = (key, {})
            self.parts[1][i] = data

        def kept(self, key, count):
            """Run what keep() was given: an expression, as a short one is posted."""
            pieces, self.parts = self.parts[1], (None, {})
            text = b"".join(base64.b64decode(pieces[i]) for i in range(count)).decode("utf-8")
            return eval(text, {"__synapse_kernel__": self})

        def asks(self, n, **wish):
            return Result(to_json(dict(wish, version=VERSION, n=n)))

        def has_magics(self, text):
            """Are there lines for remote/lines.py: `%magic`, `!command`, `name?`?"""
            if not MAGIC.search(text):
                return False
            try:
                compile(text, "<cell>", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
                return False
            except (SyntaxError, ValueError):
                return True

        def lacks_utilities(self):
            """Is remote/notebookutils.py to come: on this machine, where no others are?"""
            context = spark_context()
            if context is None or not str(context.master).startswith("local"):
                return False
            from importlib.util import find_spec

            names = ("notebookutils", "mssparkutils")
            return not any(name in sys.modules or find_spec(name) for name in names)

        def cell(self, n, name, text, work, known=None):
            self.begin(n, name)
            error = None
            try:
                self.enter(work)
            except BaseException as problem:
                error = problem
            with self.lock:
                self.running = None
            self.wants_group = False
            if self.guard is not None:
                self.guard.end()
            return self.finish(n, text, error, known)

        # -- modules: files beside this one, brought along when they are needed --

        def load(self, name, source):
            """Define module `name`, once; its globals hold `kernel` and `tools`."""
            if name in self.modules:
                return self
            filename = "<synapse-kernel %s>" % name
            module = types.ModuleType("__synapse_kernel__." + name)
            module.kernel, module.tools = self, tools
            code = compile(source, filename, "exec", dont_inherit=True)
            OWN.update(codes_of(code))
            exec(code, vars(module))
            self.modules[name] = module
            return self

        def ask(self, name, function, text):
            """Call a module's function with keyword arguments in JSON, in a thread beside
            the cell. JSON: {"value"}, {"needs"}, {"refused"} or {"error"}."""
            if name not in self.modules:
                return to_json({"needs": name})
            try:
                return to_json({"value": self.call(name, function, text)})
            except Refused as refused:
                return to_json({"refused": str(refused)})
            except BaseException as error:
                lines = traceback.format_exception(type(error), error, error.__traceback__)
                return to_json({"error": "%s: %s" % (type(error).__name__, message_of(error)),
                                "traceback": "".join(lines)[-4000:]})

        def call(self, name, function, text):
            return getattr(self.modules[name], function)(**json.loads(text))

        def call_cell(self, n, name, module, function, text):
            """The same as cell n: it may be interrupted, and what it prints is shown. The
            reply has the function's value as "value"."""
            if module not in self.modules:
                return Result(to_json({"version": VERSION, "n": n, "needs": module}))
            return self.cell(n, name, "", lambda: self.give(self.call(module, function, text)))

        def give(self, value):
            self.value = value

        def enter(self, work):
            """The frame below which an interrupt may be raised, and nowhere else."""
            try:
                work()
            finally:
                try:
                    if self.at_end is not None:
                        self.at_end()
                    tools.show_figures()
                except Exception as error:
                    stderr.write("%s: %s\n" % (type(error).__name__, error))

        def begin(self, n, name):
            self.is_syntax, self.has_frames, self.note = False, True, None
            self.place = None  # (line, its text, characters in front) of a query's error
            self.value = self.at_end = None
            self.thread = threading.get_ident()
            if threading.current_thread() is threading.main_thread():
                # A SparkContext that a cell makes installs a handler of its own.
                signal.signal(signal.SIGINT, self.on_sigint)
            self.saved = (sys.stdin, sys.stdout, sys.stderr, builtins.input, sys.breakpointhook)
            header = "[printed after the end of %s]\n" % (self.last or "the last statement")
            capture.begin(n, take_stray(sys.stdout) + take_stray(sys.stderr), header)
            sys.stdin, sys.stdout, sys.stderr = stdin, stdout, stderr
            builtins.input, sys.breakpointhook = no_input, no_breakpoint
            import getpass

            getpass.getpass = no_input
            self.last = name
            self.pieces = (None, [])
            self.group, self.wants_group = None, True
            if self.guard is not None or not patched:
                self.join_group()
            with self.lock:
                self.interrupted = self.pending = self.was_interrupted = False
                self.is_patient = True
                self.running = n
            if self.guard is not None:
                self.guard.begin(n)

        def join_group(self):
            """Know the job group before the first call to the JVM: two calls, which a cell
            without any is spared."""
            if self.wants_group and threading.get_ident() == self.thread:
                self.wants_group = False
                self.group = self.job_group(self.last)

        def job_group(self, name):
            """The server's own job group (its progress counts that), else ours."""
            context = spark_context()
            try:
                group = context and context.getLocalProperty("spark.jobGroup.id")
                if context and (not group or group.startswith(GROUP)):
                    group = GROUP + uuid.uuid4().hex
                    context.setJobGroup(group, name)
                return group
            except Exception:  # a context that is gone: the cell will say so
                return None

        def python(self, name, text, quiet=False, chart=None):
            filename = "<%s>" % name
            cells.add(filename)
            lines = [line + "\n" for line in text.split("\n")]
            linecache.cache[filename] = (len(text), None, lines, filename)
            tree = self.parse(text, filename)
            last = tree.body[-1] if tree.body else None
            is_shown = isinstance(last, ast.Expr) and not is_silenced(last, text)
            if is_shown:
                tree.body.pop()
            self.execute(tree, filename, "exec")
            value = None
            if is_shown:
                value = self.execute(ast.Expression(last.value), filename, "eval")
            if chart:
                tools.publish(self.modules["chart"].draw(value, chart))
                return
            if value is not None and not quiet:
                data, metadata = tools.bundle(value)
                tools.publish(data, metadata, kind="execute_result")
                if self.user.get("_") is self.underscore:
                    self.user["_"] = self.underscore = value

        def parse(self, text, filename):
            flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT | self.flags
            try:
                return compile(text, filename, "exec", flags, True)
            except SyntaxError:
                lines = self.modules.get("lines")
                other = lines.translated(text) if lines and MAGIC.search(text) else text
                try:
                    if other != text:
                        return compile(other, filename, "exec", flags, True)
                except SyntaxError:
                    pass
                self.is_syntax, self.has_frames = True, False
                raise

        def execute(self, tree, filename, mode):
            flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT | self.flags
            try:
                code = compile(tree, filename, mode, flags, True)
            except SyntaxError:  # such as `return` outside a function
                self.is_syntax, self.has_frames = True, False
                raise
            import __future__

            for feature in __future__.all_feature_names:
                self.flags |= code.co_flags & getattr(__future__, feature).compiler_flag
            value = eval(code, self.user)
            return self.wait_for(value) if code.co_flags & 0x80 else value

        def wait_for(self, coroutine):
            """Top-level await: one event loop for the whole session."""
            import asyncio

            if self.loop is None or self.loop.is_closed():
                self.loop = asyncio.new_event_loop()
                asyncio.set_event_loop(self.loop)
            task = self.loop.create_task(coroutine)
            try:
                return self.loop.run_until_complete(task)
            except BaseException:
                if not task.done():
                    task.cancel()
                    self.loop.run_until_complete(asyncio.gather(task, return_exceptions=True))
                raise

        def finish(self, n, text, error, known):
            sys.stdin, sys.stdout, sys.stderr, builtins.input, sys.breakpointhook = self.saved
            flush_c()
            if isinstance(error, SystemExit):
                capture.write("stderr", "exit() ends the cell, not the Spark session: "
                                        "%synapse stop does that.\n")
                if error.code in (None, 0):
                    error = None
            if isinstance(error, Ended):
                capture.write("stdout", "ExitValue: %s\n" % message_of(error))
                error = None
            outputs = capture.end().outputs()
            if error is not None:
                outputs += self.told(error, text)
            return self.reply(n, "error" if error is not None else "ok", outputs, known)

        def told(self, error, text):
            asked = self.interrupted or self.was_interrupted
            if self.guard is not None:  # nobody else cancels the group
                asked = asked or "job group %s" % self.group in message_of(error)
            if asked and "cancel" in message_of(error).lower():
                trace = error.__traceback__
                error = KeyboardInterrupt("the cell was interrupted")
                error.__traceback__ = trace
            try:
                return tools.failure(error, text, self.is_syntax, self.has_frames, self.note)
            except Exception as problem:
                lines = traceback.format_exception_only(type(problem), problem)
                return [{"output_type": "error", "ename": type(error).__name__,
                         "evalue": message_of(error), "traceback": lines}]

        def reply(self, n, status, outputs, known):
            head = {"version": VERSION, "n": n, "status": status}
            whole = dict(head, outputs=outputs, value=self.value)
            frames = self.modules.get("frames") if known is not None else None
            news = frames.news(known) if frames else None
            if news:
                whole["frames"] = news
            text = to_json(whole)
            if len(text) > REPLY_LIMIT:
                pieces = [text[i : i + PIECE] for i in range(0, len(text), PIECE)]
                self.pieces = (n, pieces)
                text = to_json(dict(head, parts=len(pieces), part=pieces[0]))
            return Result(text)

        def part(self, n, i):
            """The i-th piece of the long reply of cell n, the last one that ran."""
            answer = {"version": VERSION, "n": n}
            cell, pieces = self.pieces
            if cell == n and 0 <= i < len(pieces):
                answer["part"] = pieces[i]
            else:
                answer["error"] = "no such part"
            return Result(to_json(answer))

        # -- interrupts --
        #
        # `pending` is the one token: whoever raises takes it. The signal handler raises
        # in the user's code. In our own bookkeeping, and in a call to the JVM that the
        # cancelled job is about to end, it leaves the token to catch_up().

        def interrupt(self, n):
            """Stop cell n, called in a thread beside it. Another number does nothing."""
            with self.lock:
                is_running = self.running == n
                if is_running:
                    self.interrupted = self.pending = True
            if is_running:
                self.press(n)
            return '{"interrupted": %s}' % str(is_running).lower()

        def press(self, n):
            """Cancel the Spark jobs of cell n and strike until its code has noticed."""
            cancel = threading.Thread(target=self.cancel, args=(self.group,), daemon=True)
            cancel.start()
            start, wait = time.monotonic(), 0.005
            while self.strike(n) and time.monotonic() < start + 3:
                time.sleep(wait)
                wait = min(wait * 1.5, 0.1)
                self.is_patient = time.monotonic() < start + 0.4

        def cancel(self, group):
            context = spark_context()
            try:
                if context and group:
                    context.cancelJobGroup(group)
            except Exception:
                pass

        def strike(self, n):
            """Signal the thread of cell n, if that still has an interrupt to come."""
            with self.lock:
                if self.running != n or not self.pending:
                    return False
                if self.thread == threading.main_thread().ident:
                    signal.pthread_kill(self.thread, signal.SIGINT)
                    return True
                import ctypes

                self.pending = False
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(self.thread), ctypes.py_object(KeyboardInterrupt))
                return False

        def on_sigint(self, signum, frame):
            """SIGINT acts on the code of a running cell and on nothing else: a late one
            would end the interpreter and with it the session."""
            if capture.forked:
                raise KeyboardInterrupt
            if self.running is None or (self.interrupted and not self.pending):
                return
            if not self.interrupted:  # it came from outside
                self.interrupted = self.pending = True
                capture.wake()
            connection = None
            while frame is not None and frame.f_code is not ENTER:
                if frame.f_code in CRITICAL or (self.is_patient and frame.f_code in CALLS):
                    return
                if frame.f_code.co_name == "send_command":
                    connection = connection or frame.f_locals.get("self")
                frame = frame.f_back
            if frame is None:
                return
            client = getattr(connection, "java_client", None)
            if client is not None:  # an answer is still due: the next call connects anew
                client.thread_connection.connection = None
            self.pending = False
            self.interrupted = False  # the next SIGINT counts again
            self.was_interrupted = True
            raise KeyboardInterrupt

        def catch_up(self):
            """Raise an interrupt that was put off. Called outside of all locks."""
            if self.pending and threading.get_ident() == self.thread:
                self.on_sigint(signal.SIGINT, sys._getframe(1).f_back)

        def on_wake(self):
            threading.Thread(target=self.press, args=(self.running,), daemon=True).start()

    def patch_py4j(module):
        """Look for an interrupt after each call to the JVM: then its connection is in
        order again, so that `finally:` can use Spark."""
        for kind in vars(module).values():
            if getattr(kind, "__module__", "") != module.__name__ or not isinstance(kind, type):
                continue
            send = vars(kind).get("send_command")
            if send is not None and hasattr(kind, "garbage_collect_object"):
                CALLS.add(send.__code__)
                kind.send_command = with_catch_up(send)
            if kind.__name__ == "GatewayClient":
                keep_connection(kind)
        if hasattr(module, "logging"):  # it would log the stack of every interrupt
            module.logging = types.ModuleType("logging")
            vars(module.logging).update(vars(logging), exception=log_but_interrupts)

    def keep_connection(kind):
        """One connection for the main thread. Livy's gateway shares them among threads,
        and the job group belongs to the JVM thread behind a connection: after a call
        beside the cell its jobs would run in another group, and not be cancelled."""
        take, give = kind._get_connection, kind._give_back_connection

        def _get_connection(client):
            if threading.current_thread() is not threading.main_thread():
                return take(client)
            kept, is_used = getattr(client, "synapse_kernel_kept", (None, False))
            if kept is None or not kept.is_connected:
                kept = take(client)
            elif is_used:  # a finalizer, inside a call
                return take(client)
            client.synapse_kernel_kept = kept, True
            return kept

        def _give_back_connection(client, connection):
            if getattr(client, "synapse_kernel_kept", (None,))[0] is connection:
                client.synapse_kernel_kept = connection, False
            else:
                give(client, connection)

        kind._get_connection = _get_connection
        kind._give_back_connection = _give_back_connection

    def log_but_interrupts(message, *args, **options):
        if not message.startswith("KeyboardInterrupt"):
            logging.exception(message, *args, **options)

    def with_catch_up(send):
        @functools.wraps(send)
        def send_command(client, command, *args, **options):
            if command.startswith("m"):  # memory: a finalizer, where it would be lost
                return send(client, command, *args, **options)
            kernel.join_group()
            answer = send(client, command, *args, **options)
            kernel.catch_up()
            return answer

        return send_command

    def is_silenced(node, text):
        """Does a semicolon follow the last expression?"""
        lines = text.encode("utf-8").split(b"\n")[node.end_lineno - 1 :]
        lines[0] = lines[0][node.end_col_offset :]
        return any(b";" in line.split(b"#")[0] for line in lines)

    def flush_c():
        """Text that C code still holds in stdio belongs to this cell."""
        try:
            import ctypes

            ctypes.CDLL(None).fflush(None)
        except Exception:
            pass

    def codes_of(code):
        yield code
        for item in code.co_consts:
            if isinstance(item, types.CodeType):
                for inner in codes_of(item):
                    yield inner

    def remove_spool_files():
        for path in spool_files:
            try:
                os.unlink(path)
            except OSError:
                pass

    CALLS = set()
    patched = []
    cells = set()
    capture = Capture()
    stdin, stdout, stderr = NoInput(), Stream("stdout", 1), Stream("stderr", 2)
    kernel = Kernel()
    OWN = set(codes_of(sys._getframe().f_code))
    ENTER = Kernel.enter.__code__
    CRITICAL = set()
    for critical in (Kernel.cell, Kernel.begin, Kernel.finish):
        CRITICAL.update(codes_of(critical.__code__))
    for critical in list(vars(Capture).values()) + list(vars(Recorder).values()):
        if isinstance(critical, types.FunctionType):
            CRITICAL.update(codes_of(critical.__code__))
    tools = types.SimpleNamespace(
        Ended=Ended, Refused=Refused, capture=capture, cells=cells, clean=clean,
        message_of=message_of, own_code=OWN, spark_context=spark_context, stderr=stderr)
    import atexit

    atexit.register(remove_spool_files)
    capture.on_wake = kernel.on_wake
    capture.guard()
    sys.modules["__synapse_kernel__"] = kernel
    return kernel.attach(posted_in)


__synapse_kernel__ = __synapse_kernel__(globals())
