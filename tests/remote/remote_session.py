"""remote_session - what the kernel does with the shell: post, read the marked line, parts"""

import json
import os
import pathlib
import re
import select
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
REMOTE = HERE.parents[1] / "remote"
FILES = ("prologue", "failure", "display", "frames")  # as livy_client/prologue.c has them
MARK = "synapse-kernel-result "


def source_of(name):
    return (REMOTE / (name + ".py")).read_text("utf-8")


def loads(name):
    return "__synapse_kernel__ = __synapse_kernel__.load(%r, %r)\n" % (
        name,
        source_of(name),
    )


PROLOGUE = "\f\n".join([source_of("prologue")] + [loads(name) for name in FILES[1:]])


class Cell:
    """The parsed result of one cell."""

    def __init__(self, result, stray=""):
        self.raw, self.stray = result, stray
        self.status, self.outputs = result["status"], result["outputs"]
        self.frames = result.get("frames")

    def text(self, name="stdout"):
        return "".join(o["text"] for o in self.outputs if o.get("name") == name)

    def kinds(self):
        return [o.get("name") or o["output_type"] for o in self.outputs]

    def data(self, kind="execute_result"):
        return [o["data"] for o in self.outputs if o["output_type"] == kind]

    def value(self):
        return self.data()[0]["text/plain"]

    @property
    def error(self):
        last = self.outputs[-1]
        assert last["output_type"] == "error", self.outputs
        return last

    def trace(self):
        """The traceback without its colours."""
        return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(self.error["traceback"]))


def call(n, text, method="run", extra=""):
    """The statement that the kernel posts for a cell."""
    literal = "\n".join(json.dumps(line, ensure_ascii=False) for line in text.splitlines(True)) or '""'
    return '# synapse-kernel 0\n__synapse_kernel__.%s(%d, "cell %d",\n%s\n%s)\n' % (
        method,
        n,
        n,
        literal,
        extra,
    )


def with_module(posted, name):
    """The same statement, which brings a module along."""
    load = "__synapse_kernel__.load(%r, %r)." % (name, source_of(name))
    return posted.replace("__synapse_kernel__.", load, 1)


def parse(text):
    """(stray text, result) of an answer: the last line with the marker counts."""
    lines = text.split("\n")
    at = max(i for i, line in enumerate(lines) if line.startswith(MARK))
    line = lines[at]
    assert line.isascii() and at == len(lines) - 1, line[:200]
    return "\n".join(lines[:at]), json.loads(line[len(MARK) :])


class Session:
    """A shell process with the prologue in it."""

    def __init__(self, python=(sys.executable,), env=None, prologue=True):
        ours, theirs = socket.socketpair()
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [*python, str(HERE / "remote_shell.py"), str(theirs.fileno())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            pass_fds=[theirs.fileno()],
            env=dict(os.environ, **(env or {})),
        )
        theirs.close()
        self.channel = ours.makefile("rw", encoding="utf-8")
        self.n = 0
        if prologue:
            self.add_prologue()

    def add_prologue(self):
        assert self.post(PROLOGUE) == {"status": "ok", "text": ""}

    def post(self, code, seconds=60):
        self.send(code)
        return self.read(seconds)

    def send(self, code):
        self.process.stdin.write(json.dumps(code).encode() + b"\n")
        self.process.stdin.flush()

    def read(self, seconds=60):
        ready, _, _ = select.select([self.process.stdout], [], [], seconds)
        assert ready, "no answer within %d s" % seconds
        line = self.process.stdout.readline()
        assert line, "the interpreter died: " + self.log_text()
        return json.loads(line)

    def start(self, text, method="run", extra=""):
        """Post a cell without waiting for it."""
        self.n += 1
        self.posted = call(self.n, text, method, extra)
        self.send(self.posted)
        return self.n

    def finish(self, seconds=60):
        reply = self.read(seconds)
        assert reply["status"] == "ok", reply
        stray, result = parse(reply["text"])
        assert result["version"] == 1 and result["n"] == self.n
        if "needs" in result:
            self.send(with_module(self.posted, result["needs"]))
            return self.finish(seconds)
        if "asks" in result:
            return result["asks"]
        if "parts" in result:
            pieces = [result["part"]]
            for i in range(1, result["parts"]):
                code = "__synapse_kernel__.part(%d, %d)" % (self.n, i)
                pieces.append(parse(self.post(code)["text"])[1]["part"])
            result = json.loads("".join(pieces))
        return Cell(result, stray)

    def cell(self, text, method="run", extra="", seconds=60):
        self.start(text, method, extra)
        return self.finish(seconds)

    def job(self, expression):
        """Evaluate in a thread of the driver while a statement runs."""
        self.channel.write(json.dumps(expression) + "\n")
        self.channel.flush()
        return json.loads(self.channel.readline())

    def interrupt(self, n=None):
        n = self.n if n is None else n
        return json.loads(self.job("__synapse_kernel__.interrupt(%d)" % n))[
            "interrupted"
        ]

    def interrupt_when(self, expression, seconds=60):
        """Interrupt the running cell once the expression holds beside it."""
        end = time.monotonic() + seconds
        while not self.job("(%s) is True" % expression):
            assert time.monotonic() < end, "never: " + expression
            time.sleep(0.05)
        time.sleep(0.2)
        assert self.interrupt()

    def log_text(self):
        self.log.seek(0)
        return self.log.read().decode("utf-8", "replace")

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.channel.close()
        self.log.close()
