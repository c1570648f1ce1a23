"""Execute a notebook cell by cell and show on the terminal what a reader would see.

    python scripts/run_notebook.py SOURCE.ipynb TARGET.ipynb

The kernel runs in the target's folder. The target is written in any case, with the
outputs up to the cell that failed. Exit code 1 when a cell fails.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import nbformat
from jupyter_client.kernelspec import NoSuchKernel
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

CELL_TIMEOUT_S = 300


def show(text: str) -> None:
    """Print without a buffer: the reader watches it happen."""
    sys.stdout.write(text)
    sys.stdout.flush()


def text_of_bundle(data: dict) -> str:
    """What a terminal can show of a rich output."""
    if "image/png" in data:
        return f"[picture, {len(data['image/png']) * 3 // 4 // 1024} kB]\n"
    return data.get("text/plain", f"[{', '.join(data)}]").rstrip("\n") + "\n"


class TerminalClient(NotebookClient):
    """A NotebookClient that prints outputs when they arrive, not when the cell ends.

    But for displays that are updated in place, as progress is: their last state counts.
    """

    changing: list = []

    def output(self, outs, msg, display_id, cell_index):
        content = msg["content"]
        kind = msg["msg_type"]
        if kind == "stream":
            show(content["text"])
        elif kind == "error":
            show("\n".join(content["traceback"]) + "\n")
        elif kind in ("display_data", "execute_result") and not display_id:
            show(text_of_bundle(content["data"]))
        output = super().output(outs, msg, display_id, cell_index)
        if display_id and output:
            self.changing = [*self.changing, output]
        return output

    def show_changing(self) -> None:
        for output in self.changing:
            show(text_of_bundle(output["data"]))
        self.changing = []


def head_of(source: str, lines: int = 4) -> str:
    """The first lines of a cell, marked as input."""
    parts = source.splitlines()
    shown = [f"  | {line}" for line in parts[:lines]]
    if len(parts) > lines:
        shown.append(f"  | … {len(parts) - lines} more lines")
    return "\n".join(shown)


def run(source: Path, target: Path) -> int:
    notebook = nbformat.read(source, as_version=4)
    client = TerminalClient(
        notebook,
        timeout=CELL_TIMEOUT_S,
        startup_timeout=60,
        resources={"metadata": {"path": str(target.parent)}},
        on_cell_execute=lambda cell, cell_index: show(f"\n{head_of(cell.source)}\n"),
        on_cell_executed=lambda cell, cell_index, execute_reply: client.show_changing(),
    )
    began = time.monotonic()
    status = 0
    try:
        client.execute()
    except CellExecutionError:
        show("\nThis cell failed; the ones below it did not run.\n")
        status = 1
    except NoSuchKernel as error:
        show(f"Jupyter does not list the kernel {error.name}. Run scripts/setup.\n")
        return 1
    except (CellTimeoutError, DeadKernelError, RuntimeError) as error:
        show(f"\n{error}\n")
        status = 1
    nbformat.write(notebook, target)
    count = sum(1 for cell in notebook.cells if cell.cell_type == "code")
    if status == 0:
        show(f"\n{count} cells in {time.monotonic() - began:.1f} s, no errors\n")
    return status


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    args = parser.parse_args()
    return run(args.source, args.target)


if __name__ == "__main__":
    sys.exit(main())
