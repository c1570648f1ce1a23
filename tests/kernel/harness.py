"""A running synapse-kernel, as a front end sees it, for the tests of this folder."""

from __future__ import annotations

import json
import os
import queue
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Iterator

import psutil
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(
    os.environ.get("SYNAPSE_KERNEL_PROGRAM")
    or os.environ.get("SYNAPSE_KERNEL_BINARY")
    or ROOT / "build/synapse-kernel"
).resolve()
IS_ASAN = bool(os.environ.get("SYNAPSE_TEST_ASAN"))
# Times that a test waits for; a sanitized binary on a busy machine is slow.
PATIENCE = 60


def write_spec(
    folder: Path,
    name: str,
    python: str = sys.executable,
    argv: tuple[str, ...] = (),
    env: dict[str, str] | None = None,
) -> None:
    """A kernelspec for the binary under test, below a folder of JUPYTER_PATH."""
    spec = {
        "argv": [
            str(PROGRAM),
            "kernel",
            "--python",
            python,
            *argv,
            "-f",
            "{connection_file}",
        ],
        "display_name": name,
        "language": "python",
        "interrupt_mode": "message",
        "env": env or {},
        "metadata": {"debugger": True, "supported_encryption": ["curve"]},
    }
    target = folder / "kernels" / name
    target.mkdir(parents=True, exist_ok=True)
    (target / "kernel.json").write_text(json.dumps(spec))


@dataclass
class Result:
    """What one execute_request brought."""

    reply: dict[str, Any]
    messages: list[dict[str, Any]] = field(default_factory=list)  # of iopub, in order

    @property
    def content(self) -> dict[str, Any]:
        return self.reply["content"]

    @property
    def status(self) -> str:
        return self.content["status"]

    def of_type(self, *types: str) -> list[dict[str, Any]]:
        return [m["content"] for m in self.messages if m["msg_type"] in types]

    @property
    def text(self) -> str:
        return "".join(c["text"] for c in self.of_type("stream"))

    @property
    def value(self) -> str:
        (result,) = self.of_type("execute_result")
        return result["data"]["text/plain"]

    @property
    def types(self) -> list[str]:
        return [m["msg_type"] for m in self.messages]


class Client:
    """A front end: jupyter_client's, with the waiting that tests need."""

    def __init__(self, kc: BlockingKernelClient):
        self.kc = kc
        self.kc.start_channels()
        self.seen: dict[str, list[dict[str, Any]]] = {}

    def close(self) -> None:
        self.kc.stop_channels()

    def wait_ready(self) -> None:
        self.kc.wait_for_ready(timeout=PATIENCE)

    def iopub(self, timeout: float = PATIENCE) -> dict[str, Any]:
        """The next message of iopub; remembered under its parent."""
        message = self.kc.get_iopub_msg(timeout=timeout)
        parent = message["parent_header"].get("msg_id", "")
        self.seen.setdefault(parent, []).append(message)
        return message

    def until_idle(
        self, msg_id: str, timeout: float = PATIENCE
    ) -> list[dict[str, Any]]:
        """All that iopub said for a request, to its idle."""
        deadline = time.monotonic() + timeout
        while not any(is_idle(m) for m in self.seen.get(msg_id, [])):
            self.iopub(max(0.01, deadline - time.monotonic()))
        return self.seen.pop(msg_id)

    def reply(
        self, msg_id: str, channel: str = "shell", timeout: float = PATIENCE
    ) -> dict:
        """The reply to a request; those to others on the way are an error."""
        get = getattr(self.kc, f"get_{channel}_msg")
        message = get(timeout=timeout)
        assert message["parent_header"].get("msg_id") == msg_id, message
        return message

    def finish(self, msg_id: str, timeout: float = PATIENCE) -> Result:
        reply = self.reply(msg_id, timeout=timeout)
        return Result(reply, self.until_idle(msg_id, timeout))

    def run(self, code: str, timeout: float = PATIENCE, **options: Any) -> Result:
        return self.finish(self.kc.execute(code, **options), timeout)

    def send(
        self, channel: str, msg_type: str, content: dict | None = None, **parts
    ) -> str:
        message = self.kc.session.msg(msg_type, content or {}, **parts)
        getattr(self.kc, f"{channel}_channel").send(message)
        return message["header"]["msg_id"]

    def ask(self, channel: str, msg_type: str, content: dict | None = None) -> Result:
        msg_id = self.send(channel, msg_type, content)
        reply = self.reply(msg_id, channel)
        return Result(reply, self.until_idle(msg_id))

    def interrupt(self) -> None:
        reply = self.ask("control", "interrupt_request").reply
        assert reply["content"]["status"] == "ok"

    def until_text(self, msg_id: str, text: str) -> None:
        """Until a stream output of this request holds a text, also after its idle."""
        while text not in "".join(
            m["content"]["text"]
            for m in self.seen.get(msg_id, [])
            if m["msg_type"] == "stream"
        ):
            self.iopub()

    def wait_running(self, msg_id: str) -> None:
        """Until the cell says that its code runs, by `print('running')`."""
        self.until_text(msg_id, "running")

    def is_silent(self, channel: str = "shell", seconds: float = 0.5) -> bool:
        """Does nothing more come?"""
        try:
            getattr(self.kc, f"get_{channel}_msg")(timeout=seconds)
        except queue.Empty:
            return True
        return False


def is_idle(message: dict[str, Any]) -> bool:
    return (
        message["msg_type"] == "status"
        and message["content"]["execution_state"] == "idle"
    )


class Kernel(Client):
    """A kernel with its first front end."""

    def __init__(self, name: str = "synapse", **options: Any):
        env = {**os.environ, **options.pop("env", {})}
        # ipykernel captures no output of child processes when it sees this one.
        env.pop("PYTEST_CURRENT_TEST", None)
        self.manager = KernelManager(kernel_name=name, **options)
        self.manager.start_kernel(env=env)
        super().__init__(self.manager.client())

    @property
    def process(self) -> psutil.Process:
        return psutil.Process(self.manager.provisioner.pid)

    def another_client(self) -> Client:
        """A second front end: with a session, and so an identity, of its own."""
        kc = BlockingKernelClient(connection_file=self.manager.connection_file)
        kc.load_connection_file()
        return Client(kc)

    def child_pid(self) -> int:
        return int(self.run("import os; os.getpid()").value)

    def stop(self) -> None:
        self.close()
        self.manager.shutdown_kernel()

    def kill(self) -> None:
        """Whatever state it is in."""
        self.close()
        self.manager.shutdown_kernel(now=True)


@contextmanager
def running(
    name: str = "synapse", has_python: bool = True, **options: Any
) -> Iterator[Kernel]:
    """A kernel that takes cells; ended in an orderly way, or by force after a failure.
    Without Python: one whose child may never come, ready when it greets us."""
    kernel = Kernel(name, **options)
    try:
        if has_python:
            kernel.wait_ready()
        else:
            assert kernel.iopub()["msg_type"] == "iopub_welcome"
        yield kernel
    except BaseException:
        kernel.kill()
        raise
    if kernel.manager.has_kernel:
        kernel.stop()


def belongings(runtime_dir: str) -> list[str]:
    """Processes that run with this runtime folder, and the files in it."""
    found = [  # os.walk, unlike rglob, takes a folder that vanishes meanwhile
        os.path.join(place, name)
        for place, folders, files in os.walk(runtime_dir)
        for name in folders + files
    ]
    for process in psutil.process_iter():
        try:
            if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
                continue
            if process.environ().get("XDG_RUNTIME_DIR") == runtime_dir:
                found.append(f"{process.pid} {process.cmdline()}")
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            pass
    return found


def wait_gone(runtime_dir: str, seconds: float) -> None:
    """Nothing is left, at the latest in so many seconds."""
    deadline = time.monotonic() + seconds
    while left := belongings(runtime_dir):
        assert time.monotonic() < deadline, f"left behind: {left}"
        time.sleep(0.05)
