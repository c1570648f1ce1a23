"""Start, plain cells and memory: this kernel beside ipykernel."""

from __future__ import annotations

import time

import psutil

from report import Row, ratio_row, paired
from wire import Kernel

CELLS_FOR_MEMORY = 1000


def start_once(argv: list[str]) -> float:
    kernel = Kernel(argv)
    try:
        return kernel.seconds_to_first_reply()
    finally:
        kernel.close()


def start(ours: list[str], theirs: list[str], repeats: int) -> Row:
    mine, other = paired(repeats, lambda: start_once(ours), lambda: start_once(theirs))
    return ratio_row("kernel start to first kernel_info_reply", mine, other,
                     "ipykernel", 0.6)


def warm(kernel: Kernel) -> None:
    kernel.seconds_to_first_reply()
    time.sleep(0.5)  # iopub subscriptions have arrived
    for _ in range(20):
        kernel.run("1")


def round_trip(ours: list[str], theirs: list[str], repeats: int) -> Row:
    mine, other = Kernel(ours), Kernel(theirs)
    try:
        warm(mine)
        warm(other)
        return ratio_row(
            "round trip of a plain cell",
            *paired(repeats, lambda: mine.seconds_of("1"), lambda: other.seconds_of("1")),
            "ipykernel", 1.1,
        )
    finally:
        mine.close()
        other.close()


def memory(ours: list[str]) -> list[Row]:
    """Of our own process: the child is ipykernel and is measured by nobody here."""
    kernel = Kernel(ours)
    try:
        warm(kernel)
        for number in range(CELLS_FOR_MEMORY):
            kernel.run(f"print('line', {number})\n{number}")
        info = psutil.Process(kernel.process.pid).memory_full_info()
    finally:
        kernel.close()
    what = f"after {CELLS_FOR_MEMORY:,} cells"
    return [
        Row(f"private memory (USS) {what}", f"{info.uss / 2**20:.1f} MB", limit="6 MB",
            is_met=info.uss <= 6 * 2**20),
        Row(f"resident memory (RSS) {what}", f"{info.rss / 2**20:.1f} MB", limit="20 MB",
            is_met=info.rss <= 20 * 2**20),
    ]
