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
from pathlib import Path

import zmq
from jupyter_client.connect import write_connection_file
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.session import Session

TIMEOUT_S = 180


def argv_of_kernelspec(name: str) -> list[str]:
    return KernelSpecManager().get_kernel_spec(name).argv


def argv_of_ipykernel() -> list[str]:
    return [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]


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

    def run(self, code: str, until: str | None = None) -> str:
        """Run a cell; its text when reply and idle are in, or when `until` was printed."""
        request = self.session.send(
            self.shell,
            "execute_request",
            {"code": code, "silent": False, "store_history": True, "allow_stdin": False},
        )
        wanted = request["header"]["msg_id"]
        text = ""
        while True:
            message = self.receive(self.iopub)
            if message["parent_header"].get("msg_id") != wanted:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "stream":
                text += content["text"]
                if until and until in text:
                    return text
            elif kind in ("display_data", "execute_result"):
                text += content["data"].get("text/plain", "")
            elif kind == "error":
                raise RuntimeError("\n".join(content["traceback"]))
            elif kind == "status" and content["execution_state"] == "idle":
                break
        while self.receive(self.shell)["parent_header"].get("msg_id") != wanted:
            pass
        return text

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
