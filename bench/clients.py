"""The two clients that are compared: a kernel each, with a session on the endpoint."""

from __future__ import annotations

import json
import os
import signal
import tempfile
import threading
import time
from pathlib import Path

from endpoint import ROOT, Endpoint
from wire import Kernel, Ran

SPARKMAGIC_PYTHON = ROOT / "build" / "sparkmagic-venv" / "bin" / "python"
DRIVER_MEMORY = "4g"  # of either session


class Client:
    """A kernel that runs cells on Spark and in its own Python."""

    name = ""
    kernel: Kernel

    def spark(self, code: str, options: str = "") -> Ran:
        raise NotImplementedError

    def local(self, code: str) -> Ran:
        raise NotImplementedError

    def interrupt(self) -> None:
        raise NotImplementedError

    def ok(self, ran: Ran) -> Ran:
        if ran.status != "ok":
            raise RuntimeError(f"{self.name}: {ran.text.strip()[-400:]}")
        return ran

    def seconds_after_interrupt(self, code: str, after_s: float) -> float:
        """Run a cell, interrupt it `after_s` later; from the interrupt to idle."""
        pressed: list[float] = []

        def press() -> None:
            pressed.append(time.time())
            self.interrupt()

        timer = threading.Timer(after_s, press)
        timer.start()
        ran = self.spark(code)
        timer.cancel()
        if not pressed:
            raise RuntimeError(f"{self.name}: ended too soon: {ran.text[-400:]}")
        return ran.ended - pressed[0]

    def close(self) -> None:
        self.kernel.close()


class Ours(Client):
    name = "synapse-kernel"
    session: str  # the id that the endpoint gave it

    def __init__(self, argv: list[str], endpoint: Endpoint) -> None:
        self.private = tempfile.TemporaryDirectory(prefix="sk-run-", dir="/tmp")
        self.kernel = Kernel(argv, XDG_RUNTIME_DIR=self.private.name)
        self.ok(self.local(
            f"%synapse start --livy {endpoint.url} {endpoint.start_options} "
            f"--driver-memory {DRIVER_MEMORY}"))
        meta = "info = %synapse meta\nprint(info['session_id'])"
        self.session = self.ok(self.local(meta)).text.split()[-1]

    def spark(self, code: str, options: str = "") -> Ran:
        return self.kernel.watched(f"%%synapse {options}".rstrip() + "\n" + code)

    def local(self, code: str) -> Ran:
        return self.kernel.watched(code)

    def interrupt(self) -> None:
        self.kernel.interrupt()

    def close(self) -> None:
        super().close()
        self.private.cleanup()


class Sparkmagic(Client):
    name = "sparkmagic"

    def __init__(self, endpoint: Endpoint) -> None:
        if not SPARKMAGIC_PYTHON.exists():
            raise RuntimeError("there is no sparkmagic: run bench/setup-sparkmagic")
        self.private = tempfile.TemporaryDirectory(prefix="sk-sparkmagic-")
        credentials = {"username": "", "password": "", "url": endpoint.url, "auth": "None"}
        settings = {
            "kernel_python_credentials": credentials,
            "custom_headers": {"X-Requested-By": "bench", **endpoint.headers},
            "livy_session_startup_timeout_seconds": 900,
            "session_configs": {"driverMemory": DRIVER_MEMORY},
        }
        Path(self.private.name, "config.json").write_text(json.dumps(settings))
        self.kernel = Kernel(
            [str(SPARKMAGIC_PYTHON), "-m", "sparkmagic.kernels.pysparkkernel.pysparkkernel",
             "-f", "{connection_file}"],
            SPARKMAGIC_CONF_DIR=self.private.name, HOME=self.private.name,
        )
        self.ok(self.spark("1"))  # its first cell starts the session

    def spark(self, code: str, options: str = "") -> Ran:
        return self.kernel.watched(f"%%spark {options}\n" + code if options else code)

    def local(self, code: str) -> Ran:
        return self.kernel.watched("%%local\n" + code)

    def interrupt(self) -> None:
        os.kill(self.kernel.process.pid, signal.SIGINT)

    def close(self) -> None:
        super().close()
        self.private.cleanup()
