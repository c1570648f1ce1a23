"""A Jupyter client with as little of its own as possible, the same for every kernel.

Plain sockets over TCP and jupyter_client's message format. It reconnects within 2 ms, so
that a kernel's start is not rounded up to ZeroMQ's 100 ms.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import zmq
from jupyter_client.connect import write_connection_file
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.session import Session

TIMEOUT_S = 900


def argv_of_kernelspec(name: str) -> list[str]:
    return KernelSpecManager().get_kernel_spec(name).argv


def argv_of_ipykernel() -> list[str]:
    return [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]


@dataclass
class Ran:
    """One cell: the status of its reply, and texts with the time they were seen at."""

    status: str
    seen: list[tuple[float, str]]
    began: float
    ended: float

    @property
    def text(self) -> str:
        return "".join(text for _, text in self.seen)

    @property
    def seconds(self) -> float:
        return self.ended - self.began


def text_of(message: dict) -> str:
    """What a reader sees of an output as text."""
    content = message["content"]
    if message["msg_type"] == "stream":
        return content["text"]
    if message["msg_type"] == "error":
        return "\n".join(content["traceback"])
    return content.get("data", {}).get("text/plain", "")


class Kernel:
    """One kernel process and the two sockets that a front end needs to run cells."""

    def __init__(self, argv: list[str], folder: str | None = None, **environment: str):
        self.private = tempfile.TemporaryDirectory(prefix="sk-bench-")
        path = str(Path(self.private.name) / "kernel.json")
        write_connection_file(path, ip="127.0.0.1", key=os.urandom(16).hex().encode())
        info = json.loads(Path(path).read_text())
        self.session = Session(key=info["key"].encode())
        self.context = zmq.Context()
        self.shell = self.connect(zmq.DEALER, info["shell_port"])
        self.control = self.connect(zmq.DEALER, info["control_port"])
        self.iopub = self.connect(zmq.SUB, info["iopub_port"])
        self.iopub.subscribe(b"")
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            [word.replace("{connection_file}", path) for word in argv],
            cwd=folder or self.private.name,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def connect(self, kind: int, port: int) -> zmq.Socket:
        socket = self.context.socket(kind)
        socket.linger = 0
        socket.rcvhwm = 0
        socket.reconnect_ivl = 2
        socket.connect(f"tcp://127.0.0.1:{port}")
        return socket

    def receive(self, socket: zmq.Socket) -> dict:
        if not socket.poll(TIMEOUT_S * 1000):
            raise TimeoutError(f"the kernel was silent for {TIMEOUT_S} s")
        _, frames = self.session.feed_identities(socket.recv_multipart())
        return self.session.deserialize(frames)

    def seconds_to_first_reply(self) -> float:
        self.session.send(self.shell, "kernel_info_request", {})
        reply = self.receive(self.shell)
        assert reply["msg_type"] == "kernel_info_reply", reply
        return time.perf_counter() - self.started

    def send(self, code: str) -> str:
        """Ask for a cell; returns the id of the request."""
        content = {"code": code, "silent": False, "store_history": True,
                   "allow_stdin": False}
        return self.session.send(self.shell, "execute_request", content)["header"]["msg_id"]

    def outputs_of(self, wanted: str) -> Iterator[dict]:
        """What comes on iopub for a request, until it is idle."""
        while True:
            message = self.receive(self.iopub)
            if message["parent_header"].get("msg_id") != wanted:
                continue
            content = message["content"]
            if message["msg_type"] == "status" and content["execution_state"] == "idle":
                return
            yield message

    def reply_of(self, wanted: str) -> dict:
        while True:
            message = self.receive(self.shell)
            if message["parent_header"].get("msg_id") == wanted:
                return message["content"]

    def run(self, code: str, until: str | None = None) -> str:
        """Run a cell; its text when reply and idle are in, or when `until` was printed."""
        wanted = self.send(code)
        text = ""
        for message in self.outputs_of(wanted):
            text += text_of(message)
            if message["msg_type"] == "error":
                raise RuntimeError("\n".join(message["content"]["traceback"]))
            if until and until in text:
                return text
        self.reply_of(wanted)
        return text

    def watched(self, code: str) -> Ran:
        """Run a cell and note what was seen when; a cell that fails is no exception."""
        wanted, began = self.send(code), time.time()
        seen = [(time.time(), text_of(message)) for message in self.outputs_of(wanted)]
        ended = time.time()
        return Ran(self.reply_of(wanted)["status"], seen, began, ended)

    def interrupt(self) -> None:
        """As the front end does for a kernelspec with `interrupt_mode: message`."""
        self.session.send(self.control, "interrupt_request", {})

    def seconds_of(self, code: str) -> float:
        began = time.perf_counter()
        self.run(code)
        return time.perf_counter() - began

    def close(self) -> None:
        """Shut down as a front end does; what does not go is ended."""
        self.session.send(self.control, "shutdown_request", {"restart": False})
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.context.destroy()
        self.private.cleanup()
