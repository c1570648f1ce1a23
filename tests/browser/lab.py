"""A JupyterLab of the test's own, and a page in a real browser that shows it."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import Page, expect

# Nothing leaves this machine: no news, no update checks, no extension catalogue.
ARGUMENTS = [
    "--no-browser",
    "--ServerApp.ip=127.0.0.1",
    "--ServerApp.port_retries=0",
    "--ServerApp.allow_root=True",
    "--ServerApp.allow_remote_access=False",
    "--LabApp.news_url=",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.extension_manager=readonly",
]
SETTINGS = {
    "apputils-extension/notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    },
    # Every cell is in the page, also where it is scrolled out of sight.
    "notebook-extension/tracker": {"windowingMode": "none"},
}
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Lab:
    """JupyterLab on loopback, with settings, data and runtime folders of its own."""

    def __init__(self, folder: Path, private: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.token = secrets.token_hex(16)
        # Jupyter leaves a folder of its own behind (JUPYTER_NO_CONFIG).
        self.temporary = tempfile.mkdtemp(prefix="lab-")
        for name, values in SETTINGS.items():
            package, plugin = name.split("/")
            target = private / "settings/@jupyterlab" / package
            target.mkdir(parents=True, exist_ok=True)
            (target / f"{plugin}.jupyterlab-settings").write_text(json.dumps(values))
        environment = {
            **os.environ,
            "JUPYTERLAB_SETTINGS_DIR": str(private / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(private / "workspaces"),
            "JUPYTER_CONFIG_DIR": str(private / "config"),
            "JUPYTER_DATA_DIR": str(private / "data"),
            "JUPYTER_RUNTIME_DIR": str(private / "runtime"),
            "JUPYTER_NO_CONFIG": "1",
            "TMPDIR": self.temporary,
            "IPYTHONDIR": str(private / "ipython"),
        }
        self.log = private / "lab.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "jupyter", "lab", *ARGUMENTS,
                 f"--ServerApp.port={self.port}",
                 f"--IdentityProvider.token={self.token}",
                 f"--ServerApp.root_dir={folder}"],
                cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT,
            )
        self.wait()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}/{path}?token={self.token}"

    def api(self, path: str, method: str = "GET"):
        request = urllib.request.Request(self.url(f"api/{path}"), method=method)
        with urllib.request.urlopen(request, timeout=30) as reply:
            return json.loads(reply.read() or b"null")

    def wait(self) -> None:
        deadline = time.monotonic() + 60
        while True:
            try:
                self.api("status")
                return
            except OSError:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise RuntimeError(self.log.read_text()) from None
                time.sleep(0.1)

    def close(self) -> None:
        """Kernels first, as a reader does who shuts down: their sessions end with them."""
        for kernel in self.api("kernels"):
            self.api(f"kernels/{kernel['id']}", "DELETE")
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.temporary, ignore_errors=True)


class NotebookPage:
    """The steps of a reader: open, Run All, look."""

    expects_errors = False  # cells with the tag `raises-exception` are in the notebook

    def __init__(self, page: Page, lab: Lab, name: str) -> None:
        self.page = page
        page.goto(lab.url(f"lab/tree/{name}"))
        # A page shows what earlier ones had open too, in tabs behind this one.
        self.panel = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")
        self.notebook = self.panel.locator(".jp-Notebook")
        expect(self.notebook).to_be_visible(timeout=60_000)
        self.wait_for_idle()

    def wait_for_idle(self, timeout_s: float = 90) -> None:
        """The status bar knows; the dot at the kernel's name says idle before there is a
        kernel, and running a cell then asks which kernel is meant."""
        status = self.page.locator("#jp-main-statusbar").get_by_text("| Idle")
        expect(status).to_be_visible(timeout=timeout_s * 1000)

    def menu(self, *labels: str) -> None:
        for index, label in enumerate(labels):
            kind = ".lm-MenuBar-itemLabel" if index == 0 else ".lm-Menu-itemLabel"
            self.page.locator(kind).get_by_text(label, exact=True).first.click()

    def interrupt(self) -> None:
        """The stop button of the toolbar."""
        self.panel.locator('[data-command="notebook:interrupt-kernel"]').first.click()

    def code_cell(self, number: int):
        """The n-th code cell, from 0."""
        return self.notebook.locator(".jp-CodeCell").nth(number)

    def prompts(self) -> list[str]:
        cells = self.notebook.locator(".jp-CodeCell .jp-InputPrompt")
        return [text.strip() for text in cells.all_inner_texts()]

    def run_all(self, timeout_s: float) -> None:
        """Until every code cell has its number and the kernel is idle.

        JupyterLab builds its menus anew while it restores a workspace: a click at that
        moment is lost, so that it is looked whether anything began.
        """
        for _ in range(5):
            self.menu("Run", "Run All Cells")
            self.page.wait_for_timeout(1000)
            if any(prompt != "[ ]:" for prompt in self.prompts()):
                break
        self.wait_for_numbers(timeout_s)

    def restart_and_run_all(self, timeout_s: float) -> None:
        self.menu("Kernel", "Restart Kernel and Run All Cells…")
        self.page.get_by_role("button", name="Confirm Kernel Restart").click()
        expect(self.notebook.get_by_text("[*]:").first).to_be_visible(timeout=30_000)
        self.wait_for_numbers(timeout_s)

    def wait_for_numbers(self, timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s
        expected = [f"[{n + 1}]:" for n in range(len(self.prompts()))]
        while self.prompts() != expected:
            if time.monotonic() > deadline:
                raise TimeoutError(f"the cells are numbered {self.prompts()}")
            if self.errors() and not self.expects_errors:
                return
            self.page.wait_for_timeout(200)
        self.wait_for_idle()

    def errors(self) -> list[str]:
        """What is shown in red."""
        red = self.notebook.locator(
            '[data-mime-type="application/vnd.jupyter.error"], .jp-mod-error'
        )
        return red.all_inner_texts()
