"""Kernels behind the inspecting proxy, and what they left in the simulated Azure."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import shutil
import tempfile
from typing import Any, Iterator

from notebook_kernel import Cell, NotebookKernel
from simulator.app import Simulator
from simulator.certificates import Certificates
from simulator.cluster import Cluster
from simulator.directory import COMPUTE, GROUP, SUBSCRIPTION, WORKSPACE

PLACE = f"-s {SUBSCRIPTION} -r {GROUP} -w {WORKSPACE}"
START = f"%synapse start -c {COMPUTE} {PLACE}"
# Of this machine: a test says itself who it is and what it has.
FOREIGN = ("AZURE_", "AZUREML_", "IDENTITY_", "MSI_", "IMDS_", "SYNAPSE_KERNEL_")
KEPT = ("SYNAPSE_KERNEL_BINARY", "SYNAPSE_KERNEL_ARCHIVE_DIR")


class Place:
    """A user's machine: a home, a notebook's folder, a runtime folder; private."""

    def __init__(self, jupyter_path: pathlib.Path):
        self.jupyter_path = jupyter_path
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="sk-"))
        self.home, self.notebook = self.root / "home", self.root / "notebook"
        self.runtime = self.root / "rt"
        for folder in (self.home, self.notebook, self.runtime):
            folder.mkdir(mode=0o700)

    def configure(self, **settings: Any) -> None:
        """The user's configuration."""
        file = self.home / "config" / "synapse-kernel" / "config.yml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(settings))  # JSON is YAML

    def workspace_file(self, text: str = "") -> pathlib.Path:
        """The notebook's config.json."""
        file = self.notebook / "config.json"
        names = {"subscription_id": SUBSCRIPTION, "resource_group": GROUP}
        file.write_text(text or json.dumps({**names, "workspace_name": WORKSPACE}))
        return file

    def environment(self, simulator: Simulator, credential: str) -> dict[str, str]:
        own = {
            name: "" for name in os.environ if name.startswith(FOREIGN)
        }  # empty: as if they were not there
        for name in KEPT:
            own.pop(name, None)
        cache = pathlib.Path("~/.cache/synapse-kernel").expanduser()
        return {
            "SYNAPSE_KERNEL_ARCHIVE_DIR": str(cache),  # HOME is another one
            **own,
            **simulator.environment(credential),
            "HOME": str(self.home),
            "XDG_CONFIG_HOME": str(self.home / "config"),
        }

    @contextlib.contextmanager
    def kernel(
        self, simulator: Simulator, credential: str = "secret", **environment: str
    ) -> Iterator[NotebookKernel]:
        settings = {**self.environment(simulator, credential), **environment}
        kernel = NotebookKernel(
            self.jupyter_path, self.notebook, self.runtime, settings
        )
        try:
            yield kernel
        finally:
            kernel.shutdown()

    def remove(self) -> None:
        shutil.rmtree(self.root, ignore_errors=True)


@contextlib.contextmanager
def at_work(
    cluster: Cluster, certificates: Certificates, place: Place
) -> Iterator[tuple[Simulator, NotebookKernel]]:
    """An Azure and a kernel that several tests share. What runs there at the end is an
    error."""
    azure = Simulator(cluster, certificates)
    try:
        with place.kernel(azure) as kernel:
            yield azure, kernel
        running = azure.running()
        assert not running and not azure.faults, (running, azure.faults)
    finally:
        azure.stop()
        place.remove()


def shown(cell: Cell) -> list[dict[str, Any]]:
    """The outputs as a notebook has them, without empty ones; text in one piece."""
    parts: list[dict[str, Any]] = []
    for output in cell.outputs:
        content = output["content"]
        if output["msg_type"] == "stream":
            if parts and parts[-1].get("name") == content["name"]:
                parts[-1]["text"] += content["text"]
            else:
                parts.append(dict(content))
        elif any(content.get("data", content).values()):
            parts.append({"data": content.get("data"), "ename": content.get("ename")})
    return [part for part in parts if part.get("text") != ""]


def said(cell: Cell) -> str:
    """The error's own sentence, on one line."""
    assert cell.status == "error", cell.text
    return " ".join(f"{cell.error['ename']}: {cell.error['evalue']}".split())


def secrets_of(simulator: Simulator) -> list[str]:
    """What must never be shown."""
    application = simulator.directory.application
    return [*simulator.mint.made, application.secret, *simulator.login.refresh_tokens]
