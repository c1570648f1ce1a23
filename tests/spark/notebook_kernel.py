"""A kernel under test, driven as a notebook drives it."""
import json
import os
import pathlib
import queue
import re
import sys
import time

from jupyter_client.manager import KernelManager

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("SYNAPSE_KERNEL_BINARY", str(ROOT / "build" / "synapse-kernel"))
CELL_LIMIT = 120  # seconds that a cell may take
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def write_kernelspec(folder, python=sys.executable, before=()):
    """A kernelspec `synapse` for the binary under test, run by the words `before`;
    returns the Jupyter path."""
    spec = folder / "kernels" / "synapse"
    spec.mkdir(parents=True)
    spec.joinpath("kernel.json").write_text(
        json.dumps(
            {
                "argv": [*before, BINARY, "kernel", "--python", python]
                + ["-f", "{connection_file}"],
                "display_name": "under test",
                "language": "python",
                "interrupt_mode": "message",
                "metadata": {"supported_encryption": ["curve"]},
            }
        )
    )
    return folder


def is_progress(message):
    """Is it the line that says how far a running cell is?"""
    transient = message["content"].get("transient") or {}
    return str(transient.get("display_id")).startswith("synapse-progress-")


class Cell:
    """What one execution gave: its reply and its outputs in order, as a notebook ends up
    with them; `progress` has what was shown of the line under the cell meanwhile."""

    def __init__(self, reply, outputs, progress=()):
        self.reply = reply
        self.outputs = outputs
        self.progress = progress

    @property
    def status(self):
        return self.reply["status"]

    def stream(self, name="stdout"):
        return "".join(
            out["content"]["text"]
            for out in self.outputs
            if out["msg_type"] == "stream" and out["content"]["name"] == name
        )

    @property
    def stdout(self):
        return self.stream()

    def data(self, mime="text/plain"):
        """That type of every result and display, in order; updates included."""
        kinds = ("execute_result", "display_data", "update_display_data")
        return [
            out["content"]["data"][mime]
            for out in self.outputs
            if out["msg_type"] in kinds and mime in out["content"]["data"]
        ]

    @property
    def error(self):
        errors = [o["content"] for o in self.outputs if o["msg_type"] == "error"]
        assert len(errors) == 1, "one error output: %r" % (self.outputs,)
        return errors[0]

    @property
    def text(self):
        """All that a reader sees, errors with their traceback."""
        return "\n".join(
            [self.stdout, self.stream("stderr")] + self.data() + [self.traceback]
        )

    @property
    def traceback(self):
        """The lines of every error output, without colours."""
        errors = [o["content"] for o in self.outputs if o["msg_type"] == "error"]
        lines = [line for error in errors for line in error["traceback"]]
        return COLOUR.sub("", "\n".join(lines))


class NotebookKernel:
    """A running kernel in `folder`; its runtime files stay in `runtime`."""

    def __init__(self, jupyter_path, folder, runtime, environment=None):
        self.environment = dict(
            os.environ, JUPYTER_PATH=str(jupyter_path), XDG_RUNTIME_DIR=str(runtime)
        )
        self.environment.update(environment or {})
        os.environ["JUPYTER_PATH"] = str(jupyter_path)
        self.manager = KernelManager(kernel_name="synapse")
        self.manager.connection_file = str(runtime / ("kernel-%d.json" % time.time_ns()))
        self.manager.start_kernel(cwd=str(folder), env=self.environment)
        self.client = self.manager.blocking_client()
        self.client.start_channels()
        try:
            self.client.wait_for_ready(timeout=30)
        except BaseException:
            self.shutdown()
            raise

    @property
    def pid(self):
        return self.manager.provisioner.process.pid

    def send(self, code, **options):
        return self.client.execute(code, **options)

    def finish(self, msg_id, limit=CELL_LIMIT):
        """Wait for reply and idle of a request."""
        outputs, progress, reply, is_idle = [], [], None, False
        end = time.monotonic() + limit
        while not is_idle:
            message = self._next_iopub(end)
            if message["parent_header"].get("msg_id") != msg_id:
                continue
            if message["msg_type"] == "status":
                is_idle = message["content"]["execution_state"] == "idle"
            elif message["msg_type"] == "clear_output":
                outputs.clear()
            elif is_progress(message):
                progress.append(message["content"]["data"]["text/plain"])
            elif message["msg_type"] != "execute_input":
                outputs.append(message)
        while reply is None:
            message = self.client.get_shell_msg(timeout=max(0.01, end - time.monotonic()))
            if message["parent_header"].get("msg_id") == msg_id:
                reply = message["content"]
        return Cell(reply, outputs, progress)

    def _next_iopub(self, end):
        while True:
            try:
                return self.client.get_iopub_msg(timeout=2)
            except queue.Empty:
                assert self.manager.is_alive(), "the kernel died"
                assert time.monotonic() < end, "the cell did not end in time"

    def run(self, code, limit=CELL_LIMIT, **options):
        return self.finish(self.send(code, **options), limit)

    def ok(self, code, **options):
        cell = self.run(code, **options)
        assert cell.status == "ok", cell.text
        return cell

    def fails(self, code, **options):
        cell = self.run(code, **options)
        assert cell.status == "error", cell.text
        return cell

    def interrupt(self):
        self.manager.interrupt_kernel()

    def shutdown(self):
        self.client.stop_channels()
        if self.manager.has_kernel:
            self.manager.shutdown_kernel()
