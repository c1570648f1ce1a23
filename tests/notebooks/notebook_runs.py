"""Notebooks executed again and again, and what a reader sees of them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import nbformat
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
IS_LONG = bool(os.environ.get("SYNAPSE_TEST_LONG"))
FRESH = 10 if IS_LONG else 1  # runs by a kernel of their own
RESTARTS = 9 if IS_LONG else 1  # runs more by the last of these


def code_cells(notebook: nbformat.NotebookNode) -> list:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def shown(cell) -> list[dict]:
    """What a reader sees under a code cell. The line of a cell's progress, which comes only
    when a cell takes its time, leaves an empty output; text may come in several pieces."""
    parts: list[dict] = []
    for output in cell.outputs:
        is_stream = output.output_type == "stream"
        if is_stream and parts and parts[-1].get("name") == output.name:
            parts[-1]["text"] += output.text
        elif is_stream or output.output_type == "error" or any(output.data.values()):
            parts.append(dict(output))
    return parts


def run_all(name: str, folder: Path, manager: KernelManager) -> nbformat.NotebookNode:
    """Run All, on a kernel that was just started or restarted."""
    notebook = nbformat.read(NOTEBOOKS / name, as_version=4)
    client = NotebookClient(
        notebook,
        km=manager,
        timeout=180,
        startup_timeout=60,
        resources={"metadata": {"path": str(folder)}},
    )
    try:
        client.execute(cleanup_kc=False)
    finally:
        if client.kc:  # the manager's clients share an identity: one at a time
            client.kc.stop_channels()
    return notebook


class Runs:
    """One notebook, run in a folder of its own by fresh kernels, the last of which is
    restarted for more."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.folder = folder
        shutil.copytree(NOTEBOOKS / "data", folder / "data")
        self.fresh = [self.by_fresh_kernel() for _ in range(FRESH - 1)]
        last, *self.restarted = self.by_one_kernel()
        self.fresh.append(last)

    def by_fresh_kernel(self) -> nbformat.NotebookNode:
        manager = KernelManager(kernel_name="synapse")
        try:
            return run_all(self.name, self.folder, manager)
        finally:
            manager.shutdown_kernel()

    def by_one_kernel(self) -> list[nbformat.NotebookNode]:
        manager = KernelManager(kernel_name="synapse")
        try:
            runs = [run_all(self.name, self.folder, manager)]
            while len(runs) < 1 + RESTARTS:
                manager.restart_kernel()
                runs.append(run_all(self.name, self.folder, manager))
            return runs
        finally:
            manager.shutdown_kernel()

    def cell(self, cell_id: str):
        """A code cell of the first run."""
        return next(cell for cell in self.fresh[0].cells if cell["id"] == cell_id)

    def text(self, cell_id: str) -> str:
        """What a reader sees of a cell's outputs as text, errors with their traceback."""
        parts = []
        for output in self.cell(cell_id).outputs:
            if output.output_type == "stream":
                parts.append(output.text)
            elif output.output_type == "error":
                parts += output.traceback
            else:
                parts.append(output.data.get("text/plain", ""))
        return "\n".join(parts)

    def data(self, cell_id: str, kind: str) -> list[str]:
        """That MIME type of every result and display of a cell."""
        return [output.data[kind] for output in self.cell(cell_id).outputs
                if kind in output.get("data", {})]
